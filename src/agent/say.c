#include "agent/say.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

enum {
	FAILED_CONFIDENCE = 99,
	UNKNOWN_MAX = 32,     /* kinds of messages that are counted by name */
	UNKNOWN_SAID_MAX = 8, /* of one kind, that are shown */
	UNKNOWN_SHOWN = 2048, /* bytes of one */
};

/* The longest prefix of whole characters of at most `max` bytes. */
static size_t cut(const char *text, size_t len, size_t max)
{
	size_t n = MIN(len, max);
	while (n < len && n > 1 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return n;
}

size_t say_piece_len(const char *text, size_t len)
{
	return cut(text, len, SAY_PIECE);
}

void say_text(struct agent_session *s, const char *kind, const char *text, size_t len, bool more)
{
	say_text_by(s, kind, text, len, more, NULL);
}

void say_text_by(struct agent_session *s, const char *kind, const char *text, size_t len, bool more,
		 struct json_object *who)
{
	for (size_t n; len; text += n, len -= n) {
		struct json_object *said JSON_FREE = who ? json_copy(who) : json_new();
		n = say_piece_len(text, len);
		json_add_strn(said, "text", text, n);
		if (more || n < len)
			json_add_bool(said, "more", true);
		s->host->said(s, kind, said);
	}
}

static void add_beginning(struct json_object *said, const char *key, const char *text, size_t len)
{
	size_t n = say_piece_len(text, len);
	json_add_strn(said, key, text, n);
	if (n < len)
		json_add_int(said, "left_out", (int64_t)(len - n));
}

void say_prompt(struct agent_session *s, const char *text)
{
	struct json_object *said JSON_FREE = json_new();
	if (!text)
		return;
	add_beginning(said, "text", text, strlen(text));
	s->host->said(s, "prompt", said);
}

void say_add_output(struct json_object *said, const char *text, size_t len)
{
	if (len)
		add_beginning(said, "output", text, len);
}

void say_add_words(struct json_object *said, const char *key, const char *text)
{
	size_t len = text ? strlen(text) : 0, n = text ? cut(text, len, SAY_WORDS) : 0;
	struct str words STR_FREE = STR_INIT;
	str_add(&words, text ? text : "", n);
	if (n < len)
		str_adds(&words, "…");
	json_add_str(said, key, text ? str_c(&words) : NULL);
}

void say_turn_ended(struct agent_session *s, const char *said)
{
	struct str words STR_FREE = STR_INIT;
	if (said)
		text_add_inert(&words, said, strlen(said), TEXT_LINES);
	s->host->turn_ended(s, said ? str_c(&words) : NULL);
}

void say_turn_failed(struct agent_session *s, const char *source, const char *why)
{
	struct str text STR_FREE = STR_INIT;
	text_add_inert(&text, why, strlen(why), TEXT_ONE_LINE);
	s->host->signal(s, source, AGENT_ERROR, FAILED_CONFIDENCE, str_c(&text));
	char *title MEM_FREE = mem_printf("its turn failed: %s", str_c(&text));
	s->host->item_open(s,
			   &(struct agent_item){.need = AGENT_NEED_FAILURE, .key = "turn-failed", .title = title});
}

void say_unknown(struct agent_session *s, const char *what, struct json_object *data)
{
	struct json_object *counts = json_obj(s->state, "unknown");
	struct str name STR_FREE = STR_INIT;
	if (!counts) {
		counts = json_new();
		json_add_obj(s->state, "unknown", counts);
	}
	text_add_inert(&name, what, strnlen(what, 64), TEXT_ONE_LINE);
	if (!json_has(counts, str_c(&name)) && json_object_object_length(counts) >= UNKNOWN_MAX) {
		str_reset(&name);
		str_adds(&name, "other");
	}
	int64_t n = json_int(counts, str_c(&name), 0) + 1;
	json_add_int(counts, str_c(&name), n);
	s->host->save(s);
	if (n > UNKNOWN_SAID_MAX)
		return;
	struct json_object *said JSON_FREE = json_new();
	const char *text = data ? json_line(data) : "";
	json_add_str(said, "name", str_c(&name));
	json_add_strn(said, "text", text, strnlen(text, UNKNOWN_SHOWN));
	s->host->said(s, "other", said);
}

void say_unknown_line(struct agent_session *s, const char *line, size_t len)
{
	struct json_object *text JSON_FREE = json_new_strn(line, MIN(len, (size_t)UNKNOWN_SHOWN));
	say_unknown(s, "line that is no message", text);
}

#include "agent/say.h"

#include <string.h>

#include "fmt/json.h"

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

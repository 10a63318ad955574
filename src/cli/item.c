#include "cli/item.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/out.h"
#include "cli/when.h"
#include "fmt/json.h"

enum { INDENT = 4, DETAIL_MAX = 2000, SAME_MAX = 10 };

/* What the lead should see of an item's detail, in this order; other members are for programs. */
static const struct {
	const char *key;
	const char *label; /* NULL: the text speaks for itself */
} details[] = {
	{"command", "command"},
	{"beyond", "besides"},
	{"path", "file"},
	{"diff", NULL},
	{"context", NULL},
	{"because", "because"},
	{"assumption", "it goes on assuming"},
	{"blocks", "it blocks"},
	{"summary", NULL},
	{"tested", "tested"},
	{"look", "look at"},
	{"message", NULL},
	{"plan", NULL},
	{"last_words", "its last words"},
	{"agent", "asked by an agent of its own"},
};

static void add_detail(struct str *out, const char *label, const char *text, int width)
{
	struct str shown STR_FREE = STR_INIT;
	size_t len = text ? strlen(text) : 0;
	if (len == 0)
		return;
	if (label)
		str_addf(&shown, "%s: ", label);
	str_add(&shown, text, MIN(len, (size_t)DETAIL_MAX));
	if (len > DETAIL_MAX)
		str_addf(&shown, "\n… %zu bytes more (muster docket --json)", len - DETAIL_MAX);
	out_add_wrapped(out, shown.data, INDENT, width);
}

static void add_details(struct str *out, struct json_object *detail, int width)
{
	for (size_t i = 0; i < ARRAY_LEN(details); i++)
		add_detail(out, details[i].label, json_str(detail, details[i].key), width);
	struct json_object *files = json_arr(detail, "paths");
	for (size_t i = 0; i < json_len(files); i++)
		add_detail(out, i ? NULL : "files", json_str_at(files, i), width);
	add_detail(out, "it wants to write from now on below", json_str(detail, "root"), width);
	if (json_has(detail, "sure")) {
		MEM_FREE char *sure = mem_printf("it is %d %% sure", (int)json_int(detail, "sure", 0));
		add_detail(out, NULL, sure, width);
	}
	/* A landing that failed: the end of what its last command printed. */
	struct json_object *commands = json_arr(json_obj(detail, "gate"), "commands");
	struct json_object *last = json_at(commands, json_len(commands) - (json_len(commands) > 0));
	add_detail(out, NULL, json_str(last, "last_lines"), width);
}

/* several: others ask the same, and of an option of this item's own they get what it stands for. */
static void add_options(struct str *out, struct json_object *options, bool several, bool color)
{
	for (size_t i = 0; i < json_len(options); i++) {
		struct json_object *o = json_at(options, i);
		const char *what = json_str(o, "description");
		str_addf(out, "%*s%zu ", INDENT, "", i + 1);
		out_add(out, PAINT_CYAN, color, json_str_or(o, "key", "?"));
		str_adds(out, "  ");
		out_add(out, PAINT_NONE, color, json_str_or(o, "label", ""));
		if (what && *what) {
			str_adds(out, " – ");
			out_add(out, PAINT_DIM, color, what);
		}
		if (several && json_str(o, "as"))
			str_addf(out, " (the others: %s)", json_str(o, "as"));
		str_addc(out, '\n');
	}
}

/* Who else asks it, and what they say that the first does not. */
static void add_same(struct str *out, struct json_object *item, int64_t now_ms, int width)
{
	static const char *const own[] = {"value", "because", "context", "assumption", "blocks"};
	struct json_object *same = json_arr(item, "same"), *first = json_obj(item, "detail");
	for (size_t i = 0; i < MIN(json_len(same), (size_t)SAME_MAX); i++) {
		struct json_object *other = json_at(same, i), *detail = json_obj(other, "detail");
		struct str line STR_FREE = STR_INIT;
		str_addf(&line, "also #%d %s, ", (int)json_int(other, "id", 0), json_str_or(other, "session_name", "?"));
		when_add_age(&line, json_int(other, "opened_ms", 0), now_ms);
		if (json_flag(other, "blocking", false))
			str_adds(&line, ", it waits");
		for (size_t k = 0; k < ARRAY_LEN(own); k++) {
			const char *text = json_str(detail, own[k]);
			if (text && strcmp(text, json_str_or(first, own[k], "")) != 0)
				str_addf(&line, "; %s: %s", own[k], text);
		}
		out_add_wrapped(out, line.data, INDENT, width);
	}
	if (json_len(same) > SAME_MAX)
		str_addf(out, "%*s… and %zu more (muster docket --json)\n", INDENT, "", json_len(same) - SAME_MAX);
}

/* Kinds that are settled by another verb than `answer`. */
static const struct {
	const char *kind, *verb;
} settled_by[] = {
	{"review", "review"},
	{"failure", "show"},
	{"integration", "show"},
};

static const char *settling_verb(const char *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(settled_by); i++)
		if (strcmp(settled_by[i].kind, kind) == 0)
			return settled_by[i].verb;
	return NULL;
}

/* How it was closed, or the command that answers it. */
static void add_end(struct str *out, struct json_object *item, bool color)
{
	const char *state = json_str_or(item, "state", "open"), *session = json_str_or(item, "session_name", "?");
	const char *first = json_str(json_at(json_arr(item, "options"), 0), "key");
	const char *verb = settling_verb(json_str_or(item, "kind", ""));
	int id = (int)json_int(item, "id", 0);
	struct str line STR_FREE = STR_INIT;
	if (strcmp(state, "open") != 0) {
		str_adds(&line, state);
		if (json_str(item, "option"))
			str_addf(&line, ": %s", json_str(item, "option"));
		if (json_str(item, "text"))
			str_addf(&line, ": %s", json_str(item, "text"));
		if (json_str(item, "reason"))
			str_addf(&line, " (%s)", json_str(item, "reason"));
		if (json_obj(item, "rule") && !json_flag(item, "held", false))
			str_addf(&line, " (by %s%s)", json_str_or(json_obj(item, "rule"), "name", "a rule"),
			         json_flag(json_obj(item, "rule"), "reversed", false) ? ", taken back" : "");
	} else if (verb && !first) {
		str_addf(&line, "muster %s %s", verb, session);
	} else if (json_str(json_obj(item, "detail"), "assumption")) {
		str_addf(&line, "muster answer %d --assumed, or %s", id, first ? first : "TEXT");
	} else if (first) {
		str_addf(&line, "muster answer %d %s", id, first);
	} else {
		str_addf(&line, "muster answer %d TEXT", id);
	}
	str_addf(out, "%*s", INDENT, "");
	out_add(out, PAINT_DIM, color, line.data);
	str_addc(out, '\n');
}

/* What rules say to it, and what could become one. */
static void add_policy(struct str *out, struct json_object *item, int width)
{
	struct json_object *suggestion = json_obj(item, "suggestion");
	struct str line STR_FREE = STR_INIT;
	if (json_flag(item, "held", false))
		str_addf(&line, "held by %s: it interrupts nobody", json_str_or(json_obj(item, "rule"), "name", "a rule"));
	else if (suggestion)
		str_addf(&line, "you answered %s %lld times: %s", json_str_or(suggestion, "option", "?"),
		         (long long)json_int(suggestion, "times", 0), json_str_or(suggestion, "command", "?"));
	if (line.len)
		out_add_wrapped(out, line.data, INDENT, width);
}

void item_add(struct str *out, struct json_object *item, int64_t now_ms, int width, bool color)
{
	bool blocking = json_flag(item, "blocking", false);
	MEM_FREE char *head = mem_printf("#%d %s", (int)json_int(item, "id", 0), json_str_or(item, "kind", "?"));
	struct str age STR_FREE = STR_INIT;
	when_add_age(&age, json_int(item, "opened_ms", 0), now_ms);
	out_add(out, blocking ? PAINT_RED : PAINT_YELLOW, color, head);
	str_adds(out, "  ");
	out_add(out, PAINT_BOLD, color, json_str_or(item, "session_name", "?"));
	str_addf(out, "  %s%s\n", age.data, blocking ? ", it waits" : "");
	out_add_wrapped(out, json_str_or(item, "title", ""), INDENT, width);
	add_details(out, json_obj(item, "detail"), width);
	add_same(out, item, now_ms, width);
	add_options(out, json_arr(item, "options"), json_len(json_arr(item, "same")) > 0, color);
	add_policy(out, item, width);
	add_end(out, item, color);
}

bool item_has_option(struct json_object *item, const char *word)
{
	struct json_object *options = json_arr(item, "options");
	char *end;
	long place = strtol(word, &end, 10);
	for (size_t i = 0; i < json_len(options); i++)
		if (strcmp(json_str_or(json_at(options, i), "key", ""), word) == 0)
			return true;
	return end != word && !*end && place >= 1 && (size_t)place <= json_len(options);
}

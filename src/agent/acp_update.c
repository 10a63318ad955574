/* session/update: what the agent tells while it works. */
#include <stdlib.h>
#include <string.h>

#include "agent/acp.h"
#include "agent/say.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

enum {
	TEXT_SHOWN_MS = 1000, /* so long after it began, and again, the lines of a message are shown */
	TEXT_REST_MS = 300,   /* outside of a turn a message is whole when nothing more came for so long */
	PLAN_MAX = 64,
	COMMANDS_MAX = 256,
	OPTIONS_MAX = 64,
	NAME_MAX_BYTES = 1024, /* of ids and values that are kept */
};

/* ---- messages, which come in chunks ---- */

/* The last message of a turn is its last words: the end of it, when it is long. */
static void note_last(struct agent_session *s, const char *piece, size_t len, bool more)
{
	const char *before = json_flag(s->state, "last_more", false) ? json_str_or(s->state, "last", "") : "";
	struct str text STR_FREE = STR_INIT;
	str_adds(&text, before);
	str_add(&text, piece, len);
	size_t from = text.len > SAY_PIECE ? text.len - SAY_PIECE : 0;
	while (from < text.len && ((unsigned char)text.data[from] & 0xc0) == 0x80)
		from++;
	json_add_str(s->state, "last", str_c(&text) + from);
	json_add_bool(s->state, "last_more", more);
}

static void say_of(struct agent_session *s, const char *kind, const char *text, size_t len, bool more)
{
	say_text(s, kind, text, len, more);
	if (strcmp(kind, "message") == 0)
		note_last(s, text, len, more);
}

void acp_text_flush(struct agent_session *s)
{
	struct json_object *pending = json_obj(s->state, "text");
	if (!pending)
		return;
	const char *text = json_str_or(pending, "text", "");
	say_of(s, json_str_or(pending, "kind", "message"), text, strlen(text), false);
	json_object_object_del(s->state, "text");
	s->host->save(s);
}

/* A message that is long under way is shown as it grows, by whole lines. */
static void say_lines(struct agent_session *s, struct json_object *pending)
{
	const char *text = json_str_or(pending, "text", ""), *end = strrchr(text, '\n');
	if (!end)
		return;
	MEM_FREE char *rest = mem_strdup(end + 1);
	say_of(s, json_str_or(pending, "kind", "message"), text, (size_t)(end + 1 - text), true);
	json_add_str(pending, "text", rest);
	s->host->save(s);
}

void acp_on_text_timer(struct agent_session *s)
{
	struct json_object *pending = json_obj(s->state, "text");
	if (!json_has(s->state, "turn")) {
		acp_text_flush(s);
	} else if (pending) {
		say_lines(s, pending);
		s->host->timer(s, "text", TEXT_SHOWN_MS);
	}
}

void acp_add_content(struct str *out, struct json_object *block)
{
	const char *type = json_str_or(block, "type", "?");
	struct json_object *resource = json_obj(block, "resource");
	const char *uri = json_str(resource ? resource : block, "uri");
	if (strcmp(type, "text") == 0)
		str_adds(out, json_str_or(block, "text", ""));
	else if (json_str(resource, "text"))
		str_adds(out, json_str(resource, "text"));
	else
		str_addf(out, "[%s%s%s]", type, uri ? ": " : "", uri ? uri : "");
}

static void add_chunk(struct agent_session *s, const char *kind, struct json_object *update)
{
	struct json_object *pending = json_obj(s->state, "text");
	const char *id = json_str(update, "messageId"), *before = json_str(pending, "id");
	struct str text STR_FREE = STR_INIT;
	if (pending &&
	    (strcmp(json_str_or(pending, "kind", ""), kind) != 0 || (id && before && strcmp(id, before) != 0))) {
		acp_text_flush(s);
		pending = NULL;
	}
	bool fresh = !pending;
	if (fresh) {
		pending = json_new();
		json_add_str(pending, "kind", kind);
		json_add_str(pending, "id", id);
		json_add_obj(s->state, "text", pending);
	}
	str_adds(&text, json_str_or(pending, "text", ""));
	acp_add_content(&text, json_obj(update, "content"));
	json_add_str(pending, "text", str_c(&text));
	if (text.len >= SAY_PIECE) {
		size_t n = say_piece_len(text.data, text.len);
		say_of(s, kind, text.data, n, true);
		json_add_str(pending, "text", text.data + n);
	}
	if (!json_has(s->state, "turn"))
		s->host->timer(s, "text", TEXT_REST_MS);
	else if (fresh)
		s->host->timer(s, "text", TEXT_SHOWN_MS);
	s->host->save(s);
}

static void on_message(struct agent_session *s, struct json_object *update)
{
	add_chunk(s, "message", update);
}

static void on_thought(struct agent_session *s, struct json_object *update)
{
	add_chunk(s, "thought", update);
}

/* An echo of what we said ourselves. */
static void on_user(struct agent_session *s, struct json_object *update)
{
	(void)s;
	(void)update;
}

void acp_update_attached(struct agent_session *s)
{
	if (json_has(s->state, "text"))
		s->host->timer(s, "text", TEXT_REST_MS);
}

/* ---- plans ---- */

static void on_plan(struct agent_session *s, struct json_object *update)
{
	struct json_object *said JSON_FREE = json_new();
	struct json_object *entries = json_arr(update, "entries"), *list = json_new_array();
	for (size_t i = 0; i < MIN(json_len(entries), (size_t)PLAN_MAX); i++) {
		struct json_object *entry = json_at(entries, i), *step = json_new();
		say_add_words(step, "text", json_str_or(entry, "content", ""));
		say_add_words(step, "status", json_str_or(entry, "status", "pending"));
		json_push(list, step);
	}
	json_add_obj(said, "steps", list);
	if (json_len(entries) > PLAN_MAX)
		json_add_int(said, "left_out", (int64_t)json_len(entries) - PLAN_MAX);
	s->host->said(s, "plan", said);
}

/* ---- modes and options ---- */

static const char *mode_name(struct agent_session *s, const char *id)
{
	struct json_object *modes = json_arr(s->state, "modes");
	for (size_t i = 0; i < json_len(modes); i++)
		if (strcmp(json_str_or(json_at(modes, i), "id", ""), id) == 0)
			return json_str(json_at(modes, i), "name");
	return NULL;
}

void acp_take_mode(struct agent_session *s, const char *id, bool say)
{
	if (!id || strlen(id) > NAME_MAX_BYTES || strcmp(json_str_or(s->state, "mode", ""), id) == 0)
		return;
	json_add_str(s->state, "mode", id);
	s->host->save(s);
	if (!say)
		return;
	struct json_object *said JSON_FREE = json_new();
	json_add_str(said, "mode", id);
	json_add_str(said, "name", mode_name(s, id));
	s->host->said(s, "mode", said);
}

void acp_take_modes(struct agent_session *s, struct json_object *modes)
{
	struct json_object *list = json_arr(modes, "availableModes"), *kept = json_new_array();
	for (size_t i = 0; i < MIN(json_len(list), (size_t)OPTIONS_MAX); i++) {
		struct json_object *mode = json_new();
		say_add_words(mode, "id", json_str_or(json_at(list, i), "id", ""));
		say_add_words(mode, "name", json_str(json_at(list, i), "name"));
		json_push(kept, mode);
	}
	json_add_obj(s->state, "modes", kept);
	json_object_object_del(s->state, "mode");
	acp_take_mode(s, json_str(modes, "currentModeId"), false);
}

static void on_mode(struct agent_session *s, struct json_object *update)
{
	acp_take_mode(s, json_str(update, "currentModeId"), true);
}

/* Values are texts, or true and false. */
void acp_take_config(struct agent_session *s, struct json_object *options, bool say)
{
	struct json_object *now = json_obj(s->state, "config"), *changed = json_new();
	struct json_object *said JSON_FREE = json_new();
	if (!now) {
		now = json_new();
		json_add_obj(s->state, "config", now);
	}
	json_add_obj(said, "options", changed);
	for (size_t i = 0; i < MIN(json_len(options), (size_t)OPTIONS_MAX); i++) {
		struct json_object *option = json_at(options, i), *value = json_any(option, "currentValue");
		const char *id = json_str(option, "id");
		if (!id || strlen(id) > NAME_MAX_BYTES || !value || strlen(json_line(value)) > NAME_MAX_BYTES ||
		    json_object_equal(value, json_any(now, id)))
			continue;
		json_add_obj(now, id, json_copy(value));
		if (strcmp(json_str_or(option, "category", ""), "mode") == 0)
			json_add_str(s->state, "mode_option", id);
		if (strcmp(json_str_or(option, "category", ""), "mode") == 0)
			acp_take_mode(s, json_text(value), say);
		else
			json_add_obj(changed, id, json_copy(value));
	}
	s->host->save(s);
	if (say && json_object_object_length(changed))
		s->host->said(s, "config", said);
}

static void on_config(struct agent_session *s, struct json_object *update)
{
	acp_take_config(s, json_arr(update, "configOptions"), acp_in_phase(s, "ready"));
}

/* Only when the names are others than before: agents tell them again and again. */
static void on_commands(struct agent_session *s, struct json_object *update)
{
	struct json_object *commands = json_arr(update, "availableCommands"), *names = json_new_array();
	struct json_object *said JSON_FREE = json_new();
	for (size_t i = 0; i < MIN(json_len(commands), (size_t)COMMANDS_MAX); i++) {
		const char *name = json_str_or(json_at(commands, i), "name", "?");
		json_push(names, json_new_strn(name, strnlen(name, NAME_MAX_BYTES)));
	}
	json_add_obj(said, "commands", names);
	if (json_object_equal(names, json_arr(s->state, "commands")))
		return;
	json_add_obj(s->state, "commands", json_copy(names));
	s->host->save(s);
	s->host->said(s, "commands", said);
}

/* ---- usage ---- */

/* What usage is made of: the agent's member, and ours. */
static const struct {
	const char *from, *to;
} usage_members[] =
	{
		{"used", "context_used"},
		{"size", "context_size"},
},
  token_members[] = {
	  {"inputTokens", "input_tokens"},
	  {"outputTokens", "output_tokens"},
	  {"cachedReadTokens", "cached_tokens"},
	  {"thoughtTokens", "thought_tokens"},
};

static struct json_object *usage_of(struct agent_session *s)
{
	struct json_object *usage = json_obj(s->state, "usage");
	if (!usage) {
		usage = json_new();
		json_add_obj(s->state, "usage", usage);
	}
	return usage;
}

/* Told after each step: it is kept, and said once a turn. */
static void on_usage(struct agent_session *s, struct json_object *update)
{
	struct json_object *usage = usage_of(s), *cost = json_obj(update, "cost"),
			   *amount = json_any(cost, "amount");
	for (size_t i = 0; i < ARRAY_LEN(usage_members); i++)
		if (json_int(update, usage_members[i].from, -1) >= 0)
			json_add_int(usage, usage_members[i].to, json_int(update, usage_members[i].from, 0));
	if (json_object_is_type(amount, json_type_double) || json_object_is_type(amount, json_type_int)) {
		json_add_obj(usage, "cost", json_copy(amount));
		json_add_str(usage, "currency", json_str_or(cost, "currency", "USD"));
	}
	s->host->save(s);
}

/* Those of one turn are added to those before. */
void acp_take_tokens(struct agent_session *s, struct json_object *tokens)
{
	for (size_t i = 0; i < ARRAY_LEN(token_members); i++) {
		int64_t n = json_int_in(tokens, token_members[i].from, 0, INT64_MAX / 4, -1);
		struct json_object *usage = n >= 0 ? usage_of(s) : NULL;
		int64_t sum = json_int_in(usage, token_members[i].to, 0, INT64_MAX / 4, 0) + n;
		if (usage)
			json_add_int(usage, token_members[i].to, sum);
	}
}

/* ---- the rest ---- */

static void on_info(struct agent_session *s, struct json_object *update)
{
	struct json_object *said JSON_FREE = json_new();
	if (!json_str(update, "title"))
		return;
	say_add_words(said, "title", json_str(update, "title"));
	s->host->said(s, "title", said);
}

static void on_notice(struct agent_session *s, struct json_object *update)
{
	struct json_object *said JSON_FREE = json_new();
	say_add_words(said, "severity", json_str_or(update, "severity", "info"));
	say_add_words(said, "title", json_str_or(update, "title", ""));
	say_add_words(said, "text", json_str(update, "description"));
	s->host->said(s, "notice", said);
}

static void on_compaction(struct agent_session *s, struct json_object *update)
{
	struct json_object *said JSON_FREE = json_new();
	say_add_words(said, "status", json_str_or(update, "status", "?"));
	say_add_words(said, "text", json_str(update, "error"));
	s->host->said(s, "compaction", said);
}

static void on_summary(struct agent_session *s, struct json_object *update)
{
	add_chunk(s, "summary", update);
}

/* of_turn: it can only come of a prompt. ends_text: no more of the message before it follows. */
static const struct {
	const char *name;
	void (*handle)(struct agent_session *s, struct json_object *update);
	bool of_turn, ends_text;
} updates[] = {
	{"agent_message_chunk", on_message, true, false},  {"agent_thought_chunk", on_thought, true, false},
	{"user_message_chunk", on_user, true, false},      {"tool_call", acp_tool, true, true},
	{"tool_call_update", acp_tool, true, true},        {"plan", on_plan, true, true},
	{"usage_update", on_usage, false, false},          {"current_mode_update", on_mode, false, false},
	{"config_option_update", on_config, false, false}, {"available_commands_update", on_commands, false, false},
	{"session_info_update", on_info, false, false},    {"notice", on_notice, false, true},
	{"compaction_update", on_compaction, false, true}, {"compaction_summary_chunk", on_summary, false, false},
};

/* Loading an old conversation repeats all of it. */
static bool replays(struct agent_session *s)
{
	return acp_in_phase(s, "session") && json_flag(s->state, "resume", false);
}

void acp_on_update(struct agent_session *s, struct json_object *params)
{
	struct json_object *update = json_obj(params, "update");
	const char *session = json_str_or(params, "sessionId", ""),
		   *name = json_str_or(update, "sessionUpdate", "?");
	if (replays(s))
		return;
	/* A new conversation may tell of itself before its id is known; an earlier one is over. */
	if (!acp_in_phase(s, "session") && strcmp(session, json_str_or(s->state, "conversation", "")) != 0) {
		say_unknown(s, "update of another conversation", params);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(updates); i++) {
		if (strcmp(updates[i].name, name) != 0)
			continue;
		if (updates[i].of_turn)
			acp_turn_begun(s);
		if (updates[i].ends_text)
			acp_text_flush(s);
		updates[i].handle(s, update);
		return;
	}
	say_unknown(s, name, update);
}

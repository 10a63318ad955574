/* session/update: what the agent tells while it works. */
#include <stdlib.h>
#include <string.h>

#include "agent/acp.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

enum {
	TEXT_REST_MS = 300, /* outside of a turn a message is whole when nothing more came for so long */
	PLAN_MAX = 64,
	COMMANDS_MAX = 256,
};

/* ---- messages, which come in chunks ---- */

/* How much of the text is said at once: no more than ACP_TEXT_MAX bytes, and whole characters. */
static size_t piece_of(const char *text, size_t len)
{
	size_t n = MIN(len, (size_t)ACP_TEXT_MAX);
	while (n < len && n > 1 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return n;
}

void acp_text_flush(struct agent_session *s)
{
	struct json_object *pending = json_obj(s->state, "text");
	if (!pending)
		return;
	const char *kind = json_str_or(pending, "kind", "message"), *text = json_str_or(pending, "text", "");
	bool more = json_flag(pending, "more", false);
	for (size_t len = strlen(text), n; len; text += n, len -= n) {
		struct json_object *said JSON_FREE = json_new();
		n = piece_of(text, len);
		json_add_strn(said, "text", text, n);
		if (more || n < len)
			json_add_bool(said, "more", true);
		s->host->said(s, kind, said);
		if (strcmp(kind, "message") == 0)
			json_add_strn(s->state, "last", text, n);
	}
	json_object_object_del(s->state, "text");
	s->host->save(s);
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
	if (!pending) {
		pending = json_new();
		json_add_str(pending, "kind", kind);
		json_add_str(pending, "id", id);
		json_add_obj(s->state, "text", pending);
	}
	str_adds(&text, json_str_or(pending, "text", ""));
	acp_add_content(&text, json_obj(update, "content"));
	json_add_str(pending, "text", str_c(&text));
	if (text.len >= ACP_TEXT_MAX) {
		json_add_bool(pending, "more", true);
		acp_text_flush(s);
	}
	if (!json_has(s->state, "turn"))
		s->host->timer(s, "text", TEXT_REST_MS);
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
	if (json_has(s->state, "text") && !json_has(s->state, "turn"))
		s->host->timer(s, "text", TEXT_REST_MS);
}

/* ---- plans ---- */

static void on_plan(struct agent_session *s, struct json_object *update)
{
	struct json_object *said JSON_FREE = json_new();
	struct json_object *entries = json_arr(update, "entries"), *list = json_new_array();
	for (size_t i = 0; i < MIN(json_len(entries), (size_t)PLAN_MAX); i++) {
		struct json_object *entry = json_at(entries, i), *step = json_new();
		json_add_str(step, "text", json_str_or(entry, "content", ""));
		json_add_str(step, "status", json_str_or(entry, "status", "pending"));
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

static void take_mode(struct agent_session *s, const char *id, bool say)
{
	if (!id || strcmp(json_str_or(s->state, "mode", ""), id) == 0)
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
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *mode = json_new();
		json_add_str(mode, "id", json_str_or(json_at(list, i), "id", ""));
		json_add_str(mode, "name", json_str(json_at(list, i), "name"));
		json_push(kept, mode);
	}
	json_add_obj(s->state, "modes", kept);
	json_object_object_del(s->state, "mode");
	take_mode(s, json_str(modes, "currentModeId"), false);
}

static void on_mode(struct agent_session *s, struct json_object *update)
{
	take_mode(s, json_str(update, "currentModeId"), true);
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
	for (size_t i = 0; i < json_len(options); i++) {
		struct json_object *option = json_at(options, i), *value = json_any(option, "currentValue");
		const char *id = json_str(option, "id");
		if (!id || !value || json_object_equal(value, json_any(now, id)))
			continue;
		json_add_obj(now, id, json_copy(value));
		if (strcmp(json_str_or(option, "category", ""), "mode") == 0)
			take_mode(s, json_text(value), say);
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
	for (size_t i = 0; i < MIN(json_len(commands), (size_t)COMMANDS_MAX); i++)
		json_push_str(names, json_str_or(json_at(commands, i), "name", "?"));
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
	json_add_str(said, "title", json_str(update, "title"));
	s->host->said(s, "title", said);
}

static void on_notice(struct agent_session *s, struct json_object *update)
{
	struct json_object *said JSON_FREE = json_new();
	json_add_str(said, "severity", json_str_or(update, "severity", "info"));
	json_add_str(said, "title", json_str_or(update, "title", ""));
	json_add_str(said, "text", json_str(update, "description"));
	s->host->said(s, "notice", said);
}

static void on_compaction(struct agent_session *s, struct json_object *update)
{
	struct json_object *said JSON_FREE = json_new();
	json_add_str(said, "status", json_str_or(update, "status", "?"));
	json_add_str(said, "text", json_str(update, "error"));
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
		acp_unknown(s, "update of another conversation", params);
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
	acp_unknown(s, name, update);
}

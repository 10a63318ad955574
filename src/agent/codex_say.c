/* What Codex says and does, in the form that the conversations of all agents have (say.h). */
#include <stdlib.h>
#include <string.h>

#include "agent/codex.h"
#include "agent/say.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

enum { TITLE_MAX = 300, STEPS_MAX = 64, PATHS_MAX = 8 };

/* ---- tools: each fills in what is known of the item ---- */

static void add_title(struct json_object *said, const char *what, const char *subject)
{
	struct str title STR_FREE = STR_INIT;
	str_adds(&title, what);
	text_add_inert(&title, subject, strnlen(subject, TITLE_MAX), TEXT_ONE_LINE);
	json_add_str(said, "title", str_c(&title));
}

static void show_command(struct json_object *said, struct json_object *item)
{
	char *script MEM_FREE = codex_command_script(json_str_or(item, "command", ""));
	const char *output = json_str_or(item, "aggregatedOutput", "");
	add_title(said, "run: ", script);
	say_add_words(said, "command", script);
	say_add_output(said, output, strlen(output));
}

static void show_change(struct json_object *said, struct json_object *item)
{
	struct json_object *changes = json_arr(item, "changes");
	struct str paths STR_FREE = STR_INIT;
	for (size_t i = 0; i < MIN(json_len(changes), (size_t)PATHS_MAX); i++)
		str_addf(&paths, "%s%s", i ? ", " : "", json_str_or(json_at(changes, i), "path", "?"));
	if (json_len(changes) > PATHS_MAX)
		str_adds(&paths, "…");
	add_title(said, "change: ", str_c(&paths));
	say_add_words(said, "path", str_c(&paths));
	if (json_len(changes) && !json_has(said, "output")) {
		char *diff MEM_FREE = codex_diff(changes, SAY_PIECE);
		json_add_strn(said, "diff", diff, say_piece_len(diff, strlen(diff)));
	}
}

static void show_mcp_tool(struct json_object *said, struct json_object *item)
{
	struct json_object *content = json_arr(json_obj(item, "result"), "content");
	struct str text STR_FREE = STR_INIT;
	char *title MEM_FREE =
		mem_printf("%s: %s", json_str_or(item, "server", "?"), json_str_or(item, "tool", "?"));
	add_title(said, "", title);
	for (size_t i = 0; i < json_len(content) && text.len < SAY_PIECE; i++)
		str_addf(&text, "%s%s", i ? "\n" : "", json_str_or(json_at(content, i), "text", ""));
	str_adds(&text, json_str_or(json_obj(item, "error"), "message", ""));
	say_add_output(said, str_c(&text), text.len);
}

static void show_search(struct json_object *said, struct json_object *item)
{
	add_title(said, "search: ", json_str_or(item, "query", ""));
}

static const struct {
	const char *type, *kind;
	void (*show)(struct json_object *said, struct json_object *item);
} tools[] = {
	{"commandExecution", "execute", show_command},
	{"fileChange", "edit", show_change},
	{"mcpToolCall", "other", show_mcp_tool},
	{"webSearch", "search", show_search},
};

/* ---- texts ---- */

static void say_message(struct agent_session *s, struct json_object *item)
{
	const char *text = json_str_or(item, "text", "");
	say_text(s, "message", text, strlen(text), false);
}

static void say_reasoning(struct agent_session *s, struct json_object *item)
{
	struct json_object *parts = json_arr(item, "summary");
	for (size_t i = 0; i < json_len(parts); i++) {
		const char *text = json_str_at(parts, i);
		say_text(s, "thought", text ? text : "", text ? strlen(text) : 0, false);
	}
}

static void say_user(struct agent_session *s, struct json_object *item)
{
	struct json_object *parts = json_arr(item, "content");
	struct str text STR_FREE = STR_INIT;
	for (size_t i = 0; i < json_len(parts); i++)
		str_adds(&text, json_str_or(json_at(parts, i), "text", ""));
	if (text.len)
		say_prompt(s, text.data);
}

static const struct {
	const char *type;
	void (*say)(struct agent_session *s, struct json_object *item);
} texts[] = {
	{"agentMessage", say_message},
	{"reasoning", say_reasoning},
	{"userMessage", say_user},
};

/* Texts are said when they are complete, tools when they begin and when they have ended. */
void codex_say_item(struct agent_session *s, struct json_object *item, bool began)
{
	const char *type = json_str_or(item, "type", ""), *status = json_str_or(item, "status", "completed");
	for (size_t i = 0; i < ARRAY_LEN(texts) && !began; i++)
		if (strcmp(texts[i].type, type) == 0)
			texts[i].say(s, item);
	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		if (strcmp(tools[i].type, type) != 0)
			continue;
		struct json_object *said JSON_FREE = json_new();
		say_add_words(said, "id", json_str(item, "id"));
		json_add_str(said, "name", type);
		json_add_str(said, "kind", tools[i].kind);
		json_add_str(said, "status",
			     began                               ? "in_progress"
			     : strcmp(status, "completed") == 0 ? "completed"
								 : "failed");
		tools[i].show(said, item);
		s->host->said(s, began ? "tool" : "tool_update", said);
	}
}

void codex_say_plan(struct agent_session *s, struct json_object *plan)
{
	struct json_object *said JSON_FREE = json_new(), *steps = json_new_array();
	for (size_t i = 0; i < MIN(json_len(plan), (size_t)STEPS_MAX); i++) {
		struct json_object *step = json_new();
		const char *status = json_str_or(json_at(plan, i), "status", "pending");
		say_add_words(step, "text", json_str_or(json_at(plan, i), "step", ""));
		say_add_words(step, "status", strcmp(status, "inProgress") == 0 ? "in_progress" : status);
		json_push(steps, step);
	}
	json_add_obj(said, "steps", steps);
	if (json_len(plan) > STEPS_MAX)
		json_add_int(said, "left_out", (int64_t)json_len(plan) - STEPS_MAX);
	s->host->said(s, "plan", said);
}

/* ---- usage ---- */

static const struct {
	const char *from, *to;
} tokens[] = {
	{"inputTokens", "input_tokens"},
	{"outputTokens", "output_tokens"},
	{"cachedInputTokens", "cached_tokens"},
	{"reasoningOutputTokens", "thought_tokens"},
};

static int64_t count(struct json_object *from, const char *name)
{
	return json_int_in(from, name, 0, INT64_MAX / 4, 0);
}

static struct json_object *member(struct agent_session *s, const char *name)
{
	struct json_object *m = json_obj(s->state, name);
	if (!m) {
		m = json_new();
		json_add_obj(s->state, name, m);
	}
	return m;
}

/* Codex counts by thread, muster by session: what is new of the thread's is added. */
void codex_take_usage(struct agent_session *s, struct json_object *given)
{
	struct json_object *usage = member(s, "usage"), *counted = member(s, "counted"),
			   *total = json_obj(given, "total");
	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		int64_t now = count(total, tokens[i].from), before = count(counted, tokens[i].to);
		int64_t sum = count(usage, tokens[i].to) + (now >= before ? now - before : now);
		json_add_int(usage, tokens[i].to, sum);
		json_add_int(counted, tokens[i].to, now);
	}
	json_add_int(usage, "context_used", count(json_obj(given, "last"), "totalTokens"));
	json_add_int(usage, "context_size", count(given, "modelContextWindow"));
	s->host->save(s);
}

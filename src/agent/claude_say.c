/* What headless Claude Code tells, as the conversation that every agent without a terminal has (docs/CLI-JSON.md).
 */
#include <string.h>

#include "agent/claude.h"
#include "agent/say.h"
#include "base/mem.h"
#include "fmt/json.h"

enum { TOOLS_MAX = 256, STEPS_MAX = 64 };

/* ---- messages ---- */

static void say_member(struct agent_session *s, const char *kind, struct json_object *block, const char *member)
{
	const char *text = json_str_or(block, member, "");
	say_text(s, kind, text, strlen(text), false);
}

/* ---- tools ---- */

static const struct {
	const char *tool, *kind;
} kinds[] = {
	{"Bash", "execute"},
	{"Edit", "edit"},
	{"MultiEdit", "edit"},
	{"Write", "edit"},
	{"NotebookEdit", "edit"},
	{"Read", "read"},
	{"Grep", "search"},
	{"Glob", "search"},
	{"WebFetch", "fetch"},
	{"WebSearch", "fetch"},
	{"ExitPlanMode", "switch_mode"},
};

static const char *kind_of(const char *tool)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].tool, tool) == 0)
			return kinds[i].kind;
	return "other";
}

static struct json_object *open_tools(struct agent_session *s)
{
	struct json_object *tools = json_obj(s->state, "tools");
	if (!tools || json_object_object_length(tools) >= TOOLS_MAX) { /* results that never came */
		tools = json_new();
		json_add_obj(s->state, "tools", tools);
	}
	return tools;
}

/* Its list of things to do is a plan. */
static void say_steps(struct agent_session *s, struct json_object *todos)
{
	struct json_object *said JSON_FREE = json_new(), *steps = json_new_array();
	for (size_t i = 0; i < MIN(json_len(todos), (size_t)STEPS_MAX); i++) {
		struct json_object *step = json_new();
		say_add_words(step, "text", json_str_or(json_at(todos, i), "content", ""));
		json_add_str(step, "status", json_str_or(json_at(todos, i), "status", "pending"));
		json_push(steps, step);
	}
	json_add_obj(said, "steps", steps);
	if (json_len(todos) > STEPS_MAX)
		json_add_int(said, "left_out", (int64_t)json_len(todos) - STEPS_MAX);
	s->host->said(s, "plan", said);
}

static void say_tool(struct agent_session *s, struct json_object *block)
{
	const char *name = json_str_or(block, "name", "?"), *id = json_str_or(block, "id", "");
	struct json_object *input = json_obj(block, "input"), *said JSON_FREE = json_new(), *kept = json_new();
	if (json_len(json_arr(input, "todos"))) {
		json_object_put(kept);
		say_steps(s, json_arr(input, "todos"));
		return;
	}
	char *title MEM_FREE = claude_tool_title(name, input);
	json_add_str(said, "id", id);
	json_add_str(said, "name", name);
	json_add_str(said, "title", title);
	json_add_str(said, "kind", kind_of(name));
	claude_tool_show(said, name, input);
	json_add_str(kept, "title", title);
	json_add_str(kept, "kind", kind_of(name));
	json_add_obj(open_tools(s), id, kept);
	s->host->save(s);
	s->host->said(s, "tool", said);
}

void claude_say_assistant(struct agent_session *s, struct json_object *line)
{
	struct json_object *blocks = json_arr(json_obj(line, "message"), "content");
	for (size_t i = 0; i < json_len(blocks); i++) {
		struct json_object *block = json_at(blocks, i);
		const char *type = json_str_or(block, "type", "");
		if (strcmp(type, "text") == 0)
			say_member(s, "message", block, "text");
		else if (strcmp(type, "thinking") == 0)
			say_member(s, "thought", block, "thinking");
		else if (strcmp(type, "tool_use") == 0)
			say_tool(s, block);
	}
}

/* A text, or blocks of which the texts count. */
static void add_output(struct json_object *said, struct json_object *content)
{
	struct str text STR_FREE = STR_INIT;
	if (json_text(content))
		str_adds(&text, json_text(content));
	for (size_t i = 0; i < json_len(content); i++)
		str_addf(&text, "%s%s", text.len ? "\n" : "", json_str_or(json_at(content, i), "text", ""));
	say_add_output(said, str_c(&text), text.len);
}

void claude_say_results(struct agent_session *s, struct json_object *line)
{
	struct json_object *blocks = json_arr(json_obj(line, "message"), "content"),
			   *tools = json_obj(s->state, "tools");
	for (size_t i = 0; i < json_len(blocks); i++) {
		struct json_object *block = json_at(blocks, i), *said JSON_FREE = NULL;
		const char *id = json_str_or(block, "tool_use_id", "");
		struct json_object *tool = json_obj(tools, id);
		if (!tool || strcmp(json_str_or(block, "type", ""), "tool_result") != 0)
			continue;
		said = json_copy(tool);
		json_add_str(said, "id", id);
		json_add_str(said, "status", json_flag(block, "is_error", false) ? "failed" : "completed");
		add_output(said, json_any(block, "content"));
		json_object_object_del(tools, id);
		s->host->save(s);
		s->host->said(s, "tool_update", said);
	}
}

/* ---- usage, mode ---- */

static const struct {
	const char *from, *to;
} tokens[] = {
	{"input_tokens", "input_tokens"},
	{"output_tokens", "output_tokens"},
	{"cache_read_input_tokens", "cached_tokens"},
};

/* Tokens are those of the turn, the cost is that of the process. */
void claude_say_usage(struct agent_session *s, struct json_object *line)
{
	struct json_object *usage = json_obj(s->state, "usage"), *given = json_obj(line, "usage");
	struct json_object *cost = json_any(line, "total_cost_usd");
	if (!usage) {
		usage = json_new();
		json_add_obj(s->state, "usage", usage);
	}
	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		int64_t n = json_int_in(given, tokens[i].from, 0, INT64_MAX / 4, 0);
		json_add_int(usage, tokens[i].to, json_int_in(usage, tokens[i].to, 0, INT64_MAX / 4, 0) + n);
	}
	if (cost) {
		double before = json_object_get_double(json_any(s->state, "cost_before"));
		json_add_obj(usage, "cost", json_object_new_double(before + json_object_get_double(cost)));
		json_add_str(usage, "currency", "USD");
	}
	s->host->save(s);
	s->host->said(s, "usage", usage);
}

void claude_say_refusal(struct agent_session *s, const char *mode, const char *why)
{
	struct json_object *said JSON_FREE = json_new();
	MEM_FREE char *title = mem_printf("it refuses the mode %s", mode);
	json_add_str(said, "severity", "warning");
	say_add_words(said, "title", title);
	say_add_words(said, "text", why);
	s->host->said(s, "notice", said);
}

void claude_say_mode(struct agent_session *s, const char *mode)
{
	const char *before = json_str(s->state, "mode");
	if (!mode || (before && strcmp(before, mode) == 0))
		return;
	json_add_str(s->state, "mode", mode);
	s->host->save(s);
	if (!before)
		return; /* it is how it was started */
	struct json_object *said JSON_FREE = json_new();
	json_add_str(said, "mode", mode);
	s->host->said(s, "mode", said);
}

/* Tool calls. An agent tells of one in pieces: a first word, often without any detail, then what it will do, then
 * how it ended. It is said twice: when it is known what it will do, and when it has ended. */
#include <stdlib.h>
#include <string.h>

#include "agent/acp.h"
#include "agent/say.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

enum { TOOLS_MAX = 256, TITLE_MAX = 300, INPUT_MAX = 64 * 1024, PATHS_MAX = 64 };

/* ---- what a call says of itself ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* ["bash", "-lc", COMMAND] is COMMAND: a shell around it decides nothing. */
static char *command_of_words(struct json_object *words)
{
	static const char *const shells[] = {"sh", "bash", "zsh", "dash"};
	const char *first = json_str_at(words, 0), *flag = json_str_at(words, 1);
	struct str text = STR_INIT;
	bool plain = json_len(words) == 3 && first && flag && (strcmp(flag, "-c") == 0 || strcmp(flag, "-lc") == 0);
	for (size_t i = 0; plain && i < ARRAY_LEN(shells); i++)
		if (strcmp(base_name(first), shells[i]) == 0)
			return mem_strdup(json_str_at(words, 2) ? json_str_at(words, 2) : "");
	for (size_t i = 0; i < json_len(words); i++)
		str_addf(&text, "%s%s", i ? " " : "", json_str_at(words, i) ? json_str_at(words, i) : "?");
	return str_take(&text);
}

static void take_command(struct json_object *tool, struct json_object *input)
{
	struct json_object *command = json_any(input, "command");
	if (json_text(command)) {
		json_add_str(tool, "command", json_text(command));
	} else if (json_len(command)) {
		MEM_FREE char *text = command_of_words(command);
		json_add_str(tool, "command", text);
	}
}

static const char *in_workspace(const struct agent_session *s, const char *path)
{
	size_t len = s->workspace ? strlen(s->workspace) : 0;
	return len && strncmp(path, s->workspace, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}

/* ---- diffs ---- */

static size_t line_len(const char *text)
{
	size_t n = strcspn(text, "\n");
	return n + (text[n] == '\n');
}

static bool same_line(const char *a, const char *b)
{
	size_t n = line_len(a);
	return n && n == line_len(b) && memcmp(a, b, n) == 0;
}

static void add_lines(struct str *out, char sign, const char *text, const char *end)
{
	while (text < end && out->len < ACP_DIFF_MAX) {
		size_t n = MIN(line_len(text), (size_t)(end - text));
		str_addc(out, sign);
		str_add(out, text, n);
		if (n == 0 || text[n - 1] != '\n')
			str_addc(out, '\n');
		text += n;
	}
	if (text < end)
		str_addf(out, "… %zu bytes more\n", (size_t)(end - text));
}

/* Where the last line of the text before `end` begins. */
static const char *last_line(const char *text, const char *end)
{
	const char *p = end > text ? end - 1 : text;
	while (p > text && p[-1] != '\n')
		p--;
	return p;
}

/* What is between the lines that both texts begin and end with. */
static void add_change(struct str *out, const char *before, const char *after)
{
	const char *before_end = before + strlen(before), *after_end = after + strlen(after);
	while (*before && *after && same_line(before, after)) {
		before += line_len(before);
		after += line_len(after);
	}
	while (before_end > before && after_end > after) {
		const char *b = last_line(before, before_end), *a = last_line(after, after_end);
		if (before_end - b != after_end - a || memcmp(b, a, (size_t)(before_end - b)) != 0)
			break;
		before_end = b;
		after_end = a;
	}
	add_lines(out, '-', before, before_end);
	add_lines(out, '+', after, after_end);
}

/* ---- what is known of it ---- */

static void take_content(struct agent_session *s, struct json_object *tool, struct json_object *content)
{
	struct str diff STR_FREE = STR_INIT, text STR_FREE = STR_INIT;
	size_t diffs = 0;
	for (size_t i = 0; i < json_len(content); i++)
		diffs += strcmp(json_str_or(json_at(content, i), "type", ""), "diff") == 0;
	for (size_t i = 0; i < json_len(content); i++) {
		struct json_object *block = json_at(content, i);
		const char *type = json_str_or(block, "type", ""), *path = json_str(block, "path");
		if (strcmp(type, "diff") == 0) {
			if (diffs > 1 && path)
				str_addf(&diff, "--- %s\n", in_workspace(s, path));
			add_change(&diff, json_str_or(block, "oldText", ""), json_str_or(block, "newText", ""));
			if (path && !json_has(tool, "path"))
				say_add_words(tool, "path", in_workspace(s, path));
		} else if (strcmp(type, "content") == 0 && text.len < SAY_PIECE) {
			acp_add_content(&text, json_obj(block, "content"));
			str_addc(&text, '\n');
		}
	}
	if (diff.len)
		json_add_str(tool, "diff", diff.data);
	if (text.len)
		json_add_strn(tool, "output", text.data, text.len);
}

/* What a tool returned, as agents call it. */
static void take_result(struct json_object *tool, struct json_object *call)
{
	static const char *const members[] = {"formatted_output", "aggregated_output", "output", "stdout",
					      "result"};
	struct json_object *raw = json_any(call, "rawOutput");
	const char *text = json_text(raw);
	for (size_t i = 0; i < ARRAY_LEN(members) && !text; i++)
		text = json_str(raw, members[i]);
	if (text && !json_len(json_arr(call, "content")))
		json_add_str(tool, "output", text);
}

static void take_texts(struct json_object *tool, struct json_object *call)
{
	static const char *const members[] = {"name", "title", "kind", "status"};
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const char *value = json_str(call, members[i]);
		struct str text STR_FREE = STR_INIT;
		if (!value || !*value)
			continue;
		text_add_inert(&text, value, strnlen(value, TITLE_MAX), TEXT_ONE_LINE);
		json_add_str(tool, members[i], str_c(&text));
	}
}

/* All files that it names, for who must know them all. */
static void add_path(struct agent_session *s, struct json_object *tool, const char *path)
{
	struct json_object *paths = json_arr(tool, "paths");
	const char *named = path ? in_workspace(s, path) : NULL;
	if (!path)
		return;
	if (!paths) {
		paths = json_new_array();
		json_add_obj(tool, "paths", paths);
	}
	for (size_t i = 0; i < json_len(paths); i++)
		if (strcmp(json_str_at(paths, i), named) == 0)
			return;
	if (json_len(paths) >= PATHS_MAX || strlen(named) > SAY_WORDS)
		json_add_bool(tool, "more_paths", true);
	else
		json_push_str(paths, named);
}

static void learn(struct agent_session *s, struct json_object *tool, struct json_object *call)
{
	struct json_object *input = json_obj(call, "rawInput");
	const char *path = json_str(json_at(json_arr(call, "locations"), 0), "path");
	struct json_object *locations = json_arr(call, "locations"), *content = json_arr(call, "content");
	take_texts(tool, call);
	for (size_t i = 0; i < json_len(locations); i++)
		add_path(s, tool, json_str(json_at(locations, i), "path"));
	for (size_t i = 0; i < json_len(content); i++)
		add_path(s, tool, json_str(json_at(content, i), "path"));
	if (path)
		say_add_words(tool, "path", in_workspace(s, path));
	if (input && json_object_object_length(input) && strlen(json_line(input)) <= INPUT_MAX) {
		json_add_obj(tool, "input", json_copy(input));
		take_command(tool, input);
	}
	take_content(s, tool, content);
	take_result(tool, call);
}

static struct json_object *tools(struct agent_session *s)
{
	struct json_object *all = json_obj(s->state, "tools");
	if (!all) {
		all = json_new();
		json_add_obj(s->state, "tools", all);
	}
	return all;
}

/* The tool call of that id, which the state keeps; beyond TOOLS_MAX the oldest is forgotten. */
static struct json_object *kept(struct agent_session *s, const char *id)
{
	struct json_object *all = tools(s), *tool = json_obj(all, id);
	if (tool)
		return tool;
	if (json_object_object_length(all) >= TOOLS_MAX) {
		struct json_object_iterator first = json_object_iter_begin(all);
		MEM_FREE char *oldest = mem_strdup(json_object_iter_peek_name(&first));
		json_object_object_del(all, oldest);
	}
	tool = json_new();
	json_add_str(tool, "id", id);
	json_add_obj(all, id, tool);
	return tool;
}

/* ---- saying it ---- */

static void copy_members(struct json_object *to, struct json_object *from, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (json_any(from, names[i]))
			json_add_obj(to, names[i], json_copy(json_any(from, names[i])));
}

/* What is large is said once, and not kept. */
static void forget(struct json_object *tool, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		json_object_object_del(tool, names[i]);
}

static bool has_ended(struct json_object *tool)
{
	const char *status = json_str_or(tool, "status", "pending");
	return strcmp(status, "completed") == 0 || strcmp(status, "failed") == 0;
}

static void say_call(struct agent_session *s, struct json_object *tool)
{
	static const char *const said_of[] = {"id", "name", "title", "kind", "status", "command", "path", "diff"};
	static const char *const large[] = {"diff", "input", "output"};
	if (json_flag(tool, "said", false))
		return;
	struct json_object *said JSON_FREE = json_new();
	copy_members(said, tool, said_of, ARRAY_LEN(said_of));
	json_add_bool(tool, "said", true);
	forget(tool, large, ARRAY_LEN(large) - has_ended(tool)); /* its output is yet to be said then */
	s->host->said(s, "tool", said);
}

static void say_end(struct agent_session *s, struct json_object *tool)
{
	static const char *const said_of[] = {"id", "name", "title", "kind", "status", "command", "path", "diff"};
	struct json_object *said JSON_FREE = json_new();
	copy_members(said, tool, said_of, ARRAY_LEN(said_of));
	say_add_output(said, json_str_or(tool, "output", ""), strlen(json_str_or(tool, "output", "")));
	s->host->said(s, "tool_update", said);
}

static bool tells_what(struct json_object *tool)
{
	return json_has(tool, "input") || json_has(tool, "diff") || json_has(tool, "output") ||
	       strcmp(json_str_or(tool, "status", "pending"), "pending") != 0;
}

void acp_tool(struct agent_session *s, struct json_object *call)
{
	const char *id = json_str(call, "toolCallId");
	if (!id) {
		say_unknown(s, "tool call without an id", call);
		return;
	}
	struct json_object *tool = kept(s, id);
	learn(s, tool, call);
	if (tells_what(tool))
		say_call(s, tool);
	if (has_ended(tool)) {
		say_end(s, tool);
		json_object_object_del(tools(s), id);
	}
	s->host->save(s);
}

struct json_object *acp_tool_known(struct agent_session *s, struct json_object *call)
{
	const char *id = json_str(call, "toolCallId");
	struct json_object *tool = id ? kept(s, id) : NULL, *all = tool ? json_copy(tool) : json_new();
	learn(s, all, call);
	if (tool) {
		learn(s, tool, call);
		say_call(s, tool);
	}
	return all;
}

void acp_tools_end(struct agent_session *s)
{
	struct json_object *all = json_obj(s->state, "tools");
	if (!all)
		return;
	json_object_object_foreach(all, id, tool)
	{
		(void)id;
		if (json_has(tool, "title")) /* else it had ended before, and something was added to it */
			say_call(s, tool);
	}
	json_object_object_del(s->state, "tools");
	s->host->save(s);
}

/* What Codex asks a person: each kind of request of its app-server's as an item of the docket, and the lead's
 * answer as what that request is answered with. */
#include <stdlib.h>
#include <string.h>

#include "agent/codex.h"
#include "agent/permission.h"
#include "agent/question.h"
#include "agent/say.h"
#include "base/mem.h"
#include "base/text.h"
#include "bridge/bridge.h"
#include "fmt/json.h"

enum {
	TITLE_MAX = 300,
	DIFF_MAX = 64 * 1024,
	CHANGES_MAX = 32, /* file changes that began and have not ended */
	CHANGE_MAX = 2 * DIFF_MAX, /* bytes that are kept of one */
	FILES_MAX = 64,            /* of one that is longer */
	PATHS_MAX = 4096,          /* bytes of their names */
};

static const char for_conversation[] = "Allow, and do not ask again for the like in this conversation";

void codex_need_fini(struct codex_need *n)
{
	free(n->title);
	free(n->topic);
	json_freep(&n->detail);
	json_freep(&n->options);
}

static char *titled(const char *what, const char *subject)
{
	struct str title = STR_INIT;
	size_t len = strlen(subject);
	str_adds(&title, what);
	text_add_inert(&title, subject, MIN(len, (size_t)TITLE_MAX), TEXT_ONE_LINE);
	if (len > TITLE_MAX)
		str_adds(&title, "…");
	return str_take(&title);
}

static void add_reason(struct codex_need *n, struct json_object *params)
{
	if (json_str(params, "reason"))
		json_add_str(n->detail, "context", json_str(params, "reason"));
}

static struct json_object *decision(struct json_object *value)
{
	struct json_object *result = json_new();
	json_add_obj(result, "decision", value);
	return result;
}

/* accept, decline, or what the docket offered as "always". */
static struct json_object *decide(struct json_object *detail, const struct agent_answer *answer)
{
	if (!permission_allowed(answer))
		return decision(json_new_str("decline"));
	if (strcmp(answer->option, "always") == 0 && json_has(detail, "always"))
		return decision(json_copy(json_any(detail, "always")));
	return decision(json_new_str("accept"));
}

/* ---- commands ---- */

/* The decision that would let the like of it pass from now on, and how the docket words it (the caller owns it). */
static struct json_object *find_always(struct json_object *decisions, char **ret_label)
{
	for (size_t i = 0; i < json_len(decisions); i++) {
		struct json_object *one = json_at(decisions, i);
		struct json_object *rule =
			json_arr(json_obj(one, "acceptWithExecpolicyAmendment"), "execpolicy_amendment");
		struct str words STR_FREE = STR_INIT;
		for (size_t k = 0; k < json_len(rule); k++)
			str_addf(&words, " %s", json_str_at(rule, k) ? json_str_at(rule, k) : "?");
		if (rule) {
			*ret_label = mem_printf("Allow, and never ask again for commands that begin with:%s",
						str_c(&words));
			return one;
		}
		if (json_text(one) && strcmp(json_text(one), "acceptForSession") == 0) {
			*ret_label = mem_strdup(for_conversation);
			return one;
		}
	}
	return NULL;
}

static void set_permission_options(struct codex_need *n, struct json_object *decisions)
{
	char *label MEM_FREE = NULL;
	struct json_object *always = find_always(decisions, &label);
	if (always)
		json_add_obj(n->detail, "always", json_copy(always));
	n->options = permission_options(label);
}

/* What is wanted besides the command, in words; NULL: nothing but the command decides. The caller owns it. */
static char *beyond_command(struct agent_session *s, struct json_object *params)
{
	struct json_object *network = json_obj(params, "networkApprovalContext");
	const char *cwd = json_str_or(params, "cwd", s->workspace);
	if (network)
		return titled("it wants to reach ", json_str_or(network, "host", "?"));
	if (json_obj(params, "additionalPermissions"))
		return mem_strdup("it wants more permissions for it");
	if (strcmp(cwd, s->workspace) != 0)
		return titled("it would run in ", cwd);
	return strcmp(json_str_or(params, "kind", "command"), "command") == 0 ? NULL
	                                                                      : mem_strdup("it is more than a command");
}

static void open_command(struct agent_session *s, struct json_object *params, struct codex_need *n)
{
	struct json_object *network = json_obj(params, "networkApprovalContext");
	char *script MEM_FREE = codex_command_script(json_str_or(params, "command", ""));
	n->kind = AGENT_NEED_PERMISSION;
	n->title = network ? titled("it wants to reach ", json_str_or(network, "host", "?"))
			   : titled("it wants to run: ", script);
	json_add_str(n->detail, "tool", network ? "network" : "shell");
	if (*script)
		json_add_str(n->detail, "command", script);
	if (json_obj(params, "additionalPermissions"))
		json_add_obj(n->detail, "permissions", json_copy(json_obj(params, "additionalPermissions")));
	add_reason(n, params);
	char *beyond MEM_FREE = beyond_command(s, params);
	if (beyond)
		json_add_str(n->detail, "beyond", beyond);
	else if (*script)
		n->topic = permission_command_topic(script);
	set_permission_options(n, json_arr(params, "availableDecisions"));
}

/* ---- file changes ---- */

/* What is kept of a change, by what it is to be known on the docket: of a long one, or one that the bridge had to cut,
 * the names of the first files. */
static struct json_object *kept_changes(struct json_object *changes)
{
	bool cut = false;
	for (size_t i = 0; i < json_len(changes); i++)
		cut = cut || strstr(json_str_or(json_at(changes, i), "diff", ""), BRIDGE_CUT);
	if (!cut && strlen(json_line(changes)) <= CHANGE_MAX)
		return json_copy(changes);
	struct json_object *kept = json_new_array();
	for (size_t i = 0; i < MIN(json_len(changes), (size_t)FILES_MAX); i++) {
		struct json_object *one = json_new();
		say_add_words(one, "path", json_str_or(json_at(changes, i), "path", "?"));
		json_add_str(one, "diff", "(too long to be shown)");
		json_add_bool(one, "cut", true);
		json_push(kept, one);
	}
	return kept;
}

void codex_need_note_item(struct agent_session *s, struct json_object *item, bool began)
{
	struct json_object *known = json_obj(s->state, "changes");
	const char *id = json_str(item, "id");
	if (!id || strlen(id) > SAY_WORDS || strcmp(json_str_or(item, "type", ""), "fileChange") != 0)
		return;
	if (!began) {
		if (known)
			json_object_object_del(known, id);
	} else if (json_len(json_arr(item, "changes"))) {
		if (!known || json_object_object_length(known) >= CHANGES_MAX) {
			known = json_new();
			json_add_obj(s->state, "changes", known);
		}
		json_add_obj(known, id, kept_changes(json_arr(item, "changes")));
	}
	s->host->save(s);
}

/* A new file's diff is its content. */
static void add_change(struct str *diff, struct json_object *change, size_t max)
{
	const char *kind = json_str_or(json_obj(change, "kind"), "type", "update");
	const char *text = json_str_or(change, "diff", "");
	bool whole = strcmp(kind, "update") != 0;
	char sign = strcmp(kind, "delete") == 0 ? '-' : '+';
	str_addf(diff, "%s %s\n", kind, json_str_or(change, "path", "?"));
	while (*text && diff->len < max) {
		size_t len = strcspn(text, "\n");
		if (whole)
			str_addc(diff, sign);
		str_add(diff, text, len);
		str_addc(diff, '\n');
		text += len + (text[len] == '\n');
	}
}

char *codex_diff(struct json_object *changes, size_t max)
{
	struct str diff = STR_INIT;
	for (size_t i = 0; i < json_len(changes) && diff.len < max; i++)
		add_change(&diff, json_at(changes, i), max);
	return diff.data ? str_take(&diff) : mem_strdup("");
}

/* Where a file would be moved to is changed, too. */
static void take_move(struct json_object *files, struct json_object *change)
{
	struct json_object *kind = json_obj(change, "kind");
	const char *to = json_str_or(kind, "move_path", json_str(kind, "movePath"));
	if (to)
		json_push_str(files, to);
}

static void open_change(struct agent_session *s, struct json_object *params, struct codex_need *n)
{
	struct json_object *changes = json_arr(json_obj(s->state, "changes"), json_str_or(params, "itemId", ""));
	char *diff MEM_FREE = codex_diff(changes, DIFF_MAX);
	struct str paths STR_FREE = STR_INIT;
	static const char *const decisions[] = {"accept", "acceptForSession", "decline"};
	struct json_object *list JSON_FREE = json_new_array(), *files = json_new_array();
	bool whole = strlen(diff) < DIFF_MAX && !json_flag(json_at(changes, 0), "cut", false);
	for (size_t i = 0; i < json_len(changes) && paths.len < PATHS_MAX; i++) {
		const char *path = json_str_or(json_at(changes, i), "path", "?");
		str_addf(&paths, "%s%s", i ? ", " : "", path);
		json_push_str(files, path);
		take_move(files, json_at(changes, i));
	}
	n->kind = AGENT_NEED_PERMISSION;
	n->title = titled("it wants to change: ", paths.len ? str_c(&paths) : "files that it does not name");
	json_add_str(n->detail, "tool", "apply_patch");
	permission_add_files(n->detail, files);
	if (paths.len)
		json_add_str(n->detail, "diff", diff);
	if (json_str(params, "grantRoot"))
		json_add_str(n->detail, "beyond", "it wants to write there from now on");
	else if (!paths.len || !whole || paths.len >= PATHS_MAX)
		json_add_str(n->detail, "beyond", "not all of the change is seen");
	if (json_str(params, "grantRoot"))
		json_add_str(n->detail, "root", json_str(params, "grantRoot"));
	add_reason(n, params);
	if (paths.len && whole && !json_str(params, "grantRoot"))
		n->topic = mem_printf("change %s", diff);
	for (size_t i = 0; i < ARRAY_LEN(decisions); i++)
		json_push_str(list, decisions[i]);
	set_permission_options(n, list);
}

/* ---- wider access ---- */

static void open_access(struct agent_session *s, struct json_object *params, struct codex_need *n)
{
	struct json_object *wanted = json_obj(params, "permissions");
	const char *text = wanted ? json_line(wanted) : "{}";
	(void)s;
	n->kind = AGENT_NEED_PERMISSION;
	n->title = titled("it wants wider access: ", json_str_or(params, "reason", text));
	json_add_str(n->detail, "tool", "request_permissions");
	json_add_str(n->detail, "context", text);
	json_add_str(n->detail, "beyond", "it wants wider access");
	json_add_obj(n->detail, "permissions", wanted ? json_copy(wanted) : json_new());
	n->topic = mem_printf("access %s", text);
	n->options = permission_options(for_conversation);
}

static struct json_object *grant_access(struct json_object *detail, const struct agent_answer *answer)
{
	struct json_object *result = json_new();
	bool yes = permission_allowed(answer);
	json_add_obj(result, "permissions", yes ? json_copy(json_obj(detail, "permissions")) : json_new());
	json_add_str(result, "scope", yes && strcmp(answer->option, "always") == 0 ? "session" : "turn");
	return result;
}

/* ---- questions ---- */

static void open_questions(struct agent_session *s, struct json_object *params, struct codex_need *n)
{
	struct json_object *questions = json_arr(params, "questions");
	(void)s;
	n->kind = AGENT_NEED_QUESTION;
	n->title = question_title(questions);
	n->options = question_options(questions);
	n->topic = question_topic(questions, n->options != NULL);
	json_add_obj(n->detail, "questions", json_copy(questions));
	if (!n->options) {
		char *context MEM_FREE = question_context(questions);
		json_add_str(n->detail, "context", context);
	}
}

static struct json_object *answer_questions(struct json_object *detail, const struct agent_answer *answer)
{
	struct json_object *questions = json_arr(detail, "questions");
	struct json_object *result = json_new(), *answers = json_new();
	for (size_t i = 0; i < json_len(questions); i++) {
		struct json_object *one = json_new(), *texts = json_new_array();
		char *text MEM_FREE = question_answer(questions, i, answer);
		json_push_str(texts, text);
		json_add_obj(one, "answers", texts);
		json_add_obj(answers, json_str_or(json_at(questions, i), "id", ""), one);
	}
	json_add_obj(result, "answers", answers);
	return result;
}

/* ---- what an MCP server wants to know ---- */

/* The fields of the form that it would have filled in, as questions. */
static struct json_object *form_questions(struct json_object *schema)
{
	struct json_object *questions = json_new_array(), *properties = json_obj(schema, "properties");
	if (!properties)
		return questions;
	json_object_object_foreach(properties, name, property)
	{
		struct json_object *one = json_new(), *options = json_new_array(),
				   *names = json_arr(property, "enum");
		bool flag = strcmp(json_str_or(property, "type", ""), "boolean") == 0;
		static const char *const truths[] = {"true", "false"};
		for (size_t i = 0; i < (flag ? ARRAY_LEN(truths) : json_len(names)); i++) {
			struct json_object *option = json_new();
			json_add_str(option, "label", flag ? truths[i] : json_str_at(names, i));
			json_push(options, option);
		}
		json_add_str(one, "id", name);
		json_add_str(one, "type", json_str_or(property, "type", "string"));
		json_add_str(one, "question",
			     json_str_or(property, "description", json_str_or(property, "title", name)));
		json_add_obj(one, "options", options);
		json_push(questions, one);
	}
	return questions;
}

/* A form without fields is a permission: Codex's own question whether a tool may run, or one of the server's. */
static void open_consent(struct json_object *params, struct codex_need *n)
{
	struct json_object *meta = json_obj(params, "_meta"), *given = json_obj(meta, "tool_params"),
			   *persist = json_arr(meta, "persist");
	const char *server = json_str_or(params, "serverName", ""), *tool = json_str(meta, "tool_name");
	bool session = false;
	for (size_t i = 0; i < json_len(persist); i++)
		session = session || strcmp(json_str_at(persist, i) ? json_str_at(persist, i) : "", "session") == 0;
	n->kind = AGENT_NEED_PERMISSION;
	n->options = permission_options(session ? for_conversation : NULL);
	if (given)
		json_add_obj(n->detail, "input", json_copy(given));
	if (tool)
		n->topic = mem_printf("mcp__%s__%s %s", server, tool, given ? json_line(given) : "{}");
}

static void open_elicitation(struct agent_session *s, struct json_object *params, struct codex_need *n)
{
	struct json_object *questions = form_questions(json_obj(params, "requestedSchema"));
	const char *server = json_str_or(params, "serverName", "an MCP server");
	char *message MEM_FREE =
		mem_printf("%s: %s", server, json_str_or(params, "message", "it asks for something"));
	(void)s;
	n->title = titled("", message);
	json_add_str(n->detail, "tool", server);
	json_add_obj(n->detail, "questions", questions);
	if (json_str(params, "url"))
		json_add_str(n->detail, "context", json_str(params, "url"));
	if (json_len(questions) == 0) {
		open_consent(params, n);
		return;
	}
	n->kind = AGENT_NEED_QUESTION;
	n->options = question_options(questions);
	if (json_len(n->options) == 0)
		json_freep(&n->options);
	char *context MEM_FREE = question_context(questions);
	json_add_str(n->detail, "context", context);
}

/* The text as a value of the field's type; a text that is none stays one, and the server says what is wrong. */
static struct json_object *field_value(const char *type, const char *text)
{
	struct json_object *value = strcmp(type, "string") == 0 ? NULL : json_parse_text(text, NULL);
	return value ? value : json_new_str(text);
}

static struct json_object *answer_elicitation(struct json_object *detail, const struct agent_answer *answer)
{
	struct json_object *questions = json_arr(detail, "questions");
	struct json_object *result = json_new(), *content = json_new();
	bool yes = json_len(questions) > 0 || permission_allowed(answer);
	for (size_t i = 0; i < json_len(questions); i++) {
		struct json_object *question = json_at(questions, i);
		char *text MEM_FREE = question_answer(questions, i, answer);
		json_add_obj(content, json_str_or(question, "id", ""),
			     field_value(json_str_or(question, "type", "string"), text));
	}
	json_add_str(result, "action", yes ? "accept" : "decline");
	json_add_obj(result, "content", yes ? content : NULL);
	if (!yes)
		json_object_put(content);
	struct json_object *meta = NULL;
	if (json_len(questions) == 0 && answer->option && strcmp(answer->option, "always") == 0) {
		meta = json_new();
		json_add_str(meta, "persist", "session");
	}
	json_add_obj(result, "_meta", meta);
	return result;
}

/* ---- the table ---- */

static const struct codex_request requests[] = {
	{"item/commandExecution/requestApproval", open_command, decide, true},
	{"item/fileChange/requestApproval", open_change, decide, true},
	{"item/permissions/requestApproval", open_access, grant_access, true},
	{"item/tool/requestUserInput", open_questions, answer_questions, false},
	{"mcpServer/elicitation/request", open_elicitation, answer_elicitation, false},
};

const struct codex_request *codex_request_find(const char *method)
{
	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		if (strcmp(requests[i].method, method) == 0)
			return &requests[i];
	return NULL;
}

/* Permissions, and what else an agent waits for: requests of its that only the lead can answer. */
#include <stdlib.h>
#include <string.h>

#include "agent/acp.h"
#include "agent/permission.h"
#include "agent/say.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

enum { GIVEN_MAX = 64 * 1024, OPEN_MAX = 64, OPTIONS_MAX = 16, LABEL_MAX = 200 };

/* ---- what is open ---- */

static struct json_object *open_list(struct agent_session *s)
{
	struct json_object *list = json_arr(s->state, "open");
	if (!list) {
		list = json_new_array();
		json_add_obj(s->state, "open", list);
	}
	return list;
}

static char *key_of(struct json_object *id)
{
	return mem_printf("acp-%s", id ? json_line(id) : "null");
}

static size_t find_open(struct agent_session *s, const char *key)
{
	struct json_object *list = open_list(s);
	size_t i = 0;
	while (i < json_len(list) && strcmp(json_str_or(json_at(list, i), "key", ""), key) != 0)
		i++;
	return i;
}

bool acp_need_any(struct agent_session *s)
{
	return json_len(open_list(s)) > 0;
}

/* An agent that has so much open at once is out of its mind; and an id that is open already is its mistake. */
bool acp_need_add(struct agent_session *s, struct json_object *id, const char *kind, char **ret_key)
{
	char *key = key_of(id);
	if (acp_in_phase(s, "over")) { /* its last words, and nobody is there to take an answer */
		free(key);
		return false;
	}
	if (json_len(open_list(s)) >= OPEN_MAX || find_open(s, key) < json_len(open_list(s))) {
		say_unknown(s, "request beyond what may be open at once", id);
		acp_respond_error(s, id, ACP_INTERNAL,
				  "this id is in use, or too many requests wait for an answer");
		free(key);
		return false;
	}
	struct json_object *entry = json_new();
	json_add_str(entry, "key", key);
	json_add_obj(entry, "id", json_copy(id));
	json_add_str(entry, "kind", kind);
	json_push(open_list(s), entry);
	s->host->save(s);
	*ret_key = key;
	return true;
}

/* The answer that stands for none. */
static struct json_object *no_answer(const char *kind)
{
	struct json_object *result = json_new(), *outcome;
	if (strcmp(kind, "permission") != 0) {
		json_add_str(result, "action", "cancel");
		return result;
	}
	outcome = json_new();
	json_add_str(outcome, "outcome", "cancelled");
	json_add_obj(result, "outcome", outcome);
	return result;
}

static void end_at(struct agent_session *s, size_t at, const char *reason, bool respond)
{
	struct json_object *entry JSON_FREE = json_object_get(json_at(open_list(s), at));
	json_object_array_del_idx(open_list(s), at, 1);
	s->host->save(s);
	s->host->item_withdraw(s, json_str_or(entry, "key", ""), reason);
	if (respond)
		acp_respond(s, json_any(entry, "id"), no_answer(json_str_or(entry, "kind", "")));
}

void acp_need_cancel(struct agent_session *s, struct json_object *id, const char *reason)
{
	char *key MEM_FREE = key_of(id);
	size_t at = find_open(s, key);
	if (at < json_len(open_list(s)))
		end_at(s, at, reason, true);
}

void acp_need_cancel_all(struct agent_session *s, const char *reason)
{
	while (acp_need_any(s))
		end_at(s, 0, reason, true);
}

void acp_need_forget_all(struct agent_session *s, const char *reason)
{
	while (acp_need_any(s))
		end_at(s, 0, reason, false);
}

/* ---- permissions: the options ---- */

/* The plain yes and no are the same for every agent, so that equal needs of different agents are one to the lead.
 * What more there is has the agent's own words. */
static const struct {
	const char *kind, *key, *label, *as;
} kinds[] = {
	{"allow_once", "allow", PERMISSION_ALLOW, NULL},
	{"reject_once", "deny", PERMISSION_DENY, NULL},
	{"allow_always", "always", NULL, "allow"},
	{"reject_always", "never", NULL, "deny"},
};

static bool has_key(struct json_object *options, const char *key)
{
	for (size_t i = 0; i < json_len(options); i++)
		if (strcmp(json_str_or(json_at(options, i), "key", ""), key) == 0)
			return true;
	return false;
}

/* own_words: the question is not whether something may be done but how to go on, and the names say it. A second
 * option of a kind goes by its id, which the option of the agent's is given as its key. */
static void push_given(struct json_object *options, struct json_object *o, size_t kind, bool own_words)
{
	bool known = kind < ARRAY_LEN(kinds);
	const char *id = json_str(o, "optionId"), *name = json_str_or(o, "name", id ? id : "?");
	const char *key = known && !has_key(options, kinds[kind].key) ? kinds[kind].key : id;
	const char *label = known && key != id && kinds[kind].label && !own_words ? kinds[kind].label : name;
	struct str inert STR_FREE = STR_INIT;
	if (!id || has_key(options, key))
		return;
	json_add_str(o, "key", key);
	text_add_inert(&inert, label, strnlen(label, LABEL_MAX), TEXT_ONE_LINE);
	if (known && kinds[kind].as && !own_words)
		permission_push_own(options, key, str_c(&inert), kinds[kind].as);
	else
		permission_push_option(options, key, str_c(&inert));
}

static size_t kind_of(struct json_object *o)
{
	size_t k = 0;
	while (k < ARRAY_LEN(kinds) && strcmp(kinds[k].kind, json_str_or(o, "kind", "")) != 0)
		k++;
	return k;
}

/* In the order that all agents' options have: what is remembered stands behind the plain yes and no. */
static struct json_object *make_options(struct json_object *given, bool own_words)
{
	struct json_object *options = json_new_array();
	size_t n = MIN(json_len(given), (size_t)OPTIONS_MAX);
	for (size_t k = 0; k <= ARRAY_LEN(kinds); k++)
		for (size_t i = 0; i < n; i++)
			if (own_words ? k == 0 : kind_of(json_at(given, i)) == k)
				push_given(options, json_at(given, i), kind_of(json_at(given, i)), own_words);
	return options;
}

/* ---- permissions: the item ---- */

/* Members of a tool's input that are worded anew each time, or count for nothing but the agent's own books. What
 * "always" would mean is in the words of that option. */
static const char *const idle_members[] = {
	"description",        "reason", "call_id",       "turn_id",    "item_id",
	"parsed_cmd",         "source", "started_at_ms", "process_id", "proposed_execpolicy_amendment",
	"available_decisions"};

/* What the tool is given, but for what decides nothing, and a command that stands for itself. */
static struct json_object *deciding_input(struct agent_session *s, struct json_object *tool)
{
	struct json_object *input = json_obj(tool, "input"), *given = input ? json_copy(input) : json_new();
	const char *cwd = json_str(given, "cwd");
	for (size_t i = 0; i < ARRAY_LEN(idle_members); i++)
		json_object_object_del(given, idle_members[i]);
	if (cwd && s->workspace && strcmp(cwd, s->workspace) == 0)
		json_object_object_del(given, "cwd");
	if (json_str(tool, "command") && strcmp(json_str_or(tool, "kind", ""), "execute") == 0)
		json_object_object_del(given, "command");
	return given;
}

/* All that decides the answer. A command that runs in the workspace is the same whichever agent's it is; else what
 * the tool is given counts, in its own form. */
static char *permission_topic(struct agent_session *s, struct json_object *tool)
{
	struct json_object *input = json_obj(tool, "input"), *given JSON_FREE = deciding_input(s, tool);
	const char *command = json_str(tool, "command");
	bool execute = command && strcmp(json_str_or(tool, "kind", ""), "execute") == 0;
	if (execute && json_object_object_length(given) == 0)
		return permission_command_topic(command);
	return mem_printf("%s %s %s%s%s%s", json_str_or(tool, "name", json_str_or(tool, "kind", "?")),
			  json_line(given), json_str_or(tool, "title", ""), execute ? command : "",
			  input ? "" : json_str_or(tool, "path", ""), input ? "" : json_str_or(tool, "diff", ""));
}

static char *permission_title(struct json_object *tool)
{
	const char *command = json_str(tool, "command"), *title = json_str_or(tool, "title", "use a tool");
	struct str text STR_FREE = STR_INIT;
	if (!command)
		return mem_strdup(title);
	text_add_inert(&text, command, strnlen(command, LABEL_MAX), TEXT_ONE_LINE);
	return mem_printf("%s: %s%s", json_str_or(tool, "name", "run"), str_c(&text),
			  strlen(command) > LABEL_MAX ? "…" : "");
}

static struct json_object *permission_detail(struct agent_session *s, struct json_object *tool, struct json_object *given)
{
	static const char *const copied[] = {"command", "diff", "input", "kind"};
	struct json_object *detail = json_new();
	struct json_object *more JSON_FREE = deciding_input(s, tool);
	if (json_str(tool, "command") && json_object_object_length(more))
		json_add_str(detail, "beyond", "what it gives its tool says more than the command");
	if (json_flag(tool, "more_paths", false))
		json_add_str(detail, "beyond", "it names more files than are kept");
	json_add_str(detail, "tool", json_str_or(tool, "name", json_str_or(tool, "kind", "?")));
	for (size_t i = 0; i < ARRAY_LEN(copied); i++)
		if (json_any(tool, copied[i]))
			json_add_obj(detail, copied[i], json_copy(json_any(tool, copied[i])));
	permission_add_files(detail, json_object_get(json_arr(tool, "paths")));
	if (!json_str(tool, "command") && !json_str(tool, "diff"))
		json_add_str(detail, "context", json_str(tool, "output"));
	else if (json_str(json_obj(tool, "input"), "reason"))
		json_add_str(detail, "context", json_str(json_obj(tool, "input"), "reason"));
	json_add_obj(detail, "agent_options", json_copy(given));
	return detail;
}

void acp_on_permission(struct agent_session *s, struct json_object *id, struct json_object *params)
{
	struct json_object *given = json_arr(params, "options"), *call = json_obj(params, "toolCall");
	char *key MEM_FREE = NULL;
	if (acp_in_phase(s, "over"))
		return;
	if (!json_len(given) || strlen(json_line(given)) > GIVEN_MAX) {
		say_unknown(s, "permission without options to choose from", params);
		acp_respond_error(s, id, ACP_INVALID_PARAMS, "a permission needs options, and not too many");
		return;
	}
	acp_turn_begun(s);
	acp_text_flush(s);
	if (!acp_need_add(s, id, "permission", &key))
		return;
	struct json_object *tool JSON_FREE = acp_tool_known(s, call);
	bool own_words = strcmp(json_str_or(tool, "kind", ""), "switch_mode") == 0;
	struct json_object *options JSON_FREE = make_options(given, own_words);
	struct json_object *detail JSON_FREE = permission_detail(s, tool, given);
	char *title MEM_FREE = permission_title(tool), *topic MEM_FREE = permission_topic(s, tool);
	s->host->item_open(s, &(struct agent_item){
				      .need = AGENT_NEED_PERMISSION,
				      .key = key,
				      .blocking = true,
				      .title = title,
				      .topic = topic,
				      .detail = detail,
				      .options = options,
			      });
}

/* ---- answers ---- */

static struct json_object *find_option(struct json_object *given, const char *member, const char *value)
{
	for (size_t i = 0; i < json_len(given); i++)
		if (strcmp(json_str_or(json_at(given, i), member, ""), value) == 0)
			return json_at(given, i);
	return NULL;
}

/* The protocol takes no reason with an answer: the agent is told it after its turn. */
static void tell_reason(struct agent_session *s, struct json_object *detail, const char *text)
{
	const char *command = json_str(detail, "command"), *path = json_str(detail, "path");
	MEM_FREE char *note = mem_printf("About your request (%s%s%s): %s", json_str_or(detail, "tool", "?"),
					 command || path ? " " : "",
					 command ? command
					 : path  ? path
						 : "",
					 text);
	acp_note(s, note);
}

/* Only an explicit yes is one: a text alone is the plain no, or none of the options where there is no such. */
static struct json_object *permission_result(struct agent_session *s, struct json_object *detail,
					     const struct agent_answer *a)
{
	struct json_object *given = json_arr(detail, "agent_options");
	struct json_object *o =
		a->option ? find_option(given, "key", a->option) : find_option(given, "kind", "reject_once");
	if (a->text && *a->text)
		tell_reason(s, detail, a->text);
	if (!o)
		return no_answer("permission");
	struct json_object *result = json_new(), *outcome = json_new();
	json_add_str(outcome, "outcome", "selected");
	json_add_str(outcome, "optionId", json_str(o, "optionId"));
	json_add_obj(result, "outcome", outcome);
	return result;
}

void acp_answer(struct agent_session *s, const char *key, uint64_t request, struct json_object *detail,
		const struct agent_answer *answer)
{
	size_t at = find_open(s, key);
	(void)request;
	if (at == json_len(open_list(s)))
		return; /* answered before, or withdrawn */
	struct json_object *entry JSON_FREE = json_object_get(json_at(open_list(s), at));
	bool permission = strcmp(json_str_or(entry, "kind", ""), "permission") == 0;
	json_object_array_del_idx(open_list(s), at, 1);
	acp_respond(s, json_any(entry, "id"),
		    permission ? permission_result(s, detail, answer) : acp_ask_result(detail, answer));
	acp_pump(s);
}

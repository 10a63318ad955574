/* What Claude Code needs a person for, permissions and questions: how they stand on the docket, and what an answer
 * tells it. The same for the hooks of a terminal and for the headless stream. */
#include <stdlib.h>
#include <string.h>

#include "agent/claude.h"
#include "agent/permission.h"
#include "agent/question.h"
#include "agent/subagent.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

enum { TITLE_MAX = 300, DIFF_MAX = 64 * 1024 };

/* The member of a tool's input that says most about what it will do, and where the docket shows it. */
static const struct {
	const char *tool, *member, *shown_as;
} tool_subjects[] = {
	{"Bash", "command", "command"},     {"Edit", "file_path", "path"},
	{"Write", "file_path", "path"},     {"Read", "file_path", "path"},
	{"MultiEdit", "file_path", "path"}, {"NotebookEdit", "notebook_path", "path"},
	{"WebFetch", "url", "context"},     {"WebSearch", "query", "context"},
	{"ExitPlanMode", "plan", "plan"},   {"Agent", "description", "context"},
	{"Task", "description", "context"},
};

static const char *tool_subject(const char *tool, struct json_object *input, const char **ret_shown_as)
{
	for (size_t i = 0; i < ARRAY_LEN(tool_subjects); i++) {
		if (strcmp(tool_subjects[i].tool, tool) != 0)
			continue;
		if (ret_shown_as)
			*ret_shown_as = tool_subjects[i].shown_as;
		return json_str(input, tool_subjects[i].member);
	}
	return NULL;
}

/* AskUserQuestion's first question, or NULL for other tools. */
static struct json_object *first_question(const char *tool, struct json_object *input)
{
	return strcmp(tool, "AskUserQuestion") == 0 ? json_at(json_arr(input, "questions"), 0) : NULL;
}

char *claude_tool_title(const char *tool, struct json_object *input)
{
	struct json_object *question = first_question(tool, input);
	struct str title = STR_INIT;
	const char *subject = tool_subject(tool, input, NULL);
	if (question)
		return question_title(json_arr(input, "questions"));
	text_add_inert(&title, tool, strlen(tool), TEXT_ONE_LINE);
	const char *what = subject ? subject : input ? json_line(input) : NULL;
	if (!what)
		return str_take(&title);
	size_t len = strlen(what);
	str_adds(&title, ": ");
	text_add_inert(&title, what, MIN(len, (size_t)TITLE_MAX), TEXT_ONE_LINE);
	if (len > TITLE_MAX)
		str_adds(&title, "…");
	return str_take(&title);
}

/* ---- details ---- */

/* Each line of the text with a sign before it, as in a diff. */
static void add_signed_lines(struct str *out, char sign, const char *text)
{
	while (text && *text && out->len < DIFF_MAX) {
		size_t len = strcspn(text, "\n");
		str_addc(out, sign);
		str_add(out, text, len);
		str_addc(out, '\n');
		text += len + (text[len] == '\n');
	}
}

/* What Edit and Write would change. The input has it whole; this is what is shown. */
static void add_diff(struct json_object *detail, const char *tool, struct json_object *input)
{
	struct str diff STR_FREE = STR_INIT;
	if (strcmp(tool, "Edit") == 0) {
		add_signed_lines(&diff, '-', json_str(input, "old_string"));
		add_signed_lines(&diff, '+', json_str(input, "new_string"));
	} else if (strcmp(tool, "Write") == 0) {
		add_signed_lines(&diff, '+', json_str(input, "content"));
	}
	if (diff.len)
		json_add_str(detail, "diff", diff.data);
}

void claude_tool_show(struct json_object *detail, const char *tool, struct json_object *input)
{
	const char *shown_as = NULL, *subject = tool_subject(tool, input, &shown_as);
	if (subject)
		json_add_str(detail, shown_as, subject);
	add_diff(detail, tool, input);
}

static struct json_object *need_detail(const char *tool, struct json_object *data, bool choice)
{
	struct json_object *detail = json_new();
	struct json_object *input = json_obj(data, "tool_input");
	json_add_str(detail, "tool", tool);
	claude_tool_show(detail, tool, input);
	if (first_question(tool, input) && !choice) {
		char *context MEM_FREE = question_context(json_arr(input, "questions"));
		json_add_str(detail, "context", context);
	}
	subagent_name(detail, json_str(data, "agent_id"), json_str(data, "agent_type"));
	if (json_flag(input, "dangerouslyDisableSandbox", false))
		json_add_str(detail, "beyond", "it is to run outside of the agent's sandbox");
	json_add_obj(detail, "input", json_copy(input));
	if (json_arr(data, "permission_suggestions"))
		json_add_obj(detail, "suggestions", json_copy(json_arr(data, "permission_suggestions")));
	return detail;
}

static struct json_object *need_options(const char *tool, struct json_object *data)
{
	struct json_object *input = json_obj(data, "tool_input");
	bool suggests = json_len(json_arr(data, "permission_suggestions"));
	if (first_question(tool, input))
		return question_options(json_arr(input, "questions"));
	return permission_options(suggests ? "Allow, and do not ask again for the like" : NULL);
}

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

static size_t find_open(struct agent_session *s, const char *key)
{
	struct json_object *list = open_list(s);
	size_t i = 0;
	while (i < json_len(list) && strcmp(json_str_or(json_at(list, i), "key", ""), key) != 0)
		i++;
	return i;
}

static void forget_at(struct agent_session *s, size_t at)
{
	json_object_array_del_idx(open_list(s), at, 1);
	s->host->save(s);
}

/* Names a tool use: a permission request does not carry the id of the tool use that it is for (FNV-1a). */
static char *tool_use_name(struct json_object *data)
{
	uint64_t hash = 14695981039346656037u;
	struct json_object *input = json_obj(data, "tool_input");
	for (const char *p = input ? json_line(input) : ""; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 1099511628211u;
	/* What two of its agents do may look the same. */
	for (const char *p = json_str_or(data, "agent_id", ""); *p; p++)
		hash = (hash ^ (unsigned char)*p) * 1099511628211u;
	return mem_printf("%s %016llx", json_str_or(data, "tool_name", ""), (unsigned long long)hash);
}

bool claude_need_any(struct agent_session *s)
{
	return json_len(json_arr(s->state, "open")) > 0;
}

/* Of a permission all that the tool would be given; not the reason, which Claude words anew each time. */
static char *need_topic(const char *tool, struct json_object *data, bool choice)
{
	struct json_object *input = json_obj(data, "tool_input");
	if (first_question(tool, input))
		return question_topic(json_arr(input, "questions"), choice);
	struct json_object *given JSON_FREE = input ? json_copy(input) : json_new();
	json_object_object_del(given, "description");
	bool plain = strcmp(tool, "Bash") == 0 && json_str(given, "command") && json_object_object_length(given) == 1;
	return plain ? permission_command_topic(json_str(given, "command"))
		     : mem_printf("%s %s", tool, json_line(given));
}

void claude_need_open(struct agent_session *s, const char *key, uint64_t request, struct json_object *data)
{
	const char *tool = json_str_or(data, "tool_name", "a tool");
	struct json_object *input = json_obj(data, "tool_input");
	bool question = first_question(tool, input) != NULL;
	if (find_open(s, key) < json_len(open_list(s)))
		return;
	struct json_object *entry = json_new();
	char *use MEM_FREE = tool_use_name(data);
	json_add_str(entry, "key", key);
	json_add_int(entry, "request", (int64_t)request);
	json_add_str(entry, "use", use);
	json_push(open_list(s), entry);
	s->host->save(s);

	struct json_object *options JSON_FREE = need_options(tool, data);
	char *title MEM_FREE = claude_tool_title(tool, input);
	char *topic MEM_FREE = need_topic(tool, data, options != NULL);
	struct json_object *detail JSON_FREE = need_detail(tool, data, options != NULL);
	s->host->item_open(s, &(struct agent_item){
				      .need = question ? AGENT_NEED_QUESTION : AGENT_NEED_PERMISSION,
				      .key = key,
				      .request = request,
				      .blocking = true,
				      .title = title,
				      .topic = topic,
				      .detail = detail,
				      .options = options,
			      });
}

/* The hook that still waits is let go: it was answered, or cancelled, in the terminal, or its agent is gone. */
static void settle_at(struct agent_session *s, size_t at, const char *reason)
{
	struct json_object *entry = json_at(open_list(s), at);
	char *key MEM_FREE = mem_strdup(json_str_or(entry, "key", ""));
	int64_t request = json_int(entry, "request", 0);
	forget_at(s, at);
	s->host->item_withdraw(s, key, reason);
	if (request) {
		struct json_object *nothing JSON_FREE = json_new();
		json_add_bool(nothing, "ok", true);
		s->host->reply(s, (uint64_t)request, nothing);
	}
}

void claude_need_settle(struct agent_session *s, const char *key, const char *reason)
{
	size_t at = find_open(s, key);
	if (at < json_len(open_list(s)))
		settle_at(s, at, reason);
}

void claude_need_settle_use(struct agent_session *s, struct json_object *data, const char *reason)
{
	struct json_object *list = open_list(s);
	if (json_len(list) == 0)
		return;
	char *use MEM_FREE = tool_use_name(data);
	/* Its input grows by the answers while the tool runs: the name of the tool must do. */
	bool question = strcmp(json_str_or(data, "tool_name", ""), "AskUserQuestion") == 0;
	for (size_t i = 0; i < json_len(list); i++) {
		const char *open_use = json_str_or(json_at(list, i), "use", "");
		if (strcmp(open_use, use) == 0 ||
		    (question && strncmp(open_use, use, strlen("AskUserQuestion ")) == 0)) {
			settle_at(s, i, reason);
			return;
		}
	}
}

void claude_need_settle_all(struct agent_session *s, const char *reason)
{
	while (json_len(open_list(s)))
		settle_at(s, 0, reason);
}

void claude_need_forget(struct agent_session *s, const char *key, uint64_t request)
{
	struct json_object *list = open_list(s);
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *entry = json_at(list, i);
		if (key ? strcmp(json_str_or(entry, "key", ""), key) == 0
			: (uint64_t)json_int(entry, "request", 0) == request) {
			forget_at(s, i);
			return;
		}
	}
}

void claude_need_decided(struct agent_session *s, const char *key, struct json_object *decision)
{
	size_t at = find_open(s, key);
	if (at == json_len(open_list(s)))
		return;
	json_add_obj(json_at(open_list(s), at), "decision", json_copy(decision));
	s->host->save(s);
}

/* ---- answers ---- */

/* {"<question>":"<answer>"} */
static struct json_object *question_answers(struct json_object *questions, const struct agent_answer *answer)
{
	struct json_object *answers = json_new();
	for (size_t i = 0; i < json_len(questions); i++) {
		const char *question = json_str(json_at(questions, i), "question");
		char *text MEM_FREE = question_answer(questions, i, answer);
		if (question)
			json_add_str(answers, question, text);
	}
	return answers;
}

struct json_object *claude_need_decision(struct json_object *detail, const struct agent_answer *answer)
{
	struct json_object *decision = json_new();
	struct json_object *input = json_obj(detail, "input");
	if (first_question(json_str_or(detail, "tool", ""), input)) {
		struct json_object *updated = json_copy(input);
		json_add_str(decision, "behavior", "allow");
		json_add_obj(updated, "answers", question_answers(json_arr(input, "questions"), answer));
		json_add_obj(decision, "updatedInput", updated);
	} else if (permission_allowed(answer)) {
		json_add_str(decision, "behavior", "allow");
		if (strcmp(answer->option, "always") == 0 && json_arr(detail, "suggestions"))
			json_add_obj(decision, "updatedPermissions", json_copy(json_arr(detail, "suggestions")));
	} else {
		json_add_str(decision, "behavior", "deny");
		json_add_str(decision, "message", answer->text ? answer->text : "The lead denied this.");
	}
	return decision;
}

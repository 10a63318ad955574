/* What Claude Code's hooks and status reports say, and the answers of the lead. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/claude.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"
#include "term/status.h"

enum { HOOK_CONFIDENCE = 95, TITLE_MAX = 300, BLOCK_WAIT_MS = 1500 };

/* ---- needs: permissions and questions that wait on the docket ---- */

/* The member of a tool's input that says most about what it will do. */
static const struct {
	const char *tool, *member;
} tool_subjects[] = {
	{"Bash", "command"},       {"Edit", "file_path"}, {"Write", "file_path"},  {"Read", "file_path"},
	{"MultiEdit", "file_path"}, {"WebFetch", "url"},   {"WebSearch", "query"},  {"NotebookEdit", "notebook_path"},
	{"ExitPlanMode", "plan"},
};

static const char *tool_subject(const char *tool, struct json_object *input)
{
	for (size_t i = 0; i < ARRAY_LEN(tool_subjects); i++)
		if (strcmp(tool_subjects[i].tool, tool) == 0)
			return json_str(input, tool_subjects[i].member);
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
	size_t more = question ? json_len(json_arr(input, "questions")) - 1 : 0;
	struct str title = STR_INIT;
	const char *subject = tool_subject(tool, input);
	if (question) {
		const char *text = json_str_or(question, "question", "it asks a question");
		text_add_inert(&title, text, strlen(text), TEXT_ONE_LINE);
		if (more)
			str_addf(&title, " (and %zu more)", more);
		return str_take(&title);
	}
	str_addf(&title, "%s: ", tool);
	const char *what = subject ? subject : input ? json_line(input) : "";
	size_t len = strlen(what);
	text_add_inert(&title, what, MIN(len, (size_t)TITLE_MAX), TEXT_ONE_LINE);
	if (len > TITLE_MAX)
		str_adds(&title, "…");
	return str_take(&title);
}

struct json_object *claude_tool_detail(const char *tool, struct json_object *input)
{
	struct json_object *detail = json_new();
	const char *subject = tool_subject(tool, input);
	json_add_str(detail, "tool", tool);
	if (subject && strcmp(tool, "Bash") == 0)
		json_add_str(detail, "command", subject);
	else if (subject)
		json_add_str(detail, "subject", subject);
	json_add_obj(detail, "input", json_copy(input));
	return detail;
}

static void push_option(struct json_object *options, const char *key, const char *label)
{
	struct json_object *o = json_new();
	json_add_str(o, "key", key);
	json_add_str(o, "label", label);
	json_push(options, o);
}

static struct json_object *permission_options(struct json_object *data)
{
	struct json_object *options = json_new_array();
	push_option(options, "allow", "Allow once");
	if (json_len(json_arr(data, "permission_suggestions")))
		push_option(options, "always", "Allow, and do not ask again in this session");
	push_option(options, "deny", "Deny (a text tells it why)");
	return options;
}

/* One question with one answer has its labels as options; anything else is answered by text, a line a question. */
static struct json_object *question_options(struct json_object *input)
{
	struct json_object *questions = json_arr(input, "questions");
	struct json_object *first = json_at(questions, 0);
	struct json_object *labels = json_arr(first, "options");
	if (json_len(questions) != 1 || json_flag(first, "multiSelect", false))
		return NULL;
	struct json_object *options = json_new_array();
	for (size_t i = 0; i < json_len(labels); i++) {
		const char *label = json_str(json_at(labels, i), "label");
		if (label)
			push_option(options, label, json_str_or(json_at(labels, i), "description", label));
	}
	return options;
}

static struct json_object *open_list(struct agent_session *s)
{
	struct json_object *list = json_arr(s->state, "open");
	if (!list) {
		list = json_new_array();
		json_add_obj(s->state, "open", list);
	}
	return list;
}

static void note_open(struct agent_session *s, const char *key, uint64_t request, struct json_object *data)
{
	struct json_object *entry = json_new();
	json_add_str(entry, "key", key);
	json_add_int(entry, "request", (int64_t)request);
	json_add_str(entry, "tool", json_str(data, "tool_name"));
	json_add_obj(entry, "input", json_copy(json_obj(data, "tool_input")));
	json_push(open_list(s), entry);
	s->host->save(s);
}

static void forget_open(struct agent_session *s, size_t at)
{
	json_object_array_del_idx(open_list(s), at, 1);
	s->host->save(s);
}

static size_t find_open(struct agent_session *s, const char *key)
{
	struct json_object *list = open_list(s);
	size_t i = 0;
	while (i < json_len(list) && strcmp(json_str_or(json_at(list, i), "key", ""), key) != 0)
		i++;
	return i;
}

void claude_need_open(struct agent_session *s, const char *key, uint64_t request, struct json_object *data)
{
	const char *tool = json_str_or(data, "tool_name", "a tool");
	struct json_object *input = json_obj(data, "tool_input");
	bool question = first_question(tool, input) != NULL;
	if (find_open(s, key) < json_len(open_list(s)))
		return;
	char *title MEM_FREE = claude_tool_title(tool, input);
	struct json_object *detail JSON_FREE = claude_tool_detail(tool, input);
	struct json_object *options JSON_FREE = question ? question_options(input) : permission_options(data);
	if (json_has(data, "permission_suggestions"))
		json_add_obj(detail, "suggestions", json_copy(json_arr(data, "permission_suggestions")));
	note_open(s, key, request, data);
	s->host->item_open(s, &(struct agent_item){
		.need = question ? AGENT_NEED_QUESTION : AGENT_NEED_PERMISSION,
		.key = key,
		.request = request,
		.blocking = true,
		.title = title,
		.detail = detail,
		.options = options,
	});
}

/* The dialog was answered, or cancelled, in the terminal: the hook that still waits is let go. */
static void settle_in_terminal(struct agent_session *s, size_t at)
{
	struct json_object *entry = json_at(open_list(s), at);
	char *key MEM_FREE = mem_strdup(json_str_or(entry, "key", ""));
	int64_t request = json_int(entry, "request", 0);
	forget_open(s, at);
	s->host->item_withdraw(s, key, "answered in the terminal");
	if (request) {
		struct json_object *nothing JSON_FREE = json_new();
		json_add_bool(nothing, "ok", true);
		s->host->reply(s, (uint64_t)request, nothing);
	}
}

static void settle_all_in_terminal(struct agent_session *s)
{
	while (json_len(open_list(s)))
		settle_in_terminal(s, 0);
}

/* ---- hooks, one function each ---- */

typedef void on_event(struct agent_session *s, struct json_object *data);

static void on_session_start(struct agent_session *s, struct json_object *data)
{
	const char *id = json_str(data, "session_id");
	if (id)
		json_add_str(s->state, "conversation", id);
	if (strcmp(json_str_or(data, "source", ""), "clear") == 0) {
		json_add_bool(s->state, "talked", false);
		s->host->signal(s, "hook", AGENT_IDLE, HOOK_CONFIDENCE, "it began a new conversation");
	}
	claude_ready(s);
}

static void on_prompt(struct agent_session *s, struct json_object *data)
{
	s->host->signal(s, "hook", AGENT_WORKING, HOOK_CONFIDENCE, "it took a prompt");
	s->host->turn_started(s);
	json_add_bool(s->state, "busy", true);
	claude_prompt_taken(s, json_str_or(data, "prompt", ""));
}

/* A turn has ended; agents of its own in the background may still ask, so nothing is typed while they run. */
static void on_stop(struct agent_session *s, struct json_object *data)
{
	struct json_object *tasks = json_arr(data, "background_tasks");
	size_t agents = 0;
	for (size_t i = 0; i < json_len(tasks); i++)
		agents += strcmp(json_str_or(json_at(tasks, i), "type", ""), "shell") != 0;
	const char *said = json_str(data, "last_assistant_message");
	settle_all_in_terminal(s);
	if (json_len(tasks)) {
		char *detail MEM_FREE = mem_printf("its turn ended; %zu of its background tasks run on", json_len(tasks));
		s->host->signal(s, "hook", AGENT_WORKING, HOOK_CONFIDENCE, detail);
	} else {
		s->host->signal(s, "hook", AGENT_IDLE, HOOK_CONFIDENCE, "its turn ended");
	}
	struct str words STR_FREE = STR_INIT;
	if (said)
		text_add_inert(&words, said, strlen(said), TEXT_LINES);
	s->host->turn_ended(s, said ? str_c(&words) : NULL);
	claude_busy(s, agents > 0);
}

static void on_failure(struct agent_session *s, struct json_object *data)
{
	const char *why = json_str_or(data, "error", json_str_or(data, "reason", "the model's service failed"));
	struct str text STR_FREE = STR_INIT;
	text_add_inert(&text, why, strlen(why), TEXT_ONE_LINE);
	s->host->signal(s, "hook", AGENT_ERROR, HOOK_CONFIDENCE, str_c(&text));
	char *title MEM_FREE = mem_printf("its turn failed: %s", str_c(&text));
	s->host->item_open(s, &(struct agent_item){
		.need = AGENT_NEED_FAILURE, .key = "turn-failed", .title = title, .detail = data});
	claude_busy(s, false);
}

/* A tool ran, or was refused: if its permission is still on the docket, the terminal gave the answer. */
static void on_tool_over(struct agent_session *s, struct json_object *data)
{
	struct json_object *list = open_list(s);
	const char *tool = json_str_or(data, "tool_name", "");
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *entry = json_at(list, i);
		if (strcmp(json_str_or(entry, "tool", ""), tool) == 0 &&
		    (json_object_equal(json_any(entry, "input"), json_any(data, "tool_input")) ||
		     strcmp(tool, "AskUserQuestion") == 0)) {
			settle_in_terminal(s, i);
			break;
		}
	}
	char *title MEM_FREE = claude_tool_title(tool, json_obj(data, "tool_input"));
	struct json_object *said JSON_FREE = json_new();
	json_add_str(said, "tool", tool);
	json_add_str(said, "title", title);
	s->host->said(s, "tool", said);
}

static void on_nothing(struct agent_session *s, struct json_object *data)
{
	(void)s;
	(void)data;
}

static const struct {
	const char *name;
	on_event *handle; /* NULL: the hook waits for its answer */
} events[] = {
	{"SessionStart", on_session_start},
	{"SessionEnd", on_nothing},
	{"UserPromptSubmit", on_prompt},
	{"PermissionRequest", NULL},
	{"PermissionDenied", on_tool_over},
	{"PostToolUse", on_tool_over},
	{"PostToolUseFailure", on_tool_over},
	{"Stop", on_stop},
	{"StopFailure", on_failure},
};

const char *const claude_hook_events[] = {"SessionStart",     "SessionEnd",  "UserPromptSubmit",   "PermissionRequest",
                                          "PermissionDenied", "PostToolUse", "PostToolUseFailure", "Stop",
                                          "StopFailure",      NULL};

void claude_on_hook(struct agent_session *s, uint64_t request, const char *event, struct json_object *data)
{
	if (strcmp(event, "PermissionRequest") == 0) {
		char key[32];
		snprintf(key, sizeof key, "hook-%llu", (unsigned long long)request);
		claude_need_open(s, key, request, data);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (strcmp(events[i].name, event) == 0)
			events[i].handle(s, data);
	struct json_object *ok JSON_FREE = json_new();
	json_add_bool(ok, "ok", true);
	s->host->reply(s, request, ok);
}

/* Esc at the dialog ends its hook; the host has taken the item off the docket. */
void claude_on_request_gone(struct agent_session *s, uint64_t request)
{
	struct json_object *list = open_list(s);
	for (size_t i = 0; i < json_len(list); i++) {
		if ((uint64_t)json_int(json_at(list, i), "request", 0) == request) {
			forget_open(s, i);
			return;
		}
	}
}

/* ---- status reports ---- */

static void open_trust(struct agent_session *s, const char *msg)
{
	struct json_object *options JSON_FREE = json_new_array();
	struct json_object *detail JSON_FREE = json_new();
	push_option(options, "trust", "Yes: it may work in this folder");
	json_add_str(detail, "path", s->workspace);
	char *title MEM_FREE = mem_printf("Claude Code asks before it starts: %s?", msg);
	s->host->item_open(s, &(struct agent_item){.need = AGENT_NEED_PERMISSION,
	                                            .key = "trust",
	                                            .blocking = true,
	                                            .title = title,
	                                            .detail = detail,
	                                            .options = options});
}

void claude_on_unexplained_block(struct agent_session *s)
{
	const char *msg = json_str_or(s->state, "block_msg", "");
	if (!json_flag(s->state, "blocked", false) || json_len(open_list(s)))
		return;
	if (strcmp(msg, "trust this folder") == 0) {
		open_trust(s, msg);
		return;
	}
	char *title MEM_FREE = mem_printf("it waits at its terminal%s%s; `muster attach %s`", *msg ? ": " : "", msg, s->name);
	s->host->item_open(s, &(struct agent_item){
		.need = AGENT_NEED_QUESTION, .key = "terminal", .blocking = true, .title = title});
}

void claude_on_status(struct agent_session *s, const char *report)
{
	struct status_report r;
	if (status_parse(report, strlen(report), &r) < 0 || *r.id)
		return;
	bool blocked = r.state == STATUS_BLOCKED;
	bool was = json_flag(s->state, "blocked", false);
	json_add_bool(s->state, "blocked", blocked);
	json_add_str(s->state, "block_msg", r.msg);
	s->host->save(s);
	if (blocked) {
		s->host->timer(s, "block", BLOCK_WAIT_MS);
	} else if (was) {
		s->host->item_withdraw(s, "trust", "answered in the terminal");
		s->host->item_withdraw(s, "terminal", "answered in the terminal");
		settle_all_in_terminal(s);
	}
	/* After Esc no hook tells that the turn is over; the report does. */
	if (r.state == STATUS_IDLE || r.state == STATUS_DONE)
		claude_busy(s, false);
}

/* ---- answers ---- */

/* {"<question>":"<answer>"}: the chosen label, or the lead's text, a line a question. */
static struct json_object *question_answers(struct json_object *input, const struct agent_answer *answer)
{
	struct json_object *questions = json_arr(input, "questions");
	struct json_object *answers = json_new();
	struct strv lines STRV_FREE = STRV_INIT;
	if (json_len(questions) > 1)
		strv_split(&lines, answer->text ? answer->text : "", '\n');
	for (size_t i = 0; i < json_len(questions); i++) {
		const char *question = json_str(json_at(questions, i), "question");
		const char *line = json_len(questions) > 1 ? (i < lines.n ? lines.v[i] : "")
		                   : answer->option         ? answer->option
		                                            : answer->text;
		if (question)
			json_add_str(answers, question, line ? line : "");
	}
	return answers;
}

struct json_object *claude_decision(struct json_object *detail, const struct agent_answer *answer)
{
	struct json_object *decision = json_new();
	const char *tool = json_str_or(detail, "tool", "");
	struct json_object *input = json_obj(detail, "input");
	bool deny = answer->option && strcmp(answer->option, "deny") == 0;
	json_add_str(decision, "behavior", deny ? "deny" : "allow");
	if (first_question(tool, input)) {
		struct json_object *updated = json_copy(input);
		json_add_str(decision, "behavior", "allow");
		json_add_obj(updated, "answers", question_answers(input, answer));
		json_add_obj(decision, "updatedInput", updated);
	} else if (deny) {
		json_add_str(decision, "message", answer->text ? answer->text : "The lead denied this.");
	} else if (strcmp(answer->option ? answer->option : "", "always") == 0) {
		json_add_obj(decision, "updatedPermissions", json_copy(json_arr(detail, "suggestions")));
	}
	return decision;
}

void claude_answer(struct agent_session *s, const char *key, uint64_t request, struct json_object *detail,
                   const struct agent_answer *answer)
{
	size_t at = find_open(s, key);
	if (at < json_len(open_list(s)))
		forget_open(s, at);
	if (strcmp(key, "trust") == 0) {
		s->host->input(s, "\x1b[B\r", 4); /* the second of its two choices */
		return;
	}
	if (!request)
		return;
	struct json_object *reply JSON_FREE = json_new();
	struct json_object *output = json_new(), *specific = json_new();
	json_add_str(specific, "hookEventName", "PermissionRequest");
	json_add_obj(specific, "decision", claude_decision(detail, answer));
	json_add_obj(output, "hookSpecificOutput", specific);
	json_add_obj(reply, "output", output);
	s->host->reply(s, request, reply);
}

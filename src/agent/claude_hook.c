/* What Claude Code in a terminal says by its hooks and status reports, and the lead's answers to it. */
#include <stdio.h>
#include <string.h>

#include "agent/claude.h"
#include "agent/permission.h"
#include "agent/say.h"
#include "agent/subagent.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"
#include "term/status.h"

enum {
	HOOK_CONFIDENCE = 95,
	BLOCK_WAIT_MS = 1500,  /* a dialog that has a hook is explained by then */
	UNBLOCK_WAIT_MS = 300, /* from one dialog to the next there may be a moment of work */
};

#define ELSEWHERE "answered in the terminal"

/* ---- hooks, one function each ---- */

static void on_session_start(struct agent_session *s, uint64_t request, struct json_object *data)
{
	(void)request;
	if (strcmp(json_str_or(data, "source", ""), "clear") == 0) {
		claude_cleared(s);
		s->host->signal(s, "hook", AGENT_IDLE, HOOK_CONFIDENCE, "it began a new conversation");
	}
	claude_conversation(s, json_str(data, "session_id"));
	s->host->item_withdraw(s, "trust", ELSEWHERE);
	claude_ready(s);
}

static void on_prompt(struct agent_session *s, uint64_t request, struct json_object *data)
{
	(void)request;
	s->host->signal(s, "hook", AGENT_WORKING, HOOK_CONFIDENCE, "it took a prompt");
	s->host->item_withdraw(s, "turn-failed", "it works again");
	s->host->turn_started(s);
	json_add_bool(s->state, "busy", true);
	claude_prompt_taken(s, json_str_or(data, "prompt", ""));
}

static void on_permission(struct agent_session *s, uint64_t request, struct json_object *data)
{
	char key[40];
	snprintf(key, sizeof key, "hook-%llu", (unsigned long long)request);
	claude_need_open(s, key, request, data);
	s->host->item_withdraw(s, "terminal", "it has said what it waits for");
}

/* One of its own in the background, as a list of its tasks has it. */
static void note_subagent(struct agent_session *s, struct json_object *task)
{
	const char *id = json_str(task, "id");
	if (strcmp(json_str_or(task, "type", ""), "subagent") != 0)
		return;
	subagent_began(s, id, json_str(task, "agent_type"), json_str(task, "description"));
	subagent_in_background(s, id);
}

/* A turn has ended; agents of its own in the background may still ask, so nothing is typed while they run. */
static void on_stop(struct agent_session *s, uint64_t request, struct json_object *data)
{
	(void)request;
	struct json_object *tasks = json_arr(data, "background_tasks");
	size_t agents = 0;
	for (size_t i = 0; i < json_len(tasks); i++) {
		agents += strcmp(json_str_or(json_at(tasks, i), "type", ""), "shell") != 0;
		note_subagent(s, json_at(tasks, i));
	}
	subagents_turn_ended(s);
	if (json_len(tasks)) {
		char *detail MEM_FREE =
			mem_printf("its turn ended; %zu of its background tasks run on", json_len(tasks));
		s->host->signal(s, "hook", AGENT_WORKING, HOOK_CONFIDENCE, detail);
	} else {
		s->host->signal(s, "hook", AGENT_IDLE, HOOK_CONFIDENCE, "its turn ended");
	}
	say_turn_ended(s, json_str(data, "last_assistant_message"));
	claude_busy(s, agents > 0);
}

static void on_failure(struct agent_session *s, uint64_t request, struct json_object *data)
{
	(void)request;
	const char *kind = json_str_or(data, "error", "the model's service failed");
	say_turn_failed(s, "hook", json_str_or(data, "last_assistant_message", kind));
	claude_busy(s, false);
}

/* The tool that starts one returns at once when it is not to be waited for. */
static void note_launched(struct agent_session *s, struct json_object *data)
{
	struct json_object *response = json_obj(data, "tool_response");
	const char *id = json_str(response, "agentId");
	if (!id || !json_flag(response, "isAsync", false))
		return;
	subagent_began(s, id, json_str(json_obj(data, "tool_input"), "subagent_type"), json_str(response, "description"));
	subagent_in_background(s, id);
}

/* A tool ran, or was refused: if its permission is still on the docket, the terminal gave the answer. */
static void on_tool_over(struct agent_session *s, uint64_t request, struct json_object *data)
{
	(void)request;
	const char *tool = json_str_or(data, "tool_name", "?");
	claude_need_settle_use(s, data, ELSEWHERE);
	char *title MEM_FREE = claude_tool_title(tool, json_obj(data, "tool_input"));
	struct json_object *said JSON_FREE = json_new();
	json_add_str(said, "name", tool);
	json_add_str(said, "title", title);
	subagent_name(said, json_str(data, "agent_id"), json_str(data, "agent_type"));
	subagent_does(s, json_str(data, "agent_id"), title);
	note_launched(s, data);
	s->host->said(s, "tool", said);
}

static void on_subagent_start(struct agent_session *s, uint64_t request, struct json_object *data)
{
	(void)request;
	subagent_began(s, json_str(data, "agent_id"), json_str(data, "agent_type"), NULL);
}

static void on_subagent_stop(struct agent_session *s, uint64_t request, struct json_object *data)
{
	(void)request;
	subagent_ended(s, json_str(data, "agent_id"));
}

/* What the model keeps of a conversation that became too long is its own account of it. */
static void on_compacted(struct agent_session *s, uint64_t request, struct json_object *data)
{
	(void)request;
	struct json_object *said JSON_FREE = json_new();
	if (!json_str(data, "compact_summary"))
		return;
	json_add_str(said, "text", json_str(data, "compact_summary"));
	s->host->said(s, "recap", said);
}

const struct claude_event claude_events[] = {
	{"SessionStart", on_session_start, false},
	{"UserPromptSubmit", on_prompt, false},
	{"PermissionRequest", on_permission, true},
	{"PermissionDenied", on_tool_over, false},
	{"PostToolUse", on_tool_over, false},
	{"PostToolUseFailure", on_tool_over, false},
	{"PostCompact", on_compacted, false},
	{"SubagentStart", on_subagent_start, false},
	{"SubagentStop", on_subagent_stop, false},
	{"Stop", on_stop, false},
	{"StopFailure", on_failure, false},
	{0},
};

void claude_on_hook(struct agent_session *s, uint64_t request, const char *event, struct json_object *data)
{
	const struct claude_event *e = claude_events;
	while (e->name && strcmp(e->name, event) != 0)
		e++;
	if (e->name)
		e->handle(s, request, data);
	if (e->name && e->waits)
		return;
	struct json_object *ok JSON_FREE = json_new();
	json_add_bool(ok, "ok", true);
	s->host->reply(s, request, ok);
}

/* ---- status reports ---- */

/* The one dialog that comes before there are hooks. The lead may answer it from the docket. */
static void open_trust(struct agent_session *s)
{
	struct json_object *options JSON_FREE = json_new_array();
	struct json_object *detail JSON_FREE = json_new();
	permission_push_option(options, "trust", "Yes, it may work in this folder");
	permission_push_option(options, "exit", "No, it shall end");
	json_add_str(detail, "path", s->workspace);
	s->host->item_open(
		s, &(struct agent_item){
			   .need = AGENT_NEED_PERMISSION,
			   .key = "trust",
			   .blocking = true,
			   .title = "before it starts, Claude Code asks whether to trust the files in this folder",
			   .detail = detail,
			   .options = options,
		   });
}

/* The terminal waits for a person and no hook has said for what. */
void claude_on_block_timer(struct agent_session *s)
{
	const char *msg = json_str_or(s->state, "block_msg", "");
	if (!json_flag(s->state, "blocked", false) || claude_need_any(s))
		return;
	if (!json_flag(s->state, "ready", false) && strcmp(msg, "trust this folder") == 0) {
		open_trust(s);
		return;
	}
	struct json_object *options JSON_FREE = json_new_array();
	permission_push_option(options, "seen", "I have seen to it in the terminal");
	char *title MEM_FREE =
		mem_printf("it waits at its terminal%s%s; see muster attach %s", *msg ? ": " : "", msg, s->name);
	s->host->item_open(s, &(struct agent_item){.need = AGENT_NEED_PERMISSION,
						   .key = "terminal",
						   .blocking = true,
						   .title = title,
						   .options = options});
}

void claude_on_unblock_timer(struct agent_session *s)
{
	json_object_object_del(s->state, "unblocked");
	s->host->save(s);
	if (json_flag(s->state, "blocked", false))
		return;
	claude_need_settle_all(s, ELSEWHERE);
	claude_type_unblocked(s);
}

/* What the journal holds since then comes first, as a dialog may have closed or opened meanwhile. */
void claude_hook_attached(struct agent_session *s)
{
	if (json_flag(s->state, "blocked", false))
		s->host->timer(s, "block", BLOCK_WAIT_MS);
	if (json_flag(s->state, "unblocked", false))
		s->host->timer(s, "unblock", UNBLOCK_WAIT_MS);
}

/* No hook tells that a person interrupted the turn, or said no at a dialog, which ends it too; the report does.
 * Stop hooks come before the report: a turn that is still open by then was interrupted. */
static void note_rest(struct agent_session *s)
{
	if (!json_flag(s->state, "busy", false))
		return;
	s->host->signal(s, "hook", AGENT_IDLE, HOOK_CONFIDENCE, "its turn was interrupted");
	claude_type_interrupted(s);
	subagents_turn_ended(s);
	say_turn_ended(s, NULL);
	claude_busy(s, false);
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
	if (was && !blocked)
		json_add_bool(s->state, "unblocked", true);
	s->host->save(s);
	if (blocked) {
		s->host->timer(s, "block", BLOCK_WAIT_MS);
	} else if (was) {
		s->host->item_withdraw(s, "trust", ELSEWHERE);
		s->host->item_withdraw(s, "terminal", ELSEWHERE);
		s->host->timer(s, "unblock", UNBLOCK_WAIT_MS);
	}
	if (r.state == STATUS_IDLE || r.state == STATUS_DONE)
		note_rest(s);
}

/* ---- answers ---- */

void claude_answer(struct agent_session *s, const char *key, uint64_t request, struct json_object *detail,
		   const struct agent_answer *answer)
{
	if (strcmp(key, "trust") == 0) {
		/* The first of its two choices, where the cursor is, ends it. */
		bool yes = answer->option && strcmp(answer->option, "trust") == 0;
		s->host->input(s, yes ? "\x1b[B\r" : "\r", yes ? 4 : 1);
		return;
	}
	claude_need_forget(s, key, 0);
	if (!request)
		return;
	struct json_object *reply JSON_FREE = json_new();
	struct json_object *output = json_new(), *specific = json_new();
	json_add_str(specific, "hookEventName", "PermissionRequest");
	json_add_obj(specific, "decision", claude_need_decision(detail, answer));
	json_add_obj(output, "hookSpecificOutput", specific);
	json_add_obj(reply, "output", output);
	s->host->reply(s, request, reply);
}

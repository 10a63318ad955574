/* Headless Claude Code: JSON lines on standard input and output (-p, stream-json).
 *
 * Each prompt carries a uuid of ours. Claude Code says when it has it, and drops a second one with the same uuid:
 * so a prompt is sent again whenever it is not known to have arrived, and is still taken exactly once. Decisions
 * likewise: their requests have ids, and a second response to one is ignored. */
#include <stdlib.h>
#include <string.h>

#include "agent/claude.h"
#include "agent/permission.h"
#include "agent/say.h"
#include "agent/subagent.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

enum { STREAM_CONFIDENCE = 99 };

#define KEY_PREFIX "stream-"

static void send_line(struct agent_session *s, struct json_object *message)
{
	struct str line STR_FREE = STR_INIT;
	json_add_line(&line, message);
	str_addc(&line, '\n');
	s->host->input(s, line.data, line.len);
}

/* ---- to it ---- */

static void send_prompt(struct agent_session *s, const char *text, const char *uuid)
{
	struct json_object *line JSON_FREE = json_new();
	struct json_object *message = json_new();
	json_add_str(message, "role", "user");
	json_add_str(message, "content", text);
	json_add_str(line, "type", "user");
	json_add_str(line, "uuid", uuid);
	json_add_obj(line, "message", message);
	json_add_null(line, "parent_tool_use_id");
	json_add_str(line, "session_id", "");
	send_line(s, line);
}

void claude_stream_brief(struct agent_session *s)
{
	char uuid[37];
	id_uuid(uuid);
	json_add_str(s->state, "brief", uuid);
}

static void send_tell(struct agent_session *s)
{
	struct json_object *tell = json_obj(s->state, "tell");
	if (tell)
		send_prompt(s, json_str_or(tell, "text", ""), json_str_or(tell, "uuid", ""));
}

void claude_stream_tell(struct agent_session *s, int64_t prompt, const char *text)
{
	struct json_object *known = json_obj(s->state, "tell");
	if (!known || json_int(known, "prompt", 0) != prompt) {
		char uuid[37];
		struct json_object *fresh = json_new();
		id_uuid(uuid);
		json_add_int(fresh, "prompt", prompt);
		json_add_str(fresh, "text", text);
		json_add_str(fresh, "uuid", uuid);
		json_add_obj(s->state, "tell", fresh);
		s->host->save(s);
	}
	send_tell(s);
}

void claude_stream_clear(struct agent_session *s)
{
	char uuid[37];
	id_uuid(uuid);
	send_prompt(s, "/clear", uuid);
}

void claude_stream_interrupt(struct agent_session *s)
{
	struct json_object *line JSON_FREE = json_new();
	struct json_object *request = json_new();
	struct id id = id_new();
	json_add_str(request, "subtype", "interrupt");
	json_add_str(line, "type", "control_request");
	json_add_str(line, "request_id", id.text);
	json_add_obj(line, "request", request);
	send_line(s, line);
}

/* Asked again after a crash it is the same, and what it answers is known by its id. */
void claude_stream_mode(struct agent_session *s, const char *mode)
{
	struct json_object *line JSON_FREE = json_new(), *request = json_new(), *asked = json_new();
	struct id id = id_new();
	json_add_str(request, "subtype", "set_permission_mode");
	json_add_str(request, "mode", mode);
	json_add_str(line, "type", "control_request");
	json_add_str(line, "request_id", id.text);
	json_add_obj(line, "request", request);
	json_add_str(asked, "id", id.text);
	json_add_str(asked, "mode", mode);
	json_add_obj(s->state, "mode_asked", asked);
	s->host->save(s);
	send_line(s, line);
}

/* A response of ours to a control request of its. */
static void respond(struct agent_session *s, const char *subtype, const char *id, const char *member,
		    struct json_object *value)
{
	struct json_object *line JSON_FREE = json_new();
	struct json_object *response = json_new();
	json_add_str(response, "subtype", subtype);
	json_add_str(response, "request_id", id);
	json_add_obj(response, member, value);
	json_add_str(line, "type", "control_response");
	json_add_obj(line, "response", response);
	send_line(s, line);
}

void claude_stream_answer(struct agent_session *s, const char *key, struct json_object *detail,
			  const struct agent_answer *answer)
{
	struct json_object *decision = claude_need_decision(detail, answer);
	/* Unlike the hook, the stream wants the input back when it is unchanged. */
	if (strcmp(json_str_or(decision, "behavior", ""), "allow") == 0 && !json_has(decision, "updatedInput"))
		json_add_obj(decision, "updatedInput", json_copy(json_obj(detail, "input")));
	claude_need_decided(s, key, decision);
	respond(s, "success", key + strlen(KEY_PREFIX), "response", decision);
}

static void send_decisions(struct agent_session *s)
{
	struct json_object *open = json_arr(s->state, "open");
	for (size_t i = 0; i < json_len(open); i++) {
		struct json_object *decision = json_obj(json_at(open, i), "decision");
		const char *key = json_str_or(json_at(open, i), "key", KEY_PREFIX);
		if (decision)
			respond(s, "success", key + strlen(KEY_PREFIX), "response", json_object_get(decision));
	}
}

void claude_stream_attached(struct agent_session *s)
{
	const char *brief = json_str(s->state, "brief");
	if (brief && s->prompt)
		send_prompt(s, s->prompt, brief);
	send_tell(s);
	send_decisions(s);
}

/* ---- from it, one function a type ---- */

static void signal_rest(struct agent_session *s, const char *how)
{
	int64_t tasks = json_int(s->state, "tasks", 0);
	if (tasks == 0) {
		s->host->signal(s, "stream", AGENT_IDLE, STREAM_CONFIDENCE, how);
		return;
	}
	char *detail MEM_FREE = mem_printf("%s; %lld of its background tasks run on", how, (long long)tasks);
	s->host->signal(s, "stream", AGENT_WORKING, STREAM_CONFIDENCE, detail);
}

static void on_task_started(struct agent_session *s, struct json_object *line)
{
	const char *id = json_str(line, "task_id");
	if (strcmp(json_str_or(line, "task_type", ""), "local_agent") != 0)
		return;
	subagent_began(s, id, json_str(line, "subagent_type"), json_str(line, "description"));
	if (json_flag(line, "is_backgrounded", false))
		subagent_in_background(s, id);
}

static void on_task_updated(struct agent_session *s, struct json_object *line)
{
	const char *status = json_str_or(json_obj(line, "patch"), "status", "running");
	if (strcmp(status, "running") != 0 && strcmp(status, "pending") != 0)
		subagent_ended(s, json_str(line, "task_id"));
}

static void on_task_over(struct agent_session *s, struct json_object *line)
{
	subagent_ended(s, json_str(line, "task_id"));
}

/* What is said of its tasks, of which some are agents of its own. */
static const struct {
	const char *subtype;
	void (*handle)(struct agent_session *s, struct json_object *line);
} task_lines[] = {
	{"task_started", on_task_started},
	{"task_updated", on_task_updated},
	{"task_notification", on_task_over},
};

static void on_system(struct agent_session *s, struct json_object *line)
{
	const char *subtype = json_str_or(line, "subtype", "");
	for (size_t i = 0; i < ARRAY_LEN(task_lines); i++)
		if (strcmp(task_lines[i].subtype, subtype) == 0)
			task_lines[i].handle(s, line);
	if (strcmp(subtype, "background_tasks_changed") == 0) {
		json_add_int(s->state, "tasks", (int64_t)json_len(json_arr(line, "tasks")));
		s->host->save(s);
		if (!json_flag(s->state, "busy", false))
			signal_rest(s, "its turn ended");
	} else if (strcmp(subtype, "init") == 0) {
		claude_conversation(s, json_str(line, "session_id"));
		json_add_bool(s->state, "talked", true);
		json_add_bool(s->state, "briefed", true);
		claude_busy(s, true);
		claude_say_mode(s, json_str(line, "permissionMode"));
		s->host->item_withdraw(s, "turn-failed", "it works again");
		s->host->turn_started(s);
		s->host->signal(s, "stream", AGENT_WORKING, STREAM_CONFIDENCE, "a turn began");
	}
}

static void note_arrived(struct agent_session *s, const char *uuid)
{
	struct json_object *tell = json_obj(s->state, "tell");
	if (strcmp(json_str_or(s->state, "brief", ""), uuid) == 0) {
		say_prompt(s, s->prompt);
		json_object_object_del(s->state, "brief");
		s->host->save(s);
	} else if (tell && strcmp(json_str_or(tell, "uuid", ""), uuid) == 0) {
		int64_t prompt = json_int(tell, "prompt", 0);
		say_prompt(s, json_str(tell, "text"));
		json_object_object_del(s->state, "tell");
		s->host->save(s);
		s->host->prompt_settled(s, prompt, NULL);
	}
}

static void on_lifecycle(struct agent_session *s, struct json_object *line)
{
	note_arrived(s, json_str_or(line, "command_uuid", "-"));
}

/* Our own prompts come back (--replay-user-messages); tool results come without isReplay. */
static void on_user(struct agent_session *s, struct json_object *line)
{
	if (json_flag(line, "isReplay", false))
		note_arrived(s, json_str_or(line, "uuid", "-"));
	else
		claude_say_results(s, line);
}

static void on_result(struct agent_session *s, struct json_object *line)
{
	bool failed =
		json_flag(line, "is_error", false) || strcmp(json_str_or(line, "subtype", ""), "success") != 0;
	bool interrupted = strncmp(json_str_or(line, "terminal_reason", ""), "aborted", strlen("aborted")) == 0;
	const char *said = json_str(line, "result");
	claude_say_usage(s, line);
	claude_need_settle_all(s, "the turn ended");
	subagents_turn_ended(s);
	json_add_bool(s->state, "busy", false);
	s->host->save(s);
	if (failed && !interrupted) {
		say_turn_failed(s, "stream", said ? said : json_str_or(line, "subtype", "an error"));
		return;
	}
	signal_rest(s, interrupted ? "its turn was interrupted" : "its turn ended");
	say_turn_ended(s, said);
}

/* After /clear: background tasks live on, and may wake the new conversation. */
static void on_reset(struct agent_session *s, struct json_object *line)
{
	(void)line;
	json_add_bool(s->state, "talked", false);
	s->host->save(s);
}

/* As the hooks have it, which name the kind too. */
static void add_asker(struct agent_session *s, struct json_object *data, const char *id)
{
	if (!id)
		return;
	json_add_str(data, "agent_id", id);
	json_add_str(data, "agent_type", json_str(json_obj(json_obj(s->state, "subagents"), id), "kind"));
}

static void on_control_request(struct agent_session *s, struct json_object *line)
{
	struct json_object *request = json_obj(line, "request");
	const char *id = json_str(line, "request_id");
	if (!id)
		return;
	if (strcmp(json_str_or(request, "subtype", ""), "can_use_tool") != 0) {
		respond(s, "error", id, "error", json_new_str("this client does not do that"));
		return;
	}
	struct json_object *data JSON_FREE = json_new();
	json_add_str(data, "tool_name", json_str(request, "tool_name"));
	json_add_obj(data, "tool_input", json_copy(json_obj(request, "input")));
	json_add_obj(data, "permission_suggestions", json_copy(json_arr(request, "permission_suggestions")));
	add_asker(s, data, json_str(request, "agent_id"));
	char *key MEM_FREE = mem_printf(KEY_PREFIX "%s", id);
	claude_need_open(s, key, 0, data);
}

static void on_control_cancel(struct agent_session *s, struct json_object *line)
{
	char *key MEM_FREE = mem_printf(KEY_PREFIX "%s", json_str_or(line, "request_id", ""));
	claude_need_settle(s, key, "Claude Code took the question back");
}

static void on_mode_answer(struct agent_session *s, struct json_object *response)
{
	struct json_object *asked JSON_FREE = json_object_get(json_obj(s->state, "mode_asked"));
	json_object_object_del(s->state, "mode_asked");
	s->host->save(s);
	if (strcmp(json_str_or(response, "subtype", ""), "success") == 0)
		claude_say_mode(s, json_str(asked, "mode"));
	else
		claude_say_refusal(s, json_str_or(asked, "mode", "?"), json_str_or(response, "error", "it gave no reason"));
}

/* Our own responses come back too. */
static void on_control_response(struct agent_session *s, struct json_object *line)
{
	struct json_object *response = json_obj(line, "response");
	if (strcmp(json_str_or(json_obj(s->state, "mode_asked"), "id", ""), json_str_or(response, "request_id", "-")) == 0) {
		on_mode_answer(s, response);
		return;
	}
	char *key MEM_FREE = mem_printf(KEY_PREFIX "%s", json_str_or(json_obj(line, "response"), "request_id", ""));
	claude_need_forget(s, key, 0);
}

static const struct {
	const char *type;
	void (*handle)(struct agent_session *s, struct json_object *line);
} lines[] = {
	{"system", on_system},
	{"assistant", claude_say_assistant},
	{"user", on_user},
	{"command_lifecycle", on_lifecycle},
	{"result", on_result},
	{"conversation_reset", on_reset},
	{"control_request", on_control_request},
	{"control_response", on_control_response},
	{"control_cancel_request", on_control_cancel},
};

void claude_on_line(struct agent_session *s, const char *bytes, size_t len)
{
	struct json_object *line JSON_FREE = json_parse_object(bytes, len, NULL);
	const char *type = json_str_or(line, "type", "");
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (strcmp(lines[i].type, type) == 0)
			lines[i].handle(s, line);
}

/* Headless Claude Code: JSON lines on standard input and output (-p, stream-json). */
#include <stdlib.h>
#include <string.h>

#include "agent/claude.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"

enum { STREAM_CONFIDENCE = 99 };

static void send_line(struct agent_session *s, struct json_object *message)
{
	struct str line STR_FREE = STR_INIT;
	json_add_line(&line, message);
	str_addc(&line, '\n');
	s->host->input(s, line.data, line.len);
}

/* ---- to it ---- */

/* The prompt is taken when it is replayed to us (--replay-user-messages). Prompt 0 is the brief. */
void claude_stream_tell(struct agent_session *s, int64_t prompt, const char *text)
{
	struct json_object *line JSON_FREE = json_new();
	struct json_object *message = json_new();
	if (prompt) {
		struct json_object *tell = json_new();
		json_add_int(tell, "prompt", prompt);
		json_add_str(tell, "text", text);
		json_add_obj(s->state, "tell", tell);
		s->host->save(s);
	}
	json_add_str(message, "role", "user");
	json_add_str(message, "content", text);
	json_add_str(line, "type", "user");
	json_add_obj(line, "message", message);
	json_add_null(line, "parent_tool_use_id");
	json_add_str(line, "session_id", "");
	send_line(s, line);
}

int claude_stream_interrupt(struct agent_session *s)
{
	struct json_object *line JSON_FREE = json_new();
	struct json_object *request = json_new();
	struct id id = id_new();
	json_add_str(request, "subtype", "interrupt");
	json_add_str(line, "type", "control_request");
	json_add_str(line, "request_id", id.text);
	json_add_obj(line, "request", request);
	send_line(s, line);
	return 0;
}

void claude_stream_answer(struct agent_session *s, const char *key, struct json_object *detail,
                          const struct agent_answer *answer)
{
	struct json_object *line JSON_FREE = json_new();
	struct json_object *response = json_new();
	struct json_object *decision = claude_decision(detail, answer);
	/* Unlike the hook, the stream wants the input back when it is unchanged. */
	if (strcmp(json_str_or(decision, "behavior", ""), "allow") == 0 && !json_has(decision, "updatedInput"))
		json_add_obj(decision, "updatedInput", json_copy(json_obj(detail, "input")));
	json_add_str(response, "subtype", "success");
	json_add_str(response, "request_id", key + strlen("stream-"));
	json_add_obj(response, "response", decision);
	json_add_str(line, "type", "control_response");
	json_add_obj(line, "response", response);
	send_line(s, line);
}

/* ---- from it, one function a type ---- */

typedef void on_line(struct agent_session *s, struct json_object *line);

static void on_system(struct agent_session *s, struct json_object *line)
{
	const char *subtype = json_str_or(line, "subtype", "");
	const char *id = json_str(line, "session_id");
	if (strcmp(subtype, "init") != 0)
		return;
	if (id)
		json_add_str(s->state, "conversation", id);
	json_add_bool(s->state, "talked", true);
	s->host->save(s);
	s->host->turn_started(s);
	s->host->signal(s, "stream", AGENT_WORKING, STREAM_CONFIDENCE, "a turn began");
}

/* The text of a message's content: a string, or blocks. The caller owns it; NULL when it has none. */
static char *content_text(struct json_object *message)
{
	struct str text = STR_INIT;
	const char *whole = json_str(message, "content");
	struct json_object *blocks = json_arr(message, "content");
	if (whole)
		str_adds(&text, whole);
	for (size_t i = 0; i < json_len(blocks); i++) {
		const char *part = json_str(json_at(blocks, i), "text");
		if (part)
			str_adds(&text, part);
	}
	return text.len ? str_take(&text) : NULL;
}

static void on_assistant(struct agent_session *s, struct json_object *line)
{
	struct json_object *message = json_obj(line, "message");
	struct json_object *blocks = json_arr(message, "content");
	char *text MEM_FREE = content_text(message);
	struct json_object *said JSON_FREE = json_new();
	if (text) {
		json_add_str(said, "text", text);
		s->host->said(s, "message", said);
	}
	for (size_t i = 0; i < json_len(blocks); i++) {
		struct json_object *block = json_at(blocks, i);
		if (strcmp(json_str_or(block, "type", ""), "tool_use") != 0)
			continue;
		struct json_object *tool JSON_FREE = json_new();
		char *title MEM_FREE = claude_tool_title(json_str_or(block, "name", "?"), json_obj(block, "input"));
		json_add_str(tool, "tool", json_str(block, "name"));
		json_add_str(tool, "title", title);
		s->host->said(s, "tool", tool);
	}
}

static void on_user(struct agent_session *s, struct json_object *line)
{
	char *text MEM_FREE = content_text(json_obj(line, "message"));
	if (text && json_obj(s->state, "tell"))
		claude_prompt_taken(s, text);
}

static void on_result(struct agent_session *s, struct json_object *line)
{
	bool failed = json_flag(line, "is_error", false) || strcmp(json_str_or(line, "subtype", ""), "success") != 0;
	const char *said = json_str(line, "result");
	struct str words STR_FREE = STR_INIT;
	if (said)
		text_add_inert(&words, said, strlen(said), TEXT_LINES);
	struct json_object *usage JSON_FREE = json_new();
	json_add_obj(usage, "usage", json_copy(json_any(line, "usage")));
	json_add_obj(usage, "total_cost_usd", json_copy(json_any(line, "total_cost_usd")));
	s->host->said(s, "usage", usage);
	s->host->signal(s, "stream", failed ? AGENT_ERROR : AGENT_IDLE, STREAM_CONFIDENCE,
	                failed ? "the turn ended by an error" : "its turn ended");
	s->host->turn_ended(s, said ? str_c(&words) : NULL);
}

static void on_control_request(struct agent_session *s, struct json_object *line)
{
	struct json_object *request = json_obj(line, "request");
	const char *id = json_str(line, "request_id");
	if (!id || strcmp(json_str_or(request, "subtype", ""), "can_use_tool") != 0)
		return;
	struct json_object *data JSON_FREE = json_new();
	json_add_str(data, "tool_name", json_str(request, "tool_name"));
	json_add_obj(data, "tool_input", json_copy(json_obj(request, "input")));
	json_add_obj(data, "permission_suggestions", json_copy(json_arr(request, "permission_suggestions")));
	char *key MEM_FREE = mem_printf("stream-%s", id);
	claude_need_open(s, key, 0, data);
}

static void on_control_cancel(struct agent_session *s, struct json_object *line)
{
	char *key MEM_FREE = mem_printf("stream-%s", json_str_or(line, "request_id", ""));
	s->host->item_withdraw(s, key, "Claude Code took the question back");
}

static const struct {
	const char *type;
	on_line *handle;
} lines[] = {
	{"system", on_system},
	{"assistant", on_assistant},
	{"user", on_user},
	{"result", on_result},
	{"control_request", on_control_request},
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

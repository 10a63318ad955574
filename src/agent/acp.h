/* The adapter for agents that speak the Agent Client Protocol, version 1: JSON-RPC 2.0, one message a line, on the
 * agent's standard input and output. In parts: launching, the beginning of a conversation and the contract of an
 * adapter (acp.c), messages (acp_rpc.c), prompts and turns (acp_turn.c), what the agent tells (acp_update.c), its
 * tool calls (acp_tool.c), permissions (acp_need.c), and questions (acp_ask.c). Internal to these files.
 *
 * WHY NOTHING IS LOST OR DOUBLED. A session/prompt is not idempotent, so neither "send it again when in doubt" nor
 * "leave it" would do after musterd was killed. Hence every message to the agent has an offset in its input and
 * stays in `out` until it is written; the holder drops what it has had (host->input_at). And each line of the agent
 * is dealt with in one transaction together with the offset that it ends at. So for as long as a process lives,
 * each message arrives exactly once in either direction, whichever method it is for, and an id that we gave out is
 * answered at most once. With the process all of `of_a_run` (acp.c) goes: what it was asked is void. What is done
 * again in a new process is what was not known to have been taken: the brief until `briefed`; other prompts are
 * failed by the host.
 *
 * Members of agent_session.state:
 *   conversation  the agent's session id
 *   talked        the conversation has a prompt: there is something to go on with
 *   briefed       the first prompt was taken: it is not given again
 *   usage, mode   as last told, for `muster show`
 *   unknown       {"what": how often}: messages that nobody here understands
 * and of one run of its process:
 *   phase         "begin" "session" "settings" "ready" "failed" "over"; why: of "failed"
 *   resume        the conversation is to be taken up again
 *   can           {"load","resume"}: what the agent offers; modes: [{"id","name"}]; config: {id: value};
 *                 mode_option: the id of the option that is its mode, where it has one
 *   out           {"end": offset after all input, "wait": [{"at","line"}] not known to be written}
 *   seq, asked    the last id that we gave out; {"id": {"m": method, …}}: requests without an answer
 *   turn          {"id","prompt","brief","begun"}: the session/prompt that runs
 *   tell          {"prompt","text"}: waits for the turn to end; notes: ["…"] likewise, told of our own accord
 *   open          [{"key","id","kind"}]: requests of the agent that wait for the lead
 *   text          {"kind","id","text"}: a message of which more may come; last: the last one of the turn,
 *                 last_more: more of it may come
 *   tools         {"id": {…}}: tool calls that have not ended
 *   commands      the names that it offered last */
#ifndef AGENT_ACP_H
#define AGENT_ACP_H

#include "agent/agent.h"

enum {
	ACP_DIFF_MAX = 64 * 1024,
	ACP_CONFIDENCE = 99,
};

/* JSON-RPC error codes. */
enum { ACP_INVALID_PARAMS = -32602, ACP_NO_METHOD = -32601, ACP_INTERNAL = -32603, ACP_CANCELLED = -32800 };

/* ---- acp.c ---- */

bool acp_in_phase(struct agent_session *s, const char *phase);
/* The answers to what begins a conversation. */
void acp_on_initialized(struct agent_session *s, struct json_object *asked, struct json_object *msg);
void acp_on_session(struct agent_session *s, struct json_object *asked, struct json_object *msg);
void acp_on_setting(struct agent_session *s, struct json_object *asked, struct json_object *msg);
int acp_set_mode(struct agent_session *s, const char *mode, struct err *err);
/* Asks for a new conversation. */
void acp_session_new(struct agent_session *s);

/* ---- acp_rpc.c ---- */

void acp_on_line(struct agent_session *s, const char *line, size_t len);
void acp_on_input_done(struct agent_session *s, uint64_t end, int error);
/* Gives the holder again what is not known to be written. */
void acp_resend(struct agent_session *s);
/* Sends a request, and returns what is kept of it until it is answered. Takes over params. */
struct json_object *acp_request(struct agent_session *s, const char *method, struct json_object *params,
				int64_t *ret_id);
void acp_notify(struct agent_session *s, const char *method, struct json_object *params);
/* To a request of the agent. Takes over result, borrows id. */
void acp_respond(struct agent_session *s, struct json_object *id, struct json_object *result);
void acp_respond_error(struct agent_session *s, struct json_object *id, int code, const char *message);
/* {"sessionId": the conversation} */
struct json_object *acp_params(struct agent_session *s);
/* What an error of the agent's says, or NULL when msg is none; the caller owns it. Inert. */
char *acp_error_text(struct json_object *msg);

/* ---- acp_turn.c ---- */

/* Gives the agent the next prompt, if it may have one. */
void acp_pump(struct agent_session *s);
/* Something came that proves that the prompt was taken. */
void acp_turn_begun(struct agent_session *s);
void acp_on_prompted(struct agent_session *s, struct json_object *asked, struct json_object *msg);
void acp_tell(struct agent_session *s, int64_t prompt, const char *text);
int acp_clear(struct agent_session *s, struct err *err);
int acp_interrupt(struct agent_session *s, struct err *err);
/* Something that the agent is told of our own accord when its turn has ended. */
void acp_note(struct agent_session *s, const char *text);

/* ---- acp_update.c ---- */

void acp_on_update(struct agent_session *s, struct json_object *params);
void acp_update_attached(struct agent_session *s);
/* Says what has collected of a message. */
void acp_text_flush(struct agent_session *s);
/* Some of it, when it is long under way. */
void acp_on_text_timer(struct agent_session *s);
/* The modes and options of a new conversation; at its beginning nothing is said about them. */
void acp_take_modes(struct agent_session *s, struct json_object *modes);
void acp_take_config(struct agent_session *s, struct json_object *options, bool say);
/* It works in that mode now. */
void acp_take_mode(struct agent_session *s, const char *id, bool say);
void acp_take_tokens(struct agent_session *s, struct json_object *usage);
/* The text of a content block; what is none is named in brackets. */
void acp_add_content(struct str *out, struct json_object *block);

/* ---- acp_tool.c ---- */

/* A tool call, or what is new about one. */
void acp_tool(struct agent_session *s, struct json_object *call);
/* All that is known of the tool call, with what this request says: {"name","title","kind","command","path","diff",
 * "input"…}, which the caller owns. */
struct json_object *acp_tool_known(struct agent_session *s, struct json_object *call);
/* The turn is over: whatever still ran has ended. */
void acp_tools_end(struct agent_session *s);

/* ---- acp_need.c ---- */

void acp_on_permission(struct agent_session *s, struct json_object *id, struct json_object *params);
/* Notes a request that waits for the lead under a key of its own. False: it is refused, and answered. */
bool acp_need_add(struct agent_session *s, struct json_object *id, const char *kind, char **ret_key);
bool acp_need_any(struct agent_session *s);
/* The agent wants no answer any more (id), or none of what is open is to be answered. */
void acp_need_cancel(struct agent_session *s, struct json_object *id, const char *reason);
void acp_need_cancel_all(struct agent_session *s, const char *reason);
/* The agent is gone: nobody is there to take an answer. */
void acp_need_forget_all(struct agent_session *s, const char *reason);
void acp_answer(struct agent_session *s, const char *key, uint64_t request, struct json_object *detail,
		const struct agent_answer *answer);

/* ---- acp_ask.c ---- */

void acp_on_elicitation(struct agent_session *s, struct json_object *id, struct json_object *params);
/* The result for the lead's answer. */
struct json_object *acp_ask_result(struct json_object *detail, const struct agent_answer *answer);

#endif

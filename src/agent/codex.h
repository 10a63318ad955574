/* Codex's adapter, in parts: launching and the contract (codex.c), carrying messages to the app-server and back
 * (codex_link.c), the conversation (codex_thread.c), what the app-server reports (codex_event.c) and asks
 * (codex_ask.c, codex_need.c). Internal to these files.
 *
 * Both forms speak the protocol of `codex app-server`: JSON-RPC without the "jsonrpc" member. Headless it is the
 * agent, on standard input and output. In a terminal muster-bridge is the agent: it starts the app-server and
 * Codex's own interface to it in that terminal, and passes messages on through the session's mailbox
 * (bridge/bridge.h).
 *
 * Members of agent_session.state; those after `briefed` belong to one run of the agent:
 *   conversation  the thread's id
 *   talked        the thread has a prompt, so that it can be resumed
 *   briefed       the first prompt was taken once: it is not given again
 *   begun         the first message was sent
 *   ready         the thread is there and takes prompts; shown: the one that the terminal shows
 *   resume        the thread shall be the old one
 *   serial        the number of the last request of ours
 *   calls         [{"id","method","line", "prompt"|"uuid"…}]: requests of ours that were not answered yet; with "doubt"
 *                 when the connection was lost before their answer came
 *   orders        terminal: what the bridge shall have, in this order
 *   next          terminal: its mailbox request that waits for them
 *   turn          the id of the turn that runs
 *   open          [{"key","id","request","thread"}]: what waits on the docket; headless: with "result" when the lead's is
 *                 on its way
 *   changes       {item id: changes}: file changes that began and were not asked about yet
 *   tell          {"prompt","text","uuid"}: the prompt that is on its way
 *   brief         {"text","uuid"}: the same for the first one
 *   fresh         the id of a thread that began in the terminal and has no prompt yet
 * and, of the session:
 *   usage         tokens, as `muster show` has them; counted: those of the thread that are in it
 *   unknown       {method: count}: what means nothing to muster */
#ifndef AGENT_CODEX_H
#define AGENT_CODEX_H

#include "agent/agent.h"

#define CODEX_SOURCE "app-server"

enum { CODEX_CONFIDENCE = 99 };

/* ---- codex_link.c ---- */

/* Sends a request; params is taken. Returns the entry in "calls", for what the caller wants to remember with it. */
struct json_object *codex_call(struct agent_session *s, const char *method, struct json_object *params);
void codex_notify(struct agent_session *s, const char *method);
/* The answer to a request of the app-server's: {"result":…} or {"error":…}, taken. */
void codex_respond(struct agent_session *s, struct json_object *id, struct json_object *answer);
/* Something that the bridge itself shall do; taken. */
void codex_order(struct agent_session *s, struct json_object *order);

/* A message of the app-server's; request: the mailbox request that carries it and waits for the answer, or 0. */
void codex_message(struct agent_session *s, struct json_object *message, uint64_t request);
void codex_on_line(struct agent_session *s, const char *line, size_t len);
void codex_on_hook(struct agent_session *s, uint64_t request, const char *event, struct json_object *data);
/* The connection was lost: of what was under way on it only the prompts are kept, in doubt. */
void codex_calls_in_doubt(struct agent_session *s);
/* Looks, in a moment, for what became of calls. */
void codex_recheck_soon(struct agent_session *s);
/* In a new musterd: what may not have arrived is sent again. */
void codex_link_attached(struct agent_session *s);
void codex_on_recheck_timer(struct agent_session *s);
/* The call with that id, or NULL. */
struct json_object *codex_call_find(struct agent_session *s, const char *id);
void codex_call_forget(struct agent_session *s, const char *id);

/* ---- codex_thread.c ---- */

void codex_begin(struct agent_session *s);
/* The answer to a call: result, or NULL and the error's text. */
void codex_answered(struct agent_session *s, struct json_object *call, struct json_object *result,
		    const char *error);
/* Asks for the newest turns to find out whether a prompt arrived. */
void codex_look_for_prompt(struct agent_session *s, struct json_object *call);
/* A prompt with that client id is in the thread. */
void codex_prompt_arrived(struct agent_session *s, const char *uuid);
/* Sends the brief and the prompt that wait, when the thread is ready. */
void codex_pump(struct agent_session *s);
void codex_tell(struct agent_session *s, int64_t prompt, const char *text);
/* Text for the running turn, of no prompt's. */
void codex_steer(struct agent_session *s, const char *text);
int codex_clear(struct agent_session *s, struct err *err);
int codex_interrupt(struct agent_session *s, struct err *err);
/* A person began another thread in the terminal, or it is in use: the session goes there. */
void codex_thread_began(struct agent_session *s, struct json_object *thread);
void codex_thread_active(struct agent_session *s, const char *thread);
bool codex_is_thread(struct agent_session *s, struct json_object *params);
void codex_status(struct agent_session *s, struct json_object *status);

/* ---- codex_event.c ---- */

void codex_notification(struct agent_session *s, const char *method, struct json_object *params);
/* Notifications that the app-server need not send: [names]. The caller owns it. */
struct json_object *codex_unwanted(void);

/* ---- codex_say.c ---- */

/* An item of a turn began, or is complete. */
void codex_say_item(struct agent_session *s, struct json_object *item, bool began);
void codex_say_plan(struct agent_session *s, struct json_object *plan);
void codex_take_usage(struct agent_session *s, struct json_object *given);

/* ---- codex_ask.c ---- */

/* File changes as a diff of at most about so many bytes. The caller owns it. */
char *codex_diff(struct json_object *changes, size_t max);

/* What is to be put on the docket; all of it is owned here. */
struct codex_need {
	enum agent_need kind;
	char *title, *topic;
	struct json_object *detail, *options;
};
void codex_need_fini(struct codex_need *n);

/* A kind of request that a person answers. */
struct codex_request {
	const char *method;
	/* Fills *ret, whose detail is there already. */
	void (*open)(struct agent_session *s, struct json_object *params, struct codex_need *ret);
	/* The result; the caller owns it. */
	struct json_object *(*answer)(struct json_object *detail, const struct agent_answer *answer);
	bool mute; /* a refusal has no room for its reason */
};
/* NULL: such a request is not for a person. */
const struct codex_request *codex_request_find(const char *method);
/* A file change began or ended: what it is about is not in the request that asks for it. */
void codex_need_note_item(struct agent_session *s, struct json_object *item, bool began);

/* ---- codex_need.c ---- */

/* A request of the app-server's; id may be a number or a text. */
void codex_asked(struct agent_session *s, const char *method, struct json_object *id, struct json_object *params,
		 uint64_t request);
void codex_answer(struct agent_session *s, const char *key, uint64_t request, struct json_object *detail,
		  const struct agent_answer *answer);
/* The app-server has an answer to that request of its, from whomever. */
void codex_need_resolved(struct agent_session *s, struct json_object *id);
void codex_need_settle_all(struct agent_session *s, const char *reason);
/* Those of that thread: another's turn, of a subagent, may go on. */
void codex_need_settle_thread(struct agent_session *s, const char *thread, const char *reason);
/* The bridge took the request back, and the host has closed the item. */
void codex_need_gone(struct agent_session *s, uint64_t request);
bool codex_need_any(struct agent_session *s);
/* Headless: sends the lead's answers that may not have arrived again. */
void codex_need_resend(struct agent_session *s);

/* ---- codex_command.c ---- */

/* The command that a shell is given, out of the words that start the shell ("/bin/bash -lc 'make check'"): what
 * stands there, unless it is that form. The caller owns it. */
char *codex_command_script(const char *command);

#endif

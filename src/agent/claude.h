/* Claude Code's adapter, in parts: launching and the rest of the contract (claude.c), typing (claude_type.c),
 * permissions and questions (claude_need.c), what its hooks and status reports say (claude_hook.c), and the
 * headless stream of JSON lines (claude_stream.c, and claude_say.c for what it tells), muster's tools (claude_mcp.c).
 * Internal to these files.
 *
 * Members of agent_session.state:
 *   conversation  the session id that Claude Code knows (chosen by us; a new one after each clear)
 *   talked        the conversation has a prompt, so that it can be resumed
 *   briefed       the first prompt was taken once: it is not given again
 *   ready         terminal: it has started and reads what is typed
 *   busy          a turn runs, or background agents that may ask
 *   blocked       terminal: its last status report was "blocked", and block_msg what that one said
 *   unblocked     terminal: a dialog closed, and what it was about may still be on the docket
 *   restored      terminal: the turn was interrupted, so that its prompt may stand in the input again
 *   resting       terminal: the turn was interrupted a moment ago
 *   clearing      terminal: /clear was typed, or is to be; clear_tries: how often
 *   open          [{"key","request","use"}]: permissions and questions that wait on the docket; headless: with
 *                 "decision" when the lead's is on its way
 *   tell          {"prompt","text","typed","tries"}: the prompt that is on its way; headless: {…,"uuid"}
 *   brief         headless: the uuid of the first prompt while it is on its way
 *   tasks         headless: how many of its background tasks run
 *   tools         headless: {"id": {"title","kind"}}: tool calls without a result
 *   subagents     see agent/subagent.h
 *   mode_asked    headless: {"id","mode"}: the mode that the lead asked for
 *   usage, mode   headless: as last told, for `muster show`; cost_before: of earlier processes */
#ifndef AGENT_CLAUDE_H
#define AGENT_CLAUDE_H

#include "agent/agent.h"

/* ---- claude_need.c ---- */

/* What a tool is about to do, on one line. The caller owns it. */
char *claude_tool_title(const char *tool, struct json_object *input);
/* Adds what the lead should see of it: {command, path, context, plan, diff}, as the tool has them. */
void claude_tool_show(struct json_object *detail, const char *tool, struct json_object *input);

/* Opens the docket item for a tool use that needs a person: data has tool_name, tool_input, permission_suggestions.
 * The request, unless 0, is the hook that waits for the answer. */
void claude_need_open(struct agent_session *s, const char *key, uint64_t request, struct json_object *data);
bool claude_need_any(struct agent_session *s);
/* The need is over without an answer from the docket: by its key, by its tool use, or all of them. */
void claude_need_settle(struct agent_session *s, const char *key, const char *reason);
void claude_need_settle_use(struct agent_session *s, struct json_object *data, const char *reason);
void claude_need_settle_all(struct agent_session *s, const char *reason);
/* The host has closed the item already; by key, or by request when key is NULL. */
void claude_need_forget(struct agent_session *s, const char *key, uint64_t request);
/* Keeps the decision with the open need, until it is known to have arrived. */
void claude_need_decided(struct agent_session *s, const char *key, struct json_object *decision);
/* What an answer amounts to: {"behavior":"allow"|"deny", "updatedInput"|"updatedPermissions"|"message"…}. */
struct json_object *claude_need_decision(struct json_object *detail, const struct agent_answer *answer);

/* ---- claude_hook.c ---- */

/* Events that the settings subscribe to, and whether the hook waits for an answer: the others are done as soon as
 * the holder has them, so that an agent never waits for musterd unless a person must decide. */
struct claude_event {
	const char *name;
	void (*handle)(struct agent_session *s, uint64_t request, struct json_object *data);
	bool waits;
};
extern const struct claude_event claude_events[]; /* the last has no name */

void claude_on_hook(struct agent_session *s, uint64_t request, const char *event, struct json_object *data);
void claude_on_status(struct agent_session *s, const char *report);
/* The timers "block" and "unblock". */
void claude_on_block_timer(struct agent_session *s);
void claude_on_unblock_timer(struct agent_session *s);
/* Sets them again, in a new musterd. */
void claude_hook_attached(struct agent_session *s);
void claude_answer(struct agent_session *s, const char *key, uint64_t request, struct json_object *detail,
		   const struct agent_answer *answer);

/* ---- claude_type.c ---- */

/* It reads what is typed, no turn runs, and nothing waits for an answer. */
bool claude_may_type(struct agent_session *s);
void claude_ready(struct agent_session *s); /* it reads what is typed */
void claude_busy(struct agent_session *s, bool busy);
/* The turn was interrupted: for a moment nothing is typed. */
void claude_type_interrupted(struct agent_session *s);
void claude_type_tell(struct agent_session *s, int64_t prompt, const char *text);
void claude_type_clear(struct agent_session *s);
void claude_type_attached(struct agent_session *s);
/* No dialog is open any more. */
void claude_type_unblocked(struct agent_session *s);
/* A prompt was submitted: ours, or another's. */
void claude_prompt_taken(struct agent_session *s, const char *text);
void claude_cleared(struct agent_session *s);
/* The prompt that is on its way, if one is, failed. */
void claude_type_give_up(struct agent_session *s, const char *why);
void claude_on_enter_timer(struct agent_session *s);
void claude_on_retry_timer(struct agent_session *s);
void claude_on_rested_timer(struct agent_session *s);

/* ---- claude.c ---- */

void claude_conversation(struct agent_session *s, const char *id);

/* ---- claude_say.c: the conversation of the stream, in the form that all agents without a terminal have ---- */

/* The lines "assistant", "user" (tool results), and what a "result" or "init" says beside the turn's end or begin. */
void claude_say_assistant(struct agent_session *s, struct json_object *line);
void claude_say_results(struct agent_session *s, struct json_object *line);
void claude_say_usage(struct agent_session *s, struct json_object *line);
void claude_say_mode(struct agent_session *s, const char *mode);
void claude_say_refusal(struct agent_session *s, const char *mode, const char *why);

/* Writes the text to a file in the session's folder. The path is the caller's. */
int claude_write_file(struct agent_session *s, const char *name, const char *text, char **ret_path,
		      struct err *err) NODISCARD;

/* ---- claude_mcp.c ---- */

/* Adds muster's tools to the command line, and to the settings what they may do unasked; nothing when they are
 * switched off. */
int claude_add_mcp(struct agent_session *s, struct agent_launch *launch, struct json_object *settings,
		   struct err *err) NODISCARD;

/* ---- claude_stream.c ---- */

void claude_on_line(struct agent_session *s, const char *line, size_t len);
/* Sends what is on its way, again when it was sent before: Claude Code drops what it has. */
void claude_stream_attached(struct agent_session *s);
void claude_stream_brief(struct agent_session *s); /* the first prompt shall be sent */
void claude_stream_tell(struct agent_session *s, int64_t prompt, const char *text);
void claude_stream_clear(struct agent_session *s);
void claude_stream_interrupt(struct agent_session *s);
void claude_stream_mode(struct agent_session *s, const char *mode);
void claude_stream_answer(struct agent_session *s, const char *key, struct json_object *detail,
			  const struct agent_answer *answer);

#endif

/* Claude Code's adapter, in parts: launching and typing (claude.c), what its hooks say and the answers to them
 * (claude_hook.c), and the headless stream of JSON lines (claude_stream.c). Internal to these files.
 *
 * Members of agent_session.state:
 *   conversation  the session id that Claude Code knows (chosen by us; a new one after each clear)
 *   ready         it has started and reads what is typed
 *   busy          a turn runs, or background agents that may ask
 *   blocked       its last status report was "blocked"
 *   open          [{"key","request","tool","input"}]: permissions and questions that wait on the docket
 *   tell          {"prompt","text","typed","tries"}: the prompt that is on its way
 *   talked        the conversation has a prompt, so that it can be resumed
 *   brief         headless: the first prompt must still be sent */
#ifndef AGENT_CLAUDE_H
#define AGENT_CLAUDE_H

#include "agent/agent.h"

/* Hook events that the settings subscribe to. */
extern const char *const claude_hook_events[];

void claude_on_hook(struct agent_session *s, uint64_t request, const char *event, struct json_object *data);
void claude_on_request_gone(struct agent_session *s, uint64_t request);
void claude_on_status(struct agent_session *s, const char *report);
void claude_answer(struct agent_session *s, const char *key, uint64_t request, struct json_object *detail,
                   const struct agent_answer *answer);
/* The terminal waits for a person and no hook has said for what. */
void claude_on_unexplained_block(struct agent_session *s);

/* What a tool is about to do, as one line and as the docket's detail. */
char *claude_tool_title(const char *tool, struct json_object *input); /* the caller owns it */
struct json_object *claude_tool_detail(const char *tool, struct json_object *input);
/* Opens a docket item for a tool use that needs a person. */
void claude_need_open(struct agent_session *s, const char *key, uint64_t request, struct json_object *data);
/* The decision that an answer amounts to: {"behavior":"allow"|"deny", "updatedInput"…}. */
struct json_object *claude_decision(struct json_object *detail, const struct agent_answer *answer);

/* claude.c */
void claude_ready(struct agent_session *s);      /* it reads what is typed */
void claude_busy(struct agent_session *s, bool busy);
void claude_prompt_taken(struct agent_session *s, const char *text);

/* claude_stream.c */
void claude_on_line(struct agent_session *s, const char *line, size_t len);
void claude_stream_tell(struct agent_session *s, int64_t prompt, const char *text);
int claude_stream_interrupt(struct agent_session *s);
void claude_stream_answer(struct agent_session *s, const char *key, struct json_object *detail,
                          const struct agent_answer *answer);

#endif

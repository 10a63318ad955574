/* The agents that a session's agent has started for parts of its work, told apart: which work, and what each did last.
 * In agent_session.state as subagents, {"ID": {"kind","title","doing","since_ms","background"}}, by the agent's own ids.
 * One that waits for the lead is known by its docket item, of which detail.agent_id is its id. Beginning and end are
 * said as "subagent" {id, kind, title, state} (docs/CLI-JSON.md, Conversation). All texts may be NULL. */
#ifndef AGENT_SUBAGENT_H
#define AGENT_SUBAGENT_H

#include "agent/agent.h"

enum { SUBAGENTS_MAX = 256 }; /* of a session at once; of more nothing is known but what they ask */

/* Also of one that is known: what is said now is kept. */
void subagent_began(struct agent_session *s, const char *id, const char *kind, const char *title);
void subagent_does(struct agent_session *s, const char *id, const char *doing);
/* Its agent goes on without it, and ends turns before it ends. */
void subagent_in_background(struct agent_session *s, const char *id);
void subagent_ended(struct agent_session *s, const char *id);
/* The turn is over: those that it waited for are, too. */
void subagents_turn_ended(struct agent_session *s);

/* Adds who it was to what is said, or to an item's detail: agent (its kind) and agent_id. Nothing for id NULL. */
void subagent_name(struct json_object *said, const char *id, const char *kind);

#endif

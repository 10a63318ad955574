/* What permissions of all agents have in common on the docket: the choices, and how what is asked is written, so
 * that equal needs of different agents are one to the lead (agent_item.topic). */
#ifndef AGENT_PERMISSION_H
#define AGENT_PERMISSION_H

#include "agent/agent.h"

/* Adds {"key","label"}. */
void permission_push_option(struct json_object *options, const char *key, const char *label);

/* allow, deny, and always when a label for it is given: what is allowed from then on each agent words and means
 * otherwise, so that it is the item's own. The caller owns it. */
struct json_object *permission_options(const char *always);

/* Only an explicit yes is one: the keys allow and always. */
bool permission_allowed(const struct agent_answer *answer);

/* The topic of a shell command that would run in the session's workspace, as the shell gets it. The caller owns it.
 */
char *permission_command_topic(const char *command);

/* A turn ended; said, the agent's last message, is not trusted and may be NULL. */
void agent_turn_ended(struct agent_session *s, const char *said);
/* A turn ended by an error of the agent's service, said in why; source is that of the signal. */
void agent_turn_failed(struct agent_session *s, const char *source, const char *why);

#endif

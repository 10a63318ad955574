/* What permissions of all agents have in common on the docket: the choices, and how what is asked is written, so
 * that equal needs of different agents are one to the lead (agent_item.topic). */
#ifndef AGENT_PERMISSION_H
#define AGENT_PERMISSION_H

#include "agent/agent.h"

/* The labels of the plain yes and no. */
#define PERMISSION_ALLOW "Allow once"
#define PERMISSION_DENY "Deny (a text tells it why)"

/* Adds {"key","label"}. */
void permission_push_option(struct json_object *options, const char *key, const char *label);

/* The same of an option that the agent alone would remember; for others it is that one (agent_item.options). */
void permission_push_own(struct json_object *options, const char *key, const char *label, const char *as);

/* allow, deny, and always when a label for it is given: what is allowed from then on each agent words and means
 * otherwise, so that it is the item's own, and a plain allow for others. The caller owns it. */
struct json_object *permission_options(const char *always);

/* Names the files of a change in its detail: path of one, else paths. Takes over the list; NULL: none. */
void permission_add_files(struct json_object *detail, struct json_object *paths);

/* Only an explicit yes is one: the keys allow and always. */
bool permission_allowed(const struct agent_answer *answer);

/* The topic of a shell command that would run in the session's workspace, as the shell gets it. The caller owns it.
 */
char *permission_command_topic(const char *command);

#endif

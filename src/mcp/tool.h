/* The tools that muster offers to an agent over MCP: one table. A tool is a message to the session's own mailbox
 * and the words in which its answer is told to the model; `muster ask`, `report`, `done` and `job` send the same
 * messages. */
#ifndef MCP_TOOL_H
#define MCP_TOOL_H

#include "base/str.h"
#include "mcp/schema.h"

/* What the server is called in the configurations of agents. */
#define MCP_SERVER_NAME "muster"

struct mcp_tool {
	const char *name, *title;
	const char *help; /* for the model */
	const struct mcp_field *takes, *gives;
	const char *message, *op;                  /* its mailbox message: the members "m" and, unless NULL, "op" */
	void (*complete)(struct json_object *msg); /* adds what is not in the arguments; may be NULL */
	/* Tells the model what came back: `given` is musterd's answer, cut to `gives`. Some agents show their model
	 * that in place of the words: what it must know besides goes in there, too. */
	void (*tell)(struct str *out, struct json_object *args, struct json_object *given);
	bool wordy;     /* its words are better than JSON: no structured result */
	/* It starts or ends processes. All others only tell the lead something, or look: they change nothing of
	 * what is worked on, so that an agent may use them also while it plans. */
	bool acts;
	bool runs_code; /* the agent may need a permission for that: its own rules decide, as elsewhere */
};

extern const struct mcp_tool mcp_tools[]; /* the last has no name */

const struct mcp_tool *mcp_tool_find(const char *name); /* NULL: there is none */

/* What tools/list answers. with_gives: the client knows output schemas (2025-06-18 and later). */
struct json_object *mcp_tools_json(bool with_gives);

/* What tells the model when to use them (the protocol's `instructions`). */
extern const char mcp_instructions[];

/* tool_message.c: the mailbox message for checked arguments, owned by the caller; what is not in the arguments */
struct json_object *mcp_tool_message(const struct mcp_tool *tool, struct json_object *args);
void mcp_complete_ask(struct json_object *msg);
void mcp_complete_ask_many(struct json_object *msg);
void mcp_complete_propose(struct json_object *msg);
void mcp_complete_job_start(struct json_object *msg);
void mcp_complete_job_logs(struct json_object *msg);

/* tool_tell.c: the words */
void mcp_tell_ask(struct str *out, struct json_object *args, struct json_object *given);
void mcp_tell_ask_many(struct str *out, struct json_object *args, struct json_object *given);
void mcp_tell_noted(struct str *out, struct json_object *args, struct json_object *given);
void mcp_tell_done(struct str *out, struct json_object *args, struct json_object *given);
void mcp_tell_decision(struct str *out, struct json_object *args, struct json_object *given);
void mcp_tell_decisions(struct str *out, struct json_object *args, struct json_object *given);
void mcp_tell_job(struct str *out, struct json_object *args, struct json_object *given);
void mcp_tell_jobs(struct str *out, struct json_object *args, struct json_object *given);
void mcp_tell_log(struct str *out, struct json_object *args, struct json_object *given);
void mcp_tell_stopped(struct str *out, struct json_object *args, struct json_object *given);

#endif

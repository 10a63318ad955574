/* muster's own MCP server (muster mcp) as an agent is told of it: each adapter of an agent that speaks MCP writes
 * this down in that agent's way. Its name is MCP_SERVER_NAME, its tools are mcp_tools (mcp/tool.h). */
#ifndef AGENT_AGENT_MCP_H
#define AGENT_AGENT_MCP_H

#include "agent/agent.h"

/* How long an agent should wait for a call: a person may be away for days. */
enum { AGENT_MCP_TIMEOUT_S = 7 * 86400 };

struct agent_mcp {
	const char *command; /* an absolute path; borrowed from the session */
	struct strv args;
	struct strv env; /* KEY=VALUE: agents differ in what else of the environment they pass on */
};

/* 1: *ret is filled; 0: the agent's option `mcp: false` switches it off; -1 with err: that option is no flag. */
int agent_mcp_init(struct agent_mcp *ret, struct agent_session *s, struct err *err) NODISCARD;
void agent_mcp_fini(struct agent_mcp *m);

#endif

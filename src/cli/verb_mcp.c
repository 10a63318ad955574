/* muster mcp: what an agent that speaks MCP runs as a server. */
#include <unistd.h>

#include "cli/verbs.h"
#include "mcp/serve.h"

static int run(struct cli *c, struct err *err)
{
	(void)c;
	return mcp_serve(STDIN_FILENO, STDOUT_FILENO, err);
}

const struct verb verb_mcp = {
	.name = "mcp",
	.group = VERB_INSIDE,
	.help = "serve the session's tools to an agent that speaks MCP, on standard input and output",
	.text = "Agents run this; people need not. The tools do what muster ask, report, recap, done, job, "
		"decisions, await and propose do. A question that waits is withdrawn when the agent cancels the call "
		"or ends the server.",
	.run = run,
};

/* The MCP server of a session on two descriptors: one loop over the client and one mailbox connection for each open
 * call, so that closing the connection withdraws just that. It sleeps until something comes, unless a client that
 * waits wants signs of life. */
#ifndef MCP_SERVE_H
#define MCP_SERVE_H

#include "base/err.h"

/* Serves until the client is gone (0); what is open then is withdrawn. ERR_USAGE when MUSTER_SOCKET is not set:
 * this is not in a session. Takes over neither descriptor. */
int mcp_serve(int in_fd, int out_fd, struct err *err) NODISCARD;

#endif

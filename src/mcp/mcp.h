/* The Model Context Protocol, server side, without I/O: lines from the client in, lines to it out, and between them
 * calls that a port carries to the session's mailbox and that may stay open for as long as a person needs.
 *
 * Two eras are spoken, message by message and without a mode. A request whose _meta names a protocol version
 * belongs to the stateless era (2026-07-28: server/discover, each result says what it is); any other to the one
 * that begins with `initialize` (2025-11-25 and older, as agreed on there). */
#ifndef MCP_MCP_H
#define MCP_MCP_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "mcp/tool.h"

enum {
	/* Bytes of a line from the client. It is more than a message to musterd may have, so that what is refused for
	 * its length is, within reason, refused with the id of its request. */
	MCP_LINE_MAX = 4 << 20,
	MCP_VALUES_MAX = 10000,  /* in a line: parsed, an empty object of two bytes takes several hundred */
	MCP_CALLS_MAX = 24,      /* open at once: the holder has 64 connections for all of the session */
	MCP_PROGRESS_MS = 25000, /* between two signs of life; clients that count on them wait 60 s at least */
};

struct mcp;
struct mcp_batch;

/* A call of a tool that has not been answered yet. */
struct mcp_call {
	struct mcp_call *next;
	const struct mcp_tool *tool;
	struct json_object *id, *args;
	struct json_object *token;     /* for signs of life, or NULL: none wanted */
	int64_t began_ms, progress_ms; /* on the monotonic clock: begun; the next sign of life is due */
	bool modern, structured;       /* how it wants its result */
	struct mcp_batch *batch;       /* that it came in, or NULL */
	void *carried;                 /* the port's */
};

struct mcp_port {
	/* Sends a message (one line of JSON) to the session's mailbox; mcp_answer() or mcp_fail() ends the call
	 * later. -1 with err: it could not be sent, and the call ends now. */
	int (*send)(void *arg, struct mcp_call *call, const char *line, size_t len, struct err *err);
	/* The call is over, answered or not: withdraws the message if it is still open. */
	void (*end)(void *arg, struct mcp_call *call);
	void *arg;
};

struct mcp {
	const struct mcp_port *port;
	struct str out;         /* what is to be written to the client; whoever writes it consumes it */
	const char *version;    /* agreed on by `initialize`, or NULL */
	struct mcp_call *calls; /* the oldest first */
	size_t n_calls;
};

void mcp_init(struct mcp *m, const struct mcp_port *port);
void mcp_fini(struct mcp *m); /* ends all calls */

/* A line from the client, without its end. */
void mcp_line(struct mcp *m, const char *line, size_t len);
/* A line that was dropped because it was longer than MCP_LINE_MAX. */
void mcp_line_too_long(struct mcp *m);

/* musterd's answer to a call, or what went wrong on the way. The call is gone after it. */
void mcp_answer(struct mcp *m, struct mcp_call *call, const char *json, size_t len);
void mcp_fail(struct mcp *m, struct mcp_call *call, const struct err *err);

/* Gives the signs of life that are due. Returns in how many ms the next one is, -1: none is wanted. */
int mcp_progress(struct mcp *m);

/* Internal to mcp.c, call.c and batch.c. */
struct mcp_request {
	struct mcp *mcp;
	struct json_object *id, *params; /* borrowed; params may be NULL */
	bool modern;
	struct mcp_batch *batch;
};
void mcp_reply(const struct mcp_request *r, struct json_object *result); /* takes the result over */
bool mcp_knows_structure(const struct mcp_request *r); /* structured results and their schemas: since 2025-06-18 */
void mcp_refuse(const struct mcp_request *r, int code, const char *text, struct json_object *data);
void mcp_call_tool(const struct mcp_request *r);        /* tools/call */
void mcp_cancel(struct mcp *m, struct json_object *id); /* without an answer */
bool mcp_id_is_open(const struct mcp *m, struct json_object *id);

/* batch.c: the answers to one array of requests go into one array, when all are there. Whoever has a batch holds it
 * open; the last to let go of it sends it. */
struct mcp_batch *mcp_batch_new(void);                 /* held once */
struct mcp_batch *mcp_batch_hold(struct mcp_batch *b); /* NULL is fine */
void mcp_batch_release(struct mcp *m, struct mcp_batch *b);
struct str *mcp_batch_out(struct mcp_batch *b);

#endif

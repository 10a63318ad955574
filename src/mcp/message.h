/* The form of MCP's messages: JSON-RPC 2.0 with its own rules (an id is a text or a whole number, never null; an
 * error about a message whose id is not known has none). No I/O here. Each function appends one message and a
 * newline. */
#ifndef MCP_MESSAGE_H
#define MCP_MESSAGE_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* Error codes of the protocol. */
enum {
	MCP_PARSE_ERROR = -32700,
	MCP_INVALID_REQUEST = -32600,
	MCP_METHOD_NOT_FOUND = -32601,
	MCP_INVALID_PARAMS = -32602,
	MCP_UNSUPPORTED_VERSION = -32022,
};

/* A view into the message it was read from. */
struct mcp_message {
	const char *method;         /* NULL: it is a response, which nobody here waits for */
	struct json_object *id;     /* NULL: it is a notification */
	struct json_object *params; /* an object, or NULL */
};

/* -1 with what is wrong with it; the id is set also then, as far as it is one. */
int mcp_message_read(struct json_object *message, struct mcp_message *ret, struct err *err) NODISCARD;

/* Objects are borrowed; id NULL: without one. */
void mcp_add_result(struct str *out, struct json_object *id, struct json_object *result);
void mcp_add_error(struct str *out, struct json_object *id, int code, const char *text, struct json_object *data);
void mcp_add_notification(struct str *out, const char *method, struct json_object *params);

#endif

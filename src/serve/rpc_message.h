/* The form of JSON-RPC 2.0 messages: reading requests, writing replies and notifications. No I/O here. */
#ifndef SERVE_RPC_MESSAGE_H
#define SERVE_RPC_MESSAGE_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* Error codes beside those of enum err_code. */
enum {
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_METHOD_NOT_FOUND = -32601,
};

/* A view into the message it was read from. */
struct rpc_request {
	const char *method;
	struct json_object *params; /* an object, or NULL */
	struct json_object *id;     /* may be NULL: null */
	bool wants_reply;           /* it has an id: it is no notification */
};

/* -1 with what is wrong with it (an RPC_INVALID_REQUEST); the id is set also then, as far as there is one. */
int rpc_request_read(struct json_object *message, struct rpc_request *ret, struct err *err) NODISCARD;

/* Each appends one message without the newline; objects are borrowed. */
void rpc_add_result(struct str *out, struct json_object *id, struct json_object *result);
void rpc_add_error(struct str *out, struct json_object *id, int code, const char *text);
void rpc_add_notification(struct str *out, const char *method, struct json_object *params);

#endif

/* JSON-RPC 2.0 on a unix stream socket: one JSON text a line, batches allowed, replies in whatever order they are ready.
 *
 * Output is held until rpc_server_flush(), which is called when the turn is committed and, where the lead spoke, on
 * the disk; then each client gets all of it in one write. A client that does not read is not read from either
 * (RPC_OUTPUT_HIGH); its notifications are dropped beyond that and it is told so: {"method":"lost","params":{"after":N}},
 * N being the last number that it got, so that it can ask for what it missed.
 *
 * Bad input costs the sender one error reply, never its connection, except for a line of more than RPC_LINE_MAX bytes:
 * that is refused and skipped up to its end. */
#ifndef SERVE_RPC_H
#define SERVE_RPC_H

#include <json-c/json.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "work/call.h"

enum {
	RPC_LINE_MAX = 4 << 20,    /* bytes of one line, either way */
	RPC_BATCH_MAX = 256,       /* requests of one batch */
	RPC_CLIENTS_MAX = 256,
	RPC_CALLS_MAX = 256,       /* unfinished calls of one client: it is not read from until some end */
	RPC_OUTPUT_HIGH = 1 << 20, /* unsent bytes of one client */
};

/* Error codes beside those of enum err_code. */
enum {
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_METHOD_NOT_FOUND = -32601,
};

struct rpc_server;
struct rpc_client;

/* One call. It lives until call.done or call.fail, also when its client leaves before. */
struct rpc_call {
	struct call call;
	struct rpc_client *client; /* NULL: left */
	struct json_object *id;    /* NULL: a notification, nobody wants the result */
	struct rpc_batch *batch;   /* NULL: on its own */
	struct rpc_call *next;     /* of the client's unfinished calls */
};

/* Every call, whose method and params (an object, owned by the server) have the right form. */
struct rpc_handler {
	void (*call)(struct rpc_handler *h, const char *method, struct json_object *params, struct rpc_call *call);
};

/* Serves clients of the listening socket listen_fd, which stays the caller's. Everything is borrowed. */
struct rpc_server *rpc_server_new(uv_loop_t *loop, int listen_fd, struct rpc_handler *handler, struct err *err);
/* Sends the output that was held. */
void rpc_server_flush(struct rpc_server *s);
/* In the place of the held output: err for each held reply. Then, as far as the kernel takes it, sends that. */
void rpc_server_fail_held(struct rpc_server *s, const struct err *err);
/* Writes what the kernel takes at once, closes all connections. The memory goes with the loop's next turns. NULL is fine. */
void rpc_server_free(struct rpc_server *s);

struct rpc_subscription {
	char *session;   /* NULL: all */
	char **kinds;    /* NULL-terminated prefixes ("session.", "item.opened"); NULL: all */
};

/* The call's client gets matching events from now on; replaces what it subscribed to before. Takes over *sub. */
void rpc_subscribe(struct rpc_call *call, struct rpc_subscription *sub);
/* A notification to all that subscribed to it; params is borrowed. */
void rpc_publish(struct rpc_server *s, int64_t number, const char *session, const char *kind, struct json_object *params);

#endif

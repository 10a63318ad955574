/* JSON-RPC 2.0 on a unix stream socket: one JSON text a line, batches allowed, replies in whatever order they are
 * ready.
 *
 * Output is held until rpc_server_flush(), which is called when the turn is committed and, where the lead spoke, on
 * the disk; then each client gets all of it in one write. A client that does not read is not read from either
 * (RPC_OUTPUT_HIGH); its notifications are dropped beyond that and it is told so as soon as it reads again:
 * {"method":"lost","params":{"after":N}}, N being the last event that it got: events.list has what it missed.
 *
 * Bad input costs the sender one error reply, never its connection; a line of more than RPC_LINE_MAX bytes is
 * refused and skipped up to its end. */
#ifndef SERVE_RPC_H
#define SERVE_RPC_H

#include <json-c/json.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/strv.h"
#include "store/event.h"
#include "work/call.h"

enum {
	RPC_LINE_MAX = 4 << 20,    /* bytes of one line, either way */
	RPC_BATCH_MAX = 256,       /* requests of one batch */
	RPC_CLIENTS_MAX = 256,
	RPC_CALLS_MAX = 256,       /* unfinished calls of one client: it is not read from until some end */
	RPC_OUTPUT_HIGH = 1 << 20, /* unsent bytes of one client */
};

struct rpc_server;
struct rpc_client;
struct rpc_batch;

/* One call. It lives until call.done or call.fail, also when its client, or the server, is gone before. */
struct rpc_call {
	struct call call;
	struct rpc_handler *handler;
	struct rpc_client *client;    /* NULL: it left */
	struct rpc_batch *batch;      /* NULL: on its own */
	struct json_object *id;
	bool wants_reply;             /* false: a notification */
	bool durable;                 /* the handler's: what it acknowledges must be on the disk */
	struct rpc_call *prev, *next; /* of the client's unfinished calls */
};

struct rpc_handler {
	/* A request of the right form; params is an object, owned by the server, valid until this returns. */
	void (*call)(struct rpc_handler *h, const char *method, struct json_object *params, struct rpc_call *call);
	/* A call that was marked durable ends in this turn. May be NULL when none is. */
	void (*durable_end)(struct rpc_handler *h);
};

/* Serves those who connect to listen_fd, which stays the caller's, as all else. NULL with err. */
struct rpc_server *rpc_server_new(uv_loop_t *loop, int listen_fd, struct rpc_handler *handler, struct err *err);
/* Sends what was held. Calls no handler. */
void rpc_server_flush(struct rpc_server *s);
/* Each held reply becomes this error; notifications vanish. Then sends as much as the kernel takes at once. */
void rpc_server_fail_held(struct rpc_server *s, const struct err *err);
/* Closes all connections; held output is dropped. The memory goes when the loop has run their last callbacks. NULL
 * is fine. */
void rpc_server_free(struct rpc_server *s);

/* Ends the call with an error that is not one of enum err_code. */
void rpc_call_fail_code(struct rpc_call *call, int code, const char *text);

/* The client (of a call: NULL if it left) gets the events that match from now on: of that session (NULL: of all),
 * with a kind that begins with one of these (empty: any). Replaces what it subscribed to before. `last` is the
 * newest event at this moment. */
void rpc_subscribe(struct rpc_client *c, const char *session, const struct strv *kinds, int64_t last);
/* Queues an event that is older than the subscription for that client, if it matches. */
void rpc_replay(struct rpc_client *c, const struct event_row *event);
/* From here on it gets nothing until it has read everything, and is then told that it lost some. */
void rpc_replay_cut(struct rpc_client *c);
/* Queues a new event for all that subscribed to it. */
void rpc_publish(struct rpc_server *s, const struct event_row *event);

#endif

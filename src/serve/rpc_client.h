/* One connection of the server: internal to serve/rpc*.c. */
#ifndef SERVE_RPC_CLIENT_H
#define SERVE_RPC_CLIENT_H

#include "base/str.h"
#include "serve/rpc.h"

struct rpc_server {
	uv_loop_t *loop;
	uv_pipe_t listener;
	uv_timer_t wake;  /* runs the clients that were held up, outside of a flush */
	struct rpc_handler *handler;
	struct rpc_client *clients;
	int n_clients;
	int open_handles; /* the memory goes with the last one */
	bool closing;
	char input[64 << 10]; /* where reads land */
};

struct rpc_client {
	struct rpc_server *server;
	struct rpc_client *prev, *next;
	uv_pipe_t pipe;
	bool reading, eof, skipping, closing;

	struct str in;   /* bytes that are not yet a whole, handled line */
	size_t scanned;  /* of these, without a newline */
	struct str held; /* output of turns that may not be told of yet */
	struct json_object *held_ids; /* a list: of each reply in held its id, or a list of the ids of a batch */
	struct str ready; /* released, waits for the write before it */
	struct str out;   /* being written */
	uv_write_t write;
	bool writing;

	struct rpc_call *calls; /* unfinished */
	int n_calls;

	bool subscribed, lost;
	char *session;      /* NULL: all */
	struct strv kinds;  /* empty: all */
	int64_t last_event; /* that it was sent */
};

/* Takes over a connection that was accepted into c->pipe. */
struct rpc_client *rpc_client_new(struct rpc_server *s);
void rpc_client_start(struct rpc_client *c);
void rpc_client_close(struct rpc_client *c);
/* Handles the lines that are there, as far as the limits allow. */
void rpc_client_pump(struct rpc_client *c);
void rpc_client_flush(struct rpc_client *c);
void rpc_client_fail_held(struct rpc_client *c, const struct err *err);
/* Appends a line to the held output. */
void rpc_client_hold(struct rpc_client *c, const struct str *line);
/* The same for a reply; takes over ids (see held_ids; NULL: the null id). */
void rpc_client_hold_reply(struct rpc_client *c, const struct str *line, struct json_object *ids);
/* A handle of the server or a client was closed. */
void rpc_server_released(struct rpc_server *s);
/* Runs rpc_client_pump() for all clients soon. */
void rpc_server_wake(struct rpc_server *s);

/* rpc_call.c: one line of input */
void rpc_calls_read(struct rpc_client *c, const void *line, size_t len);
/* The client leaves: its calls go on without it. */
void rpc_calls_orphan(struct rpc_client *c);

#endif

/* The side of the API that runs: dispatch, and the handlers that are not the engine's. */
#ifndef SERVE_API_OWN_H
#define SERVE_API_OWN_H

#include "land/lander.h"
#include "lead/notice.h"
#include "serve/rpc.h"
#include "store/db.h"
#include "work/engine.h"

enum { API_PROTOCOL = 1 }; /* raised when an old client would no longer understand */

/* What daemon.stop and daemon.restart ask for. */
enum api_end { API_RUN_ON, API_STOP, API_RESTART };

struct api {
	struct rpc_handler handler; /* give this to rpc_server_new() */
	uv_loop_t *loop;
	struct db *db;
	struct engine *engine;
	struct lander *lander;
	struct notice *notice;        /* set once it is there */
	int64_t started_ms;
	enum api_end end;             /* when it is no longer API_RUN_ON, the loop has been told to stop */
	struct event_listener events; /* publishes */
	struct rpc_server *server;    /* set once it is there */
};

/* Fills in handler and events; the rest is the caller's to set before. */
void api_init(struct api *api);

typedef void api_fn(struct api *api, struct json_object *params, struct rpc_call *call);

api_fn api_daemon_status;
api_fn api_daemon_stop;
api_fn api_daemon_restart;
api_fn api_events_list;
api_fn api_events_subscribe;
api_fn api_doctor_check;

#endif

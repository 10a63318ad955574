#include "serve/api.h"

#include "base/clock.h"
#include "lead/docket.h"
#include "serve/api_own.h"
#include "serve/params.h"
#include "serve/rpc_message.h"

/* Exactly one is set. */
struct implementation {
	engine_verb *verb;
	lander_verb *land;
	api_fn *own;
};

/* In the order of api_methods: both come from the same list. */
static const struct implementation implementations[] = {
#define ENGINE(function) {.verb = (function)}
#define LANDER(function) {.land = (function)}
#define OWN(function) {.own = (function)}
#define API(name, access, durable, params, handler, doc, result) handler,
#include "serve/api.def"
#undef API
};

static void fail_unknown(struct rpc_call *call, const char *method, const char *nearest)
{
	struct err err;
	if (nearest)
		err_set(&err, ERR_USAGE, "there is no method %s; did you mean %s?", method, nearest);
	else
		err_set(&err, ERR_USAGE, "there is no method %s", method);
	rpc_call_fail_code(call, RPC_METHOD_NOT_FOUND, err.msg);
}

static void dispatch(struct rpc_handler *h, const char *name, struct json_object *params, struct rpc_call *call)
{
	struct api *api = CONTAINER_OF(h, struct api, handler);
	const char *nearest;
	const struct api_method *method = api_find(name, &nearest);
	if (!method) {
		fail_unknown(call, name, nearest);
		return;
	}
	struct err err;
	if (params_check(method->params, params, &err) < 0) {
		err_prefix(&err, "%s", method->name);
		call_fail(&call->call, &err);
		return;
	}
	call->durable = method->durable;
	if (method->durable)
		db_turn_durable(api->db);
	const struct implementation *impl = &implementations[method - api_methods];
	if (impl->verb)
		impl->verb(api->engine, params, &call->call);
	else if (impl->land)
		impl->land(api->lander, params, &call->call);
	else
		impl->own(api, params, call);
}

static void durable_end(struct rpc_handler *h)
{
	db_turn_durable(CONTAINER_OF(h, struct api, handler)->db);
}

static void publish(struct event_listener *l, const struct event_row *event)
{
	struct api *api = CONTAINER_OF(l, struct api, events);
	if (api->server)
		rpc_publish(api->server, event);
	if (api->notice)
		notice_event(api->notice, event);
}

void api_init(struct api *api)
{
	api->handler.call = dispatch;
	api->handler.durable_end = durable_end;
	api->events.appended = publish;
	api->started_ms = clock_wall_ms();
	event_listen(api->db, &api->events);
}

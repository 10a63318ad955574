/* Calls: from a line of input to the lines of output that answer it. */
#include <ctype.h>
#include <stdlib.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "serve/rpc_client.h"
#include "serve/rpc_message.h"

/* Requests that came in one list are answered in one list. */
struct rpc_batch {
	struct rpc_client *client; /* NULL: it left */
	int pending;
	struct str replies; /* what stands between the brackets */
	struct json_object *ids;
};

/* One reply, to the client or its batch. Takes over nothing. */
static void put_reply(struct rpc_client *c, struct rpc_batch *batch, struct json_object *id, const struct str *text)
{
	if (!batch) {
		rpc_client_hold_reply(c, text, json_object_get(id));
		return;
	}
	if (batch->replies.len)
		str_addc(&batch->replies, ',');
	str_add(&batch->replies, text->data, text->len);
	json_push(batch->ids, json_object_get(id));
}

static void put_error(struct rpc_client *c, struct rpc_batch *batch, struct json_object *id, int code,
		      const char *why)
{
	struct str text STR_FREE = STR_INIT;
	rpc_add_error(&text, id, code, why);
	put_reply(c, batch, id, &text);
}

/* One request of the batch has its reply, or needs none; the last one sends them all. */
static void batch_settle(struct rpc_batch *batch)
{
	if (--batch->pending > 0)
		return;
	if (batch->client && batch->replies.len) {
		struct str text STR_FREE = STR_INIT;
		str_addc(&text, '[');
		str_add(&text, batch->replies.data, batch->replies.len);
		str_addc(&text, ']');
		rpc_client_hold_reply(batch->client, &text, json_object_get(batch->ids));
	}
	str_fini(&batch->replies);
	json_object_put(batch->ids);
	free(batch);
}

/* --- the end of a call --- */

static void unlink_call(struct rpc_call *call)
{
	struct rpc_client *c = call->client;
	if (!c)
		return;
	*(call->prev ? &call->prev->next : &c->calls) = call->next;
	if (call->next)
		call->next->prev = call->prev;
	c->n_calls--;
	/* It may have waited for this. */
	if (!c->reading)
		rpc_server_wake(c->server);
}

static void finish(struct rpc_call *call, const struct str *text)
{
	unlink_call(call);
	if (call->durable)
		call->handler->durable_end(call->handler);
	if (call->client && call->wants_reply) {
		size_t before = call->batch ? call->batch->replies.len : 0;
		if (before + text->len > RPC_LINE_MAX)
			put_error(call->client, call->batch, call->id, ERR_FAILED,
			          "the answer has more than 4 MiB; ask for less at once");
		else
			put_reply(call->client, call->batch, call->id, text);
	}
	if (call->batch)
		batch_settle(call->batch);
	json_object_put(call->id);
	free(call);
}

static void on_done(struct call *base, struct json_object *result)
{
	struct rpc_call *call = CONTAINER_OF(base, struct rpc_call, call);
	struct str text STR_FREE = STR_INIT;
	if (call->client && call->wants_reply)
		rpc_add_result(&text, call->id, result);
	json_object_put(result);
	finish(call, &text);
}

void rpc_call_fail_code(struct rpc_call *call, int code, const char *why)
{
	struct str text STR_FREE = STR_INIT;
	rpc_add_error(&text, call->id, code, why);
	finish(call, &text);
}

static void on_fail(struct call *base, const struct err *err)
{
	rpc_call_fail_code(CONTAINER_OF(base, struct rpc_call, call), err->code, err->msg);
}

void rpc_calls_orphan(struct rpc_client *c)
{
	for (struct rpc_call *call = c->calls, *next; call; call = next) {
		next = call->next;
		if (call->batch)
			call->batch->client = NULL;
		call->client = NULL;
		call->prev = call->next = NULL;
	}
	c->calls = NULL;
	c->n_calls = 0;
}

/* --- its beginning --- */

static struct rpc_call *call_new(struct rpc_client *c, struct rpc_batch *batch, const struct rpc_request *request)
{
	struct rpc_call *call = mem_alloc(sizeof *call);
	*call = (struct rpc_call){
		.call = {.done = on_done, .fail = on_fail},
		.handler = c->server->handler,
		.client = c,
		.batch = batch,
		.id = json_object_get(request->id),
		.wants_reply = request->wants_reply,
		.next = c->calls,
	};
	if (call->next)
		call->next->prev = call;
	c->calls = call;
	c->n_calls++;
	return call;
}

static void start_call(struct rpc_client *c, struct rpc_batch *batch, struct json_object *message)
{
	struct rpc_request request;
	struct err err;
	if (rpc_request_read(message, &request, &err) < 0) {
		put_error(c, batch, request.id, RPC_INVALID_REQUEST, err.msg);
		if (batch)
			batch_settle(batch);
		return;
	}
	struct json_object *params JSON_FREE = request.params ? json_object_get(request.params) : json_new();
	struct rpc_call *call = call_new(c, batch, &request);
	c->server->handler->call(c->server->handler, request.method, params, call);
}

static void start_batch(struct rpc_client *c, struct json_object *list)
{
	size_t n = json_len(list);
	if (n == 0 || n > RPC_BATCH_MAX) {
		put_error(c, NULL, NULL, RPC_INVALID_REQUEST, "a batch has 1 to 256 requests");
		return;
	}
	struct rpc_batch *batch = mem_alloc(sizeof *batch);
	batch->client = c;
	batch->pending = (int)n;
	batch->ids = json_new_array();
	/* The client is only closed from the loop, never by a handler, so it is there for all of them. */
	for (size_t i = 0; i < n; i++)
		start_call(c, batch, json_at(list, i));
}

static bool is_blank(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isspace((unsigned char)line[i]))
			return false;
	return true;
}

void rpc_calls_read(struct rpc_client *c, const void *line, size_t len)
{
	if (is_blank(line, len))
		return;
	struct err err = {0};
	struct json_object *message JSON_FREE = json_parse(line, len, &err);
	if (!message && err.code)
		put_error(c, NULL, NULL, RPC_PARSE_ERROR, err.msg);
	else if (json_object_is_type(message, json_type_array))
		start_batch(c, message);
	else
		start_call(c, NULL, message);
}

/* Messages to Codex's app-server and back: over standard input and output, or through muster-bridge.
 *
 * What goes to the bridge is an answer to its mailbox request, which arrives exactly once. What goes to standard
 * input may be lost with a musterd that is killed: a request of ours stays in "calls" until it is answered, and a
 * new musterd sends it again, unless the thread shows that it was done. */
#include <stdlib.h>
#include <string.h>

#include "agent/codex.h"
#include "agent/say.h"
#include "base/mem.h"
#include "fmt/json.h"

enum { RECHECK_MS = 2000 }; /* by then the app-server has answered what it was sent before */

static struct json_object *list_of(struct agent_session *s, const char *name)
{
	struct json_object *list = json_arr(s->state, name);
	if (!list) {
		list = json_new_array();
		json_add_obj(s->state, name, list);
	}
	return list;
}

/* ---- to it ---- */

static void send_orders(struct agent_session *s)
{
	int64_t next = json_int(s->state, "next", 0);
	struct json_object *orders = json_arr(s->state, "orders");
	if (!next || !json_len(orders))
		return;
	struct json_object *answer JSON_FREE = json_new();
	json_add_obj(answer, "orders", json_object_get(orders));
	json_object_object_del(s->state, "orders");
	json_object_object_del(s->state, "next");
	s->host->reply(s, (uint64_t)next, answer);
	s->host->save(s);
}

void codex_order(struct agent_session *s, struct json_object *order)
{
	json_push(list_of(s, "orders"), order);
	s->host->save(s);
	send_orders(s);
}

static void write_line(struct agent_session *s, struct json_object *message)
{
	struct str line STR_FREE = STR_INIT;
	json_add_line(&line, message);
	str_addc(&line, '\n');
	s->host->input(s, line.data, line.len);
}

/* Takes the message. */
static void send_message(struct agent_session *s, struct json_object *message)
{
	if (s->headless) {
		write_line(s, message);
		json_object_put(message);
		return;
	}
	struct json_object *order = json_new();
	json_add_obj(order, "send", message);
	codex_order(s, order);
}

struct json_object *codex_call(struct agent_session *s, const char *method, struct json_object *params)
{
	int64_t serial = json_int(s->state, "serial", 0) + 1;
	char *id MEM_FREE = mem_printf("muster-%lld", (long long)serial);
	struct json_object *call = json_new(), *message = json_new();
	json_add_str(message, "id", id);
	json_add_str(message, "method", method);
	json_add_obj(message, "params", params);
	json_add_str(call, "id", id);
	json_add_str(call, "method", method);
	json_add_obj(call, "line", json_object_get(message));
	json_add_int(s->state, "serial", serial);
	json_push(list_of(s, "calls"), call);
	s->host->save(s);
	send_message(s, message);
	return call;
}

void codex_notify(struct agent_session *s, const char *method)
{
	struct json_object *message = json_new();
	json_add_str(message, "method", method);
	send_message(s, message);
}

void codex_respond(struct agent_session *s, struct json_object *id, struct json_object *answer)
{
	json_add_obj(answer, "id", json_copy(id));
	send_message(s, answer);
}

/* ---- the calls that are open ---- */

static size_t find_call(struct agent_session *s, const char *id)
{
	struct json_object *calls = list_of(s, "calls");
	size_t i = 0;
	while (i < json_len(calls) && strcmp(json_str_or(json_at(calls, i), "id", ""), id) != 0)
		i++;
	return i;
}

struct json_object *codex_call_find(struct agent_session *s, const char *id)
{
	return json_at(list_of(s, "calls"), find_call(s, id));
}

void codex_call_forget(struct agent_session *s, const char *id)
{
	size_t at = find_call(s, id);
	if (at < json_len(list_of(s, "calls")))
		json_object_array_del_idx(list_of(s, "calls"), at, 1);
	s->host->save(s);
}

/* They get ids that nothing answers to: the old ones may still be answered, by an app-server that does not know the
 * new connection yet. */
void codex_calls_in_doubt(struct agent_session *s)
{
	struct json_object *lost JSON_FREE = json_object_get(list_of(s, "calls"));
	json_add_obj(s->state, "calls", json_new_array());
	for (size_t i = 0; i < json_len(lost); i++) {
		struct json_object *call = json_at(lost, i);
		if (strcmp(json_str_or(call, "method", ""), "turn/start") != 0)
			continue;
		int64_t serial = json_int(s->state, "serial", 0) + 1;
		char *id MEM_FREE = mem_printf("muster-%lld", (long long)serial);
		json_add_int(s->state, "serial", serial);
		json_add_str(call, "id", id);
		json_add_bool(call, "doubt", true);
		json_push(list_of(s, "calls"), json_object_get(call));
	}
	s->host->save(s);
}

void codex_recheck_soon(struct agent_session *s)
{
	if (json_len(list_of(s, "calls")))
		s->host->timer(s, "recheck", RECHECK_MS);
}

void codex_link_attached(struct agent_session *s)
{
	if (s->headless)
		codex_need_resend(s); /* the host repeats replies to the bridge */
	codex_recheck_soon(s);
}

void codex_on_recheck_timer(struct agent_session *s)
{
	struct json_object *calls JSON_FREE = json_copy(list_of(s, "calls"));
	for (size_t i = 0; i < json_len(calls); i++) {
		struct json_object *call = json_at(calls, i);
		bool prompt = strcmp(json_str_or(call, "method", ""), "turn/start") == 0;
		if (prompt && (s->headless || json_flag(call, "doubt", false)))
			codex_look_for_prompt(s, call);
		else if (s->headless)
			write_line(s, json_obj(call, "line"));
	}
}

/* ---- from it ---- */

/* The text of an error answer, NULL when it is none. */
static const char *error_of(struct json_object *message)
{
	struct json_object *error = json_obj(message, "error");
	return error ? json_str_or(error, "message", "an error without a message") : NULL;
}

static void take_response(struct agent_session *s, struct json_object *message)
{
	const char *id = json_str(message, "id");
	struct json_object *known = id ? codex_call_find(s, id) : NULL;
	if (!known)
		return; /* answered before: it was sent twice */
	struct json_object *call JSON_FREE = json_object_get(known);
	codex_call_forget(s, id);
	codex_answered(s, call, json_obj(message, "result"), error_of(message));
}

void codex_message(struct agent_session *s, struct json_object *message, uint64_t request)
{
	const char *method = json_str(message, "method");
	struct json_object *id = json_any(message, "id");
	if (method && id)
		codex_asked(s, method, id, json_obj(message, "params"), request);
	else if (method)
		codex_notification(s, method, json_obj(message, "params"));
	else if (id)
		take_response(s, message);
	else
		say_unknown(s, "message without a method", message);
}

void codex_on_line(struct agent_session *s, const char *bytes, size_t len)
{
	struct json_object *message JSON_FREE = json_parse_object(bytes, len, NULL);
	if (message)
		codex_message(s, message, 0);
	else
		say_unknown_line(s, bytes, len);
}

/* The events of the bridge (bridge/bridge.h). */
void codex_on_hook(struct agent_session *s, uint64_t request, const char *event, struct json_object *data)
{
	struct json_object *done JSON_FREE = json_new();
	if (strcmp(event, "ask") == 0) {
		codex_message(s, data, request);
		return;
	}
	if (strcmp(event, "next") == 0) {
		json_add_int(s->state, "next", (int64_t)request);
		s->host->save(s);
		send_orders(s);
		return;
	}
	s->host->reply(s, request, done);
	if (strcmp(event, "line") == 0)
		codex_message(s, data, 0);
	else if (strcmp(event, "ready") == 0)
		codex_begin(s);
}

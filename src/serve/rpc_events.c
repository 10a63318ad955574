/* Subscriptions: which client gets which event. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "serve/rpc_client.h"

void rpc_subscribe(struct rpc_client *c, const char *session, const struct strv *kinds, int64_t last)
{
	if (!c)
		return;
	c->subscribed = true;
	c->lost = false;
	c->last_event = last;
	mem_replace(&c->session, session);
	strv_copy(&c->kinds, kinds);
}

static bool wants(const struct rpc_client *c, const struct event_row *event)
{
	if (!c->subscribed || c->closing || c->lost)
		return false;
	if (c->session && (!event->session || strcmp(c->session, event->session) != 0))
		return false;
	for (size_t i = 0; i < c->kinds.n; i++)
		if (strncmp(event->kind, c->kinds.v[i], strlen(c->kinds.v[i])) == 0)
			return true;
	return c->kinds.n == 0;
}

static void add_member(struct str *out, const char *key, const char *text)
{
	struct json_object *value JSON_FREE = json_new_str(text);
	str_addf(out, ",\"%s\":", key);
	json_add_line(out, value);
}

/* The data is JSON already. */
static void make_line(const struct event_row *event, struct str *ret)
{
	str_addf(ret, "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"id\":%lld,\"at_ms\":%lld",
	         (long long)event->id, (long long)event->at_ms);
	add_member(ret, "session", event->session);
	add_member(ret, "kind", event->kind);
	str_addf(ret, ",\"data\":%s}}", event->data);
}

static void deliver(struct rpc_client *c, const struct event_row *event, const struct str *line)
{
	if (c->held.len + c->ready.len + c->out.len > RPC_OUTPUT_HIGH) {
		c->lost = true;
		return;
	}
	rpc_client_hold(c, line);
	c->last_event = event->id;
}

void rpc_replay(struct rpc_client *c, const struct event_row *event)
{
	if (!c || !wants(c, event))
		return;
	struct str line STR_FREE = STR_INIT;
	make_line(event, &line);
	deliver(c, event, &line);
}

void rpc_replay_cut(struct rpc_client *c)
{
	if (c)
		c->lost = true;
}

void rpc_publish(struct rpc_server *s, const struct event_row *event)
{
	struct str line STR_FREE = STR_INIT;
	for (struct rpc_client *c = s->clients; c; c = c->next) {
		if (!wants(c, event))
			continue;
		if (line.len == 0)
			make_line(event, &line);
		deliver(c, event, &line);
	}
}

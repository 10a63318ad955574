#include "cli/notices.h"

#include <string.h>

#include "base/mem.h"
#include "cli/tty.h"
#include "fmt/json.h"

static void on_notice(void *arg, struct json_object *event)
{
	struct notices *n = arg;
	struct json_object *notice = json_obj(event, "data"), *via = json_arr(notice, "via");
	for (size_t i = 0; i < json_len(via); i++)
		if (strcmp(json_str_at(via, i), "terminal") == 0)
			mem_replace(&n->text, json_str_or(notice, "text", ""));
}

void notices_follow(struct notices *n, struct cli *c)
{
	struct json_object *params = json_new(), *kinds = json_new_array(), *result JSON_FREE = NULL;
	struct err err;
	if (!c->connected) {
		json_object_put(params);
		json_object_put(kinds);
		return;
	}
	json_push_str(kinds, "docket.notice");
	json_add_obj(params, "kinds", kinds);
	c->client.watch = (struct client_watch){.event = on_notice, .arg = n};
	if (client_call(&c->client, "events.subscribe", params, &result, &err) == 0)
		n->client = &c->client;
}

void notices_fini(struct notices *n)
{
	if (n->client)
		n->client->watch = (struct client_watch){0};
	mem_replace(&n->text, NULL);
}

int notices_fd(const struct notices *n)
{
	return n->client ? n->client->fd : -1;
}

void notices_take(struct notices *n)
{
	struct err err;
	if (n->client && client_take(n->client, &err) <= 0)
		n->client = NULL;
}

void notices_show(struct notices *n)
{
	if (n->text)
		tty_notify(n->text);
	mem_replace(&n->text, NULL);
}

/* muster watch */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/events.h"
#include "cli/verbs.h"
#include "fmt/json.h"

struct watch {
	struct cli *cli;
	struct event_names names;
};

static void show_event(void *arg, struct json_object *event)
{
	struct watch *w = arg;
	struct cli *c = w->cli;
	if (c->json) {
		cli_print_json(event);
	} else {
		struct str text STR_FREE = STR_INIT;
		const char *name = event_names_get(&w->names, json_str(event, "session"));
		if (cli_arg(c, 0) && events_is_talk(event))
			events_add_talk(&text, event, clock_wall_ms(), c->width, c->color);
		else
			events_add_line(&text, event, name, clock_wall_ms(), c->color);
		cli_print(&text);
	}
	fflush(stdout);
}

static int read_params(const struct cli *c, struct json_object *params, struct err *err)
{
	struct strv kinds STRV_FREE = STRV_INIT;
	long long after;
	if (opts_int(&c->opts, "after", 0, INT64_MAX, -1, &after, err) < 0)
		return -1;
	if (after >= 0)
		json_add_int(params, "after", after);
	if (cli_arg(c, 0))
		json_add_str(params, "session", cli_arg(c, 0));
	opts_list(&c->opts, "kind", &kinds);
	if (kinds.n)
		json_add_strv(params, "kinds", &kinds);
	return 0;
}

static int run(struct cli *c, struct err *err)
{
	struct json_object *params JSON_FREE = json_new(), *result JSON_FREE = NULL;
	struct watch w = {.cli = c};
	if (read_params(c, params, err) < 0)
		return -1;
	struct client *client = cli_client(c, err);
	if (!client)
		return -1;
	client->watch = (struct client_watch){.event = show_event, .arg = &w};
	int r = client_call(client, "events.subscribe", MEM_TAKE(params), &result, err);
	if (r == 0)
		r = client_follow(client, err);
	event_names_fini(&w.names);
	return r < 0 ? -1 : err_set(err, ERR_FAILED, "musterd has ended; the sessions run on");
}

static const struct opt options[] = {
	{0, "after", "N", "first what happened after the event with this number (0: everything)", 0},
	{'k', "kind", "PREFIX", "only events whose kind begins like this (session., item.); may be repeated", 0},
	{0},
};

const struct verb verb_watch = {
	.name = "watch",
	.group = VERB_START,
	.args = "[SESSION]",
	.help = "stream what happens, one line an event, until interrupted",
	.text = "With a SESSION that has no terminal its whole conversation is shown: messages, tool calls, plans, diffs. "
		"With --json each line is one event: {id, at_ms, session, kind, data}.",
	.opts = options,
	.max_args = 1,
	.completes = COMPLETE_SESSION,
	.run = run,
};

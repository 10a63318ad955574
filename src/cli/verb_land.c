/* muster land and muster queue */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "fmt/json.h"

static const struct column columns[] = {
	{"LANDING", 0, 0, true}, {"SESSION", 0, 8, false}, {"STATE", 0, 0, false},
	{"TARGET", 2, 6, false}, {"FOR", 1, 0, true},      {"WHY", 1, 20, false},
};

static const struct {
	const char *state;
	enum paint paint;
	int code; /* exit code of `land` */
} ends[] = {
	{"landed", PAINT_GREEN, 0},
	{"failed", PAINT_RED, ERR_FAILED},
	{"refused", PAINT_RED, ERR_REFUSED},
};

static int find_end(const char *state)
{
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (strcmp(ends[i].state, state) == 0)
			return (int)i;
	return -1;
}

static void print_landings(struct cli *c, struct json_object *list)
{
	struct table t TABLE_FREE = {0};
	struct str out STR_FREE = STR_INIT;
	table_init(&t, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *l = json_at(list, i);
		const char *state = json_str_or(l, "state", "?");
		int end = find_end(state);
		struct str age STR_FREE = STR_INIT;
		int64_t ended_ms = json_int(l, "ended_ms", 0);
		when_add_age(&age, ended_ms ? ended_ms : json_int(l, "queued_ms", 0), clock_wall_ms());
		table_addf(&t, PAINT_NONE, "%lld", (long long)json_int(l, "id", 0));
		table_add(&t, PAINT_BOLD, json_str(l, "session_name"));
		table_add(&t, end >= 0 ? ends[end].paint : PAINT_CYAN, state);
		table_add(&t, PAINT_NONE, json_str(l, "target"));
		table_add(&t, PAINT_NONE, str_c(&age));
		table_add(&t, PAINT_DIM, json_str(l, "why"));
	}
	table_print(&t, &out, c->width, c->color);
	cli_print(&out);
}

static int run_queue(struct cli *c, struct err *err)
{
	struct json_object *params = json_new(), *result JSON_FREE = NULL;
	if (opts_has(&c->opts, "all"))
		json_add_bool(params, "all", true);
	int r = cli_request(c, "land.queue", params, &result, err);
	if (r <= 0)
		return r;
	struct json_object *list = json_arr(result, "landings");
	if (json_len(list) == 0)
		cli_say(c, "nothing is queued");
	else
		print_landings(c, list);
	return 0;
}

/* ---- land ---- */

struct progress {
	bool quiet;
	int64_t landing;
	char *session;
};

/* "  playback: testing" for each state that the landing reaches. */
static void on_event(void *arg, struct json_object *event)
{
	struct progress *p = arg;
	struct json_object *data = json_obj(event, "data");
	const char *kind = json_str_or(event, "kind", ""), *state = json_str(data, "state");
	if (p->quiet || strncmp(kind, "landing.", 8) != 0 || json_int(data, "id", -1) != p->landing)
		return;
	struct str line STR_FREE = STR_INIT;
	str_addf(&line, "  %s: ", p->session);
	out_add(&line, PAINT_NONE, false, state ? state : kind + 8);
	fprintf(stderr, "%s\n", line.data);
}

static int wait_one(struct cli *c, struct json_object *landing, struct json_object *results, struct err *err)
{
	struct json_object *params = json_new(), *done = NULL;
	struct progress p = {.quiet = c->json || !isatty(STDERR_FILENO),
			     .landing = json_int(landing, "id", 0),
			     .session = mem_strdup(json_str_or(landing, "session_name", "?"))};
	c->client.watch = (struct client_watch){.event = on_event, .arg = &p};
	json_add_int(params, "landing", p.landing);
	int r = client_call(&c->client, "land.wait", params, &done, err);
	c->client.watch = (struct client_watch){0};
	free(p.session);
	if (r < 0)
		return -1;
	int end = find_end(json_str_or(done, "state", ""));
	c->exit_code = MAX(c->exit_code, end >= 0 ? ends[end].code : ERR_FAILED);
	json_push(results, done);
	return 0;
}

static void say_results(struct cli *c, struct json_object *results)
{
	for (size_t i = 0; i < json_len(results); i++) {
		struct json_object *l = json_at(results, i);
		const char *why = json_str(l, "why");
		cli_say(c, "%s  %s%s%s", json_str_or(l, "session_name", "?"), json_str_or(l, "state", "?"),
			why ? "  " : "", why ? why : "");
	}
}

static int run_land(struct cli *c, struct err *err)
{
	struct json_object *params = json_new(), *queued JSON_FREE = NULL, *result JSON_FREE = json_new();
	struct json_object *wanted, *subscribed JSON_FREE = NULL, *results = json_new_array();
	json_add_obj(result, "landings", results);
	json_add_strv(params, "sessions", &c->opts.args);
	json_add_bool(params, "outside_ok", opts_has(&c->opts, "outside-ok"));
	json_add_bool(params, "no_gate", opts_has(&c->opts, "no-gate"));
	if (opts_has(&c->opts, "no-wait")) {
		int r = cli_request(c, "land.enqueue", params, &queued, err);
		if (r > 0)
			say_results(c, json_arr(queued, "landings"));
		return r < 0 ? -1 : 0;
	}
	wanted = json_new();
	if (cli_call(c, "events.subscribe", wanted, &subscribed, err) < 0) {
		json_object_put(params);
		return -1;
	}
	if (cli_call(c, "land.enqueue", params, &queued, err) < 0)
		return -1;
	struct json_object *list = json_arr(queued, "landings");
	for (size_t i = 0; i < json_len(list); i++)
		if (wait_one(c, json_at(list, i), results, err) < 0)
			return -1;
	if (c->json)
		cli_print_json(result);
	say_results(c, results);
	return 0;
}

static const struct opt land_options[] = {
	{0, "no-wait", NULL, "only queue it", 0},
	{0, "outside-ok", NULL, "also files outside of the session's scope, which you have seen", 0},
	{0, "no-gate", NULL, "also where no gate is configured", 0},
	{0},
};

const struct verb verb_land = {
	.name = "land",
	.group = VERB_LAND,
	.args = "SESSION...",
	.help = "merge what was approved, test that, and move the target branch to it",
	.text = "Waits for the result: exit status 0 when all have landed, 1 when a merge or the gate failed, 3 "
		"when a rule refuses it.",
	.opts = land_options,
	.min_args = 1,
	.max_args = VERB_ARGS_ANY,
	.completes = COMPLETE_SESSION,
	.run = run_land,
};

static const struct opt queue_options[] = {
	{'a', "all", NULL, "those that have ended too", 0},
	{0},
};

const struct verb verb_queue = {
	.name = "queue",
	.group = VERB_LAND,
	.help = "list the landings that wait or are under way",
	.opts = queue_options,
	.run = run_queue,
};

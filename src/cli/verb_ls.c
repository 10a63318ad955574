/* muster ls */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/look.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "fmt/json.h"

static const struct column columns[] = {
	{"SESSION", 0, 8, false}, {"STATE", 0, 0, false}, {"FOR", 1, 0, true},        {"NEEDS", 2, 0, true},
	{"JOBS", 4, 0, true},     {"AGENT", 5, 5, false}, {"PROGRESS", 3, 12, false}, {"WHY", 2, 20, false},
};

static int by_need(const void *a, const void *b)
{
	struct json_object *x = *(struct json_object *const *)a, *y = *(struct json_object *const *)b;
	int order = look_order(json_str(x, "state")) - look_order(json_str(y, "state"));
	if (order)
		return order;
	int64_t since_x = json_int(x, "since_ms", 0), since_y = json_int(y, "since_ms", 0);
	if (since_x != since_y)
		return since_x < since_y ? -1 : 1;
	return strcmp(json_str_or(x, "name", ""), json_str_or(y, "name", ""));
}

static void add_count(struct table *t, enum paint paint, int64_t n)
{
	if (n > 0)
		table_addf(t, paint, "%lld", (long long)n);
	else
		table_add(t, PAINT_NONE, "");
}

static void add_row(struct table *t, struct json_object *s, int64_t now_ms)
{
	struct str progress STR_FREE = STR_INIT, age STR_FREE = STR_INIT;
	const char *state = json_str_or(s, "state", "?");
	int64_t percent = json_int(s, "progress", -1);
	if (percent >= 0)
		str_addf(&progress, "%d %% ", (int)percent);
	str_adds(&progress, json_str_or(s, "progress_text", ""));
	when_add_age(&age, json_int(s, "since_ms", 0), now_ms);
	table_add(t, PAINT_BOLD, json_str(s, "name"));
	if (json_flag(s, "paused", false))
		table_addf(t, PAINT_DIM, "%s (paused)", state);
	else
		table_add(t, look_paint(state), state);
	table_add(t, PAINT_NONE, str_c(&age));
	add_count(t, PAINT_RED, json_int(s, "items", 0));
	add_count(t, PAINT_NONE, json_int(s, "jobs", 0));
	table_add(t, PAINT_NONE, json_str(s, "agent"));
	table_add(t, PAINT_NONE, str_c(&progress));
	table_add(t, PAINT_DIM, json_str(s, "why"));
}

static void print_sessions(const struct cli *c, struct json_object *list)
{
	size_t n = json_len(list);
	struct table t TABLE_FREE = {0};
	struct str out STR_FREE = STR_INIT;
	struct json_object **sorted MEM_FREE = mem_resize(NULL, n, sizeof *sorted);
	for (size_t i = 0; i < n; i++)
		sorted[i] = json_at(list, i);
	qsort(sorted, n, sizeof *sorted, by_need);
	table_init(&t, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < n; i++)
		add_row(&t, sorted[i], clock_wall_ms());
	table_print(&t, &out, c->width, c->color);
	cli_print(&out);
}

static int run(struct cli *c, struct err *err)
{
	struct json_object *params = json_new(), *result JSON_FREE = NULL;
	if (opts_has(&c->opts, "all"))
		json_add_bool(params, "all", true);
	int r = cli_request(c, "session.list", params, &result, err);
	if (r <= 0)
		return r;
	struct json_object *list = json_arr(result, "sessions");
	if (json_len(list) == 0)
		cli_say(c, "no sessions; `muster start PROMPT` starts one");
	else
		print_sessions(c, list);
	return 0;
}

static const struct opt options[] = {
	{'a', "all", NULL, "removed sessions too", 0},
	{0},
};

const struct verb verb_ls = {
	.name = "ls",
	.group = VERB_START,
	.help = "list the sessions, those that need you first",
	.text = "FOR is how long a session has been in its state, NEEDS how many items of the docket are open, "
		"JOBS how many "
		"background processes it has, WHY the strongest evidence for the state.",
	.opts = options,
	.run = run,
};

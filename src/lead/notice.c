#include "lead/notice.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "fmt/json.h"
#include "io/spawn.h"
#include "lead/batch.h"
#include "store/item_row.h"
#include "work/config.h"
#include "work/session.h"
#include "work/worker.h"

enum {
	MINUTE_MS = 60000,
	AWAY_MS = 30 * MINUTE_MS, /* a longer time between two acts of the lead is an absence, not work */
	NAMED_MAX = 3,            /* items that a notice names; the others are counted */
	TITLE_MAX = 80,
	COMMAND_TIMEOUT_MS = 30000,
};

/* Until the lead's own are measured. */
static const double SWITCH_MIN = 1, MID_EXTRA_MIN = 0.5, BREAKPOINT_MIN = 5, ARRIVALS_EVERY_MIN = 10;

struct measured {
	int64_t last_ms;
	double sum_min;
	size_t n;
};

struct notice {
	struct engine *engine;
	uv_timer_t timer;
	struct measured acts, arrivals; /* of the lead; of needs that can wait */
	bool breakpoint;                /* the lead has just acted: what is held is told now */
};

static void measure(struct measured *m)
{
	int64_t now_ms = clock_wall_ms();
	int64_t since_ms = now_ms - m->last_ms;
	if (m->last_ms && since_ms >= 0 && since_ms < AWAY_MS) {
		m->sum_min += (double)since_ms / MINUTE_MS;
		m->n++;
	}
	m->last_ms = now_ms;
}

/* ---- what is held ---- */

static double value_of(const struct session *s)
{
	struct json_object *task JSON_FREE = s && s->row.task ? json_parse_text(s->row.task, NULL) : NULL;
	return (double)json_int_in(task, "value", 1, 1000, 1);
}

/* A question that is not waited for costs what is built on a wrong assumption; whatever else is open, its session
 * stands still, whether or not it says so. */
static struct batch_item weigh(struct engine *e, const struct item_row *row)
{
	struct json_object *detail JSON_FREE = row->detail ? json_parse_text(row->detail, NULL) : NULL;
	bool goes_on = strcmp(row->kind, "question") == 0 && !row->blocking;
	double value = value_of(engine_find(e, row->session));
	return (struct batch_item){
		.blocking = row->blocking,
		.holding = goes_on ? value * batch_wrong(json_int(detail, "sure", -1)) : value,
		.opened_ms = row->opened_ms,
	};
}

static struct batch_due due_of(struct notice *n, const struct item_rows *held)
{
	struct batch_item *items MEM_FREE = mem_resize(NULL, held->n + 1, sizeof *items);
	const struct batch_lead lead = {
		.switch_min = SWITCH_MIN,
		.mid_extra_min = MID_EXTRA_MIN,
		.breakpoint_min = batch_shrunk(BREAKPOINT_MIN, n->acts.sum_min, n->acts.n),
		.arrivals = 1 / batch_shrunk(ARRIVALS_EVERY_MIN, n->arrivals.sum_min, n->arrivals.n),
	};
	for (size_t i = 0; i < held->n; i++)
		items[i] = weigh(n->engine, &held->v[i]);
	return batch_due(items, held->n, &lead);
}

/* ---- sending ---- */

struct sending {
	struct engine *engine;
	struct json_object *notice; /* {text, items, why, via} */
};

static bool desktop_is_there(void)
{
	return getenv("DBUS_SESSION_BUS_ADDRESS") || getenv("DISPLAY") || getenv("WAYLAND_DISPLAY");
}

static void run(const struct strv *argv, const struct strv *env, const char *input)
{
	const struct spawn sp = {.argv = argv, .env = env, .cwd = "/", .new_session = true};
	const struct spawn_capture how = {.timeout_ms = COMMAND_TIMEOUT_MS, .input = input, .input_len = strlen(input)};
	struct str said STR_FREE = STR_INIT;
	int r = spawn_run(&sp, &how, NULL, &said);
	if (r != 0)
		log_warn("notify: %s: %s %d: %.200s", argv->v[0], r < 0 ? "error" : "exit status", r, str_c(&said));
}

static void run_command(const struct sending *x, const char *command)
{
	const char *const words[] = {"/bin/sh", "-c", command, NULL};
	struct strv argv STRV_FREE = STRV_INIT, env STRV_FREE = STRV_INIT;
	strv_add_all(&argv, words);
	strv_add_all(&env, (const char *const *)environ);
	strv_setenv(&env, "MUSTER_NOTICE", json_str_or(x->notice, "text", ""));
	run(&argv, &env, json_line(x->notice));
}

static void run_desktop(const struct sending *x)
{
	const char *const words[] = {"notify-send", "--app-name=muster", "--", "muster", json_str_or(x->notice, "text", ""), NULL};
	struct strv argv STRV_FREE = STRV_INIT;
	strv_add_all(&argv, words);
	run(&argv, NULL, "");
}

/* Is it a way that the configuration names? Without a list all are. */
static bool goes(const struct config *c, const char *way)
{
	for (size_t i = 0; i < c->notify_via.n; i++)
		if (strcmp(c->notify_via.v[i], way) == 0)
			return true;
	return !c->notify_via.v;
}

static void send_work(void *arg)
{
	struct sending *x = arg;
	struct config config;
	struct err err;
	if (config_load(&config, NULL, x->engine->setup.dirs->config, &err) < 0) {
		log_warn("notify: %s", err.msg);
		return;
	}
	struct json_object *via = json_arr(x->notice, "via");
	if (config.notify_command) {
		json_push_str(via, "command");
		run_command(x, config.notify_command);
	}
	if (goes(&config, "desktop") && desktop_is_there()) {
		json_push_str(via, "desktop");
		run_desktop(x);
	}
	if (goes(&config, "terminal"))
		json_push_str(via, "terminal");
	config_fini(&config);
}

static void sent(void *arg)
{
	struct sending *x = arg;
	event_append(x->engine->setup.db, NULL, "docket.notice", x->notice);
	free(x);
}

/* "3 need you: playback: Which order?; search: wants to run make; and 1 more". */
static char *text_of(struct engine *e, const struct item_rows *held)
{
	struct str out STR_FREE = STR_INIT;
	str_addf(&out, "%zu need%s you: ", held->n, held->n == 1 ? "s" : "");
	for (size_t i = 0; i < MIN(held->n, (size_t)NAMED_MAX); i++) {
		struct session *s = engine_find(e, held->v[i].session);
		str_addf(&out, "%s%s: %.*s", i ? "; " : "", s ? s->row.name : "?", TITLE_MAX, held->v[i].title);
	}
	if (held->n > NAMED_MAX)
		str_addf(&out, "; and %zu more", held->n - NAMED_MAX);
	struct str inert = STR_INIT; /* a title may have been cut within a character */
	text_add_inert(&inert, out.data, out.len, TEXT_ONE_LINE);
	return str_take(&inert);
}

static const char *const whys[] = {
	[BATCH_NONE] = "breakpoint",
	[BATCH_BLOCKED] = "blocked",
	[BATCH_COST] = "cost",
	[BATCH_WINDOW] = "window",
};

static void tell(struct notice *n, const struct item_rows *held, const char *why)
{
	struct sending *x = mem_alloc(sizeof *x);
	struct json_object *items = json_new_array();
	MEM_FREE char *text = text_of(n->engine, held);
	*x = (struct sending){.engine = n->engine, .notice = json_new()};
	for (size_t i = 0; i < held->n; i++)
		json_push(items, json_object_new_int64(held->v[i].id));
	json_add_str(x->notice, "text", text);
	json_add_obj(x->notice, "items", items);
	json_add_str(x->notice, "why", why);
	json_add_obj(x->notice, "via", json_new_array());
	item_row_set_noticed(n->engine->setup.db, clock_wall_ms());
	worker_run(n->engine->setup.loop, send_work, sent, x);
}

/* ---- when ---- */

static void look(uv_timer_t *timer)
{
	struct notice *n = timer->data;
	struct item_rows held = {0};
	bool breakpoint = n->breakpoint;
	n->breakpoint = false;
	item_row_list_unnoticed(n->engine->setup.db, &held);
	if (held.n) {
		struct batch_due due = due_of(n, &held);
		int64_t wait_ms = due.at_ms - clock_wall_ms();
		if (breakpoint || (due.why != BATCH_NONE && wait_ms <= 0))
			tell(n, &held, whys[breakpoint ? BATCH_NONE : due.why]);
		else if (due.why != BATCH_NONE)
			uv_timer_start(&n->timer, look, (uint64_t)wait_ms, 0);
	}
	item_rows_fini(&held);
}

/* What the lead does that ends one thing before the next. */
static const char *const acts[] = {"item.answered", "decision.made", "review.approved", "review.returned", "landing.queued"};

void notice_event(struct notice *n, const struct event_row *event)
{
	bool opened = strcmp(event->kind, "item.opened") == 0, act = false;
	for (size_t i = 0; i < ARRAY_LEN(acts) && !act; i++)
		act = strcmp(acts[i], event->kind) == 0;
	if (act)
		measure(&n->acts);
	if (opened)
		measure(&n->arrivals);
	n->breakpoint |= act;
	if (act || opened)
		uv_timer_start(&n->timer, look, 0, 0); /* after all that this turn does */
}

struct notice *notice_new(struct engine *e)
{
	struct notice *n = mem_alloc(sizeof *n);
	n->engine = e;
	uv_timer_init(e->setup.loop, &n->timer);
	n->timer.data = n;
	uv_timer_start(&n->timer, look, 0, 0);
	return n;
}

static void closed(uv_handle_t *handle)
{
	free(handle->data);
}

void notice_free(struct notice *n)
{
	if (n)
		uv_close((uv_handle_t *)&n->timer, closed);
}

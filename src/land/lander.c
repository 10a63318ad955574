#include "land/lander.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "land/lander_priv.h"
#include "land/queue.h"
#include "store/event.h"
#include "work/worker.h"

struct landing *lander_find(struct lander *l, int64_t id)
{
	struct landing *g;
	DL_FOREACH(l->queue, g) {
		if (g->row.id == id)
			return g;
	}
	return NULL;
}

struct landing *lander_add(struct lander *l, struct landing_row *row)
{
	struct session *s = engine_find(l->engine, row->session);
	if (!s || !s->row.git_dir)
		return NULL;
	struct landing *g = mem_alloc(sizeof *g);
	*g = (struct landing){.lander = l, .row = *row, .lock = -1, .repo = mem_strdup(s->row.git_dir)};
	*row = (struct landing_row){0};
	lander_row_read(g);
	DL_APPEND(l->queue, g);
	s->landing = true;
	return g;
}

static void landing_free(struct landing *g)
{
	lander_run_close(g);
	landing_row_fini(&g->row);
	session_row_fini(&g->session);
	land_record_fini(&g->rec);
	free(g->repo);
	free(g->guard);
	free(g);
}

static struct queue_entry *list_entries(struct lander *l, struct landing ***ret, size_t *ret_n)
{
	struct landing *g;
	size_t n = 0;
	DL_COUNT(l->queue, g, n);
	struct queue_entry *entries = mem_resize(NULL, n + 1, sizeof *entries);
	struct landing **landings = mem_resize(NULL, n + 1, sizeof *landings);
	size_t i = 0;
	DL_FOREACH(l->queue, g) {
		entries[i] = (struct queue_entry){.repo = g->repo, .active = g->active};
		landings[i++] = g;
	}
	*ret = landings;
	*ret_n = n;
	return entries;
}

void lander_pump(struct lander *l)
{
	struct landing **landings;
	size_t n;
	if (l->closing)
		return;
	struct queue_entry *entries = list_entries(l, &landings, &n);
	for (ssize_t i; (i = queue_next(entries, n, LANDER_ACTIVE_MAX)) >= 0;) {
		struct landing *g = landings[i];
		struct session *s = engine_find(l->engine, g->row.session);
		if (s)
			session_row_copy(&g->session, &s->row);
		mem_replace(&g->guard, l->engine->hold_path);
		entries[i].active = g->active = g->due = true;
	}
	free(entries);
	free(landings);
}

/* A failure is the lead's business; a landing that is there takes the older ones off the docket. */
static void tell_docket(struct landing *g, struct session *s)
{
	if (g->rec.state == LAND_LANDED) {
		session_item_withdraw(s, "landing", "it has landed");
		lander_reviewed(s, "it has landed");
		return;
	}
	struct json_object *detail JSON_FREE = lander_landing_json(g->lander, &g->row);
	char *title MEM_FREE = mem_printf("landing on %s %s: %s", g->row.target, land_state_name(g->rec.state),
	                                  g->rec.why ? g->rec.why : "");
	const struct agent_item item = {.key = "landing", .title = title, .detail = detail};
	session_item_open(s, "integration", &item);
}

static void end_waiters(struct landing *g)
{
	for (struct lander_waiter *w = g->waiters, *next; w; w = next) {
		next = w->next;
		call_done(w->call, lander_landing_json(g->lander, &g->row));
		free(w);
	}
	g->waiters = NULL;
}

static void end(struct landing *g)
{
	struct lander *l = g->lander;
	struct session *s = engine_find(l->engine, g->row.session);
	DL_DELETE(l->queue, g);
	if (s) {
		s->landing = false;
		if (g->rec.state == LAND_LANDED) {
			mem_replace(&s->row.landed, g->row.merged);
			session_save(s);
		}
		tell_docket(g, s);
		session_refresh(s);
		if (g->rec.state == LAND_LANDED)
			session_landed(s);
	}
	end_waiters(g);
	landing_free(g);
	lander_pump(l);
}

static void publish(struct landing *g)
{
	struct lander *l = g->lander;
	char *kind MEM_FREE = mem_printf("landing.%s", g->row.state);
	struct json_object *data = lander_landing_json(l, &g->row);
	json_object_object_del(data, "session");
	event_append(l->engine->setup.db, g->row.session, kind, data);
}

static void close_if_last(struct lander *l)
{
	struct landing *g, *tmp;
	if (l->running)
		return;
	DL_FOREACH_SAFE(l->queue, g, tmp) {
		DL_DELETE(l->queue, g);
		struct err err;
		err_set(&err, ERR_FAILED, "musterd ends; the landing goes on with the next one");
		for (struct lander_waiter *w = g->waiters, *next; w; w = next) {
			next = w->next;
			call_fail(w->call, &err);
			free(w);
		}
		landing_free(g);
	}
	free(l);
}

void lander_thread_begin(struct lander *l)
{
	l->running++;
}

void lander_thread_end(struct lander *l)
{
	l->running--;
	if (l->closing)
		close_if_last(l);
}

static void step_done(void *arg)
{
	struct landing *g = arg;
	struct lander *l = g->lander;
	bool closing = l->closing;
	lander_thread_end(l);
	if (closing)
		return; /* what the step came to is not written down, and will be found again */
	lander_row_fill(g);
	if (land_state_ended(g->rec.state)) {
		g->row.ended_ms = clock_wall_ms();
		db_turn_durable(l->engine->setup.db);
	}
	landing_row_save(l->engine->setup.db, &g->row);
	publish(g);
	if (land_state_ended(g->rec.state))
		end(g);
	else
		g->due = true;
}

void lander_flush(struct lander *l)
{
	struct landing *g;
	DL_FOREACH(l->queue, g) {
		if (!g->due || l->closing)
			continue;
		g->due = false;
		lander_thread_begin(l);
		worker_run(l->engine->setup.loop, lander_run_step, step_done, g);
	}
}

/* A session that was removed by hand meanwhile leaves a landing that nobody can run. */
static void drop(struct lander *l, struct landing_row *row)
{
	mem_replace(&row->state, land_state_name(LAND_FAILED));
	mem_replace(&row->why, "the session is gone");
	row->ended_ms = clock_wall_ms();
	landing_row_save(l->engine->setup.db, row);
}

struct lander *lander_new(struct engine *e)
{
	struct lander *l = mem_alloc(sizeof *l);
	struct landing_rows rows = {0};
	l->engine = e;
	landing_row_list_open(e->setup.db, &rows);
	for (size_t i = 0; i < rows.n; i++) {
		struct landing *g = lander_add(l, &rows.v[i]);
		if (g)
			session_refresh(engine_find(e, g->row.session));
		else
			drop(l, &rows.v[i]);
	}
	landing_rows_fini(&rows);
	lander_pump(l);
	return l;
}

void lander_free(struct lander *l)
{
	if (!l)
		return;
	l->closing = true;
	l->stop = 1;
	close_if_last(l);
}

/* land.enqueue, land.queue and land.wait. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "land/lander_priv.h"

enum { ENDED_SHOWN = 100, SESSIONS_MAX = 1000 };

static int check(const struct session *s, struct err *err)
{
	if (!s->row.git_dir || !s->row.branch)
		return err_set(err, ERR_REFUSED, "%s has no branch of its own: there is nothing to land", s->row.name);
	if (!s->row.target)
		return err_set(err, ERR_REFUSED, "%s has no target branch", s->row.name);
	if (strcmp(s->row.branch, s->row.target) == 0)
		return err_set(err, ERR_REFUSED, "%s works on %s itself: there is nothing to land", s->row.name, s->row.target);
	if (!s->row.approved)
		return err_set(err, ERR_REFUSED, "%s is not approved: see `muster review %s`, then `muster approve %s`",
		               s->row.name, s->row.name, s->row.name);
	return 0;
}

static void add_new(struct lander *l, struct session *s, struct json_object *params, struct json_object *list)
{
	struct db *db = l->engine->setup.db;
	struct landing_row row = {0};
	struct landing *g;
	DL_FOREACH(l->queue, g) {
		if (strcmp(g->row.session, s->row.id) == 0) {
			json_push(list, lander_landing_json(l, &g->row));
			return;
		}
	}
	row.session = mem_strdup(s->row.id);
	row.state = mem_strdup(land_state_name(LAND_QUEUED));
	row.target = mem_strdup(s->row.target);
	row.tip = mem_strdup(s->row.approved);
	row.queued_ms = clock_wall_ms();
	landing_row_insert(db, &row);
	char *folder MEM_FREE = dirs_session(l->engine->setup.dirs, s->row.id);
	row.log = mem_printf("%s/landing-%lld.log", folder, (long long)row.id);
	g = lander_add(l, &row);
	g->outside_ok = json_flag(params, "outside_ok", false);
	g->no_gate = json_flag(params, "no_gate", false);
	lander_row_fill(g);
	landing_row_save(db, &g->row);
	session_item_withdraw(s, "landing", "it lands again");
	struct json_object *o = lander_landing_json(l, &g->row);
	session_event(s, "landing.queued", json_copy(o));
	session_refresh(s);
	json_push(list, o);
}

static int check_all(struct lander *l, struct json_object *names, struct err *err)
{
	size_t n = json_len(names);
	if (n == 0 || n > SESSIONS_MAX)
		return err_set(err, ERR_USAGE, "land.enqueue takes 1 to %d sessions", SESSIONS_MAX);
	for (size_t i = 0; i < n; i++) {
		const char *name = json_str_at(names, i);
		struct session *s = name ? engine_find(l->engine, name) : NULL;
		if (!s)
			return err_set(err, ERR_USAGE, "no session %s; `muster ls` lists them", name ? name : "");
		if (check(s, err) < 0)
			return -1;
	}
	return 0;
}

void lander_land_enqueue(struct lander *l, struct json_object *params, struct call *call)
{
	struct json_object *names = json_arr(params, "sessions");
	struct err err;
	if (check_all(l, names, &err) < 0) {
		call_fail(call, &err);
		return;
	}
	struct json_object *result = json_new(), *list = json_new_array();
	for (size_t i = 0; i < json_len(names); i++)
		add_new(l, engine_find(l->engine, json_str_at(names, i)), params, list);
	lander_pump(l);
	json_add_obj(result, "landings", list);
	call_done(call, result);
}

void lander_land_queue(struct lander *l, struct json_object *params, struct call *call)
{
	struct json_object *result = json_new(), *list = json_new_array();
	struct landing *g;
	DL_FOREACH(l->queue, g) {
		json_push(list, lander_landing_json(l, &g->row));
	}
	if (json_flag(params, "all", false)) {
		struct landing_rows rows = {0};
		landing_row_list_newest(l->engine->setup.db, NULL, ENDED_SHOWN, &rows);
		for (size_t i = 0; i < rows.n; i++)
			if (rows.v[i].ended_ms)
				json_push(list, lander_landing_json(l, &rows.v[i]));
		landing_rows_fini(&rows);
	}
	json_add_obj(result, "landings", list);
	call_done(call, result);
}

void lander_land_wait(struct lander *l, struct json_object *params, struct call *call)
{
	int64_t id = json_int(params, "landing", 0);
	struct landing *g = lander_find(l, id);
	struct landing_row row = {0};
	struct err err;
	if (g) {
		struct lander_waiter *w = mem_alloc(sizeof *w);
		*w = (struct lander_waiter){.next = g->waiters, .call = call};
		g->waiters = w;
	} else if (landing_row_get(l->engine->setup.db, id, &row)) {
		call_done(call, lander_landing_json(l, &row));
		landing_row_fini(&row);
	} else {
		err_set(&err, ERR_USAGE, "there is no landing %lld", (long long)id);
		call_fail(call, &err);
	}
}

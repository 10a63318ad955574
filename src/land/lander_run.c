/* A step of a landing, on a thread of the pool. Nothing here touches the store, the engine's sessions or the queue. */
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "land/lander_priv.h"

static int open_once(struct landing *g, struct err *err)
{
	if (g->open)
		return 0;
	if (space_open(&g->space, g->lander->engine, &g->session, err) < 0)
		return -1;
	g->open = true;
	g->lock = land_lock(&g->space.repo, &g->lander->stop, err);
	return g->lock < 0 ? -1 : 0;
}

void lander_run_close(struct landing *g)
{
	fd_closep(&g->lock);
	if (g->open)
		space_fini(&g->space);
	g->open = false;
}

/* The scope that the task declares. */
static void read_scope(const struct session_row *row, struct strv *ret)
{
	struct json_object *task JSON_FREE = row->task ? json_parse_text(row->task, NULL) : NULL;
	if (!json_strv(task, "scope", ret))
		strv_fini(ret);
}

/* The repository's gate, then what the task asks beyond it. `none` says that there is none. */
static bool read_gate(const struct landing *g, struct strv *ret)
{
	struct json_object *task JSON_FREE = g->session.task ? json_parse_text(g->session.task, NULL) : NULL;
	const struct strv *gate = &g->space.config.gate;
	bool none = gate->n == 1 && strcmp(gate->v[0], "none") == 0;
	if (!none)
		strv_add_all(ret, (const char *const *)strv_argv(gate));
	bool readable = json_strv(task, "gate", ret);
	return none && readable && ret->n == 0;
}

static int step(struct landing *g, struct err *err)
{
	const struct session_row *row = &g->session;
	struct strv scope STRV_FREE = STRV_INIT, gate STRV_FREE = STRV_INIT;
	char *name MEM_FREE = mem_printf("%lld", (long long)g->row.id);
	read_scope(row, &scope);
	bool none = read_gate(g, &gate);
	struct land_spec spec = {
		.repo = &g->space.repo,
		.landing = name,
		.session_id = row->id,
		.session_name = row->name,
		.brief = row->brief,
		.branch = row->branch,
		.target = g->row.target,
		.scope = &scope,
		.outside_ok = g->outside_ok,
		.setup = &g->space.config.setup,
		.gate = &gate,
		.no_gate = g->no_gate || none,
		.timeout_s = (int)g->space.config.gate_timeout_s,
		.guard = g->guard,
		.log_path = g->row.log,
		.stop = &g->lander->stop,
	};
	if (row->approved)
		oid_parse(row->approved, strlen(row->approved), &spec.approved);
	if (!combine_how_parse(g->space.config.land, &spec.how))
		return err_set(err, ERR_USAGE, "`land: %s` in .muster/config.yaml: it is merge, squash or rebase",
		               g->space.config.land);
	return land_step(&spec, &g->rec, err);
}

void lander_run_step(void *landing)
{
	struct landing *g = landing;
	g->err = (struct err){0};
	if (open_once(g, &g->err) == 0 && step(g, &g->err) == 0)
		return;
	if (g->lander->stop)
		return;
	/* It could not begin: the configuration, the repository. Tried is tried. */
	g->rec.state = LAND_FAILED;
	mem_replace(&g->rec.why, g->err.msg);
}

/* Taking a session away without losing anything, and bringing it back. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "git/repo.h"
#include "store/snapshot_row.h"
#include "work/session.h"
#include "work/space.h"
#include "work/worker.h"
#include "work/workspace.h"

/* One removal or restoration, while a thread works on it. */
struct removal {
	struct engine *engine;
	struct call *call;
	struct session_row row; /* a copy: the session may not be in memory */
	struct space space;
	char *snapshot_ref;
	struct snapshot snapshot;
	struct workspace workspace;
	struct strv warnings;
	struct err err;
};

static struct removal *removal_new(struct engine *e, const struct session_row *row, struct call *call)
{
	struct removal *r = mem_alloc(sizeof *r);
	r->engine = e;
	r->call = call;
	session_row_copy(&r->row, row);
	return r;
}

static void removal_free(struct removal *r)
{
	session_row_fini(&r->row);
	space_fini(&r->space);
	snapshot_fini(&r->snapshot);
	workspace_fini(&r->workspace);
	strv_fini(&r->warnings);
	free(r->snapshot_ref);
	free(r);
}

static void remove_work(void *arg)
{
	struct removal *r = arg;
	if (space_open(&r->space, r->engine, &r->row, &r->err) < 0 || !r->space.has_repo)
		return;
	/* What was met and got over on the way to success is no error. */
	if (workspace_remove(&r->space.repo, &r->space.spec, &r->snapshot, &r->warnings, &r->err) == 0)
		r->err.code = ERR_NONE;
}

/* The store's note of a snapshot, by which undo finds it. */
static void record_snapshot(struct removal *r)
{
	if (!r->snapshot.ref)
		return;
	struct json_object *detail JSON_FREE = json_new();
	json_add_strv(detail, "notes", &r->snapshot.notes);
	struct snapshot_row row = {
		.session = r->row.id,
		.ref = r->snapshot.ref,
		.commit_oid = r->snapshot.commit.hex,
		.why = (char *)"remove",
		.detail = (char *)json_line(detail),
		.created_ms = clock_wall_ms(),
	};
	snapshot_row_insert(r->engine->setup.db, &row);
}

static struct json_object *removed_json(const struct removal *r)
{
	struct json_object *o = json_new();
	json_add_str(o, "session", r->row.name);
	json_add_str(o, "snapshot", r->snapshot.ref);
	json_add_strv(o, "notes", &r->snapshot.notes);
	json_add_strv(o, "warnings", &r->warnings);
	return o;
}

static void remove_done(void *arg)
{
	struct removal *r = arg;
	struct session *s = engine_find(r->engine, r->row.id);
	s->busy = false;
	if (r->err.code) {
		call_fail(r->call, &r->err);
		session_admit(r->engine); /* one that is queued was not to be started meanwhile */
		removal_free(r);
		return;
	}
	db_turn_durable(r->engine->setup.db);
	if (r->space.has_repo)
		record_snapshot(r);
	session_followers_warn(s, &r->warnings);
	session_items_withdraw_all(s, "the session was removed", false);
	s->row.removed_ms = clock_wall_ms();
	session_life_set(s, LIFE_REMOVED);
	session_event(s, "session.removed", removed_json(r));
	session_free(s);
	call_done(r->call, removed_json(r));
	removal_free(r);
}

static void begin_remove(struct session *s, struct call *call)
{
	s->busy = true;
	worker_run(s->engine->setup.loop, remove_work, remove_done, removal_new(s->engine, &s->row, call));
}

void session_removal_go_on(struct session *s)
{
	if (!s->removal || (s->connected && !s->let_go))
		return;
	struct call *call = s->removal;
	s->removal = NULL;
	begin_remove(s, call);
}

struct forced {
	struct engine *engine;
	char session[16];
	struct call *call;
};

static void stopped_for_removal(void *arg, const struct hold_answer *answer)
{
	struct forced *f = arg;
	struct session *s = engine_find(f->engine, f->session);
	struct err err;
	if (s && (answer->error == 0 || s->life == LIFE_EXITED)) {
		s->busy = true;
		s->removal = f->call;
		session_release_holder(s);
		session_removal_go_on(s);
	} else {
		err_set(&err, ERR_FAILED, "cannot stop it first: %s", answer->message ? answer->message : "it is gone");
		call_fail(f->call, &err);
	}
	free(f);
}

void engine_session_remove(struct engine *e, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(e, params, call);
	bool force = json_flag(params, "force", false);
	struct err err = {0};
	if (!s)
		return;
	/* A holder that stays although its agent has ended has jobs, unless the lead has just had them stopped and it has not
	 * said yet that it goes. It is made to go before nobody knows of it any more. */
	bool held = s->connected && !s->let_go;
	bool ending = s->releasing || (s->row.want_stop && s->running_jobs == 0);
	bool alive = s->life == LIFE_LIVE || s->life == LIFE_PREPARING || (held && !ending);
	if (s->busy || s->landing)
		err_set(&err, ERR_REFUSED, "%s is being worked on (%s); try again when that is over", s->row.name,
		        session_state_name(s->state));
	else if (alive && !force)
		err_set(&err, ERR_REFUSED, "%s still runs; `muster stop %s` first, or --force", s->row.name, s->row.name);
	else if (alive && !s->connected)
		err_set(&err, ERR_REFUSED, "%s: its holder does not answer, so it cannot be stopped first", s->row.name);
	if (err.code) {
		call_fail(call, &err);
	} else if (alive || held) {
		struct forced *f = mem_alloc(sizeof *f);
		*f = (struct forced){.engine = e, .call = call};
		memcpy(f->session, s->row.id, strlen(s->row.id) + 1);
		s->row.want_stop = true;
		hold_client_stop(s->hold, 5000, true, stopped_for_removal, f);
	} else {
		begin_remove(s, call);
	}
}

/* ---- back ---- */

static void restore_work(void *arg)
{
	struct removal *r = arg;
	if (space_open(&r->space, r->engine, &r->row, &r->err) < 0 || !r->space.has_repo || !r->snapshot_ref)
		return;
	if (workspace_restore(&r->space.repo, &r->space.spec, r->snapshot_ref, &r->workspace, &r->err) == 0)
		r->err.code = ERR_NONE;
}

static void mark_undone(struct engine *e, const char *session_id)
{
	struct snapshot_row row = {0};
	if (snapshot_row_newest(e->setup.db, session_id, &row)) {
		row.undone_ms = clock_wall_ms();
		snapshot_row_save(e->setup.db, &row);
	}
	snapshot_row_fini(&row);
}

static void restore_done(void *arg)
{
	struct removal *r = arg;
	struct engine *e = r->engine;
	if (!r->err.code && engine_find(e, r->row.name))
		err_set(&r->err, ERR_REFUSED, "there is a session %s again; remove or rename it first", r->row.name);
	if (r->err.code) {
		call_fail(r->call, &r->err);
		removal_free(r);
		return;
	}
	db_turn_durable(e->setup.db);
	mark_undone(e, r->row.id);
	r->row.removed_ms = 0;
	r->row.want_stop = true; /* it comes back stopped, not failed */
	mem_replace(&r->row.lifecycle, session_life_name(LIFE_EXITED));
	if (r->workspace.path)
		mem_replace(&r->row.workspace, r->workspace.path);
	session_row_save(e->setup.db, &r->row);
	struct session *s = session_new(e, &r->row);
	session_event(s, "session.restored", NULL);
	session_refresh(s);
	call_done(r->call, session_json(s));
	removal_free(r);
}

static void begin_restore(struct engine *e, const struct session_row *row, struct call *call)
{
	struct removal *r = removal_new(e, row, call);
	struct snapshot_row snapshot = {0};
	if (snapshot_row_newest(e->setup.db, row->id, &snapshot))
		r->snapshot_ref = mem_strdup(snapshot.ref);
	snapshot_row_fini(&snapshot);
	worker_run(e->setup.loop, restore_work, restore_done, r);
}

void engine_session_restore(struct engine *e, struct json_object *params, struct call *call)
{
	const char *name = json_str_or(params, "session", "");
	struct session_row row = {0};
	struct err err = {0};
	bool found = id_valid(name) ? session_row_get(e->setup.db, name, &row) : false;
	found = found || session_row_find(e->setup.db, name, &row);
	if (engine_find(e, name))
		err_set(&err, ERR_REFUSED, "%s is not removed: there is nothing to restore", name);
	else if (!found)
		err_set(&err, ERR_USAGE, "no removed session %s; `muster ls --all` lists them", name);
	if (err.code)
		call_fail(call, &err);
	else
		begin_restore(e, &row, call);
	session_row_fini(&row);
}

void engine_undo(struct engine *e, struct json_object *params, struct call *call)
{
	(void)params;
	struct snapshot_row snapshot = {0};
	struct session_row row = {0};
	struct err err;
	if (!snapshot_row_newest(e->setup.db, NULL, &snapshot) ||
	    !session_row_get(e->setup.db, snapshot.session, &row)) {
		err_set(&err, ERR_REFUSED, "there is nothing to undo");
		call_fail(call, &err);
	} else if (!row.removed_ms) {
		err_set(&err, ERR_REFUSED, "%s is not removed: there is nothing to undo", row.name);
		call_fail(call, &err);
	} else {
		begin_restore(e, &row, call);
	}
	snapshot_row_fini(&snapshot);
	session_row_fini(&row);
}

/* ---- ls --all ---- */

void session_add_removed(struct engine *e, struct json_object *list)
{
	struct session_rows rows = {0};
	session_row_list(e->setup.db, true, &rows);
	for (size_t i = 0; i < rows.n; i++) {
		const struct session_row *r = &rows.v[i];
		if (!r->removed_ms)
			continue;
		struct json_object *o = json_new();
		json_add_str(o, "id", r->id);
		json_add_str(o, "name", r->name);
		json_add_str(o, "state", "removed");
		json_add_str(o, "agent", r->agent);
		json_add_str(o, "repo", r->repo);
		json_add_str(o, "branch", r->branch);
		json_add_int(o, "created_ms", r->created_ms);
		json_add_int(o, "removed_ms", r->removed_ms);
		json_push(list, o);
	}
	session_rows_fini(&rows);
}

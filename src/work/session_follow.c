/* A session that follows others waits until their work has landed, and starts from the target as it is then.
 *
 * What is kept (the row's `follows`) are the names of those that have still to land. A landing takes a name off, once and for
 * all: that a session works on, is removed or is replaced after that does not matter. One that fails, is stopped or is
 * removed before keeps those behind it waiting; `why` says so, and the lead decides. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "fmt/json.h"
#include "store/landing_row.h"
#include "work/session.h"

enum { NAMED_MAX = 3 }; /* in the reason */

static ssize_t place_of(const struct strv *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->v[i], name) == 0)
			return (ssize_t)i;
	return -1;
}

static void write_down(struct session *s)
{
	struct json_object *list JSON_FREE = s->follows.n ? json_new_strv(&s->follows) : NULL;
	mem_replace(&s->row.follows, list ? json_line(list) : NULL);
	session_save(s);
}

void session_follow_load(struct session *s)
{
	struct json_object *list JSON_FREE = s->row.follows ? json_parse_text(s->row.follows, NULL) : NULL;
	for (size_t i = 0; i < json_len(list); i++)
		if (json_str_at(list, i))
			strv_add(&s->follows, json_str_at(list, i));
}

/* ---- may it follow them? ---- */

static bool has_landed(struct engine *e, const char *session)
{
	struct landing_row row = {0};
	bool found = landing_row_find_landed(e->setup.db, session, &row);
	landing_row_fini(&row);
	return found;
}

static int check_place(const struct session_row *other, const struct session_row *row, struct err *err)
{
	if (!row->git_dir || !other->git_dir || strcmp(row->git_dir, other->git_dir) != 0)
		return err_set(err, ERR_USAGE, "it cannot follow %s, which works on another repository", other->name);
	if (!other->worktree && !other->adopted)
		return err_set(err, ERR_USAGE, "it cannot follow %s, which has no branch of its own to land", other->name);
	if (!row->target || !other->target || strcmp(row->target, other->target) != 0)
		return err_set(err, ERR_USAGE, "it cannot follow %s, which lands on %s, while it lands on %s itself", other->name,
		               other->target ? other->target : "no branch", row->target ? row->target : "no branch");
	return 0;
}

/* Does s wait, over however many others, for a session of that name? */
static bool waits_for(struct session *s, const char *name)
{
	struct engine *e = s->engine;
	s->walk = e->walk;
	for (size_t i = 0; i < s->follows.n; i++) {
		struct session *next = engine_find(e, s->follows.v[i]);
		if (strcmp(s->follows.v[i], name) == 0 || (next && next->walk != e->walk && waits_for(next, name)))
			return true;
	}
	return false;
}

static int unknown(struct engine *e, const char *name, struct err *err)
{
	struct nearest near = nearest_init(name);
	struct session *s, *tmp;
	HASH_ITER(by_id, e->by_id, s, tmp)
		nearest_offer(&near, s->row.name);
	if (near.best)
		return err_set(err, ERR_USAGE, "there is no session %s to follow; did you mean %s?", name, near.best);
	return err_set(err, ERR_USAGE, "there is no session %s to follow; start it first", name);
}

/* One that is not there any more: it has landed, or never will. */
static int check_removed(struct engine *e, const char *name, const struct session_row *row, struct err *err)
{
	struct session_row removed = {0};
	int r = 0;
	if (!session_row_find(e->setup.db, name, &removed))
		r = unknown(e, name, err);
	else if (check_place(&removed, row, err) < 0)
		r = -1;
	else if (!has_landed(e, removed.id))
		r = err_set(err, ERR_USAGE, "it cannot follow %s, which was removed before it landed; `muster restore %s`, or start it again",
		            name, name);
	session_row_fini(&removed);
	return r;
}

int session_follow_check(struct engine *e, const struct strv *after, struct session_row *row, struct err *err)
{
	struct strv names STRV_FREE = STRV_INIT;
	for (size_t i = 0; i < after->n; i++) {
		struct session *s = engine_find(e, after->v[i]);
		if (strcmp(after->v[i], row->name) == 0)
			return err_set(err, ERR_USAGE, "%s cannot follow itself", row->name);
		if (!s && check_removed(e, after->v[i], row, err) < 0)
			return -1;
		if (s && check_place(&s->row, row, err) < 0)
			return -1;
		if (!s || has_landed(e, s->row.id) || place_of(&names, s->row.name) >= 0)
			continue;
		e->walk++;
		if (waits_for(s, row->name))
			return err_set(err, ERR_USAGE, "%s cannot follow %s, which waits for a session %s itself", row->name,
			               s->row.name, row->name);
		strv_add(&names, s->row.name);
	}
	struct json_object *list JSON_FREE = names.n ? json_new_strv(&names) : NULL;
	mem_replace(&row->follows, list ? json_line(list) : NULL);
	return 0;
}

/* ---- what sets it free ---- */

static void take_off(struct strv *names, size_t i)
{
	free(names->v[i]);
	memmove(names->v + i, names->v + i + 1, (names->n - i) * sizeof *names->v); /* with the NULL at the end */
	names->n--;
}

void session_landed(struct session *landed)
{
	struct engine *e = landed->engine;
	struct session *s, *tmp;
	HASH_ITER(by_id, e->by_id, s, tmp) {
		ssize_t i = place_of(&s->follows, landed->row.name);
		if (i < 0)
			continue;
		take_off(&s->follows, (size_t)i);
		write_down(s);
		struct json_object *data = json_new();
		json_add_str(data, "landed", landed->row.name);
		json_add_strv(data, "after", &s->follows);
		session_event(s, "session.followed", data);
	}
	session_admit(e);
}

void session_follow_waive(struct session *s)
{
	struct json_object *data = json_new();
	json_add_strv(data, "waived", &s->follows);
	strv_fini(&s->follows);
	write_down(s);
	session_event(s, "session.followed", data);
	session_admit(s->engine);
}

/* ---- what it waits for, in words ---- */

static const char *const which[] = {
	[SESSION_QUEUED] = "is queued",   [SESSION_PREPARING] = "is being prepared",
	[SESSION_WORKING] = "works",      [SESSION_QUIET] = "runs",
	[SESSION_BLOCKED] = "waits for you", [SESSION_IDLE] = "is idle",
	[SESSION_DONE] = "is done and has not landed", [SESSION_LANDING] = "is landing",
	[SESSION_LANDED] = "has landed",  [SESSION_FAILED] = "failed",
	[SESSION_STOPPED] = "was stopped", [SESSION_LOST] = "is lost",
	[SESSION_UNKNOWN] = "runs",
};

char *session_follow_why(const struct session *s)
{
	struct str why = STR_INIT;
	for (size_t i = 0; i < MIN(s->follows.n, (size_t)NAMED_MAX); i++) {
		const struct session *other = engine_find(s->engine, s->follows.v[i]);
		str_addf(&why, "%s%s, which %s", i ? "; " : "after ", s->follows.v[i],
		         other ? which[other->state] : "was removed");
	}
	if (s->follows.n > NAMED_MAX)
		str_addf(&why, "; and %zu more", s->follows.n - NAMED_MAX);
	return str_take(&why);
}

void session_followers_warn(const struct session *removed, struct strv *ret)
{
	struct session *s, *tmp;
	HASH_ITER(by_id, removed->engine->by_id, s, tmp)
		if (s->life == LIFE_QUEUED && place_of(&s->follows, removed->row.name) >= 0)
			strv_addf(ret, "%s waits for it to land, and waits on; `muster resume %s` starts it all the same",
			          s->row.name, s->row.name);
}

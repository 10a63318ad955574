/* review.get, review.approve and review.return. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "land/lander_priv.h"
#include "review/approve.h"
#include "review/review.h"
#include "work/worker.h"

/* A look at a session's workspace, while a thread has it. */
struct look {
	struct lander *lander;
	struct call *call;
	struct session_row row;
	bool no_patch, committed_only;
	char *seen;
	struct space space;
	struct worktree worktree;
	struct json_object *result;
	struct oid tip;
	struct err err;
};

static void look_free(struct look *k)
{
	lander_thread_end(k->lander);
	session_row_fini(&k->row);
	space_fini(&k->space);
	worktree_fini(&k->worktree);
	free(k->seen);
	free(k);
}

/* NULL after failing the call. */
static struct look *look_new(struct lander *l, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(l->engine, params, call);
	struct err err = {0};
	if (!s)
		return NULL;
	if (!s->row.git_dir || !s->row.branch || !s->row.target || !s->row.workspace)
		err_set(&err, ERR_REFUSED, "%s has no branch of its own: there is nothing to review; see `muster show %s`",
		        s->row.name, s->row.name);
	else if (s->busy)
		err_set(&err, ERR_REFUSED, "the workspace of %s is being made or taken away", s->row.name);
	if (err.code) {
		call_fail(call, &err);
		return NULL;
	}
	struct look *k = mem_alloc(sizeof *k);
	*k = (struct look){
		.lander = l,
		.call = call,
		.no_patch = !json_flag(params, "patch", true),
		.committed_only = json_flag(params, "committed_only", false),
	};
	mem_replace(&k->seen, json_str(params, "tip"));
	session_row_copy(&k->row, &s->row);
	return k;
}

void lander_reviewed(struct session *s, const char *how)
{
	static const char *const keys[] = {"done", "turn-ended"};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		session_item_withdraw(s, keys[i], how);
}

static void look_begin(struct look *k, worker_fn *work, worker_fn *done)
{
	lander_thread_begin(k->lander);
	worker_run(k->lander->engine->setup.loop, work, done, k);
}

static int open_look(struct look *k)
{
	if (space_open(&k->space, k->lander->engine, &k->row, &k->err) < 0)
		return -1;
	return worktree_find(&k->space.repo, k->row.workspace, &k->worktree, &k->err);
}

static void get_work(void *arg)
{
	struct look *k = arg;
	struct strv scope STRV_FREE = STRV_INIT;
	struct json_object *task JSON_FREE = k->row.task ? json_parse_text(k->row.task, NULL) : NULL;
	struct review rv;
	if (open_look(k) < 0)
		return;
	if (!json_strv(task, "scope", &scope))
		strv_fini(&scope);
	const struct review_spec spec = {
		.repo = &k->space.repo,
		.tip = k->row.branch,
		.target = k->row.target,
		.worktree = &k->worktree,
		.scope = &scope,
		.no_patch = k->no_patch,
		.stop = &k->lander->stop,
	};
	if (review_make(&spec, &rv, &k->err) < 0)
		return;
	k->result = review_json(&rv);
	review_fini(&rv);
}

static void get_done(void *arg)
{
	struct look *k = arg;
	if (k->result) {
		json_add_str(k->result, "session", k->row.name);
		json_add_str(k->result, "branch", k->row.branch);
		json_add_str(k->result, "target_branch", k->row.target);
		json_add_str(k->result, "approved", k->row.approved);
		json_add_str(k->result, "worktree_path", k->row.workspace);
		call_done(k->call, k->result);
	} else {
		call_fail(k->call, &k->err);
	}
	look_free(k);
}

void lander_review_get(struct lander *l, struct json_object *params, struct call *call)
{
	struct look *k = look_new(l, params, call);
	if (k)
		look_begin(k, get_work, get_done);
}

static void approve_work(void *arg)
{
	struct look *k = arg;
	if (open_look(k) < 0)
		return;
	const struct approve_spec spec = {
		.repo = &k->space.repo,
		.branch = k->row.branch,
		.target = k->row.target,
		.worktree = &k->worktree,
		.seen = k->seen,
		.committed_only = k->committed_only,
		.stop = &k->lander->stop,
	};
	if (approve_check(&spec, &k->tip, &k->err) < 0)
		k->tip = (struct oid){0};
}

static void approve_done(void *arg)
{
	struct look *k = arg;
	struct session *s = k->lander->closing ? NULL : engine_find(k->lander->engine, k->row.id);
	if (oid_is_set(&k->tip) && s) {
		struct json_object *data = json_new(), *result = json_new();
		db_turn_durable(s->engine->setup.db);
		mem_replace(&s->row.approved, k->tip.hex);
		session_save(s);
		json_add_str(data, "tip", k->tip.hex);
		session_event(s, "review.approved", data);
		lander_reviewed(s, "it was approved");
		session_refresh(s);
		json_add_str(result, "session", s->row.name);
		json_add_str(result, "approved", k->tip.hex);
		call_done(k->call, result);
	} else {
		if (!s)
			err_set(&k->err, ERR_FAILED, "the session, or musterd, is gone");
		call_fail(k->call, &k->err);
	}
	look_free(k);
}

void lander_review_approve(struct lander *l, struct json_object *params, struct call *call)
{
	struct look *k = look_new(l, params, call);
	if (k)
		look_begin(k, approve_work, approve_done);
}

void lander_review_return(struct lander *l, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(l->engine, params, call);
	struct err err;
	if (!s)
		return;
	if (s->landing) {
		err_set(&err, ERR_REFUSED, "%s is landing: its work cannot be returned now", s->row.name);
		call_fail(call, &err);
		return;
	}
	const char *text = json_str(params, "text");
	struct json_object *data = json_new();
	mem_replace(&s->row.approved, NULL);
	session_save(s);
	json_add_str(data, "text", text);
	session_event(s, "review.returned", data);
	lander_reviewed(s, "it was returned");
	session_refresh(s);
	if (text && *text)
		engine_session_tell(l->engine, params, call);
	else
		call_done(call, json_new());
}

/* decision.make and decision.list. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "git/repo.h"
#include "work/decision.h"
#include "work/worker.h"

/* A call that is about the repository, or else the folder, that it was made in. */
struct scoped {
	struct engine *engine;
	struct call *call;
	struct json_object *params;
	void (*verb)(struct engine *e, struct json_object *params, const char *scope, struct call *call);
	char *scope; /* NULL: all */
	struct err err;
};

static void find_scope(void *arg)
{
	struct scoped *q = arg;
	const char *folder = json_str_or(q->params, "repo", "");
	struct repo repo = {0};
	if (!repo_is_inside(folder)) {
		q->scope = realpath(folder, NULL);
		if (!q->scope)
			err_set(&q->err, ERR_USAGE, "no such folder: %s", folder);
		return;
	}
	if (repo_open(folder, q->engine->setup.dirs->state, 0, &repo, &q->err) == 0) {
		q->scope = mem_strdup(repo.common_dir);
		q->err.code = ERR_NONE;
		repo_fini(&repo);
	}
}

static void scope_found(void *arg)
{
	struct scoped *q = arg;
	if (q->err.code)
		call_fail(q->call, &q->err);
	else
		q->verb(q->engine, q->params, q->scope, q->call);
	json_object_put(q->params);
	free(q->scope);
	free(q);
}

static void with_scope(struct engine *e, struct json_object *params, struct call *call,
                       void (*verb)(struct engine *, struct json_object *, const char *, struct call *))
{
	struct scoped *q = mem_alloc(sizeof *q);
	*q = (struct scoped){.engine = e, .call = call, .params = json_object_get(params), .verb = verb};
	worker_run(e->setup.loop, find_scope, scope_found, q);
}

/* ---- decision.make ---- */

static void make(struct engine *e, struct json_object *params, const char *scope, struct call *call)
{
	const struct decision_made made = {
		.scope = scope,
		.name = json_str(params, "name"),
		.value = json_str(params, "value"),
		.because = json_str(params, "because"),
	};
	db_turn_durable(e->setup.db);
	call_done(call, decision_make(e, &made));
}

void engine_decision_make(struct engine *e, struct json_object *params, struct call *call)
{
	struct err err;
	int r = decision_name_check(json_str(params, "name"), &err);
	if (r == 0 && strlen(json_str_or(params, "value", "")) == 0)
		r = err_set(&err, ERR_USAGE, "decide what? The value is empty");
	if (r == 0 && json_str(params, "repo") && json_flag(params, "everywhere", false))
		r = err_set(&err, ERR_USAGE, "a decision is for one repository, or everywhere: not both");
	if (r < 0)
		call_fail(call, &err);
	else if (json_flag(params, "everywhere", false))
		make(e, params, "", call);
	else
		with_scope(e, params, call, make);
}

/* ---- decision.list ---- */

/* What is awaited, or proposed, and not decided: {name, scope, value: null, awaited_by[], items[]}. */
static struct json_object *undecided(struct json_object *list, const char *name, const char *scope)
{
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *known = json_at(list, i);
		if (strcmp(json_str_or(known, "name", ""), name) == 0 &&
		    strcmp(json_str_or(known, "scope", ""), scope) == 0)
			return known;
	}
	struct json_object *o = json_new();
	json_add_str(o, "name", name);
	json_add_str(o, "scope", scope);
	json_add_null(o, "value");
	json_add_obj(o, "awaited_by", json_new_array());
	json_add_obj(o, "items", json_new_array());
	json_push(list, o);
	return o;
}

static struct json_object *awaited_list(struct engine *e, const char *scope)
{
	struct item_rows open = {0};
	struct json_object *list = json_new_array();
	item_row_list_kind(e->setup.db, "decision", &open);
	for (size_t i = 0; i < open.n; i++) {
		struct session *s = engine_find(e, open.v[i].session);
		if (!s || (scope && strcmp(scope, decision_scope(s)) != 0))
			continue;
		struct json_object *detail JSON_FREE = json_parse_text(open.v[i].detail, NULL);
		struct json_object *o = undecided(list, json_str_or(detail, "decision", "?"), decision_scope(s));
		json_push_str(json_arr(o, "awaited_by"), s->row.name);
		json_push(json_arr(o, "items"), json_object_new_int64(open.v[i].id));
	}
	item_rows_fini(&open);
	return list;
}

static void list(struct engine *e, struct json_object *params, const char *scope, struct call *call)
{
	struct decision_rows rows = {0};
	struct json_object *result = json_new(), *decided = json_new_array();
	decision_row_list(e->setup.db, scope, json_flag(params, "history", false), &rows);
	for (size_t i = 0; i < rows.n; i++)
		json_push(decided, decision_json(e, &rows.v[i]));
	decision_rows_fini(&rows);
	json_add_obj(result, "decisions", decided);
	json_add_obj(result, "awaited", awaited_list(e, scope));
	call_done(call, result);
}

void engine_decision_list(struct engine *e, struct json_object *params, struct call *call)
{
	if (json_str(params, "repo"))
		with_scope(e, params, call, list);
	else
		list(e, params, NULL, call);
}

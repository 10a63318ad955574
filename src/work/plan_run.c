#include "work/plan_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "git/repo.h"
#include "store/event.h"
#include "store/landing_row.h"
#include "store/meta.h"
#include "work/session.h"
#include "work/task.h"
#include "work/worker.h"

/* Where the plans that are not started as a whole are kept, as a JSON list of their parameters. */
static const char store_key[] = "plans";

/* One is started at a time, the first of engine.plans: of two that name the same task the second finds its session. As
 * long as there is one, a thread works for it. */
struct plan_run {
	struct call start; /* of the session that is being started */
	struct engine *engine;
	struct call *call; /* who asked for it; NULL: an earlier musterd was asked */
	struct json_object *params;
	char *git_dir;
	struct json_object *results;
	size_t at, n; /* the task that is next */
	bool starting, stepping;
	struct err err;
	struct plan_run *next;
};

static void store_all(struct engine *e)
{
	struct json_object *list JSON_FREE = json_new_array();
	for (struct plan_run *run = e->plans; run; run = run->next)
		json_push(list, json_object_get(run->params));
	meta_set(e->setup.db, store_key, e->plans ? json_line(list) : NULL);
}

static struct json_object *task_result(struct plan_run *run, const char *outcome)
{
	struct json_object *o = json_new();
	json_add_str(o, "name", json_str_at(json_arr(run->params, "names"), run->at));
	json_add_str(o, "file", json_str_at(json_arr(run->params, "files"), run->at));
	json_add_str(o, "outcome", outcome);
	json_add_null(o, "session");
	json_add_bool(o, "landed", false);
	json_add_null(o, "error");
	json_push(run->results, o);
	return o;
}

static void task_failed(struct plan_run *run, const char *why)
{
	struct json_object *o = task_result(run, "failed");
	json_add_str(o, "error", why);
	event_append(run->engine->setup.db, NULL, "plan.failed", json_copy(o));
}

/* ---- what is there already ---- */

static bool has_landed(struct plan_run *run, const char *session)
{
	struct landing_row row = {0};
	bool landed = landing_row_find_landed(run->engine->setup.db, session, &row);
	landing_row_fini(&row);
	return landed;
}

static void task_there(struct plan_run *run, struct session *s)
{
	if (!s->row.git_dir || strcmp(s->row.git_dir, run->git_dir) != 0) {
		MEM_FREE char *why = mem_printf("there is a session %s of other work already (%s): give the task another name",
		                                s->row.name, s->row.repo ? s->row.repo : "in no repository");
		task_failed(run, why);
		return;
	}
	struct json_object *o = task_result(run, "there");
	json_add_obj(o, "session", session_json(s));
	json_add_bool(o, "landed", has_landed(run, s->row.id));
}

static bool same_first_line(const char *a, const char *b)
{
	size_t len = strcspn(a, "\r\n");
	return len == strcspn(b, "\r\n") && memcmp(a, b, len) == 0;
}

/* A session of its name that is gone was this task when it worked here on a brief that began alike: names come back. */
static bool was_this(struct plan_run *run, const struct session_row *row, const char *text)
{
	struct task task = {0};
	bool same = row->removed_ms && row->git_dir && strcmp(row->git_dir, run->git_dir) == 0 &&
	            task_parse(text, strlen(text), "task", &task, NULL) == 0 &&
	            same_first_line(task.body ? task.body : "", row->brief ? row->brief : "");
	task_fini(&task);
	return same;
}

static bool find_removed(struct plan_run *run, const char *name, const char *text)
{
	struct session_row row = {0};
	bool found = session_row_find(run->engine->setup.db, name, &row) && was_this(run, &row, text);
	if (found) {
		bool landed = has_landed(run, row.id);
		json_add_bool(task_result(run, "removed"), "landed", landed);
	}
	session_row_fini(&row);
	return found;
}

/* ---- one after the other ---- */

static void begin(struct plan_run *run);

static void run_free(struct plan_run *run)
{
	json_object_put(run->params);
	json_object_put(run->results);
	free(run->git_dir);
	free(run);
}

static void end(struct plan_run *run)
{
	struct engine *e = run->engine;
	struct json_object *result = json_new();
	e->plans = run->next;
	store_all(e);
	json_add_obj(result, "tasks", MEM_TAKE(run->results));
	if (run->call && !run->err.code)
		call_done(run->call, MEM_TAKE(result));
	else if (run->call)
		call_fail(run->call, &run->err);
	json_object_put(result);
	run_free(run);
	if (e->plans)
		begin(e->plans);
}

static void start_task(struct plan_run *run, const char *name, const char *text)
{
	struct json_object *params JSON_FREE = json_new();
	json_add_str(params, "repo", json_str(run->params, "repo"));
	json_add_str(params, "name", name);
	json_add_str(params, "task_file", json_str_at(json_arr(run->params, "files"), run->at));
	json_add_str(params, "task_file_text", text);
	run->starting = true;
	engine_session_start(run->engine, params, &run->start);
}

/* A start may end before it returns: then the loop that began it goes on. */
static void step(struct plan_run *run)
{
	if (run->stepping)
		return;
	run->stepping = true;
	while (!run->starting && run->at < run->n) {
		const char *name = json_str_at(json_arr(run->params, "names"), run->at);
		const char *text = json_str_at(json_arr(run->params, "texts"), run->at);
		struct session *s = engine_find(run->engine, name);
		if (s)
			task_there(run, s);
		else if (!find_removed(run, name, text)) {
			start_task(run, name, text);
			continue;
		}
		run->at++;
	}
	run->stepping = false;
	if (!run->starting)
		end(run);
}

static void go_on(struct plan_run *run)
{
	run->starting = false;
	run->at++;
	step(run);
}

static void started(struct call *call, struct json_object *session)
{
	struct plan_run *run = CONTAINER_OF(call, struct plan_run, start);
	json_add_obj(task_result(run, "started"), "session", session);
	go_on(run);
}

static void not_started(struct call *call, const struct err *err)
{
	struct plan_run *run = CONTAINER_OF(call, struct plan_run, start);
	task_failed(run, err->msg);
	go_on(run);
}

static void open_repository(void *arg)
{
	struct plan_run *run = arg;
	struct repo repo = {0};
	if (repo_open(json_str_or(run->params, "repo", ""), run->engine->setup.dirs->state, REPO_NEEDS_COMMIT, &repo, &run->err) < 0)
		return;
	run->err.code = ERR_NONE;
	run->git_dir = mem_strdup(repo.common_dir);
	repo_fini(&repo);
}

static void repository_opened(void *arg)
{
	struct plan_run *run = arg;
	if (run->err.code)
		end(run);
	else
		step(run);
}

static void begin(struct plan_run *run)
{
	worker_run(run->engine->setup.loop, open_repository, repository_opened, run);
}

static void add_run(struct engine *e, struct json_object *params, struct call *call)
{
	struct plan_run *run = mem_alloc(sizeof *run), **last = &e->plans;
	*run = (struct plan_run){
		.start = {.done = started, .fail = not_started},
		.engine = e,
		.call = call,
		.params = json_copy(params),
		.results = json_new_array(),
		.n = json_len(json_arr(params, "names")),
	};
	while (*last)
		last = &(*last)->next;
	*last = run;
}

void engine_plan_run(struct engine *e, struct json_object *params, struct call *call)
{
	struct err err;
	bool busy = e->plans != NULL;
	size_t n = json_len(json_arr(params, "names"));
	if (n == 0 || json_len(json_arr(params, "files")) != n || json_len(json_arr(params, "texts")) != n) {
		err_set(&err, ERR_USAGE, "names, files and texts of a plan's tasks are lists of the same length, and not empty");
		call_fail(call, &err);
		return;
	}
	add_run(e, params, call);
	store_all(e);
	if (!busy)
		begin(e->plans);
}

void plan_runs_load(struct engine *e)
{
	MEM_FREE char *text = meta_get(e->setup.db, store_key);
	struct json_object *list JSON_FREE = text ? json_parse_text(text, NULL) : NULL;
	for (size_t i = 0; i < json_len(list); i++)
		add_run(e, json_at(list, i), NULL);
	if (e->plans)
		begin(e->plans);
}

/* Starting a session: session.start and session.adopt.
 *
 *   the call ── name, task ──▶ thread: repository, configuration, checks ──▶ row in the store, the call ends
 *   queued ── room ──▶ preparing ── thread: workspace ──▶ holder, agent ──▶ live
 *
 * The second line is what a new musterd takes up again: preparing a workspace twice is the same as once. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "work/decision.h"
#include "work/names.h"
#include "work/session.h"
#include "work/space.h"
#include "work/task.h"
#include "work/worker.h"

enum { COLS_DEFAULT = 120, ROWS_DEFAULT = 36, SIZE_MAX_CELLS = 1000, LOG_LIMIT_MB = 256 };

/* A start that is being checked. */
struct start {
	struct engine *engine;
	struct call *call;
	struct start *next; /* of engine.starting */
	struct json_object *params;
	struct task task;
	struct session_row row;
	bool named;           /* the lead chose the name */
	bool name_taken;      /* the branch of a name that we chose exists: choose another */
	struct strv rejected; /* names that were tried */
	struct strv warnings; /* of the configuration */
	int max_live;
	struct err err;
};

static void start_free(struct start *st)
{
	struct start **at = &st->engine->starting;
	while (*at && *at != st)
		at = &(*at)->next;
	if (*at)
		*at = st->next;
	json_object_put(st->params);
	task_fini(&st->task);
	strv_fini(&st->rejected);
	strv_fini(&st->warnings);
	session_row_fini(&st->row);
	free(st);
}

static void start_fail(struct start *st)
{
	call_fail(st->call, &st->err);
	start_free(st);
}

/* ---- names ---- */

static bool name_in_use(const char *name, void *data)
{
	struct start *self = data;
	if (engine_find(self->engine, name))
		return true;
	for (struct start *st = self->engine->starting; st; st = st->next)
		if (st->row.name && strcmp(st->row.name, name) == 0)
			return true;
	for (size_t i = 0; i < self->rejected.n; i++)
		if (strcmp(self->rejected.v[i], name) == 0)
			return true;
	return false;
}

static int choose_name(struct start *st)
{
	const char *asked = json_str_or(st->params, "name", st->task.name);
	st->named = asked != NULL;
	if (!asked) {
		const char *from = st->row.brief;
		struct json_object *command = json_arr(st->params, "command");
		const char *program = json_str_at(command, 0);
		const char *slash = program ? strrchr(program, '/') : NULL;
		from = from ? from : slash ? slash + 1 : program ? program : "session";
		st->row.name = name_from_prompt(from, name_in_use, st);
		return 0;
	}
	if (name_check(asked, &st->err) < 0)
		return -1;
	if (name_in_use(asked, st))
		return err_set(&st->err, ERR_USAGE, "there is a session %s already; choose another --name", asked);
	st->row.name = mem_strdup(asked);
	return 0;
}

/* ---- the task and the parameters ---- */

static int read_task(struct start *st)
{
	const char *text = json_str(st->params, "task_file_text");
	if (text && task_parse(text, strlen(text), json_str_or(st->params, "task_file", "task"), &st->task, &st->err) < 0)
		return -1;
	struct strv scope STRV_FREE = STRV_INIT;
	json_strv(st->params, "scope", &scope);
	if (scope.n)
		strv_copy(&st->task.scope, &scope);
	for (size_t i = 0; i < st->task.awaits.n; i++)
		if (decision_name_check(st->task.awaits.v[i], &st->err) < 0)
			return err_prefix(&st->err, "awaits: %s", st->task.awaits.v[i]);
	const char *prompt = json_str(st->params, "prompt");
	const char *body = st->task.body && *st->task.body ? st->task.body : NULL;
	if (prompt && body)
		st->row.brief = mem_printf("%s\n\n%s", body, prompt);
	else if (prompt || body)
		st->row.brief = mem_strdup(prompt ? prompt : body);
	struct json_object *task JSON_FREE = task_json(&st->task);
	st->row.task = mem_strdup(json_line(task));
	return 0;
}

static void copy_json(char **slot, struct json_object *params, const char *key)
{
	struct json_object *value = json_any(params, key);
	*slot = value ? mem_strdup(json_line(value)) : NULL;
}

static int64_t size_param(struct json_object *params, const char *key, int64_t otherwise)
{
	return json_int_in(params, key, 2, SIZE_MAX_CELLS, otherwise);
}

static void fill_row(struct start *st)
{
	struct session_row *r = &st->row;
	struct json_object *p = st->params;
	struct id id = id_new();
	session_row_init(r);
	r->id = mem_strdup(id.text);
	r->worktree = json_flag(p, "worktree", true);
	r->headless = json_flag(p, "headless", false);
	copy_json(&r->command, p, "command");
	copy_json(&r->env, p, "env");
	copy_json(&r->options, p, "options");
	r->lifecycle = mem_strdup(session_life_name(LIFE_QUEUED));
	r->cols = size_param(p, "cols", COLS_DEFAULT);
	r->rows = size_param(p, "rows", ROWS_DEFAULT);
	r->log_limit_mb = LOG_LIMIT_MB;
	r->created_ms = clock_wall_ms();
}

/* ---- checks on a thread ---- */

static void merge_options(struct json_object *into, struct json_object *from)
{
	if (!from)
		return;
	json_object_object_foreach(from, key, value)
		json_add_obj(into, key, json_object_get(value));
}

/* The agent: as asked, as the task says, what runs a command, or as configured. Its options: the configuration's, under
 * the task's, under those of the call. */
static int choose_agent(struct start *st, const struct config *config)
{
	struct session_row *r = &st->row;
	const char *asked = json_str_or(st->params, "agent", st->task.agent);
	bool command = json_len(json_arr(st->params, "command")) > 0;
	const char *name = asked ? asked : command ? "shell" : config->agent ? config->agent : "claude";
	const struct agent_ops *ops = agent_find(name);
	if (!ops)
		return err_set(&st->err, ERR_USAGE, "no agent %s; `muster doctor` lists those that muster knows", name);
	r->agent = mem_strdup(name);
	r->headless = r->headless || (ops->can & AGENT_NO_TERMINAL);
	struct json_object *options JSON_FREE = json_new();
	MEM_FREE char *kind = mem_strndup(name, strcspn(name, ":"));
	merge_options(options, json_obj(config->agents, kind));
	if (strcmp(kind, name) != 0)
		merge_options(options, json_obj(config->agents, name));
	merge_options(options, st->task.options);
	merge_options(options, json_obj(st->params, "options"));
	mem_replace(&r->options, json_line(options));
	if (strcmp(name, "shell") == 0 && !command)
		return err_set(&st->err, ERR_USAGE, "the agent shell needs a command: muster start … -- COMMAND");
	return 0;
}

/* Where its work is to land. What runs in the user's own folder may be on no branch: nothing of it lands then. */
static int choose_target(struct start *st, const struct repo *repo, const struct config *config)
{
	struct session_row *r = &st->row;
	const char *asked = json_str(st->params, "target");
	if (repo_target_branch(repo, asked ? asked : config->target, &r->target, &st->err) == 0)
		return 0;
	if (st->err.code == ERR_REFUSED && !r->worktree && !r->adopted)
		return 0;
	return asked || !config->target ? -1 : err_prefix(&st->err, "the configuration's target");
}

static int check_repository(struct start *st, struct repo *repo, struct config *config)
{
	struct session_row *r = &st->row;
	const char *where = r->adopted ? r->workspace : json_str_or(st->params, "repo", ".");
	const char *base = json_str(st->params, "base");
	struct oid at;
	unsigned needs = r->worktree ? REPO_NEEDS_COMMIT : REPO_NEEDS_CHECKOUT | REPO_NEEDS_COMMIT;
	if (repo_open(where, st->engine->setup.dirs->state, needs, repo, &st->err) < 0)
		return -1;
	r->git_dir = mem_strdup(repo->common_dir);
	r->repo = mem_strdup(repo->toplevel ? repo->toplevel : repo->common_dir);
	if (config_load(config, r->repo, st->engine->setup.dirs->config, &st->err) < 0 ||
	    choose_agent(st, config) < 0 ||
	    choose_target(st, repo, config) < 0 ||
	    repo_commit(repo, base ? base : r->adopted || !r->target ? "HEAD" : r->target, &at, &st->err) < 0)
		return -1;
	r->base = mem_strdup(at.hex);
	r->ports = config->ports_per_session;
	st->max_live = (int)config->max_sessions;
	if (config->log_limit_mb)
		r->log_limit_mb = config->log_limit_mb;
	return 0;
}

static int check_workspace(struct start *st, const struct repo *repo)
{
	struct session_row *r = &st->row;
	MEM_FREE char *worktrees = dirs_worktrees(st->engine->setup.dirs);
	MEM_FREE char *branch = mem_printf("muster/%s", r->name);
	struct workspace_spec spec = {
		.kind = r->adopted ? WORKSPACE_ADOPTED : r->worktree ? WORKSPACE_WORKTREE : WORKSPACE_IN_PLACE,
		.session_id = r->id,
		.session_name = r->name,
		.worktrees = worktrees,
		.base = r->base,
		.adopt_path = r->workspace,
		.hold_path = st->engine->hold_path,
	};
	if (r->worktree && !st->named &&
	    repo_branch_exists(repo, branch, &st->name_taken, &st->err) == 0 && st->name_taken)
		return 0;
	return workspace_check(repo, &spec, &st->err);
}

static void inspect(void *arg)
{
	struct start *st = arg;
	struct repo repo = {0};
	struct config config = {0};
	int r = check_repository(st, &repo, &config);
	strv_copy(&st->warnings, &config.warnings);
	if (r == 0 && check_workspace(st, &repo) == 0)
		st->err.code = ERR_NONE; /* what was met and got over on the way is no error */
	repo_fini(&repo);
	config_fini(&config);
}

/* ---- the row is made ---- */

static void inspected(void *arg);

static void try_another_name(struct start *st)
{
	struct session_row *r = &st->row;
	strv_add(&st->rejected, r->name);
	char **const inspected_again[] = {&r->name, &r->git_dir, &r->repo, &r->agent, &r->target, &r->base};
	for (size_t i = 0; i < ARRAY_LEN(inspected_again); i++)
		mem_replace(inspected_again[i], NULL);
	st->name_taken = false;
	if (choose_name(st) < 0)
		start_fail(st);
	else
		worker_run(st->engine->setup.loop, inspect, inspected, st);
}

static void create(struct start *st)
{
	struct engine *e = st->engine;
	struct session_row *r = &st->row;
	r->port = ports_lease(&e->ports, (int)r->ports);
	/* Not durable: what could lose it, a power cut, ends the session too. */
	session_row_insert(e->setup.db, r);
	struct session *s = session_new(e, r);
	s->state = SESSION_QUEUED;
	session_event(s, "session.queued", NULL);
	decision_hold_back(s);
	e->max_live = st->max_live ? st->max_live : e->max_live;
	session_admit(e);
	struct json_object *o = session_json(s);
	json_add_strv(o, "warnings", &st->warnings);
	call_done(st->call, o);
	start_free(st);
}

static void inspected(void *arg)
{
	struct start *st = arg;
	if (st->err.code)
		start_fail(st);
	else if (st->name_taken)
		try_another_name(st);
	else
		create(st);
}

static struct start *start_new(struct engine *e, struct json_object *params, struct call *call)
{
	struct start *st = mem_alloc(sizeof *st);
	st->engine = e;
	st->call = call;
	st->params = json_copy(params);
	st->next = e->starting;
	e->starting = st;
	fill_row(st);
	return st;
}

/* Without a repository nothing needs a thread. */
static void create_plain(struct start *st, const char *folder)
{
	struct config config = {0};
	if (config_load(&config, NULL, st->engine->setup.dirs->config, &st->err) == 0 && choose_agent(st, &config) == 0) {
		st->row.ports = config.ports_per_session;
		st->max_live = (int)config.max_sessions;
		st->row.workspace = realpath(folder, NULL);
		strv_copy(&st->warnings, &config.warnings);
	}
	config_fini(&config);
	if (st->err.code)
		start_fail(st);
	else
		create(st);
}

void engine_session_start(struct engine *e, struct json_object *params, struct call *call)
{
	struct start *st = start_new(e, params, call);
	const char *where = json_str_or(params, "repo", "");
	if (read_task(st) < 0 || choose_name(st) < 0) {
		start_fail(st);
	} else if (where[0] != '/' || !file_is_dir(where)) {
		err_set(&st->err, ERR_USAGE, "no such folder: %s", where);
		start_fail(st);
	} else if (!st->row.worktree && !repo_is_inside(where)) {
		create_plain(st, where);
	} else {
		worker_run(e->setup.loop, inspect, inspected, st);
	}
}

/* Takes over what was begun elsewhere: the workspace stays whose it is, the conversation goes on where the agent can. */
void engine_session_adopt(struct engine *e, struct json_object *params, struct call *call)
{
	struct start *st = start_new(e, params, call);
	const char *folder = json_str_or(params, "workspace", "");
	const char *conversation = json_str(params, "conversation");
	st->row.adopted = true;
	st->row.worktree = false;
	st->row.workspace = realpath(folder, NULL);
	if (!st->row.workspace)
		err_set(&st->err, ERR_USAGE, "no such folder: %s", folder);
	if (conversation) {
		struct json_object *options JSON_FREE = json_copy(json_obj(st->params, "options"));
		options = options ? options : json_new();
		json_add_str(options, "conversation", conversation);
		json_add_obj(st->params, "options", json_object_get(options));
		st->row.resuming = true;
	}
	if (st->err.code || read_task(st) < 0 || choose_name(st) < 0)
		start_fail(st);
	else
		worker_run(e->setup.loop, inspect, inspected, st);
}

/* ---- from queued to live ---- */

struct preparation {
	struct engine *engine;
	struct session_row row;
	struct space space;
	struct workspace workspace;
	struct err err;
};

static void prepare_work(void *arg)
{
	struct preparation *p = arg;
	if (space_open(&p->space, p->engine, &p->row, &p->err) < 0 || !p->space.has_repo)
		return;
	if (workspace_prepare(&p->space.repo, &p->space.spec, &p->workspace, &p->err) == 0)
		p->err.code = ERR_NONE;
}

static void prepare_failed(struct session *s, const struct err *err)
{
	mem_replace(&s->row.failure, err->msg);
	session_life_set(s, LIFE_EXITED);
}

static void prepare_done(void *arg)
{
	struct preparation *p = arg;
	struct session *s = engine_find(p->engine, p->row.id);
	s->busy = false;
	struct workspace *w = &p->workspace;
	if (p->err.code) {
		prepare_failed(s, &p->err);
	} else if (s->row.want_stop) {
		session_life_set(s, LIFE_EXITED);
	} else {
		if (w->path)
			mem_replace(&s->row.workspace, w->path);
		if (w->branch)
			mem_replace(&s->row.branch, w->branch);
		if (oid_is_set(&w->base))
			mem_replace(&s->row.base, w->base.hex);
		for (size_t i = 0; i < w->warnings.n; i++) {
			struct json_object *data = json_new();
			json_add_str(data, "line", w->warnings.v[i]);
			session_event(s, "session.setup", data);
		}
		if (s->row.brief && !s->row.resuming && !s->row.preface)
			s->row.preface = decision_preface(s);
		session_rebind(s);
		session_launch(s, s->row.resuming ? AGENT_START_RESUME : AGENT_START_NEW);
	}
	workspace_fini(w);
	space_fini(&p->space);
	session_row_fini(&p->row);
	free(p);
}

static void prepare(struct session *s)
{
	struct preparation *p = mem_alloc(sizeof *p);
	p->engine = s->engine;
	session_life_set(s, LIFE_PREPARING);
	session_event(s, "session.preparing", NULL);
	session_row_copy(&p->row, &s->row);
	s->busy = true;
	if (s->row.git_dir) {
		worker_run(s->engine->setup.loop, prepare_work, prepare_done, p);
	} else {
		prepare_work(p);
		prepare_done(p);
	}
}

void session_admit(struct engine *e)
{
	struct session *s, *tmp;
	if (e->admitting || e->closing || e->queued == 0)
		return;
	e->admitting = true;
	HASH_ITER(by_id, e->by_id, s, tmp) {
		if (e->live >= e->max_live)
			break;
		if (s->life == LIFE_QUEUED && s->open_blocking == 0)
			prepare(s);
	}
	e->admitting = false;
}

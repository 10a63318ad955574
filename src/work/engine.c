#include "work/engine.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "base/nearest.h"
#include "work/assumption.h"
#include "work/config.h"
#include "work/doctor.h"
#include "work/plan_run.h"
#include "work/session.h"
#include "work/worker.h"

extern char **environ;

/* What a session inherits: the daemon's environment, without what would confuse an agent that runs inside. */
static void make_base_env(struct engine *e)
{
	static const char *const dropped[] = {"MUSTER_SOCKET", "MUSTER_SESSION", "MUSTER_SESSION_NAME",
	                                      "MUSTER_WORKSPACE", "MUSTER_REPO", "MUSTER_BRANCH",
	                                      "MUSTER_BASE", "MUSTER_PORT", "MUSTER_PORT_END",
	                                      "TMUX", "TMUX_PANE", "STY", "OLDPWD", "SHLVL", "_", "COLUMNS", "LINES"};
	for (char **v = environ; *v; v++)
		strv_add(&e->base_env, *v);
	for (size_t i = 0; i < ARRAY_LEN(dropped); i++)
		strv_unsetenv(&e->base_env, dropped[i]);
	const char *path = strv_getenv(&e->base_env, "PATH");
	MEM_FREE char *with_ours = mem_printf("%s:%s", path ? path : "/usr/bin:/bin", e->setup.bin_dir);
	strv_setenv(&e->base_env, "PATH", with_ours);
}

struct session *engine_find(struct engine *e, const char *id_or_name)
{
	struct session *s;
	HASH_FIND(by_name, e->by_name, id_or_name, strlen(id_or_name), s);
	if (!s)
		HASH_FIND(by_id, e->by_id, id_or_name, strlen(id_or_name), s);
	return s;
}

struct session *engine_session_of(struct engine *e, struct json_object *params, struct call *call)
{
	const char *name = json_str_or(params, "session", "");
	struct session *s = engine_find(e, name);
	if (s)
		return s;
	struct nearest near = nearest_init(name);
	struct session *each, *tmp;
	HASH_ITER(by_id, e->by_id, each, tmp)
		nearest_offer(&near, each->row.name);
	struct err err;
	if (near.best)
		err_set(&err, ERR_USAGE, "no session %s; did you mean %s?", name, near.best);
	else
		err_set(&err, ERR_USAGE, "no session %s; `muster ls` lists them", name);
	call_fail(call, &err);
	return NULL;
}

void session_rebind(struct session *s)
{
	const struct session_row *r = &s->row;
	free(s->first_prompt);
	s->first_prompt = r->brief && r->preface ? mem_printf("%s\n\n%s", r->brief, r->preface) :
			  r->brief               ? mem_strdup(r->brief) :
						   NULL;
	s->agent.workspace = r->workspace;
	s->agent.prompt = s->first_prompt;
}

/* The adapter's view of the session; borrows from the row. */
static void bind_agent(struct session *s)
{
	struct session_row *r = &s->row;
	struct json_object *state = r->agent_state ? json_parse_text(r->agent_state, NULL) : NULL;
	struct json_object *options = r->options ? json_parse_text(r->options, NULL) : NULL;
	struct json_object *command JSON_FREE = r->command ? json_parse_text(r->command, NULL) : NULL;
	for (size_t i = 0; i < json_len(command); i++)
		strv_add(&s->command, json_str_at(command, i));
	s->agent = (struct agent_session){
		.host = &session_agent_host,
		.ops = agent_find(r->agent),
		.host_data = s,
		.id = r->id,
		.name = r->name,
		.agent = r->agent,
		.workspace = r->workspace,
		.folder = dirs_session(s->engine->setup.dirs, r->id),
		.socket = dirs_agent_socket(s->engine->setup.dirs, r->id),
		.headless = r->headless,
		.command = &s->command,
		.muster_path = s->engine->muster_path,
		.options = options,
		.state = state ? state : json_new(),
	};
	if (!s->agent.ops) /* written by a muster that knew more agents */
		s->agent.ops = &agent_shell;
	session_rebind(s);
}

static void load_signals(struct session *s)
{
	struct signal_rows rows = {0};
	signal_row_list(s->engine->setup.db, s->row.id, &rows);
	for (size_t i = 0; i < rows.n && s->n_signals < SESSION_SIGNALS_MAX; i++)
		signal_row_copy(&s->signals[s->n_signals++], &rows.v[i]);
	signal_rows_fini(&rows);
}

struct session *session_new(struct engine *e, struct session_row *row)
{
	struct session *s = mem_alloc(sizeof *s);
	s->engine = e;
	s->row = *row;
	*row = (struct session_row){0};
	if (!session_life_parse(s->row.lifecycle, &s->life))
		s->life = LIFE_EXITED;
	s->value = session_value_of(s->row.task);
	session_follow_load(s);
	session_count(s, 1);
	ports_mark(&e->ports, s->row.port, s->row.ports, true);
	uv_timer_init(e->setup.loop, &s->retry);
	s->retry.data = s;
	bind_agent(s);
	load_signals(s);
	session_items_count(s);
	session_jobs_count(s);
	s->state = s->life == LIFE_QUEUED ? SESSION_QUEUED : SESSION_UNKNOWN;
	s->state_since_ms = s->row.created_ms;
	HASH_ADD_KEYPTR(by_id, e->by_id, s->row.id, strlen(s->row.id), s);
	HASH_ADD_KEYPTR(by_name, e->by_name, s->row.name, strlen(s->row.name), s);
	return s;
}

static void retry_closed(uv_handle_t *handle)
{
	struct session *s = handle->data;
	free(s);
}

void session_free(struct session *s)
{
	struct engine *e = s->engine;
	HASH_DELETE(by_id, e->by_id, s);
	HASH_DELETE(by_name, e->by_name, s);
	session_detach_holder(s);
	if (s->removal) {
		struct err err = {0};
		err_set(&err, ERR_FAILED, "musterd is stopping; the session is not removed");
		call_fail(s->removal, &err);
	}
	session_waiters_fail(s, e->closing ? "musterd is stopping; the session goes on" : "the session was removed");
	session_prompts_forget(s);
	session_timers_free(s);
	session_state_forget(s);
	session_count(s, -1);
	ports_mark(&e->ports, s->row.port, s->row.ports, false);
	for (size_t i = 0; i < s->n_signals; i++)
		signal_row_fini(&s->signals[i]);
	json_object_put(s->agent.state);
	json_object_put(s->agent.options);
	jsonl_fini(&s->agent.lines);
	free((char *)s->agent.folder);
	free((char *)s->agent.socket);
	strv_fini(&s->command);
	strv_fini(&s->follows);
	free(s->program);
	free(s->first_prompt);
	str_fini(&s->json);
	session_row_fini(&s->row);
	uv_close((uv_handle_t *)&s->retry, retry_closed);
}

/* How many may be live at once, as the configuration of a session that waits for room says. One that cannot be read now is
 * complained of at the next start of a session. */
static void recall_limit(struct session *s)
{
	struct config config = {0};
	if (config_load(&config, s->row.repo, s->engine->setup.dirs->config, NULL) == 0 && config.max_sessions)
		s->engine->max_live = (int)config.max_sessions;
	config_fini(&config);
}

/* Where each session stands after a start of musterd: what was going on goes on. */
static void reconcile(struct session *s)
{
	s->state = s->life == LIFE_QUEUED ? SESSION_QUEUED : SESSION_UNKNOWN;
	session_state_recall(s);
	switch (s->life) {
	case LIFE_LIVE:
	case LIFE_EXITED: /* its holder may be kept by jobs, or hold an exit that was not let go */
		session_attach_holder(s);
		break;
	case LIFE_PREPARING:
		/* With a generation the workspace was ready and a holder asked for: it may be there, and hold the agent. */
		if (s->row.generation > 0)
			session_attach_holder(s);
		else
			session_life_set(s, LIFE_QUEUED);
		break;
	case LIFE_QUEUED:
		session_refresh(s);
		recall_limit(s);
		break;
	case LIFE_REMOVED:
		break;
	}
}

struct doctor *engine_doctor(struct engine *e)
{
	return doctor_new(e->setup.db, e->setup.dirs);
}

static void sweep(void *arg)
{
	doctor_sweep(arg);
}

static void swept(void *arg)
{
	doctor_free(arg);
}

struct engine *engine_new(const struct engine_setup *setup, struct err *err)
{
	struct engine *e = mem_alloc(sizeof *e);
	e->setup = *setup;
	session_limit_load(e);
	e->hub = hold_hub_new(setup->loop);
	e->hold_path = mem_printf("%s/muster-hold", setup->bin_dir);
	e->muster_path = mem_printf("%s/muster", setup->bin_dir);
	make_base_env(e);
	if (access(e->hold_path, X_OK) < 0) {
		err_set(err, ERR_FAILED, "%s is missing: muster is not completely installed", e->hold_path);
		engine_free(e);
		return NULL;
	}
	struct session_rows rows = {0};
	session_row_list(setup->db, false, &rows);
	for (size_t i = 0; i < rows.n; i++)
		session_new(e, &rows.v[i]);
	session_rows_fini(&rows);
	struct session *s, *tmp;
	HASH_ITER(by_id, e->by_id, s, tmp) {
		reconcile(s);
		assumption_settle_again(s);
	}
	session_admit(e);
	plan_runs_load(e);
	worker_run(setup->loop, sweep, swept, engine_doctor(e));
	return e;
}

void engine_set_judge(struct engine *e, struct engine_judge *judge)
{
	e->judge = judge;
}

void engine_settle(struct engine *e)
{
	session_state_settle(e);
}

void engine_flush(struct engine *e)
{
	hold_hub_flush(e->hub);
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	e->closing = true;
	struct session *s, *tmp;
	HASH_ITER(by_id, e->by_id, s, tmp)
		session_free(s);
	strv_fini(&e->base_env);
	free(e->hold_path);
	free(e->muster_path);
	hold_hub_free(e->hub);
	free(e);
}

void engine_count(const struct engine *e, int *ret_sessions, int *ret_live)
{
	*ret_sessions = (int)HASH_CNT(by_id, e->by_id);
	*ret_live = e->live;
}

#include "work/brief.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "git/diff.h"
#include "git/snapshot.h"
#include "store/decision_row.h"
#include "store/event.h"
#include "work/decision.h"
#include "work/space.h"
#include "work/worker.h"

/* ---- its events, one function a kind ---- */

struct reading {
	struct session *session;
	struct json_object *brief, *times;
	char *state; /* since state_ms; NULL: not known yet */
	int64_t state_ms;
};

typedef void on_event(struct reading *r, const struct event_row *event, struct json_object *data);

static void add_count(struct json_object *o, const char *key, int64_t by)
{
	json_add_int(o, key, json_int(o, key, 0) + by);
}

static void end_state(struct reading *r, const char *state, int64_t at_ms)
{
	if (state)
		add_count(r->times, state, at_ms - r->state_ms);
	r->state_ms = at_ms;
}

static void on_state(struct reading *r, const struct event_row *event, struct json_object *data)
{
	end_state(r, r->state ? r->state : json_str(data, "from"), event->at_ms);
	mem_replace(&r->state, json_str(data, "to"));
}

static void on_turn(struct reading *r, const struct event_row *event, struct json_object *data)
{
	(void)event;
	(void)data;
	add_count(r->brief, "turns", 1);
}

static void on_prompt(struct reading *r, const struct event_row *event, struct json_object *data)
{
	(void)event;
	(void)data;
	add_count(r->brief, "prompts", 1);
}

static void on_report(struct reading *r, const struct event_row *event, struct json_object *data)
{
	(void)event;
	if (json_str(data, "text"))
		json_push_str(json_arr(r->brief, "reports"), json_str(data, "text"));
}

static void on_done(struct reading *r, const struct event_row *event, struct json_object *data)
{
	(void)event;
	json_add_obj(r->brief, "done", json_object_get(data));
}

static void on_job(struct reading *r, const struct event_row *event, struct json_object *data)
{
	struct json_object *job = json_new();
	json_add_str(job, "job", json_str(data, "job"));
	json_add_str(job, "what", event->kind + strlen("job."));
	json_push(json_arr(r->brief, "jobs"), job);
}

static void on_item(struct reading *r, const struct event_row *event, struct json_object *data)
{
	struct item_row row = {0};
	(void)event;
	if (item_row_get(r->session->engine->setup.db, json_int(data, "item", 0), &row))
		json_push(json_arr(r->brief, "items"), item_json(r->session, &row));
	item_row_fini(&row);
}

static const struct {
	const char *kind;
	on_event *handle;
} kinds[] = {
	{"session.state", on_state}, {"turn.started", on_turn},  {"prompt.taken", on_prompt}, {"report", on_report},
	{"agent.done", on_done},     {"job.started", on_job},    {"job.exited", on_job},      {"item.opened", on_item},
};

static void read_event(struct reading *r, const struct event_row *event)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].kind, event->kind) != 0)
			continue;
		struct json_object *data JSON_FREE = json_parse_text(event->data, NULL);
		kinds[i].handle(r, event, data);
	}
}

void brief_add_events(struct session *s, struct json_object *brief)
{
	static const char *const lists[] = {"reports", "jobs", "items"};
	const struct event_query query = {
		.after = s->row.looked_event, .limit = BRIEF_EVENTS_MAX, .session = s->row.id, .newest = true};
	struct event_rows events = {0};
	struct reading r = {.session = s,
	                    .brief = brief,
	                    .times = json_new(),
	                    .state_ms = s->row.looked_ms ? s->row.looked_ms : s->row.created_ms};
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_add_obj(brief, lists[i], json_new_array());
	event_list(s->engine->setup.db, &query, &events);
	for (size_t i = 0; i < events.n; i++)
		read_event(&r, &events.v[i]);
	end_state(&r, r.state ? r.state : session_state_name(s->state), clock_wall_ms());
	free(r.state);
	json_add_obj(brief, "times", r.times);
	json_add_bool(brief, "events_cut", events.n == BRIEF_EVENTS_MAX);
	json_add_str(brief, "recap", s->row.recap);
	event_rows_fini(&events);
}

/* ---- what was decided for it meanwhile ---- */

static void add_decisions(struct session *s, struct json_object *brief)
{
	struct decision_rows rows = {0};
	struct json_object *list = json_new_array();
	decision_row_list(s->engine->setup.db, decision_scope(s), false, &rows);
	for (size_t i = 0; i < rows.n; i++)
		if (rows.v[i].made_ms > s->row.looked_ms && rows.v[i].made_ms > s->row.created_ms)
			json_push(list, decision_short_json(&rows.v[i]));
	decision_rows_fini(&rows);
	json_add_obj(brief, "decisions", list);
}

/* ---- its files, on a thread ---- */

struct look {
	struct engine *engine;
	struct call *call;
	struct session_row row;
	struct json_object *brief;
	struct oid tip; /* unset: not read */
	int64_t last_event;
	bool mark;
};

static void add_stat(struct json_object *brief, const char *key, const struct diff *d)
{
	struct json_object *o = json_new();
	json_add_int(o, "files", (int64_t)(d->n + d->left_out));
	json_add_int(o, "added", d->added);
	json_add_int(o, "removed", d->removed);
	json_add_obj(brief, key, o);
}

static void add_commits(struct json_object *brief, const struct diff_commit *list, size_t n, size_t total)
{
	struct json_object *commits = json_new_array();
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_new();
		json_add_str(o, "oid", list[i].oid.hex);
		json_add_strn(o, "subject", list[i].subject, strlen(list[i].subject));
		json_add_int(o, "wall_ms", list[i].wall_ms);
		json_push(commits, o);
	}
	json_add_obj(brief, "commits", commits);
	json_add_int(brief, "total_commits", (int64_t)total);
}

/* What it had when the lead looked, if that is still a part of its history: else, after a rebase, all it has. */
static int find_from(const struct look *l, const struct repo *repo, struct oid *ret, struct err *err)
{
	struct err gone;
	bool is = false;
	if (l->row.looked_oid && repo_commit(repo, l->row.looked_oid, ret, &gone) == 0 &&
	    repo_is_ancestor(repo, ret, &l->tip, &is, &gone) == 0 && is)
		return 0;
	return repo_commit(repo, l->row.base, ret, err);
}

static int read_files(struct look *l, const struct repo *repo, const struct worktree *w, struct err *err)
{
	struct worktree_head head = {0};
	struct oid from, tree;
	struct diff_commit *list = NULL;
	struct diff committed = {0}, uncommitted = {0};
	size_t n = 0, total = 0;
	if (worktree_head(repo, w, &head, err) < 0)
		return -1;
	l->tip = head.commit;
	worktree_head_fini(&head);
	if (find_from(l, repo, &from, err) < 0 || snapshot_tree(repo, w, NULL, &tree, err) < 0 ||
	    diff_commits(repo, &from, &l->tip, BRIEF_COMMITS_MAX, &list, &n, &total, err) < 0)
		return -1;
	add_commits(l->brief, list, n, total);
	diff_commits_free(list, n);
	int r = diff_trees(repo, &from, &l->tip, NULL, NULL, &committed, err);
	if (r == 0)
		r = diff_trees(repo, &l->tip, &tree, NULL, NULL, &uncommitted, err);
	if (r == 0) {
		add_stat(l->brief, "committed", &committed);
		add_stat(l->brief, "uncommitted", &uncommitted);
	}
	diff_fini(&committed);
	diff_fini(&uncommitted);
	return r;
}

static void look_work(void *arg)
{
	struct look *l = arg;
	struct space space;
	struct worktree w = {0};
	struct err err = {0};
	if (space_open(&space, l->engine, &l->row, &err) == 0) {
		if (worktree_find(&space.repo, l->row.workspace, &w, &err) == 0 && read_files(l, &space.repo, &w, &err) == 0)
			err.code = ERR_NONE;
		worktree_fini(&w);
		space_fini(&space);
	}
	json_add_str(l->brief, "files_failed", err.code ? err.msg : NULL);
}

static void looked(void *arg)
{
	struct look *l = arg;
	struct session *s = engine_find(l->engine, l->row.id);
	if (s && l->mark) {
		s->row.looked_ms = clock_wall_ms();
		s->row.looked_event = l->last_event;
		if (oid_is_set(&l->tip))
			mem_replace(&s->row.looked_oid, l->tip.hex);
		session_save(s);
	}
	call_done(l->call, l->brief);
	session_row_fini(&l->row);
	free(l);
}

void engine_session_brief(struct engine *e, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(e, params, call);
	if (!s)
		return;
	struct look *l = mem_alloc(sizeof *l);
	*l = (struct look){.engine = e,
	                   .call = call,
	                   .brief = session_json(s),
	                   .last_event = event_last(e->setup.db),
	                   .mark = json_flag(params, "mark", true)};
	session_row_copy(&l->row, &s->row);
	json_add_int(l->brief, "looked_ms", s->row.looked_ms);
	brief_add_events(s, l->brief);
	add_decisions(s, l->brief);
	if (s->row.git_dir && s->row.workspace && s->row.base)
		worker_run(e->setup.loop, look_work, looked, l);
	else
		looked(l);
}

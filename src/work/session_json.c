/* Sessions as the API shows them, and their events. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "store/event.h"
#include "store/landing_row.h"
#include "store/snapshot_row.h"
#include "work/session.h"

enum { LANDINGS_MAX = 20 }; /* the newest ones that session.get shows */

void session_event(struct session *s, const char *kind, struct json_object *data)
{
	event_append(s->engine->setup.db, s->row.id, kind, data);
}

void session_save(struct session *s)
{
	str_reset(&s->json);
	session_row_save(s->engine->setup.db, &s->row);
}

char *session_exit_text(const struct session *s)
{
	int status = (int)s->row.wait_status;
	if (status < 0)
		return mem_strdup("its process is gone; nobody saw how it ended");
	if (WIFSIGNALED(status))
		return mem_printf("killed by SIG%s", sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
	return mem_printf("exit code %d", WEXITSTATUS(status));
}

static void add_exit(struct json_object *o, const struct session *s)
{
	int status = (int)s->row.wait_status;
	bool known = status >= 0 && s->life == LIFE_EXITED;
	if (known && WIFEXITED(status))
		json_add_int(o, "exit", WEXITSTATUS(status));
	else
		json_add_null(o, "exit");
	json_add_str(o, "signal", known && WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL);
}

/* The first line of the brief. */
static char *first_line(const char *text)
{
	text += strspn(text, "\n\r\t ");
	return mem_strndup(text, strcspn(text, "\r\n"));
}

struct json_object *session_json(struct session *s)
{
	const struct session_row *r = &s->row;
	struct json_object *o = json_new();
	MEM_FREE char *why = session_why(s);
	MEM_FREE char *brief = r->brief ? first_line(r->brief) : NULL;
	/* Most have no scope; parsing is the dearest part of a list of many. */
	bool scoped = r->task && strstr(r->task, "\"scope\"");
	struct json_object *task JSON_FREE = scoped ? json_parse_text(r->task, NULL) : NULL;
	struct json_object *scope = json_arr(task, "scope");
	json_add_str(o, "id", r->id);
	json_add_str(o, "name", r->name);
	json_add_str(o, "state", session_state_name(s->state));
	json_add_int(o, "since_ms", s->state_since_ms);
	json_add_str(o, "why", why);
	json_add_str(o, "agent", r->agent);
	json_add_str(o, "repo", r->repo);
	json_add_str(o, "workspace", r->workspace);
	json_add_str(o, "branch", r->branch);
	json_add_str(o, "base", r->base);
	json_add_str(o, "target", r->target);
	json_add_bool(o, "worktree", r->worktree);
	json_add_bool(o, "headless", r->headless);
	json_add_str(o, "brief", brief);
	json_add_obj(o, "scope", scope ? json_object_get(scope) : json_object_new_array());
	json_add_int(o, "items", s->open_items);
	json_add_int(o, "jobs", s->running_jobs);
	if (r->progress >= 0)
		json_add_int(o, "progress", r->progress);
	else
		json_add_null(o, "progress");
	json_add_str(o, "progress_text", r->progress_text);
	json_add_str(o, "title", r->title);
	json_add_int(o, "last_output_ms", s->last_output_ms);
	json_add_int(o, "turn_ended_ms", r->turn_ended_ms);
	json_add_bool(o, "paused", r->paused);
	add_exit(o, s);
	json_add_str(o, "failure", r->failure);
	json_add_str(o, "approved", r->approved);
	json_add_str(o, "landed", r->landed);
	json_add_int(o, "created_ms", r->created_ms);
	json_add_int(o, "port", r->port);
	return o;
}

struct json_object *session_json_text(struct session *s)
{
	if (!s->json.len) {
		struct json_object *o JSON_FREE = session_json(s);
		json_add_line(&s->json, o);
	}
	struct json_object *text = json_new();
	json_object_set_serializer(text, json_object_userdata_to_json_string, mem_strndup(s->json.data, s->json.len),
	                           json_object_free_userdata);
	return text;
}

static struct json_object *evidence_json(const struct session *s)
{
	struct json_object *list = json_object_new_array();
	for (size_t i = 0; i < s->n_signals; i++) {
		const struct signal_row *row = &s->signals[i];
		struct json_object *o = json_new();
		json_add_str(o, "source", row->source);
		json_add_str(o, "activity", agent_activity_name((enum agent_activity)row->activity));
		json_add_int(o, "confidence", row->confidence);
		json_add_str(o, "detail", row->detail);
		json_add_int(o, "at_ms", row->at_ms);
		json_object_array_add(list, o);
	}
	return list;
}

struct json_object *item_json(struct session *s, const struct item_row *row)
{
	struct json_object *o = json_new();
	json_add_int(o, "id", row->id);
	json_add_str(o, "kind", row->kind);
	json_add_str(o, "session", row->session);
	json_add_str(o, "session_name", s ? s->row.name : NULL);
	json_add_str(o, "key", row->key);
	json_add_bool(o, "blocking", row->blocking);
	json_add_str(o, "title", row->title);
	json_add_obj(o, "detail", row->detail ? json_parse_text(row->detail, NULL) : NULL);
	json_add_obj(o, "options", row->options ? json_parse_text(row->options, NULL) : json_new_array());
	json_add_str(o, "state", row->state);
	json_add_str(o, "option", row->option);
	json_add_str(o, "text", row->text);
	json_add_str(o, "reason", row->reason);
	json_add_int(o, "opened_ms", row->opened_ms);
	json_add_int(o, "closed_ms", row->closed_ms);
	json_add_int(o, "age_ms", clock_wall_ms() - row->opened_ms);
	return o;
}

struct json_object *item_short_json(struct session *s, const struct item_row *row)
{
	struct json_object *o = json_new();
	json_add_int(o, "id", row->id);
	json_add_str(o, "session", row->session);
	json_add_str(o, "session_name", s ? s->row.name : NULL);
	json_add_bool(o, "blocking", row->blocking);
	json_add_obj(o, "detail", row->detail ? json_parse_text(row->detail, NULL) : NULL);
	json_add_int(o, "opened_ms", row->opened_ms);
	return o;
}

static struct json_object *items_json(struct session *s)
{
	struct item_rows rows = {0};
	struct json_object *list = json_new_array();
	item_row_list_open(s->engine->setup.db, s->row.id, &rows);
	for (size_t i = 0; i < rows.n; i++)
		json_push(list, item_json(s, &rows.v[i]));
	item_rows_fini(&rows);
	return list;
}

static struct json_object *landings_json(struct session *s)
{
	struct landing_rows rows = {0};
	struct json_object *list = json_new_array();
	landing_row_list_newest(s->engine->setup.db, s->row.id, LANDINGS_MAX, &rows);
	for (size_t i = 0; i < rows.n; i++) {
		struct json_object *o = json_new();
		json_add_int(o, "id", rows.v[i].id);
		json_add_str(o, "state", rows.v[i].state);
		json_add_str(o, "target", rows.v[i].target);
		json_add_str(o, "tip", rows.v[i].tip);
		json_add_str(o, "merged", rows.v[i].merged);
		json_add_str(o, "why", rows.v[i].why);
		json_add_int(o, "queued_ms", rows.v[i].queued_ms);
		json_add_int(o, "ended_ms", rows.v[i].ended_ms);
		json_push(list, o);
	}
	landing_rows_fini(&rows);
	return list;
}

static struct json_object *snapshots_json(struct session *s)
{
	struct snapshot_rows rows = {0};
	struct json_object *list = json_new_array();
	snapshot_row_list(s->engine->setup.db, s->row.id, &rows);
	for (size_t i = 0; i < rows.n; i++) {
		struct json_object *o = json_new();
		json_add_int(o, "id", rows.v[i].id);
		json_add_str(o, "ref", rows.v[i].ref);
		json_add_str(o, "commit", rows.v[i].commit_oid);
		json_add_str(o, "why", rows.v[i].why);
		json_add_int(o, "created_ms", rows.v[i].created_ms);
		json_add_int(o, "undone_ms", rows.v[i].undone_ms);
		json_push(list, o);
	}
	snapshot_rows_fini(&rows);
	return list;
}

struct json_object *session_json_full(struct session *s)
{
	struct engine *e = s->engine;
	struct json_object *o = session_json(s);
	MEM_FREE char *socket = dirs_hold_socket(e->setup.dirs, s->row.id);
	MEM_FREE char *folder = dirs_session(e->setup.dirs, s->row.id);
	json_add_obj(o, "evidence", evidence_json(s));
	json_add_obj(o, "task", s->row.task ? json_parse_text(s->row.task, NULL) : NULL);
	json_add_obj(o, "command", s->row.command ? json_parse_text(s->row.command, NULL) : NULL);
	json_add_str(o, "brief_text", s->row.brief);
	json_add_str(o, "preface", s->row.preface);
	json_add_str(o, "last_words", s->row.last_words);
	json_add_str(o, "recap", s->row.recap);
	json_add_str(o, "folder", folder);
	json_add_int(o, "pid", s->row.pid);
	json_add_str(o, "conversation", json_str(s->agent.state, "conversation"));
	json_add_str(o, "mode", json_str(s->agent.state, "mode"));
	json_add_obj(o, "usage", json_copy(json_obj(s->agent.state, "usage")));
	json_add_obj(o, "unknown", json_copy(json_obj(s->agent.state, "unknown")));
	struct json_object *hold = json_new();
	json_add_int(hold, "pid", s->hold_pid);
	json_add_str(hold, "socket", socket);
	json_add_int(hold, "generation", s->row.generation);
	json_add_bool(hold, "connected", s->connected);
	json_add_bool(hold, "running", s->running);
	json_add_obj(o, "hold", hold);
	json_add_obj(o, "items_open", items_json(s));
	json_add_obj(o, "jobs_list", session_jobs_json(s));
	json_add_obj(o, "landings", landings_json(s));
	json_add_obj(o, "snapshots", snapshots_json(s));
	return o;
}

/* Jobs: background processes that a session owns and that outlive its conversation. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/pack.h"
#include "base/text.h"
#include "fmt/json.h"
#include "store/job_row.h"
#include "work/names.h"
#include "work/session.h"

enum { JOB_GRACE_MS = 5000, JOB_LOG_MAX = 1 << 20, FOUND_MAX = 4096 };

static char *log_path(const struct session *s, const char *job)
{
	MEM_FREE char *folder = dirs_session(s->engine->setup.dirs, s->row.id);
	return mem_printf("%s/jobs/%s.log", folder, job);
}

void session_jobs_count(struct session *s)
{
	s->running_jobs = (int)job_row_count_running(s->engine->setup.db, s->row.id);
	str_reset(&s->json);
}

static struct json_object *job_json(const struct session *s, const struct job_row *row)
{
	struct json_object *o = json_new();
	MEM_FREE char *log = log_path(s, row->name);
	int status = (int)row->wait_status;
	bool exited = strcmp(row->state, "exited") == 0;
	json_add_str(o, "session", s->row.name);
	json_add_str(o, "name", row->name);
	json_add_int(o, "pid", row->pid);
	json_add_str(o, "state", row->state);
	json_add_obj(o, "command", row->command ? json_parse_text(row->command, NULL) : NULL);
	json_add_int(o, "started_ms", row->started_ms);
	json_add_int(o, "ended_ms", row->ended_ms);
	if (exited && status >= 0)
		json_add_int(o, "exit", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	else
		json_add_null(o, "exit");
	json_add_bool(o, "found", false);
	json_add_str(o, "log", log);
	return o;
}

struct json_object *session_jobs_json(struct session *s)
{
	struct json_object *list = json_object_new_array();
	struct job_rows jobs = {0};
	job_row_list(s->engine->setup.db, s->row.id, &jobs);
	for (size_t i = 0; i < jobs.n; i++)
		json_object_array_add(list, job_json(s, &jobs.v[i]));
	job_rows_fini(&jobs);
	return list;
}

/* ---- what the journal says ---- */

static void job_event(struct session *s, const char *kind, const char *job)
{
	struct json_object *data = json_new();
	json_add_str(data, "job", job);
	session_event(s, kind, data);
	session_jobs_count(s);
}

void session_job_started(struct session *s, const char *job, uint32_t pid, int64_t wall_ms)
{
	struct job_row row = {0};
	if (job_row_get(s->engine->setup.db, s->row.id, job, &row)) {
		row.pid = pid;
		row.started_ms = wall_ms;
		job_row_put(s->engine->setup.db, &row);
	}
	job_row_fini(&row);
	job_event(s, "job.started", job);
}

static void set_exited(struct session *s, struct job_row *row, int wait_status, int64_t wall_ms)
{
	mem_replace(&row->state, "exited");
	row->wait_status = wait_status;
	row->ended_ms = wall_ms;
	job_row_put(s->engine->setup.db, row);
}

void session_job_exited(struct session *s, const char *job, int wait_status, int64_t wall_ms)
{
	struct job_row row = {0};
	if (job_row_get(s->engine->setup.db, s->row.id, job, &row))
		set_exited(s, &row, wait_status, wall_ms);
	job_row_fini(&row);
	job_event(s, "job.exited", job);
}

void session_jobs_lost(struct session *s)
{
	struct job_rows jobs = {0};
	job_row_list(s->engine->setup.db, s->row.id, &jobs);
	for (size_t i = 0; i < jobs.n; i++)
		if (strcmp(jobs.v[i].state, "running") == 0)
			set_exited(s, &jobs.v[i], -1, clock_wall_ms());
	job_rows_fini(&jobs);
	session_jobs_count(s);
}

/* ---- starting ---- */

struct start_wait {
	struct engine *engine;
	char session[16];
	char *job;
	struct call *call;   /* from the lead, or */
	uint64_t request;    /* from the session's own mailbox */
};

static void end_start(struct start_wait *w, struct session *s, const struct err *err)
{
	struct job_row row = {0};
	struct json_object *o = NULL;
	if (!err && s && job_row_get(w->engine->setup.db, s->row.id, w->job, &row)) {
		o = job_json(s, &row);
		job_row_fini(&row);
	}
	if (w->call && err)
		call_fail(w->call, err);
	else if (w->call)
		call_done(w->call, json_object_get(o));
	else if (s && err)
		session_reply_error(s, w->request, err->msg);
	else if (s)
		session_reply(s, w->request, o);
	json_object_put(o);
	free(w->job);
	free(w);
}

static void start_answered(void *arg, const struct hold_answer *answer)
{
	struct start_wait *w = arg;
	struct session *s = engine_find(w->engine, w->session);
	struct err err;
	if (answer->error == 0) {
		end_start(w, s, NULL);
		return;
	}
	err_set(&err, ERR_FAILED, "cannot start the job %s: %s", w->job, answer->message);
	if (s)
		session_job_exited(s, w->job, -1, clock_wall_ms());
	end_start(w, s, &err);
}

static bool job_name_taken(const char *name, void *data)
{
	struct session *s = data;
	struct job_row row = {0};
	bool taken = job_row_get(s->engine->setup.db, s->row.id, name, &row);
	job_row_fini(&row);
	return taken;
}

/* A name that no job of the session has: the program's, with a number when it must. */
static char *free_name(struct session *s, struct json_object *command)
{
	const char *program = json_str_at(command, 0);
	const char *slash = program ? strrchr(program, '/') : NULL;
	return name_from_prompt(slash ? slash + 1 : program ? program : "job", job_name_taken, s);
}

static int check_start(struct session *s, struct json_object *params, struct err *err)
{
	struct json_object *command = json_arr(params, "command");
	const char *name = json_str(params, "name");
	struct job_row row = {0};
	if (!command || !json_str_at(command, 0))
		return err_set(err, ERR_USAGE, "a job needs a command");
	if (!s->connected)
		return err_set(err, ERR_REFUSED, "%s does not run; `muster resume %s` first", s->row.name, s->row.name);
	if (name && name_check(name, err) < 0)
		return err_prefix(err, "job name");
	if (name && job_row_get(s->engine->setup.db, s->row.id, name, &row)) {
		bool running = strcmp(row.state, "running") == 0;
		job_row_fini(&row);
		if (running)
			return err_set(err, ERR_USAGE, "%s has a running job %s already", s->row.name, name);
	}
	return 0;
}

static void start_job(struct session *s, struct json_object *params, struct call *call, uint64_t request)
{
	struct err err;
	struct start_wait *w = mem_alloc(sizeof *w);
	*w = (struct start_wait){.engine = s->engine, .call = call, .request = request};
	memcpy(w->session, s->row.id, strlen(s->row.id) + 1);
	if (check_start(s, params, &err) < 0) {
		end_start(w, s, &err);
		return;
	}
	struct json_object *command = json_arr(params, "command");
	const char *name = json_str(params, "name");
	const char *cwd = json_str(params, "cwd");
	w->job = name ? mem_strdup(name) : free_name(s, command);
	struct job_row row = {
		.session = s->row.id,
		.name = w->job,
		.command = (char *)json_line(command),
		.cwd = (char *)(cwd ? cwd : s->row.workspace),
		.state = (char *)"running",
		.wait_status = -1,
		.started_ms = clock_wall_ms(),
	};
	job_row_put(s->engine->setup.db, &row);
	struct strv argv STRV_FREE = STRV_INIT, env STRV_FREE = STRV_INIT;
	json_strv(params, "command", &argv);
	session_environment(s, &env);
	hold_client_job_start(s->hold, w->job, row.cwd, &argv, &env, start_answered, w);
}

void engine_job_start(struct engine *e, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(e, params, call);
	if (s)
		start_job(s, params, call, 0);
}

/* ---- listing: those that were started, and processes that the holder finds ---- */

/* The agent's hooks are processes too, here for a moment or for as long as a permission is open, and so is the server
 * of its tools: nobody's jobs. */
static bool is_ours(const struct session *s, const char *command)
{
	const char *muster = s->engine->muster_path;
	const char *at = strstr(command, muster);
	if (!at)
		return false;
	at += strlen(muster);
	at += *at == '\'';
	return strncmp(at, " hook ", strlen(" hook ")) == 0 || strcmp(at, " mcp") == 0;
}

static void add_found(struct json_object *list, struct session *s, const struct hold_answer *answer)
{
	struct unpack u = unpack_init(answer->payload, answer->len);
	uint32_t n = unpack_u32(&u);
	for (uint32_t i = 0; i < n && i < FOUND_MAX && !u.bad; i++) {
		MEM_FREE char *job = unpack_text(&u);
		uint32_t pid = unpack_u32(&u);
		unpack_u32(&u); /* parent */
		uint64_t started_ms = unpack_u64(&u);
		unpack_u8(&u);  /* state */
		unpack_u32(&u); /* wait status */
		MEM_FREE char *command = unpack_text(&u);
		if (u.bad || *job || !*command || is_ours(s, command)) /* no command line: it is about to end */
			continue;
		struct str line STR_FREE = STR_INIT;
		text_add_inert(&line, command, strlen(command), TEXT_ONE_LINE);
		struct json_object *o = json_new(), *argv = json_object_new_array();
		MEM_FREE char *name = mem_printf("%u", pid);
		json_object_array_add(argv, json_object_new_string(str_c(&line)));
		json_add_str(o, "session", s->row.name);
		json_add_str(o, "name", name);
		json_add_int(o, "pid", pid);
		json_add_str(o, "state", "running");
		json_add_obj(o, "command", argv);
		json_add_int(o, "started_ms", (int64_t)started_ms);
		json_add_int(o, "ended_ms", 0);
		json_add_null(o, "exit");
		json_add_bool(o, "found", true);
		json_add_str(o, "log", NULL);
		json_object_array_add(list, o);
	}
}

struct list_wait {
	struct engine *engine;
	char session[16];
	jobs_listed *done;
	void *arg;
};

static void list_answered(void *arg, const struct hold_answer *answer)
{
	struct list_wait *w = arg;
	struct session *s = engine_find(w->engine, w->session);
	struct json_object *list = s ? session_jobs_json(s) : json_object_new_array();
	if (s && answer && answer->error == 0)
		add_found(list, s, answer);
	w->done(w->arg, s, list);
	json_object_put(list);
	free(w);
}

void session_jobs_list(struct session *s, jobs_listed *done, void *arg)
{
	struct list_wait *w = mem_alloc(sizeof *w);
	*w = (struct list_wait){.engine = s->engine, .done = done, .arg = arg};
	memcpy(w->session, s->row.id, strlen(s->row.id) + 1);
	if (s->connected)
		hold_client_read_jobs(s->hold, list_answered, w);
	else
		list_answered(w, NULL);
}

static struct json_object *wrap(const char *key, struct json_object *list)
{
	struct json_object *o = json_new();
	json_add_obj(o, key, json_object_get(list));
	return o;
}

static void list_for_call(void *arg, struct session *s, struct json_object *jobs)
{
	(void)s;
	call_done(arg, wrap("jobs", jobs));
}

void engine_job_list(struct engine *e, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(e, params, call);
	if (s)
		session_jobs_list(s, list_for_call, call);
}

/* ---- logs ---- */

static struct json_object *read_log(struct session *s, struct json_object *params, struct err *err)
{
	const char *job = json_str(params, "job");
	int64_t offset = json_int(params, "offset", 0);
	size_t limit = (size_t)MIN(MAX(json_int(params, "limit", 65536), 1), JOB_LOG_MAX);
	struct job_row row = {0};
	if (!job || !job_row_get(s->engine->setup.db, s->row.id, job, &row)) {
		err_set(err, ERR_USAGE, "%s has no job %s with a log (a found process has none)", s->row.name, job ? job : "");
		return NULL;
	}
	MEM_FREE char *path = log_path(s, job);
	int fd FD_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st = {0};
	struct str text STR_FREE = STR_INIT;
	if (fd >= 0 && fstat(fd, &st) == 0) {
		offset = offset < 0 ? MAX(st.st_size + offset, 0) : offset; /* negative: from the end */
		str_reserve(&text, limit);
		ssize_t n = pread(fd, text.data, limit, offset);
		text.len = n > 0 ? (size_t)n : 0;
		text.data[text.len] = '\0';
	}
	struct json_object *o = json_new();
	json_add_strn(o, "text", str_c(&text), text.len);
	json_add_int(o, "offset", offset);
	json_add_int(o, "next", offset + (int64_t)text.len);
	json_add_int(o, "size", st.st_size);
	json_add_str(o, "state", row.state);
	job_row_fini(&row);
	return o;
}

void engine_job_logs(struct engine *e, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(e, params, call);
	struct err err;
	if (!s)
		return;
	struct json_object *o = read_log(s, params, &err);
	if (o)
		call_done(call, o);
	else
		call_fail(call, &err);
}

/* ---- stopping ---- */

static void stop_answered(void *arg, const struct hold_answer *answer)
{
	struct start_wait *w = arg;
	struct session *s = engine_find(w->engine, w->session);
	struct err err;
	if (answer->error == 0 && s && !w->call) {
		struct json_object *ok JSON_FREE = json_new();
		json_add_bool(ok, "ok", true);
		session_reply(s, w->request, ok);
	} else if (answer->error == 0 && w->call) {
		struct json_object *o = json_new();
		json_add_str(o, "name", w->job);
		json_add_str(o, "state", "exited");
		call_done(w->call, o);
	} else {
		err_set(&err, answer->error == -ESRCH || answer->error == -ENOENT ? ERR_USAGE : ERR_FAILED,
		        "cannot stop the job %s: %s", w->job, answer->message);
		end_start(w, s, &err);
		return;
	}
	free(w->job);
	free(w);
}

static void stop_job(struct session *s, struct json_object *params, struct call *call, uint64_t request)
{
	struct start_wait *w = mem_alloc(sizeof *w);
	const char *job = json_str(params, "job");
	*w = (struct start_wait){.engine = s->engine, .call = call, .request = request, .job = mem_strdup(job ? job : "")};
	memcpy(w->session, s->row.id, strlen(s->row.id) + 1);
	if (!s->connected || !*w->job) {
		struct err err;
		err_set(&err, ERR_REFUSED, *w->job ? "%s does not run" : "%s: name the job", s->row.name);
		end_start(w, s, &err);
		return;
	}
	hold_client_job_stop(s->hold, job, (uint32_t)json_int(params, "grace_ms", JOB_GRACE_MS), stop_answered, w);
}

void engine_job_stop(struct engine *e, struct json_object *params, struct call *call)
{
	struct session *s = engine_session_of(e, params, call);
	if (s)
		stop_job(s, params, call, 0);
}

/* ---- the session's own: {"m":"job","op":…} ---- */

struct mail_list {
	uint64_t request;
};

static void list_for_mail(void *arg, struct session *s, struct json_object *jobs)
{
	struct mail_list *m = arg;
	struct json_object *o JSON_FREE = wrap("jobs", jobs);
	if (s)
		session_reply(s, m->request, o);
	free(m);
}

void session_mail_job(struct session *s, uint64_t request, struct json_object *msg)
{
	const char *op = json_str(msg, "op");
	struct err err;
	if (op && strcmp(op, "start") == 0) {
		start_job(s, msg, NULL, request);
	} else if (op && strcmp(op, "stop") == 0) {
		stop_job(s, msg, NULL, request);
	} else if (op && strcmp(op, "list") == 0) {
		struct mail_list *m = mem_alloc(sizeof *m);
		m->request = request;
		session_jobs_list(s, list_for_mail, m);
	} else if (op && strcmp(op, "logs") == 0) {
		struct json_object *o JSON_FREE = read_log(s, msg, &err);
		if (o)
			session_reply(s, request, o);
		else
			session_reply_error(s, request, err.msg);
	} else {
		session_reply_error(s, request, "job needs op: start, list, logs or stop");
	}
}

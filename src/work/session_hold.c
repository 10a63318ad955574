/* A session's holder: starting it, connecting to it again, and what its journal says. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pack.h"
#include "base/text.h"
#include "fmt/json.h"
#include "hold/journal.h"
#include "runner/local.h"
#include "store/job_row.h"
#include "work/session.h"

enum {
	RETRY_FIRST_MS = 200,
	RETRY_LAST_MS = 60000,
	RELAUNCH_FIRST_MS = 5,
	WELCOME_MS = 3000, /* a holder that lives answers within a few; one that is frozen does not */
	HOLDERS_MAX = 8, /* holders that may go before an agent was started in one: about a second in all */
	STREAM_LINE_MAX = 16 << 20,
};

/* ---- what the journal says, one function a kind ---- */

typedef void on_event(struct session *s, int64_t wall_ms, struct unpack *u);

static void on_spawned(struct session *s, int64_t wall_ms, struct unpack *u)
{
	uint32_t generation = unpack_u32(u);
	uint32_t pid = unpack_u32(u);
	if (u->bad || generation != (uint32_t)s->row.generation)
		return;
	s->row.pid = pid;
	s->row.started_ms = wall_ms;
	s->row.wait_status = -1;
	s->running = true;
	session_signals_clear(s);
	session_life_set(s, LIFE_LIVE);
	struct json_object *data = json_new();
	json_add_int(data, "pid", pid);
	json_add_int(data, "generation", generation);
	session_event(s, "session.live", data);
	if (!(s->agent.ops->can & AGENT_SPEAKS))
		session_signal(s, "process", AGENT_WORKING, 50, "its process runs");
	if (s->agent.ops->on_attached)
		s->agent.ops->on_attached(&s->agent, true);
	session_prompts_pump(s);
}

/* A bare name is looked for in the PATH of the shell that musterd was started from, which may not be the lead's present one. */
static char *spawn_failure(const char *program, const char *what, int error)
{
	if (error == ENOENT && program && *program && !strchr(program, '/') && strcmp(what, "run the program") == 0)
		return mem_printf("cannot run the program %s: it is not in musterd's PATH; install it, or let musterd take "
		                  "your present PATH (`muster daemon stop`), then resume",
		                  program);
	return mem_printf("cannot %s%s%s: %s", what, program ? " " : "", program ? program : "", strerror(error));
}

static void on_spawn_failed(struct session *s, int64_t wall_ms, struct unpack *u)
{
	(void)wall_ms;
	uint32_t generation = unpack_u32(u);
	int error = (int)unpack_u32(u);
	char *what MEM_FREE = unpack_text(u);
	if (u->bad || generation != (uint32_t)s->row.generation)
		return;
	MEM_FREE char *why = spawn_failure(s->program, what, error);
	mem_replace(&s->row.failure, why);
	session_life_set(s, LIFE_EXITED);
}

/* The agent's process is gone: what it had asked cannot be answered any more, unless its conversation can be
 * resumed, in which case it will ask again. */
static void note_exit(struct session *s, int64_t wall_ms, int wait_status, const char *last_words)
{
	s->running = false;
	s->row.wait_status = wait_status;
	s->row.ended_ms = wall_ms;
	s->row.pid = 0;
	if (last_words)
		mem_replace(&s->row.last_words, last_words);
	struct json_object *data = json_new();
	json_add_int(data, "wait_status", wait_status);
	session_event(s, "session.exited", data);
	if (s->agent.ops->on_exited)
		s->agent.ops->on_exited(&s->agent, wait_status);
	session_items_withdraw_all(s, "the agent's process ended", true);
	session_prompts_fail(s, "the agent's process ended");
	session_life_set(s, LIFE_EXITED);
}

static void on_exited(struct session *s, int64_t wall_ms, struct unpack *u)
{
	uint32_t generation = unpack_u32(u);
	uint32_t wait_status = unpack_u32(u);
	char *last_words MEM_FREE = unpack_text(u);
	if (!u->bad && generation == (uint32_t)s->row.generation)
		note_exit(s, wall_ms, (int)wait_status, last_words);
}

static void on_request(struct session *s, int64_t wall_ms, struct unpack *u)
{
	(void)wall_ms;
	uint64_t request = unpack_u64(u);
	size_t len;
	const uint8_t *line = unpack_bytes(u, &len);
	if (!u->bad)
		session_mail(s, request, line, len);
}

static void on_request_gone(struct session *s, int64_t wall_ms, struct unpack *u)
{
	(void)wall_ms;
	uint64_t request = unpack_u64(u);
	if (!u->bad)
		session_mail_gone(s, request);
}

static void on_status(struct session *s, int64_t wall_ms, struct unpack *u)
{
	(void)wall_ms;
	char *report MEM_FREE = unpack_text(u);
	if (!u->bad)
		session_status_report(s, report);
}

static void on_notify(struct session *s, int64_t wall_ms, struct unpack *u)
{
	(void)wall_ms;
	char *title MEM_FREE = unpack_text(u);
	char *body MEM_FREE = unpack_text(u);
	if (u->bad)
		return;
	struct json_object *data = json_new();
	json_add_str(data, "title", title);
	json_add_str(data, "body", body);
	session_event(s, "agent.notified", data);
}

static void on_job_started(struct session *s, int64_t wall_ms, struct unpack *u)
{
	char *job MEM_FREE = unpack_text(u);
	uint32_t pid = unpack_u32(u);
	if (!u->bad)
		session_job_started(s, job, pid, wall_ms);
}

static void on_job_exited(struct session *s, int64_t wall_ms, struct unpack *u)
{
	char *job MEM_FREE = unpack_text(u);
	uint32_t wait_status = unpack_u32(u);
	if (!u->bad)
		session_job_exited(s, job, (int)wait_status, wall_ms);
}

static void on_output_lost(struct session *s, int64_t wall_ms, struct unpack *u)
{
	(void)wall_ms;
	struct json_object *data = json_new();
	json_add_int(data, "from", (int64_t)unpack_u64(u));
	json_add_int(data, "to", (int64_t)unpack_u64(u));
	session_event(s, "output.lost", data);
}

static void on_activity(struct session *s, int64_t wall_ms, struct unpack *u)
{
	bool active = unpack_u8(u);
	s->last_output_ms = MAX(s->last_output_ms, wall_ms);
	/* Weak evidence, used only where the agent does not speak for itself. */
	session_signal(s, "output", active ? AGENT_WORKING : AGENT_QUIET, active ? 40 : 60,
	               active ? "it is writing" : "it has written nothing for a while");
}

static void on_moved(struct session *s, int64_t wall_ms, struct unpack *u)
{
	(void)wall_ms;
	s->row.paused = unpack_u8(u);
	session_event(s, s->row.paused ? "session.paused" : "session.resumed", NULL);
	session_refresh(s);
}

static void on_began(struct session *s, int64_t wall_ms, struct unpack *u)
{
	(void)wall_ms;
	(void)u;
	session_mail_began(s);
}

static on_event *const event_table[] = {
	[HOLD_EV_SPAWNED] = on_spawned,         [HOLD_EV_SPAWN_FAILED] = on_spawn_failed,
	[HOLD_EV_EXITED] = on_exited,           [HOLD_EV_REQUEST] = on_request,
	[HOLD_EV_REQUEST_GONE] = on_request_gone, [HOLD_EV_STATUS] = on_status,
	[HOLD_EV_NOTIFY] = on_notify,           [HOLD_EV_JOB_STARTED] = on_job_started,
	[HOLD_EV_JOB_EXITED] = on_job_exited,   [HOLD_EV_OUTPUT_LOST] = on_output_lost,
	[HOLD_EV_ACTIVITY] = on_activity,       [HOLD_EV_MOVED] = on_moved,
	[HOLD_EV_BEGAN] = on_began,
};

/* Applies one journal entry and notes, in the same turn, that it was. */
static void apply_event(struct session *s, uint64_t number, int64_t wall_ms, unsigned kind, const uint8_t *payload,
                        size_t len)
{
	if (number <= (uint64_t)s->row.hold_event)
		return;
	struct unpack u = unpack_init(payload, len);
	s->row.hold_event = (int64_t)number;
	s->in_event = true; /* several facts change: what follows from them is published once */
	if (kind < ARRAY_LEN(event_table) && event_table[kind])
		event_table[kind](s, wall_ms, &u);
	s->in_event = false;
	session_refresh(s);
	session_row_set_position(s->engine->setup.db, s->row.id, s->row.hold_event, s->row.hold_offset);
}

/* ---- the connection ---- */

static void handle_event(void *arg, uint64_t number, int64_t wall_ms, enum hold_event kind, const uint8_t *payload,
                         size_t len)
{
	struct session *s = arg;
	apply_event(s, number, wall_ms, kind, payload, len);
	if (s->hold && number > s->events_taken) {
		s->events_taken = number;
		hold_client_events_taken(s->hold, number);
		session_release_holder(s); /* not before: a holder keeps what nobody has taken */
	}
}

static void note_oversize(struct session *s, uint64_t lines)
{
	struct json_object *data = json_new();
	json_add_int(data, "lines", (int64_t)lines);
	session_event(s, "output.oversize", data);
}

static void handle_output(void *arg, uint64_t offset, const void *bytes, size_t len)
{
	struct session *s = arg;
	struct jsonl *lines = &s->agent.lines;
	const char *line;
	size_t line_len;
	s->last_output_ms = clock_wall_ms();
	str_reset(&s->json);
	if (offset != s->output_next) { /* a part was lost: on with what is there */
		jsonl_fini(lines);
		jsonl_init(lines, STREAM_LINE_MAX, offset);
	}
	s->output_next = offset + len;
	jsonl_add(lines, bytes, len);
	uint64_t dropped = lines->oversize;
	while (jsonl_next(lines, &line, &line_len))
		s->agent.ops->on_line(&s->agent, line, line_len);
	if (lines->oversize > dropped)
		note_oversize(s, lines->oversize - dropped);
	s->row.hold_offset = (int64_t)lines->offset;
	session_row_set_position(s->engine->setup.db, s->row.id, s->row.hold_event, s->row.hold_offset);
}

static void handle_live(void *arg, const struct hold_live *live)
{
	struct session *s = arg;
	s->last_output_ms = MAX(s->last_output_ms, live->last_output_ms);
	str_reset(&s->json);
	struct str title STR_FREE = STR_INIT;
	text_add_inert(&title, live->title, strlen(live->title), TEXT_ONE_LINE);
	mem_replace(&s->row.title, str_c(&title));
	if (live->progress >= 0)
		s->row.progress = live->progress;
}

static void after_spawn(void *arg, const struct hold_answer *answer)
{
	struct session *s = arg;
	if (answer->error == 0 || answer->lost || s->row.failure)
		return; /* the journal tells the rest, or the next connection does */
	MEM_FREE char *why = mem_printf("cannot start %s: %s", s->program, answer->message);
	mem_replace(&s->row.failure, why);
	session_life_set(s, LIFE_EXITED);
}

/* Everything that every process of the session is told. */
void session_environment(struct session *s, struct strv *env)
{
	struct engine *e = s->engine;
	strv_copy(env, &e->base_env);
	struct json_object *own JSON_FREE = s->row.env ? json_parse_text(s->row.env, NULL) : NULL;
	if (own) {
		json_object_object_foreach(own, key, value)
			strv_setenv(env, key, json_object_get_string(value));
	}
	MEM_FREE char *socket = dirs_agent_socket(e->setup.dirs, s->row.id);
	const char *const pairs[][2] = {
		{"MUSTER_SESSION", s->row.id},       {"MUSTER_SESSION_NAME", s->row.name},
		{"MUSTER_SOCKET", socket},           {"MUSTER_WORKSPACE", s->row.workspace},
		{"MUSTER_REPO", s->row.repo},        {"MUSTER_BRANCH", s->row.branch},
		{"MUSTER_BASE", s->row.base},        {"MUSTER_BIN", e->muster_path},
		{"PWD", s->row.workspace},
	};
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (pairs[i][1])
			strv_setenv(env, pairs[i][0], pairs[i][1]);
	if (s->row.port) {
		char port[16];
		snprintf(port, sizeof port, "%d", (int)s->row.port);
		strv_setenv(env, "MUSTER_PORT", port);
		snprintf(port, sizeof port, "%d", (int)(s->row.port + s->row.ports - 1));
		strv_setenv(env, "MUSTER_PORT_END", port);
	}
}

static void send_spawn(struct session *s, enum agent_start how)
{
	struct agent_launch launch = {0};
	struct err err = {0};
	struct strv env STRV_FREE = STRV_INIT;
	if (s->agent.ops->launch(&s->agent, how, &launch, &err) < 0) {
		mem_replace(&s->row.failure, err.msg);
		session_life_set(s, LIFE_EXITED);
		} else {
		session_environment(s, &env);
		for (size_t i = 0; i < launch.env.n; i++) {
			char *eq = strchr(launch.env.v[i], '=');
			MEM_FREE char *key = mem_strndup(launch.env.v[i], (size_t)(eq - launch.env.v[i]));
			strv_setenv(&env, key, eq + 1);
		}
		if (!launch.pipe)
			strv_setenv(&env, "TERM", "xterm-256color");
		struct hold_spawn sp = {
			.generation = (uint32_t)s->row.generation,
			.io = launch.pipe ? HOLD_IO_PIPE : HOLD_IO_PTY,
			.cols = (uint16_t)s->row.cols,
			.rows = (uint16_t)s->row.rows,
			.cwd = s->row.workspace,
			.argv = &launch.argv,
			.env = &env,
		};
		mem_replace(&s->program, launch.argv.v[0]);
		hold_client_spawn(s->hold, &sp, after_spawn, s);
	}
	strv_fini(&launch.argv);
	strv_fini(&launch.env);
	session_save(s);
}

/* The first words of a holder, after a start or a reconnection. */
static void handle_welcome(void *arg, const struct hold_welcome *w)
{
	struct session *s = arg;
	bool again = w->generation == (uint32_t)s->row.generation;
	s->connected = true;
	s->hold_pid = w->pid;
	s->running = w->running;
	s->row.paused = w->paused;
	s->retry_ms = 0;
	uv_timer_stop(&s->retry);
	hold_client_follow_events(s->hold, (uint64_t)s->row.hold_event);
	if (s->agent.ops->on_line && s->row.headless) {
		s->output_next = UINT64_MAX; /* the first piece starts the lines anew */
		hold_client_follow_output(s->hold, (uint64_t)s->row.hold_offset);
	}
	session_outbox_send(s);
	if (s->life == LIFE_EXITED)
		session_release_holder(s);
	if (!again && s->life == LIFE_PREPARING)
		send_spawn(s, s->row.resuming ? AGENT_START_RESUME : AGENT_START_NEW);
	else if (s->life == LIFE_LIVE && s->agent.ops->on_attached)
		s->agent.ops->on_attached(&s->agent, w->running);
	session_refresh(s);
	session_prompts_pump(s);
}

static void read_left_events(struct session *s, const char *folder)
{
	MEM_FREE char *path = mem_printf("%s/hold.events", folder);
	struct journal_reader reader;
	struct journal_entry e;
	if (journal_read_open(&reader, path, (uint64_t)s->row.hold_event) < 0)
		return;
	while (journal_read(&reader, &e) > 0)
		apply_event(s, e.number, e.wall_ms, e.kind, e.payload, e.len);
	journal_read_close(&reader);
}

/* The holder is dead, and what it had journaled is read. What it held is ended. */
static void bury_holder(struct session *s)
{
	session_jobs_lost(s);
	s->in_event = true;
	if (s->life == LIFE_LIVE || s->life == LIFE_PREPARING) {
		if (!s->row.want_stop)
			mem_replace(&s->row.hold_reason, "its holder was killed, or the machine went down");
		note_exit(s, clock_wall_ms(), -1, NULL);
	}
	s->in_event = false;
	session_save(s);
	session_refresh(s);
}

static void start_holder(struct session *s);

static void retry(uv_timer_t *timer);

static void retry_later(struct session *s, int first_ms)
{
	s->retry_ms = s->retry_ms ? MIN(s->retry_ms * 2, RETRY_LAST_MS) : first_ms;
	uv_timer_start(&s->retry, retry, (uint64_t)s->retry_ms, 0);
}

/* The holder is dead; let_go: it had nothing left and ended by itself. One that went before the agent was started in it
 * is replaced: it was told to go when its last agent had ended, and had not yet gone, or musterd died before it was
 * there. */
static void holder_dead(struct session *s, const char *folder, bool let_go)
{
	read_left_events(s, folder);
	if (let_go && s->life == LIFE_EXITED)
		return;
	if (!let_go)
		local_end_orphans(s->row.id);
	if (s->life == LIFE_PREPARING && s->holders_tried < HOLDERS_MAX) {
		s->holders_tried++;
		if (s->holders_tried == 1)
			start_holder(s);
		else
			retry_later(s, RELAUNCH_FIRST_MS);
	} else {
		bury_holder(s);
	}
}

static void retry(uv_timer_t *timer)
{
	struct session *s = timer->data;
	MEM_FREE char *folder = dirs_session(s->engine->setup.dirs, s->row.id);
	if (s->hold)
		session_release_holder(s);
	else if (local_alive(folder))
		session_attach_holder(s);
	else if (s->life == LIFE_PREPARING && s->holders_tried > 0)
		start_holder(s);
	else
		holder_dead(s, folder, false);
	session_refresh(s);
}

static void handle_closed(void *arg, int error)
{
	struct session *s = arg;
	MEM_FREE char *folder = dirs_session(s->engine->setup.dirs, s->row.id);
	bool let_go = s->let_go;
	s->let_go = false;
	session_detach_holder(s);
	if (s->engine->closing)
		return;
	if (!local_alive(folder)) {
		holder_dead(s, folder, let_go);
	} else if (!let_go || s->life != LIFE_EXITED) {
		log_warn("session %s: the holder does not answer: %s", s->row.name, strerror(-error));
		retry_later(s, RETRY_FIRST_MS);
	}
	session_refresh(s);
	session_removal_go_on(s);
}

static const struct hold_handler handler = {
	.welcome = handle_welcome,
	.event = handle_event,
	.output = handle_output,
	.live = handle_live,
	.closed = handle_closed,
};

/* The connection stays: it may go on where it is, when the holder does. */
static void no_answer(uv_timer_t *timer)
{
	struct session *s = timer->data;
	log_warn("session %s: the holder does not answer", s->row.name);
	session_refresh(s);
}

void session_detach_holder(struct session *s)
{
	uv_timer_stop(&s->retry);
	hold_client_free(s->hold);
	s->hold = NULL;
	s->connected = false;
	s->releasing = false;
	s->hold_pid = 0;
}

void session_attach_holder(struct session *s)
{
	MEM_FREE char *path = dirs_hold_socket(s->engine->setup.dirs, s->row.id);
	session_detach_holder(s);
	s->events_taken = (uint64_t)s->row.hold_event;
	s->hold = hold_client_new(s->engine->hub, path, -1, &handler, s);
	uv_timer_start(&s->retry, no_answer, WELCOME_MS, 0);
}

/* Between the request and its answer nothing is started in the holder: it may be about to go. */
static void released(void *arg, const struct hold_answer *answer)
{
	struct session *s = arg;
	if (!s->releasing)
		return;
	s->releasing = false;
	s->let_go = answer->error == 0;
	session_removal_go_on(s);
	/* An error: a process is there yet, or an entry is on its way. The exit of a job is an event, which asks again;
	 * that of a process that nobody started as a job is not. */
	if (answer->error && s->connected && s->life == LIFE_EXITED && s->running_jobs == 0)
		retry_later(s, RETRY_FIRST_MS);
	if (answer->error && s->connected && s->life == LIFE_PREPARING)
		send_spawn(s, s->row.resuming ? AGENT_START_RESUME : AGENT_START_NEW);
}

void session_release_holder(struct session *s)
{
	if (!s->connected || s->life != LIFE_EXITED || s->running || s->releasing)
		return;
	s->releasing = true;
	hold_client_release(s->hold, released, s);
}

static void start_holder(struct session *s)
{
	struct err err = {0};
	int fd;
	struct engine *e = s->engine;
	if (local_start(e->setup.loop, e->hold_path, s->row.id, s->row.log_limit_mb, &fd, &err) < 0) {
		mem_replace(&s->row.failure, err.msg);
		session_life_set(s, LIFE_EXITED);
		return;
	}
	s->events_taken = (uint64_t)s->row.hold_event;
	s->hold = hold_client_new(e->hub, NULL, fd, &handler, s);
}

void session_launch(struct session *s, enum agent_start how)
{
	s->row.generation++;
	s->row.resuming = how == AGENT_START_RESUME;
	s->row.want_stop = false;
	s->holders_tried = 0;
	s->retry_ms = 0;
	mem_replace(&s->row.failure, NULL);
	mem_replace(&s->row.hold_reason, NULL);
	session_life_set(s, LIFE_PREPARING);
	session_save(s);
	if (s->connected && !s->releasing && !s->let_go)
		send_spawn(s, how);
	else if (!s->hold)
		start_holder(s);
	/* Else what is under way ends with a welcome or a close, and goes on from there. */
}

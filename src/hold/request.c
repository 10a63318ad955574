#include "hold/request.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/pack.h"
#include "hold/hold.h"
#include "hold/tree.h"

enum { TEXT_ROOM = FRAME_MAX - 4096 }; /* what of a screen fits a TEXT beside its title */

static void ack(struct client *c, uint32_t id, int error, const char *message)
{
	clients_ack(&c->hold->clients, c->serial, id, error < 0 ? -error : error, message);
}

static void ack_what(struct client *c, uint32_t id, int error, const char *what)
{
	char *message MEM_FREE = error ? mem_printf("cannot %s: %s", what, strerror(-error)) : mem_strdup("");
	ack(c, id, error, message);
}

void request_welcome(struct client *c)
{
	struct hold *h = c->hold;
	struct str p STR_FREE = STR_INIT;
	pack_u32(&p, HOLD_MAGIC);
	pack_u16(&p, HOLD_VERSION);
	pack_u32(&p, (uint32_t)getpid());
	pack_u32(&p, h->fore.generation);
	pack_u8(&p, h->fore.pid != 0);
	pack_u64(&p, h->journal.last);
	pack_u64(&p, outlog_start(&h->log));
	pack_u64(&p, h->log.end);
	pack_u16(&p, (uint16_t)h->fore.cols);
	pack_u16(&p, (uint16_t)h->fore.rows);
	pack_u8(&p, h->paused);
	client_send(c, HOLD_WELCOME, &p);
}

/* Each handler reads its whole payload first and acts only if all of it was sound. */

static bool do_hello(struct client *c, struct unpack *u)
{
	uint32_t magic = unpack_u32(u);
	uint16_t version = unpack_u16(u);
	uint8_t role = unpack_u8(u);
	c->greeted = unpack_done(u) && magic == HOLD_MAGIC && version >= 1 &&
	             (role == HOLD_ROLE_CONTROL || role == HOLD_ROLE_VIEWER);
	return c->greeted;
}

static bool do_spawn(struct client *c, struct unpack *u)
{
	struct strv argv STRV_FREE = STRV_INIT, env STRV_FREE = STRV_INIT;
	uint32_t id = unpack_u32(u);
	struct fore_spawn sp = {.generation = unpack_u32(u), .io = unpack_u8(u), .cols = unpack_u16(u)};
	sp.rows = unpack_u16(u);
	char *cwd MEM_FREE = unpack_text(u);
	unpack_strv(u, &argv);
	unpack_strv(u, &env);
	if (!unpack_done(u))
		return false;
	sp.cwd = cwd;
	sp.argv = &argv;
	sp.env = &env;
	if (argv.n == 0 || sp.generation == 0 || (sp.io != HOLD_IO_PTY && sp.io != HOLD_IO_PIPE)) {
		ack(c, id, EINVAL, "SPAWN needs a generation above 0, an io and a command");
		return true;
	}
	if (c->hold->paused && sp.generation != c->hold->fore.generation) {
		ack(c, id, EAGAIN, "the session is paused");
		return true;
	}
	const char *what;
	int r = fore_start(&c->hold->fore, &sp, &what);
	ack_what(c, id, r, what);
	return true;
}

static bool do_input(struct client *c, struct unpack *u)
{
	uint32_t id = unpack_u32(u);
	size_t len;
	const uint8_t *bytes = unpack_bytes(u, &len);
	if (!unpack_done(u))
		return false;
	int r = c->refuses_input ? -ENOBUFS : fore_input(&c->hold->fore, c->serial, id, bytes, len);
	/* What belongs together must not be written with a piece missing. */
	c->refuses_input = r < 0 && id == 0;
	if (r < 0)
		ack_what(c, id, r, "write to the agent");
	return true;
}

static bool do_input_at(struct client *c, struct unpack *u)
{
	uint32_t id = unpack_u32(u), generation = unpack_u32(u);
	uint64_t offset = unpack_u64(u);
	size_t len;
	const uint8_t *bytes = unpack_bytes(u, &len);
	if (!unpack_done(u))
		return false;
	int r = fore_input_at(&c->hold->fore, c->serial, id, generation, offset, bytes, len);
	if (r < 0)
		ack_what(c, id, r, "write to the agent");
	return true;
}

static bool do_resize(struct client *c, struct unpack *u)
{
	uint16_t cols = unpack_u16(u), rows = unpack_u16(u);
	if (!unpack_done(u))
		return false;
	c->cols = cols;
	c->rows = rows;
	clients_fit(&c->hold->clients);
	return true;
}

static bool do_attach(struct client *c, struct unpack *u)
{
	uint16_t cols = unpack_u16(u), rows = unpack_u16(u);
	if (!unpack_done(u))
		return false;
	c->cols = cols;
	c->rows = rows;
	client_attach(c);
	return true;
}

static bool do_detach(struct client *c, struct unpack *u)
{
	if (!unpack_done(u))
		return false;
	client_detach(c);
	return true;
}

static bool do_follow_output(struct client *c, struct unpack *u)
{
	uint64_t offset = unpack_u64(u);
	if (!unpack_done(u))
		return false;
	c->follows_output = true;
	c->output_at = MIN(offset, c->hold->log.end);
	fore_watched(&c->hold->fore);
	return true;
}

static bool do_follow_events(struct client *c, struct unpack *u)
{
	uint64_t after = unpack_u64(u);
	if (!unpack_done(u))
		return false;
	journal_read_close(&c->events);
	c->events.next = MIN(after, c->hold->journal.last) + 1;
	c->follows_events = true;
	struct str p STR_FREE = STR_INIT;
	live_pack(&c->hold->live, &p);
	client_send(c, HOLD_LIVE, &p);
	return true;
}

static bool do_events_taken(struct client *c, struct unpack *u)
{
	uint64_t up_to = unpack_u64(u);
	if (!unpack_done(u))
		return false;
	journal_take(&c->hold->journal, up_to);
	return true;
}

/* The newest lines that fit. */
static void pack_tail(struct str *p, const struct str *text)
{
	size_t from = text->len > TEXT_ROOM ? text->len - TEXT_ROOM : 0;
	while (from > 0 && from < text->len && text->data[from - 1] != '\n')
		from++;
	pack_bytes(p, str_c(text) + from, text->len - from);
}

static bool do_read_screen(struct client *c, struct unpack *u)
{
	uint32_t id = unpack_u32(u), scrollback = unpack_u32(u);
	if (!unpack_done(u))
		return false;
	struct fore *f = &c->hold->fore;
	fore_watched(f); /* what has collected belongs to it */
	struct str text STR_FREE = STR_INIT, p STR_FREE = STR_INIT;
	struct term_cursor cursor = {0};
	if (f->term) {
		cursor = term_cursor(f->term);
		term_text(f->term, scrollback, false, &text);
	}
	pack_u32(&p, id);
	pack_u16(&p, (uint16_t)f->cols);
	pack_u16(&p, (uint16_t)f->rows);
	pack_u16(&p, (uint16_t)cursor.col);
	pack_u16(&p, (uint16_t)cursor.row);
	pack_text(&p, f->term ? term_title(f->term) : "");
	pack_tail(&p, &text);
	client_send(c, HOLD_TEXT, &p);
	return true;
}

static bool do_reply(struct client *c, struct unpack *u)
{
	uint32_t id = unpack_u32(u);
	uint64_t request = unpack_u64(u);
	size_t len;
	const uint8_t *json = unpack_bytes(u, &len);
	if (!unpack_done(u))
		return false;
	ack_what(c, id, mail_reply(&c->hold->mail, request, json, len), "send a reply of several lines");
	return true;
}

static bool do_signal(struct client *c, struct unpack *u)
{
	uint32_t id = unpack_u32(u), sig = unpack_u32(u);
	if (!unpack_done(u))
		return false;
	pid_t pid = c->hold->fore.pid;
	int r = !pid ? -ESRCH : sig == 0 || sig >= NSIG ? -EINVAL : kill(-pid, (int)sig) < 0 ? -errno : 0;
	ack_what(c, id, r, "signal the agent");
	return true;
}

static bool do_stop(struct client *c, struct unpack *u)
{
	uint32_t id = unpack_u32(u), grace_ms = unpack_u32(u);
	bool jobs = unpack_u8(u);
	if (!unpack_done(u))
		return false;
	int r = stops_begin(&c->hold->stops, jobs ? STOP_ALL : STOP_AGENT, 0, grace_ms, c->serial, id);
	if (r < 0)
		ack_what(c, id, r, "stop the session");
	return true;
}

static void journal_moved(struct hold *h, bool paused)
{
	struct str p STR_FREE = STR_INIT;
	if (h->paused == paused)
		return;
	h->paused = paused;
	pack_u8(&p, paused);
	hold_event(h, HOLD_EV_MOVED, &p);
}

static bool do_pause(struct client *c, struct unpack *u)
{
	uint32_t id = unpack_u32(u);
	if (!unpack_done(u))
		return false;
	tree_freeze(getpid());
	journal_moved(c->hold, true);
	ack(c, id, 0, "");
	return true;
}

static bool do_resume(struct client *c, struct unpack *u)
{
	uint32_t id = unpack_u32(u);
	if (!unpack_done(u))
		return false;
	tree_thaw(getpid());
	journal_moved(c->hold, false);
	ack(c, id, 0, "");
	return true;
}

static bool do_job_start(struct client *c, struct unpack *u)
{
	struct strv argv STRV_FREE = STRV_INIT, env STRV_FREE = STRV_INIT;
	uint32_t id = unpack_u32(u);
	char *name MEM_FREE = unpack_text(u);
	char *cwd MEM_FREE = unpack_text(u);
	unpack_strv(u, &argv);
	unpack_strv(u, &env);
	if (!unpack_done(u))
		return false;
	struct job_spec spec = {.name = name, .cwd = cwd, .argv = &argv, .env = &env};
	const char *what;
	int r = c->hold->paused ? -EAGAIN : jobs_start(&c->hold->jobs, &spec, &what);
	ack_what(c, id, r, c->hold->paused ? "start a job in a paused session" : what);
	return true;
}

/* The process that a job's name, or the decimal pid of a found one, means; 0: none. */
static pid_t find_job(struct hold *h, const char *name)
{
	const struct job *job = jobs_find(&h->jobs, name);
	if (job)
		return job->running ? job->pid : 0;
	char *end;
	long pid = strtol(name, &end, 10);
	struct tree t TREE_FREE;
	tree_read(&t, h);
	for (size_t i = 0; *name && *end == '\0' && i < t.procs.n; i++)
		if (t.procs.v[i].pid == pid && t.kin[i] != KIN_AGENT)
			return (pid_t)pid;
	return 0;
}

static bool do_job_stop(struct client *c, struct unpack *u)
{
	uint32_t id = unpack_u32(u);
	char *name MEM_FREE = unpack_text(u);
	uint32_t grace_ms = unpack_u32(u);
	if (!unpack_done(u))
		return false;
	pid_t pid = find_job(c->hold, name);
	int r = pid ? stops_begin(&c->hold->stops, STOP_TREE, pid, grace_ms, c->serial, id) : -ESRCH;
	if (r < 0)
		ack_what(c, id, r, "stop this job");
	return true;
}

static bool do_read_jobs(struct client *c, struct unpack *u)
{
	uint32_t id = unpack_u32(u);
	if (!unpack_done(u))
		return false;
	struct str p STR_FREE = STR_INIT;
	pack_u32(&p, id);
	jobs_pack(&c->hold->jobs, &p);
	client_send(c, HOLD_JOBS, &p);
	return true;
}

static bool do_release(struct client *c, struct unpack *u)
{
	uint32_t id = unpack_u32(u);
	if (!unpack_done(u))
		return false;
	struct hold *h = c->hold;
	struct procs left PROCS_FREE = {0};
	hold_reap(h);
	proc_descendants(getpid(), &left);
	if (left.n) {
		ack(c, id, EBUSY, "processes of the session are left");
	} else if (h->journal.taken < h->journal.last) {
		ack(c, id, EAGAIN, "events are left that nobody has taken");
	} else {
		h->ending = true;
		ack(c, id, 0, "");
	}
	return true;
}

static bool do_close_stdin(struct client *c, struct unpack *u)
{
	uint32_t id = unpack_u32(u);
	if (!unpack_done(u))
		return false;
	ack_what(c, id, fore_close_stdin(&c->hold->fore), "close the agent's input");
	return true;
}

typedef bool handler(struct client *c, struct unpack *u);

static handler *const handlers[] = {
	[HOLD_HELLO] = do_hello,
	[HOLD_SPAWN] = do_spawn,
	[HOLD_INPUT] = do_input,
	[HOLD_RESIZE] = do_resize,
	[HOLD_ATTACH] = do_attach,
	[HOLD_DETACH] = do_detach,
	[HOLD_FOLLOW_OUTPUT] = do_follow_output,
	[HOLD_FOLLOW_EVENTS] = do_follow_events,
	[HOLD_EVENTS_TAKEN] = do_events_taken,
	[HOLD_READ_SCREEN] = do_read_screen,
	[HOLD_REPLY] = do_reply,
	[HOLD_SIGNAL] = do_signal,
	[HOLD_STOP] = do_stop,
	[HOLD_PAUSE] = do_pause,
	[HOLD_RESUME] = do_resume,
	[HOLD_JOB_START] = do_job_start,
	[HOLD_JOB_STOP] = do_job_stop,
	[HOLD_READ_JOBS] = do_read_jobs,
	[HOLD_RELEASE] = do_release,
	[HOLD_CLOSE_STDIN] = do_close_stdin,
	[HOLD_INPUT_AT] = do_input_at,
};

bool request_handle(struct client *c, const struct frame *f)
{
	if (!c->greeted && f->type != HOLD_HELLO)
		return false;
	/* A newer client's message. */
	if (f->type >= ARRAY_LEN(handlers) || !handlers[f->type])
		return true;
	struct unpack u = unpack_init(f->payload, f->len);
	return handlers[f->type](c, &u);
}

#include "hold/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/pack.h"
#include "hold/pidfile.h"
#include "hold/tree.h"

enum {
	JOURNAL_RETRY_MS = 1000,
	LOST_EVERY_MS = 1000,
	END_GRACE_MS = 2000, /* for the processes, when the holder itself is told to end */
};

/* Facts that musterd cannot learn in any other way wait in memory while the disk is full. Chatter may fill half
 * of the journal, so that there is always room for requests. */
static bool is_essential(enum hold_event kind)
{
	return kind == HOLD_EV_BEGAN || kind == HOLD_EV_SPAWNED || kind == HOLD_EV_SPAWN_FAILED ||
	       kind == HOLD_EV_EXITED || kind == HOLD_EV_REQUEST_GONE || kind == HOLD_EV_JOB_STARTED ||
	       kind == HOLD_EV_JOB_EXITED || kind == HOLD_EV_MOVED;
}

static bool is_chatter(enum hold_event kind)
{
	return kind == HOLD_EV_STATUS || kind == HOLD_EV_NOTIFY || kind == HOLD_EV_ACTIVITY ||
	       kind == HOLD_EV_OUTPUT_LOST;
}

int hold_event(struct hold *h, enum hold_event kind, const struct str *payload)
{
	struct journal *j = &h->journal;
	if (is_chatter(kind) && j->end - j->taken_end > JOURNAL_LIMIT / 2)
		return -ENOSPC;
	int r = journal_add(j, (uint8_t)kind, payload, is_essential(kind));
	if (j->unwritten.len && !h->journal_retry.armed)
		loop_arm(&h->loop, &h->journal_retry, JOURNAL_RETRY_MS);
	h->clients.dirty = true;
	return r < 0 ? -ENOSPC : 0;
}

static void retry_journal(struct timer *t)
{
	struct hold *h = CONTAINER_OF(t, struct hold, journal_retry);
	if (!journal_retry(&h->journal))
		loop_arm(&h->loop, t, JOURNAL_RETRY_MS);
	h->clients.dirty = true;
}

static void journal_lost(struct timer *t)
{
	struct hold *h = CONTAINER_OF(t, struct hold, lost_timer);
	struct str p STR_FREE = STR_INIT;
	pack_u64(&p, h->lost_from);
	pack_u64(&p, h->lost_to);
	if (hold_event(h, HOLD_EV_OUTPUT_LOST, &p) == 0)
		h->lost_from = h->lost_to;
	else
		loop_arm(&h->loop, t, LOST_EVERY_MS);
}

/* Neighbouring losses are told as one, and not more often than once a second. */
static void note_lost(struct hold *h, uint64_t from, uint64_t to)
{
	if (h->lost_from == h->lost_to)
		h->lost_from = from;
	h->lost_from = MIN(h->lost_from, from);
	h->lost_to = MAX(h->lost_to, to);
	if (!h->lost_timer.armed)
		loop_arm(&h->loop, &h->lost_timer, LOST_EVERY_MS);
}

void hold_output(struct hold *h, const void *bytes, size_t len)
{
	uint64_t offset = h->log.end, start = outlog_start(&h->log);
	size_t kept = outlog_write(&h->log, bytes, len);
	if (kept < len)
		note_lost(h, offset + kept, offset + len);
	else if (outlog_start(&h->log) != start)
		note_lost(h, start, outlog_start(&h->log));
	clients_output(&h->clients, offset, bytes, len);
	live_output(&h->live);
}

bool hold_take_exits(struct hold *h)
{
	int status;
	bool any = false;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0; any = true) {
		if (pid == h->fore.pid)
			fore_ended(&h->fore, status);
		else
			jobs_ended(&h->jobs, pid, status); /* else an orphan that was found */
	}
	return any;
}

void hold_reap(struct hold *h)
{
	if (hold_take_exits(h))
		stops_check(&h->stops);
}

/* Ends everything, then the holder. What was not taken stays in the journal. */
static void end_session(struct hold *h)
{
	if (h->told_to_end)
		return;
	h->told_to_end = true;
	/* Where there is no room for one more, all that is left ends with the holder (hold/watch.h). */
	if (stops_begin(&h->stops, STOP_ALL, 0, END_GRACE_MS, 0, 0) < 0)
		h->ending = true;
}

/* The session's folder is going: without it nobody can reach this session any more. */
static bool is_removed(const struct hold *h)
{
	return faccessat(h->folder, PIDFILE_NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

static void signals_ready(struct source *s, uint32_t events)
{
	(void)events;
	struct hold *h = CONTAINER_OF(s, struct hold, signals);
	struct signalfd_siginfo si;
	while (read(s->fd, &si, sizeof si) == sizeof si)
		if (si.ssi_signo == SIGTERM || (si.ssi_signo == SIGIO && is_removed(h)))
			end_session(h);
	hold_reap(h);
}

static int watch_signals(struct hold *h)
{
	/* Nobody wants to hear of children that stop and go on. */
	struct sigaction child = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP};
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGIO);
	sigaction(SIGCHLD, &child, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
		return -errno;
	int fd FD_CLOSE = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	int r = fd < 0 ? -errno : loop_add(&h->loop, &h->signals, fd, EPOLLIN);
	if (r == 0)
		fd = -1;
	/* An old interface, but one that costs no inotify instance of the few that a user has. */
	fcntl(h->folder, F_NOTIFY, DN_DELETE | DN_MULTISHOT);
	return r;
}

static void turn_ends(void *arg)
{
	struct hold *h = arg;
	mail_flush(&h->mail);
	clients_flush(&h->clients);
	if (h->told_to_end && !h->stops.first)
		h->ending = true;
	if (h->ending)
		h->loop.stop = true;
}

static int open_folder(struct hold *h, const struct hold_options *opt, const char **ret_what)
{
	*ret_what = opt->folder;
	h->folder = open(opt->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (h->folder < 0)
		return -errno;
	char *journal MEM_FREE = mem_printf("%s/hold.events", opt->folder);
	*ret_what = "the journal";
	int r = journal_init(&h->journal, journal);
	if (r < 0)
		return r;
	*ret_what = "the output";
	return outlog_init(&h->log, h->folder, opt->log_limit);
}

static void init_parts(struct hold *h)
{
	*h = (struct hold){
		.folder = -1,
		.signals = SOURCE_INIT(signals_ready),
		.journal = {.fd = -1},
		.journal_retry = {.fire = retry_journal},
		.log = {.dir = -1, .fd = -1, .index_fd = -1},
		.lost_timer = {.fire = journal_lost},
		.stops = {.hold = h},
	};
	fore_init(&h->fore, h);
	jobs_init(&h->jobs, h);
	live_init(&h->live, h);
	chatter_init(&h->chatter, h);
}

static void journal_began(struct hold *h)
{
	struct str p STR_FREE = STR_INIT;
	pack_u32(&p, (uint32_t)getpid());
	hold_event(h, HOLD_EV_BEGAN, &p);
}

int hold_init(struct hold *h, const struct hold_options *opt, const char **ret_what)
{
	init_parts(h);
	*ret_what = "the event loop";
	int r = loop_init(&h->loop);
	h->loop.turn_ends = turn_ends;
	h->loop.arg = h;
	r = r ? r : open_folder(h, opt, ret_what);
	if (r < 0)
		return r;
	*ret_what = "signals";
	r = prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? -errno : watch_signals(h);
	if (r < 0)
		return r;
	journal_began(h);
	*ret_what = opt->agent_socket;
	r = mail_init(&h->mail, h, opt->agent_socket);
	if (r < 0)
		return r;
	*ret_what = opt->hold_socket;
	return clients_init(&h->clients, h, opt->hold_socket, opt->control);
}

void hold_run(struct hold *h)
{
	loop_run(&h->loop);
}

void hold_fini(struct hold *h, const struct hold_options *opt)
{
	stops_fini(&h->stops);
	mail_fini(&h->mail, opt->agent_socket);
	clients_fini(&h->clients, opt->hold_socket);
	fore_fini(&h->fore);
	jobs_fini(&h->jobs);
	chatter_fini(&h->chatter);
	outlog_fini(&h->log);
	journal_fini(&h->journal);
	fd_closep(&h->signals.fd);
	fd_closep(&h->folder);
	loop_fini(&h->loop);
}

#include "hold/fore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/pack.h"
#include "base/text.h"
#include "hold/child.h"
#include "hold/hold.h"
#include "hold/pty.h"

enum {
	DRAIN_MAX = 1 << 20, /* bytes read after the agent has ended */
	RETRY_MS = 1000,     /* how long a terminal that nobody has open is left alone */
	LAST_WORDS_LINES = 20,
	LAST_WORDS_BYTES = 2048,
	COLS_DEFAULT = 80,
	ROWS_DEFAULT = 24,
};

static const char errors_name[] = "agent.stderr";

/* What one turn reads. Shared by everything that reads output, which happens one after the other. */
static uint8_t scratch[FORE_READ];

static void watch(struct fore *f, struct source *s, int fd, uint32_t events)
{
	/* Not EPOLL_CTL_MOD to nothing: a hang-up would be reported all the same. */
	if (events == 0 || fd < 0)
		loop_remove(&f->hold->loop, s);
	else if (s->fd < 0)
		loop_add(&f->hold->loop, s, fd, events);
	else
		loop_change(&f->hold->loop, s, events);
}

/* Brings what epoll watches in line with what there is to do. */
static void rewatch(struct fore *f)
{
	bool looks_away = f->look_again.armed;
	uint32_t in = input_empty(&f->input) ? 0 : EPOLLOUT;
	uint32_t out = looks_away ? 0 : EPOLLIN;
	if (f->in_fd == f->out_fd) {
		watch(f, &f->out, f->out_fd, out | in);
	} else {
		watch(f, &f->out, f->out_fd, out);
		watch(f, &f->in, f->in_fd, in);
	}
}

static void answer_written(struct fore *f, bool all, int error)
{
	struct input_mark m;
	while (input_next(&f->input, all, &m))
		clients_ack(&f->hold->clients, m.client, m.id, error, error ? "the agent has ended" : "");
}

static void close_stdin(struct fore *f)
{
	loop_remove(&f->hold->loop, &f->in);
	fd_closep(&f->in_fd);
	f->stdin_ends = false;
}

static void write_input(struct fore *f)
{
	int r = f->in_fd < 0 ? -EPIPE : input_write(&f->input, f->in_fd);
	answer_written(f, false, 0);
	if (r < 0) {
		input_drop(&f->input);
		answer_written(f, true, EPIPE);
	}
	if (f->stdin_ends && input_empty(&f->input))
		close_stdin(f);
}

static void send_replies(struct fore *f)
{
	if (f->replies.len == 0)
		return;
	/* A program that asks and asks without reading the answers loses some, as on any terminal. */
	if (f->pid && input_add(&f->input, 0, 0, f->replies.data, f->replies.len) == 0) {
		pace_input(&f->pace, clock_mono_ms());
		write_input(f);
	}
	str_reset(&f->replies);
}

static void hang_up(struct fore *f)
{
	loop_remove(&f->hold->loop, &f->out);
	if (f->pid && f->io == HOLD_IO_PTY) {
		/* No process has the terminal open, but the agent may open /dev/tty again. */
		loop_arm(&f->hold->loop, &f->look_again, RETRY_MS);
		return;
	}
	if (f->in_fd == f->out_fd)
		f->in_fd = -1;
	fd_closep(&f->out_fd);
}

/* Reads what is there, at most FORE_READ bytes, and shows each piece on the screen (NULL: there is none) while the
 * kernel, which has 4 KiB of a terminal's output ready at a time, fetches the next: one after the other costs up to
 * a third of the speed. 1: there may be more, 0: nothing is left, -1: it is the end. */
static int read_once(int fd, struct term *screen, size_t *ret_len)
{
	size_t len = 0;
	int more = 1;
	while (len < sizeof scratch) {
		ssize_t n = read(fd, scratch + len, sizeof scratch - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			more = n < 0 && errno == EAGAIN ? 0 : -1;
			break;
		}
		if (screen)
			term_feed(screen, scratch + len, (size_t)n);
		len += (size_t)n;
	}
	*ret_len = len;
	return more;
}

static int read_output(struct fore *f)
{
	size_t len;
	int more = read_once(f->out_fd, f->term, &len);
	if (len) {
		hold_output(f->hold, scratch, len);
		send_replies(f);
	}
	if (more == 0 && len) {
		int pause_ms = pace_read(&f->pace, len, clients_watching(&f->hold->clients), clock_mono_ms());
		if (pause_ms)
			loop_arm(&f->hold->loop, &f->look_again, pause_ms);
	}
	if (more < 0)
		hang_up(f);
	return more;
}

static void out_ready(struct source *s, uint32_t events)
{
	struct fore *f = CONTAINER_OF(s, struct fore, out);
	if ((events & EPOLLOUT) && f->in_fd == f->out_fd)
		write_input(f);
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		read_output(f);
	rewatch(f);
}

static void in_ready(struct source *s, uint32_t events)
{
	(void)events;
	struct fore *f = CONTAINER_OF(s, struct fore, in);
	write_input(f);
	rewatch(f);
}

/* The pause is over: most likely something has collected, which saves asking epoll. */
static void look_again(struct timer *t)
{
	struct fore *f = CONTAINER_OF(t, struct fore, look_again);
	if (f->out_fd >= 0)
		read_output(f);
	rewatch(f);
}

void fore_watched(struct fore *f)
{
	if (f->look_again.armed && f->out_fd >= 0) {
		loop_disarm(&f->hold->loop, &f->look_again);
		look_again(&f->look_again);
	}
}

void fore_init(struct fore *f, struct hold *h)
{
	*f = (struct fore){
		.hold = h,
		.out_fd = -1,
		.in_fd = -1,
		.out = SOURCE_INIT(out_ready),
		.in = SOURCE_INIT(in_ready),
		.look_again = {.fire = look_again},
		.errors = SINK_INIT,
		.cols = COLS_DEFAULT,
		.rows = ROWS_DEFAULT,
	};
}

static void ward_ready(struct source *s, uint32_t events)
{
	(void)events;
	struct ward *w = CONTAINER_OF(s, struct ward, source);
	struct fore *f = w->fore;
	size_t len;
	int fd = s->fd;
	if (read_once(fd, NULL, &len) >= 0)
		return;
	loop_remove(&f->hold->loop, s);
	close(fd);
	struct ward **at = &f->wards;
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	f->n_wards--;
	free(w);
}

/* Hands the old agent's terminal over to a ward, or closes it. */
static void put_aside(struct fore *f)
{
	struct loop *l = &f->hold->loop;
	loop_disarm(l, &f->look_again);
	loop_remove(l, &f->out);
	loop_remove(l, &f->in);
	if (f->in_fd != f->out_fd)
		fd_closep(&f->in_fd);
	f->in_fd = -1;
	f->stdin_ends = false;
	sink_close(&f->errors);
	if (f->out_fd < 0)
		return;
	struct ward *w = mem_alloc(sizeof *w);
	*w = (struct ward){.source = SOURCE_INIT(ward_ready), .fore = f};
	if (f->n_wards == FORE_WARDS_MAX || loop_add(l, &w->source, f->out_fd, EPOLLIN) < 0) {
		fd_closep(&f->out_fd);
		free(w);
		return;
	}
	f->out_fd = -1;
	w->next = f->wards;
	f->wards = w;
	f->n_wards++;
}

void fore_fini(struct fore *f)
{
	put_aside(f);
	while (f->wards) {
		struct ward *w = f->wards;
		int fd = w->source.fd;
		f->wards = w->next;
		loop_remove(&f->hold->loop, &w->source);
		close(fd);
		free(w);
	}
	input_fini(&f->input);
	term_free(f->term);
	str_fini(&f->replies);
}

static void new_screen(struct fore *f)
{
	term_free(f->term);
	f->term = NULL;
	str_reset(&f->replies);
	if (f->io != HOLD_IO_PTY)
		return;
	struct term_opts opts = TERM_OPTS_DEFAULT;
	opts.replies = &f->replies;
	opts.events = &chatter_term_events;
	opts.user = f->hold;
	f->term = term_new(f->rows, f->cols, &opts);
	clients_new_terminal(&f->hold->clients);
}

/* Both of the agent's own descriptors are closed by the caller. */
static int open_terminal(struct fore *f, struct child_spec *spec)
{
	int slave;
	int r = pty_open(f->cols, f->rows, &f->out_fd, &slave);
	if (r < 0)
		return r;
	f->in_fd = f->out_fd;
	spec->fds[0] = spec->fds[1] = spec->fds[2] = slave;
	spec->terminal = true;
	return 0;
}

/* Two pairs, so that the end of one direction never is that of the other. */
static int open_pipes(struct fore *f, struct child_spec *spec)
{
	int in[2], out[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) < 0)
		return -errno;
	f->in_fd = in[1];
	spec->fds[0] = in[0];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, out) < 0)
		return -errno;
	f->out_fd = out[1];
	spec->fds[1] = out[0];
	shutdown(f->in_fd, SHUT_RD);
	shutdown(f->out_fd, SHUT_WR);
	int r = fd_set_nonblock(f->in_fd, true);
	r = r ? r : fd_set_nonblock(f->out_fd, true);
	return r ? r : sink_open(&f->errors, &f->hold->loop, f->hold->folder, errors_name, &spec->fds[2]);
}

static void close_spec(struct child_spec *spec)
{
	if (spec->terminal)
		spec->fds[1] = spec->fds[2] = -1;
	for (int i = 0; i < 3; i++)
		fd_closep(&spec->fds[i]);
}

static int launch(struct fore *f, const struct fore_spawn *sp, const char **ret_what)
{
	struct child_spec spec = {.argv = sp->argv, .env = sp->env, .cwd = sp->cwd, .fds = {-1, -1, -1}};
	*ret_what = "make its terminal";
	int r = f->io == HOLD_IO_PTY ? open_terminal(f, &spec) : open_pipes(f, &spec);
	if (r == 0)
		r = child_start(&spec, ret_what);
	close_spec(&spec);
	if (r >= 0)
		f->pid = r;
	else
		put_aside(f);
	return MIN(r, 0);
}

static void journal_start(struct fore *f, int error, const char *what)
{
	struct str p STR_FREE = STR_INIT;
	pack_u32(&p, f->generation);
	if (error) {
		pack_u32(&p, (uint32_t)-error);
		pack_text(&p, what);
	} else {
		pack_u32(&p, (uint32_t)f->pid);
	}
	hold_event(f->hold, error ? HOLD_EV_SPAWN_FAILED : HOLD_EV_SPAWNED, &p);
}

/* What an agent before this one, perhaps of an earlier holder, left without an end. */
static void end_line(struct hold *h)
{
	struct outlog_reader reader = OUTLOG_READER_INIT;
	uint64_t offset = h->log.end - 1;
	char last;
	if (h->log.end && (outlog_read(&h->log, &reader, &offset, &last, 1) != 1 || last != '\n'))
		hold_output(h, "\n", 1);
	outlog_reader_fini(&reader);
}

int fore_start(struct fore *f, const struct fore_spawn *sp, const char **ret_what)
{
	*ret_what = "start";
	if (sp->generation == f->generation)
		return 0;
	if (sp->generation < f->generation)
		return -ESTALE;
	if (f->pid)
		return -EBUSY;
	put_aside(f);
	f->input_at = 0;
	f->generation = sp->generation;
	f->io = sp->io;
	if (f->io == HOLD_IO_PIPE)
		end_line(f->hold);
	/* A viewer's window counts for more than what musterd supposes. */
	if (sp->cols && sp->rows && !clients_attached(&f->hold->clients)) {
		f->cols = MIN(sp->cols, (int)TERM_COLS_MAX);
		f->rows = MIN(sp->rows, (int)TERM_ROWS_MAX);
	}
	f->pace = (struct pace){0};
	new_screen(f);
	int r = launch(f, sp, ret_what);
	journal_start(f, r, *ret_what);
	rewatch(f);
	return r;
}

static void add_last_words(struct fore *f, struct str *out)
{
	struct str text STR_FREE = STR_INIT;
	if (f->term) {
		term_text(f->term, LAST_WORDS_LINES, true, &text);
	} else {
		struct str raw STR_FREE = STR_INIT;
		sink_tail(&f->errors, LAST_WORDS_BYTES, &raw);
		text_add_inert(&text, raw.data, raw.len, TEXT_LINES);
	}
	str_trim(&text);
	size_t from = text.len;
	for (int lines = 0; from > 0 && text.len - from < LAST_WORDS_BYTES; from--)
		if (text.data[from - 1] == '\n' && ++lines == LAST_WORDS_LINES)
			break;
	while (from < text.len && ((uint8_t)text.data[from] & 0xc0) == 0x80)
		from++;
	str_consume(&text, from);
	pack_text(out, str_c(&text));
}

void fore_ended(struct fore *f, int wait_status)
{
	f->pid = 0;
	/* What it wrote before it ended comes first. */
	for (size_t total = 0; f->out_fd >= 0 && total < DRAIN_MAX; total += sizeof scratch)
		if (read_output(f) <= 0)
			break;
	sink_drain(&f->errors);
	struct str p STR_FREE = STR_INIT;
	pack_u32(&p, f->generation);
	pack_u32(&p, (uint32_t)wait_status);
	add_last_words(f, &p);
	if (f->term)
		term_exited(f->term);
	hold_event(f->hold, HOLD_EV_EXITED, &p);
	input_drop(&f->input);
	answer_written(f, true, ESRCH);
	rewatch(f);
}

int fore_input(struct fore *f, uint64_t client, uint32_t id, const void *bytes, size_t len)
{
	if (!f->pid)
		return -ESRCH;
	if (f->in_fd < 0 || f->stdin_ends)
		return -EPIPE;
	int r = input_add(&f->input, client, id, bytes, len);
	if (r < 0)
		return r;
	pace_input(&f->pace, clock_mono_ms());
	write_input(f);
	loop_disarm(&f->hold->loop, &f->look_again); /* the answer is not left to collect */
	rewatch(f);
	return 0;
}

int fore_input_at(struct fore *f, uint64_t client, uint32_t id, uint32_t generation, uint64_t offset, const void *bytes,
		  size_t len)
{
	if (generation != f->generation)
		return -ESTALE;
	if (f->io != HOLD_IO_PIPE || offset > f->input_at)
		return -EINVAL;
	size_t had = (size_t)MIN(f->input_at - offset, (uint64_t)len);
	int r = fore_input(f, client, id, (const char *)bytes + had, len - had);
	if (r == 0)
		f->input_at += len - had;
	return r;
}

int fore_close_stdin(struct fore *f)
{
	if (!f->pid)
		return -ESRCH;
	if (f->io != HOLD_IO_PIPE)
		return -EINVAL;
	f->stdin_ends = f->in_fd >= 0;
	if (input_empty(&f->input))
		close_stdin(f);
	return 0;
}

bool fore_resize(struct fore *f, int cols, int rows)
{
	cols = MIN(MAX(cols, 1), (int)TERM_COLS_MAX);
	rows = MIN(MAX(rows, 1), (int)TERM_ROWS_MAX);
	if (cols == f->cols && rows == f->rows)
		return false;
	f->cols = cols;
	f->rows = rows;
	if (f->term)
		term_resize(f->term, rows, cols);
	if (f->io == HOLD_IO_PTY && f->out_fd >= 0)
		pty_resize(f->out_fd, cols, rows);
	return true;
}

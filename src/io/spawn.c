#include "io/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

extern char **environ;

/* Descriptors go up first and down after, so that no target overwrites a source. */
enum { PARK = 200 };

static int add_descriptors(posix_spawn_file_actions_t *fa, const struct spawn *sp)
{
	int r = 0;
	for (int i = 0; i < sp->nfds && r == 0; i++)
		if (sp->fds[i] >= 0)
			r = posix_spawn_file_actions_adddup2(fa, sp->fds[i], PARK + i);
	for (int i = 0; i < sp->nfds && r == 0; i++) {
		if (sp->fds[i] >= 0) {
			r = posix_spawn_file_actions_adddup2(fa, PARK + i, i);
			if (r == 0)
				r = posix_spawn_file_actions_addclose(fa, PARK + i);
		} else if (i <= 2) {
			r = posix_spawn_file_actions_addopen(fa, i, "/dev/null", O_RDWR, 0);
		}
	}
	return r;
}

static int add_attributes(posix_spawnattr_t *at, const struct spawn *sp)
{
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	short group = sp->new_session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP;
	int r = posix_spawnattr_setflags(at, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group));
	if (r == 0)
		r = posix_spawnattr_setsigmask(at, &none);
	return r ? r : posix_spawnattr_setsigdefault(at, &all);
}

pid_t spawn_start(const struct spawn *sp)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	pid_t pid = -1;
	if (sp->argv->n == 0)
		return -EINVAL;
	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&at);
	int r = add_descriptors(&fa, sp);
	if (r == 0 && sp->cwd)
		r = posix_spawn_file_actions_addchdir_np(&fa, sp->cwd);
	if (r == 0)
		r = add_attributes(&at, sp);
	if (r == 0)
		r = posix_spawnp(&pid, sp->argv->v[0], &fa, &at, strv_argv(sp->argv),
		                 sp->env ? strv_argv(sp->env) : environ);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&at);
	return r ? -r : pid;
}

int spawn_pidfd(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	return fd < 0 ? -errno : fd;
}

struct stream {
	int fd;
	short events;
};

struct run {
	struct stream in, out, err, exit;
	const char *input;
	size_t input_left;
	size_t out_limit;
	struct str *out_text, *err_text;
};

static void send_input(struct run *run)
{
	ssize_t n = write(run->in.fd, run->input, run->input_left);
	if (n > 0) {
		run->input += n;
		run->input_left -= (size_t)n;
	}
	if (run->input_left == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		fd_closep(&run->in.fd);
}

/* Returns -EFBIG over the limit, else 0. */
static int receive(struct stream *s, struct str *text, size_t limit, size_t keep_tail)
{
	char buf[65536];
	ssize_t n = read(s->fd, buf, sizeof buf);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		fd_closep(&s->fd);
	if (n <= 0 || !text)
		return 0;
	if (text->len + (size_t)n > limit)
		return -EFBIG;
	str_add(text, buf, (size_t)n);
	if (keep_tail && text->len > 2 * keep_tail)
		str_consume(text, text->len - keep_tail);
	return 0;
}

/* One wait on everything that is open. Returns 0, or a negative errno that ends the run. */
static int pump_once(struct run *run, int wait_ms)
{
	struct pollfd p[4] = {
		{.fd = run->in.fd, .events = POLLOUT},
		{.fd = run->out.fd, .events = POLLIN},
		{.fd = run->err.fd, .events = POLLIN},
		{.fd = run->exit.fd, .events = POLLIN},
	};
	if (poll(p, ARRAY_LEN(p), wait_ms) < 0)
		return errno == EINTR ? 0 : -errno;
	if (p[0].revents)
		send_input(run);
	int r = p[1].revents ? receive(&run->out, run->out_text, run->out_limit, 0) : 0;
	if (p[2].revents)
		receive(&run->err, run->err_text, SIZE_MAX, 65536);
	if (p[3].revents) {
		/* It ended. What it wrote is in the pipes; a grandchild that holds them open is not waited for. */
		if (p[1].revents == 0 && p[2].revents == 0)
			fd_closep(&run->exit.fd);
	}
	return r;
}

static int pump(struct run *run, const struct spawn_capture *opt)
{
	int64_t deadline = opt->timeout_ms ? clock_mono_ms() + opt->timeout_ms : 0;
	while (run->exit.fd >= 0) {
		int wait_ms = opt->stop ? 100 : -1; /* a cancellation is noticed within 100 ms */
		if (deadline) {
			int64_t left = deadline - clock_mono_ms();
			if (left <= 0)
				return -ETIMEDOUT;
			wait_ms = wait_ms < 0 ? (int)MIN(left, 1000000) : (int)MIN(left, wait_ms);
		}
		if (opt->stop && *opt->stop)
			return -ECANCELED;
		int r = pump_once(run, wait_ms);
		if (r < 0)
			return r;
	}
	return 0;
}

static int open_pipes(int in[2], int out[2], int err[2])
{
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		return -errno;
	int r = fd_set_nonblock(in[1], true);
	r = r ? r : fd_set_nonblock(out[0], true);
	return r ? r : fd_set_nonblock(err[0], true);
}

int spawn_run(const struct spawn *sp, const struct spawn_capture *opt, struct str *out, struct str *errout)
{
	static const struct spawn_capture defaults;
	int in_r FD_CLOSE = -1, in_w FD_CLOSE = -1, out_r FD_CLOSE = -1, out_w FD_CLOSE = -1, err_r FD_CLOSE = -1,
	    err_w FD_CLOSE = -1;
	int in[2] = {-1, -1}, outp[2] = {-1, -1}, err[2] = {-1, -1};
	opt = opt ? opt : &defaults;
	int r = open_pipes(in, outp, err);
	in_r = in[0], in_w = in[1], out_r = outp[0], out_w = outp[1], err_r = err[0], err_w = err[1];
	if (r < 0)
		return r;
	struct spawn child = *sp;
	child.nfds = 3;
	child.fds[0] = in_r, child.fds[1] = out_w, child.fds[2] = err_w;
	pid_t pid = spawn_start(&child);
	if (pid < 0)
		return pid;
	fd_closep(&in_r);
	fd_closep(&out_w);
	fd_closep(&err_w);
	struct run run = {
		.in = {.fd = FD_TAKE(in_w)},
		.out = {.fd = FD_TAKE(out_r)},
		.err = {.fd = FD_TAKE(err_r)},
		.exit = {.fd = spawn_pidfd(pid)},
		.input = opt->input,
		.input_left = opt->input_len,
		.out_limit = opt->out_limit ? opt->out_limit : (size_t)64 << 20,
		.out_text = out,
		.err_text = errout,
	};
	if (run.input_left == 0)
		fd_closep(&run.in.fd);
	r = run.exit.fd < 0 ? run.exit.fd : pump(&run, opt);
	if (r < 0)
		kill(-pid, SIGKILL);
	fd_closep(&run.in.fd);
	fd_closep(&run.out.fd);
	fd_closep(&run.err.fd);
	fd_closep(&run.exit.fd);
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return r;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

#include "land/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/spawn.h"

enum {
	POLL_MS = 100,        /* a cancellation is noticed within */
	STOP_GRACE_MS = 15000, /* what the guard may take to end the tree before it is killed itself */
	OVERDUE_MS = 30000,    /* a guard that lives so long after its time limit is broken */
};

static int open_log(const char *path, off_t *ret_end, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	if (end < 0) {
		err_set_errno(err, ERR_FAILED, errno, "%s", path);
		fd_closep(&fd);
		return -1;
	}
	*ret_end = end;
	return fd;
}

static void note(int log, const char *text)
{
	/* The log is for people: a full disk must not hide what the gate itself says of it. */
	if (write(log, text, strlen(text)) < 0)
		return;
}

/* Waits for the child's end. Returns its wait status, or a negative errno after ending it. */
static int wait_for(pid_t pid, const struct gate_spec *spec)
{
	int pidfd FD_CLOSE = spawn_pidfd(pid);
	int64_t kill_at = clock_mono_ms() + (int64_t)spec->timeout_s * 1000 + OVERDUE_MS;
	int r = pidfd < 0 ? pidfd : 0;
	bool told = false;
	while (r == 0) {
		struct pollfd p = {.fd = pidfd, .events = POLLIN};
		if (poll(&p, 1, POLL_MS) > 0)
			break;
		if (!told && spec->stop && *spec->stop) {
			kill(pid, SIGTERM);
			told = true;
			kill_at = clock_mono_ms() + STOP_GRACE_MS;
		}
		if (clock_mono_ms() > kill_at)
			r = -ETIMEDOUT;
	}
	if (r < 0)
		kill(-pid, SIGKILL);
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return told ? -ECANCELED : r < 0 ? r : status;
}

/* The last lines of the log from `offset` to `end`. */
static char *read_last_lines(int log, off_t offset, off_t end)
{
	struct str inert STR_FREE = STR_INIT;
	char buf[GATE_LAST_BYTES];
	off_t from = MAX(offset, end - (off_t)sizeof buf);
	ssize_t n = pread(log, buf, (size_t)(end - from), from);
	size_t len = n > 0 ? (size_t)n : 0, start = len;
	for (int lines = 0; start > 0; start--)
		if (buf[start - 1] == '\n' && start != len && ++lines == GATE_LAST_LINES)
			break;
	text_add_inert(&inert, buf + start, len - start, TEXT_LINES);
	str_trim(&inert);
	return mem_strdup(str_c(&inert));
}

static pid_t start(const struct gate_spec *spec, const char *command, int log)
{
	struct strv argv STRV_FREE = STRV_INIT;
	strv_add(&argv, spec->guard);
	strv_add(&argv, "guard");
	strv_add(&argv, "--timeout");
	strv_addf(&argv, "%d", spec->timeout_s);
	strv_add(&argv, "--");
	strv_add(&argv, "sh");
	strv_add(&argv, "-c");
	strv_add(&argv, command);
	const struct spawn sp = {.argv = &argv, .env = spec->env, .cwd = spec->cwd, .fds = {-1, log, log}, .nfds = 3};
	return spawn_start(&sp);
}

int gate_run(const struct gate_spec *spec, const char *command, bool setup, struct land_command *ret,
             struct err *err)
{
	off_t offset = 0, end = 0;
	int log FD_CLOSE = open_log(spec->log_path, &end, err);
	if (log < 0)
		return -1;
	char *head MEM_FREE = mem_printf("$ %s\n", command);
	note(log, head);
	offset = lseek(log, 0, SEEK_END);
	int64_t began_ms = clock_mono_ms();
	pid_t pid = start(spec, command, log);
	if (pid < 0)
		return err_set_errno(err, ERR_FAILED, pid, "%s guard", spec->guard);
	int status = wait_for(pid, spec);
	if (status < 0)
		return status == -ECANCELED ? err_set(err, ERR_FAILED, "stopped while \"%s\" ran", command)
		                            : err_set_errno(err, ERR_FAILED, status, "\"%s\" could not be ended", command);
	end = lseek(log, 0, SEEK_END);
	int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	*ret = (struct land_command){
		.command = mem_strdup(command),
		.setup = setup,
		.exit = code,
		.took_ms = clock_mono_ms() - began_ms,
		.log_offset = offset,
		.log_end = end,
		.last_lines = read_last_lines(log, offset, end),
	};
	ret->timed_out = code == GATE_TIMED_OUT && ret->took_ms >= (int64_t)spec->timeout_s * 1000;
	char *tail MEM_FREE = mem_printf("[%s%d after %.1f s]\n", ret->timed_out ? "stopped at its time limit: " : "exit ", code,
	                                 (double)ret->took_ms / 1000);
	note(log, tail);
	return 0;
}

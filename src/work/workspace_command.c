/* Set-up and teardown commands. */
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
#include "work/workspace_parts.h"

enum {
	POLL_MS = 100,    /* a cancellation is noticed within */
	GRACE_MS = 15000, /* what the guard may take to end the tree */
	TIMED_OUT = 124,  /* the guard's exit code */
	LAST_BYTES = 4096,
};

/* Waits for the guard. Returns its wait status or a negative errno. */
static int wait_for(pid_t pid, int timeout_s, const volatile int *stop)
{
	int pidfd FD_CLOSE = spawn_pidfd(pid);
	int64_t kill_at = clock_mono_ms() + (int64_t)timeout_s * 1000 + GRACE_MS;
	int r = pidfd < 0 ? pidfd : 0, status = 0;
	bool told = false;
	while (r == 0) {
		struct pollfd p = {.fd = pidfd, .events = POLLIN};
		if (poll(&p, 1, POLL_MS) > 0)
			break;
		if (!told && stop && *stop) {
			told = true;
			kill(pid, SIGTERM);
			kill_at = clock_mono_ms() + GRACE_MS;
		}
		if (clock_mono_ms() > kill_at)
			r = -ETIMEDOUT;
	}
	if (r < 0)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return told ? -ECANCELED : r < 0 ? r : status;
}

/* The last line that a command wrote, safe to show. */
static void last_line(int log, off_t from, struct str *ret)
{
	char buf[LAST_BYTES];
	off_t end = lseek(log, 0, SEEK_END);
	off_t start = MAX(from, end - (off_t)sizeof buf);
	ssize_t n = pread(log, buf, (size_t)(end - start), start);
	size_t len = n > 0 ? (size_t)n : 0;
	while (len && strchr(" \t\r\n", buf[len - 1]))
		len--;
	size_t line = len;
	while (line && buf[line - 1] != '\n')
		line--;
	text_add_inert(ret, buf + line, len - line, TEXT_ONE_LINE);
}

static int judge(int status, const char *command, const char *what, int timeout_s, int log, off_t from,
		 struct err *err)
{
	struct str words STR_FREE = STR_INIT;
	int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (code == 0)
		return 0;
	last_line(log, from, &words);
	const char *colon = words.len ? ": " : "";
	if (code == TIMED_OUT)
		return err_set(err, ERR_FAILED, "%s command \"%s\" was stopped after %d s%s%s", what, command,
			       timeout_s, colon, str_c(&words));
	return err_set(err, ERR_FAILED, "%s command \"%s\" failed (exit %d)%s%s", what, command, code, colon,
		       str_c(&words));
}

static int run(const struct workspace_spec *spec, const struct strv *env, const char *cwd, const char *command,
	       const char *what, int log, struct err *err)
{
	struct strv argv STRV_FREE = STRV_INIT;
	int timeout_s = spec->timeout_s ? spec->timeout_s : WORKSPACE_SETUP_TIMEOUT_S;
	char *head MEM_FREE = mem_printf("$ %s\n", command);
	int wrote = fd_write_all(log, head, strlen(head));
	off_t from = lseek(log, 0, SEEK_END);
	if (wrote < 0)
		return err_set_errno(err, ERR_FAILED, wrote, "%s", spec->log_path);
	strv_add(&argv, spec->hold_path);
	strv_add(&argv, "guard");
	strv_add(&argv, "--timeout");
	strv_addf(&argv, "%d", timeout_s);
	strv_add(&argv, "--");
	strv_add(&argv, "sh");
	strv_add(&argv, "-c");
	strv_add(&argv, command);
	const struct spawn sp = {.argv = &argv, .env = env, .cwd = cwd, .fds = {-1, log, log}, .nfds = 3};
	pid_t pid = spawn_start(&sp);
	if (pid < 0)
		return err_set_errno(err, ERR_FAILED, pid, "%s guard", spec->hold_path);
	int status = wait_for(pid, timeout_s, spec->stop);
	if (status == -ECANCELED)
		return err_set(err, ERR_FAILED, "cancelled while \"%s\" ran", command);
	if (status < 0)
		return err_set_errno(err, ERR_FAILED, status, "%s command \"%s\"", what, command);
	return judge(status, command, what, timeout_s, log, from, err);
}

int workspace_commands(const struct repo *r, const struct workspace_spec *spec, const struct workspace *w,
		       const struct strv *commands, const char *what, struct err *err)
{
	struct strv env STRV_FREE = STRV_INIT;
	if (!commands || commands->n == 0)
		return 0;
	if (spec->env)
		strv_copy(&env, spec->env);
	else
		git_env(&env);
	workspace_env(r, spec, w, &env);
	int log FD_CLOSE = open(spec->log_path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0)
		return err_set_errno(err, ERR_FAILED, errno, "%s", spec->log_path);
	for (size_t i = 0; i < commands->n; i++)
		if (run(spec, &env, w->path, commands->v[i], what, log, err) < 0)
			return -1;
	return 0;
}

#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "io/spawn.h"
#include "io/unixsock.h"

extern char **environ;

enum {
	READY_TIMEOUT_MS = 30000,
	RETRY_MS = 10,
	RACE_TIMEOUT_MS = 10000,
	ENDED_TIMEOUT_MS = 1000,
	COMPLAINT_MAX = 512
};

char *launch_sibling(const char *name, struct err *err)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n < 0) {
		err_set_errno(err, ERR_FAILED, errno, "cannot find out where muster is installed");
		return NULL;
	}
	self[n] = '\0';
	char *path = mem_printf("%.*s/%s", (int)(strrchr(self, '/') - self), self, name);
	if (access(path, X_OK) < 0) {
		err_set_errno(err, ERR_FAILED, errno, "%s is missing (muster's programs must be in one folder)",
			      path);
		free(path);
		return NULL;
	}
	return path;
}

/* musterd is the lead's, not a session's, even when a session's process is the first to need it. */
static void clean_environment(struct strv *ret)
{
	static const char *const session[] = {
		"MUSTER_SOCKET", "MUSTER_SESSION", "MUSTER_SESSION_NAME", "MUSTER_WORKSPACE", "MUSTER_REPO",
		"MUSTER_BRANCH", "MUSTER_BASE",    "MUSTER_PORT",         "MUSTER_PORT_END",  "MUSTER_BIN"};
	strv_add_all(ret, (const char *const *)environ);
	for (size_t i = 0; i < ARRAY_LEN(session); i++)
		strv_unsetenv(ret, session[i]);
}

static pid_t start(const char *program, int ready_fd, int complaints_fd)
{
	struct strv argv STRV_FREE = STRV_INIT, env STRV_FREE = STRV_INIT;
	strv_add(&argv, program);
	strv_add(&argv, "--ready-fd=3");
	clean_environment(&env);
	struct spawn sp = {
		.argv = &argv,
		.env = &env,
		.cwd = "/",
		.fds = {-1, -1, complaints_fd, ready_fd},
		.nfds = 4,
		.new_session = true,
	};
	return spawn_start(&sp);
}

/* Until musterd has written how it is ("ok", or why not) or has ended. */
static void await_ready(int fd)
{
	int64_t deadline_ms = clock_mono_ms() + READY_TIMEOUT_MS;
	char buf[COMPLAINT_MAX];
	for (;;) {
		int64_t left_ms = deadline_ms - clock_mono_ms();
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int n = left_ms > 0 ? poll(&p, 1, (int)left_ms) : 0;
		if (n == 0)
			return;
		if (n > 0 && (read(fd, buf, sizeof buf) >= 0 || errno != EINTR))
			return;
	}
}

/* The last line that musterd wrote to its standard error; the caller owns it, "" when there is none. */
static char *last_complaint(int fd)
{
	char buf[COMPLAINT_MAX];
	off_t end = lseek(fd, 0, SEEK_END);
	off_t from = MAX(end - (off_t)sizeof buf, 0);
	ssize_t n = pread(fd, buf, sizeof buf, from);
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	if (n <= 0)
		return mem_strdup("");
	const char *line = memrchr(buf, '\n', (size_t)n);
	line = line ? line + 1 : buf;
	size_t len = (size_t)(buf + n - line);
	if (len > 9 && strncmp(line, "musterd: ", 9) == 0) {
		line += 9;
		len -= 9;
	}
	return mem_strndup(line, len);
}

static int not_started(const struct dirs *dirs, int complaints, struct err *err)
{
	char *why MEM_FREE = last_complaint(complaints), *log MEM_FREE = dirs_log(dirs);
	if (*why)
		return err_set(err, ERR_FAILED, "cannot start musterd: %s", why);
	return err_set(err, ERR_FAILED, "cannot start musterd; its log is %s", log);
}

/* Another musterd may have won the race for the lock and be about to listen: also after ours has ended. */
static int connect_patiently(const char *socket, pid_t pid)
{
	int64_t deadline_ms = clock_mono_ms() + RACE_TIMEOUT_MS;
	for (;;) {
		int fd = unixsock_connect(socket);
		bool absent = fd == -ENOENT || fd == -ECONNREFUSED;
		if (!absent || clock_mono_ms() >= deadline_ms)
			return fd;
		if (pid > 0 && waitpid(pid, NULL, WNOHANG) == pid) {
			pid = 0;
			deadline_ms = clock_mono_ms() + ENDED_TIMEOUT_MS;
		}
		poll(NULL, 0, RETRY_MS);
	}
}

int launch_musterd(const struct dirs *dirs, const char *socket, struct err *err)
{
	char *program MEM_FREE = launch_sibling("musterd", err);
	int ready[2] = {-1, -1};
	int complaints FD_CLOSE = memfd_create("musterd", MFD_CLOEXEC);
	if (!program)
		return -1;
	if (complaints < 0 || pipe2(ready, O_CLOEXEC) < 0)
		return err_set_errno(err, ERR_FAILED, errno, "cannot start musterd");
	pid_t pid = start(program, ready[1], complaints);
	close(ready[1]);
	if (pid > 0)
		await_ready(ready[0]);
	close(ready[0]);
	if (pid < 0)
		return err_set_errno(err, ERR_FAILED, pid, "cannot start %s", program);
	int fd = connect_patiently(socket, pid);
	return fd >= 0 ? fd : not_started(dirs, complaints, err);
}

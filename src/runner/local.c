#include "runner/local.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "io/spawn.h"

struct reaper {
	uv_poll_t poll;
	int pidfd;
	pid_t pid;
};

static void reaper_closed(uv_handle_t *handle)
{
	struct reaper *r = handle->data;
	fd_closep(&r->pidfd);
	free(r);
}

static void reap(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	struct reaper *r = poll->data;
	waitpid(r->pid, NULL, WNOHANG);
	uv_close((uv_handle_t *)poll, reaper_closed);
}

/* Waits for the child in the background, so that it leaves no zombie. */
static void watch_child(uv_loop_t *loop, pid_t pid)
{
	struct reaper *r = mem_alloc(sizeof *r);
	r->pid = pid;
	r->pidfd = spawn_pidfd(pid);
	if (r->pidfd < 0 || uv_poll_init(loop, &r->poll, r->pidfd) < 0) {
		fd_closep(&r->pidfd);
		free(r);
		return;
	}
	r->poll.data = r;
	uv_poll_start(&r->poll, UV_READABLE, reap);
	uv_unref((uv_handle_t *)&r->poll);
}

int local_start(uv_loop_t *loop, const char *hold_path, const char *session_id, long log_limit_mb, int *ret_fd,
                struct err *err)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set_errno(err, ERR_FAILED, errno, "cannot make a socket pair for %s", session_id);
	int ours FD_CLOSE = pair[0], theirs FD_CLOSE = pair[1];
	struct strv argv STRV_FREE = STRV_INIT;
	strv_add(&argv, hold_path);
	strv_add(&argv, "--session");
	strv_add(&argv, session_id);
	strv_add(&argv, "--fd");
	strv_add(&argv, "3");
	if (log_limit_mb > 0) {
		strv_add(&argv, "--log-limit");
		strv_addf(&argv, "%ld", log_limit_mb);
	}
	struct spawn sp = {.argv = &argv, .cwd = "/", .fds = {-1, -1, -1, theirs}, .nfds = 4, .new_session = true};
	pid_t pid = spawn_start(&sp);
	if (pid < 0)
		return err_set_errno(err, ERR_FAILED, pid, "cannot start %s", hold_path);
	watch_child(loop, pid);
	*ret_fd = FD_TAKE(ours);
	return 0;
}

/* The start time in clock ticks since boot: field 22 of /proc/pid/stat, counted behind the last ')'. 0: no such
 * process, or one that has ended and only waits to be taken away. */
static unsigned long long start_time(long pid)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	struct str text STR_FREE = STR_INIT;
	if (file_read(path, 4096, &text) < 0)
		return 0;
	const char *p = strrchr(str_c(&text), ')');
	if (p && (p[2] == 'Z' || p[2] == 'X'))
		return 0;
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p, NULL, 10) : 0;
}

bool local_alive(const char *session_folder)
{
	char *path MEM_FREE = mem_printf("%s/hold.pid", session_folder);
	struct str text STR_FREE = STR_INIT;
	long pid;
	unsigned long long started;
	if (file_read(path, 256, &text) < 0 || sscanf(str_c(&text), "%ld %llu", &pid, &started) != 2)
		return false;
	return started && start_time(pid) == started;
}

static bool belongs_to(int proc_fd, const char *pid, const char *needle)
{
	char path[300];
	snprintf(path, sizeof path, "%s/environ", pid);
	int fd FD_CLOSE = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	char buf[65536];
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof buf - 1);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	for (const char *p = buf; p < buf + n; p += strlen(p) + 1)
		if (strcmp(p, needle) == 0)
			return true;
	return false;
}

/* Kills by pidfd: opened before the check, so that it names the process that was checked. */
static int kill_matching(const char *needle)
{
	DIR *proc = opendir("/proc");
	int found = 0;
	for (struct dirent *e; proc && (e = readdir(proc));) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
		int pidfd FD_CLOSE = pid == getpid() ? -1 : spawn_pidfd(pid);
		if (pidfd >= 0 && belongs_to(dirfd(proc), e->d_name, needle)) {
			found++;
			syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		}
	}
	if (proc)
		closedir(proc);
	return found;
}

int local_end_orphans(const char *session_id)
{
	char *needle MEM_FREE = mem_printf("MUSTER_SESSION=%s", session_id);
	int total = 0;
	/* A killed process keeps its environment until it is gone, and may have forked meanwhile: look again. */
	for (int round = 0; round < 20; round++) {
		int n = kill_matching(needle);
		if (n == 0)
			break;
		total = round == 0 ? n : total;
		usleep(1000);
	}
	return total;
}

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/rehearse_play.h"
#include "base/fd.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "io/spawn.h"

enum { KILL_AFTER_MS = 2000 };

/* Shows what is in the pipe; false at its end. */
static bool show_output(struct rehearse_player *p, int fd)
{
	char buf[8192];
	ssize_t n = read(fd, buf, sizeof buf);
	if (n > 0)
		rehearse_show_bytes(&p->term, buf, (size_t)n);
	return n > 0 || (n < 0 && errno == EAGAIN);
}

/* The process ends when its pidfd is readable; the pipe may outlive it in a background process. */
static void watch(struct rehearse_player *p, pid_t pid, int out, int pidfd)
{
	int fds[2] = {pidfd, out};
	while (!rehearse_broken(p)) {
		int ready = rehearse_wait(p, -1, fds, 2);
		if (ready == 1 && !show_output(p, out))
			fds[1] = -1;
		if (ready == 0) {
			fd_set_nonblock(out, true);
			while (fds[1] >= 0 && show_output(p, out) && errno != EAGAIN)
				errno = 0;
			return;
		}
	}
	kill(-pid, SIGTERM);
	fds[1] = -1;
	bool broken = p->interrupted;
	if (rehearse_wait(p, KILL_AFTER_MS, fds, 1) != 0)
		kill(-pid, SIGKILL);
	p->interrupted |= broken;
}

int rehearse_argv(struct rehearse_player *p, const struct strv *argv)
{
	int pipe_fds[2];
	if (pipe2(pipe_fds, O_CLOEXEC) != 0)
		return 127;
	int out FD_CLOSE = pipe_fds[0];
	struct spawn sp = {.argv = argv, .fds = {-1, pipe_fds[1], pipe_fds[1]}, .nfds = 3};
	pid_t pid = spawn_start(&sp);
	close(pipe_fds[1]);
	if (pid < 0) {
		rehearse_show(&p->term, "cannot run %s: %s\n", argv->v[0], strerror(-pid));
		return 127;
	}
	int pidfd FD_CLOSE = spawn_pidfd(pid);
	watch(p, pid, out, pidfd);
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (rehearse_broken(p))
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int rehearse_command(struct rehearse_player *p, const char *command)
{
	struct strv argv STRV_FREE = STRV_INIT;
	strv_add(&argv, "sh");
	strv_add(&argv, "-c");
	strv_add(&argv, command);
	rehearse_show(&p->term, "$ %s\n", command);
	int code = rehearse_argv(p, &argv);
	if (code > 0)
		rehearse_show(&p->term, "  exit code %d\n", code);
	char text[16];
	snprintf(text, sizeof text, "%d", code);
	if (code >= 0)
		rehearse_value(p, "exit", text);
	return code;
}

/* As a job of the session: its holder starts and keeps it. */
static void start_job(struct rehearse_player *p, const char *name, const char *command)
{
	struct json_object *msg = json_new();
	struct json_object *argv = json_new_array();
	json_push_str(argv, "sh");
	json_push_str(argv, "-c");
	json_push_str(argv, command);
	json_add_str(msg, "m", "job");
	json_add_str(msg, "op", "start");
	json_add_str(msg, "name", name);
	json_add_obj(msg, "command", argv);
	rehearse_post(p, msg);
	rehearse_show(&p->term, "& job %s: %s\n", name, command);
}

enum rehearse_end rehearse_background(struct rehearse_player *p, struct json_object *arg)
{
	char *command MEM_FREE = rehearse_text(p, arg, "command");
	char *name MEM_FREE = rehearse_text(p, arg, "name");
	char *log MEM_FREE = rehearse_text(p, arg, "log");
	if (name && p->mail.fd >= 0) {
		start_job(p, name, command);
		return REHEARSE_NEXT;
	}
	struct strv argv STRV_FREE = STRV_INIT;
	strv_add(&argv, "sh");
	strv_add(&argv, "-c");
	strv_add(&argv, command);
	int out FD_CLOSE = open(log ? log : "/dev/null", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	struct spawn sp = {.argv = &argv, .fds = {-1, out, out}, .nfds = 3, .new_session = true};
	pid_t pid = spawn_start(&sp);
	if (pid < 0) {
		rehearse_show(&p->term, "cannot run %s: %s\n", command, strerror(-pid));
		return REHEARSE_FAILED;
	}
	p->children = mem_resize(p->children, p->n_children + 1, sizeof *p->children);
	p->children[p->n_children++] = pid;
	rehearse_show(&p->term, "& %s (process %d)\n", command, (int)pid);
	return REHEARSE_NEXT;
}

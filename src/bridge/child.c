#include "bridge/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fd.h"
#include "io/spawn.h"

/* In the child: never returns. */
static NORETURN void become(const struct strv *argv, int log_fd, int tell_fd, pid_t parent)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (log_fd >= 0) {
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		setpgid(0, 0);
		dup2(null, STDIN_FILENO);
		dup2(log_fd, STDOUT_FILENO);
		dup2(log_fd, STDERR_FILENO);
	}
	if (getppid() == parent)
		execvp(argv->v[0], strv_argv(argv));
	int error = errno;
	ssize_t n UNUSED = write(tell_fd, &error, sizeof error);
	_exit(127);
}

int child_start(struct child *c, const struct strv *argv, int log_fd)
{
	int tell[2], error = 0;
	pid_t parent = getpid();
	if (pipe2(tell, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0)
		become(argv, log_fd, tell[1], parent);
	if (pid < 0)
		error = errno;
	close(tell[1]);
	/* The pipe closes when the program runs. */
	if (pid > 0 && read(tell[0], &error, sizeof error) == sizeof error)
		waitpid(pid, NULL, 0);
	close(tell[0]);
	if (error)
		return -error;
	*c = (struct child){.pid = pid};
	return 0;
}

bool child_ended(struct child *c)
{
	if (c->pid && waitpid(c->pid, &c->status, WNOHANG) == c->pid) {
		c->pid = 0;
		return true;
	}
	return false;
}

void child_signal(const struct child *c, int signal)
{
	if (c->pid)
		kill(c->pid, signal);
}

bool child_wait(struct child *c, int timeout_ms)
{
	if (!c->pid || child_ended(c))
		return true;
	int fd = spawn_pidfd(c->pid);
	if (fd < 0)
		return false;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n;
	do {
		n = poll(&p, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	close(fd);
	return n > 0 && child_ended(c);
}

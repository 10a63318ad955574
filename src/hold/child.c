#include "hold/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

extern char **environ;

enum step { STEP_NONE, STEP_SESSION, STEP_TERMINAL, STEP_DESCRIPTORS, STEP_FOLDER, STEP_EXEC };

static const char *const step_names[] = {
	[STEP_NONE] = "start",
	[STEP_SESSION] = "make a session",
	[STEP_TERMINAL] = "take the terminal",
	[STEP_DESCRIPTORS] = "set up its descriptors",
	[STEP_FOLDER] = "enter its folder",
	[STEP_EXEC] = "run the program",
};

struct failure {
	int step, error;
};

static void reset_signals(void)
{
	sigset_t none;
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Sources are moved above 2 first, so that no target overwrites one that is still needed. */
static int place_descriptors(const int fds[3])
{
	int high[3];
	for (int i = 0; i < 3; i++) {
		high[i] = fds[i] >= 0 ? fcntl(fds[i], F_DUPFD_CLOEXEC, 3) : open("/dev/null", O_RDWR | O_CLOEXEC);
		if (high[i] >= 0 && high[i] < 3)
			high[i] = fcntl(high[i], F_DUPFD_CLOEXEC, 3);
		if (high[i] < 0)
			return -1;
	}
	for (int i = 0; i < 3; i++)
		if (dup2(high[i], i) < 0)
			return -1;
	return 0;
}

static enum step become(const struct child_spec *spec)
{
	if (spec->own_group ? setpgid(0, 0) < 0 : setsid() < 0)
		return STEP_SESSION;
	if (spec->terminal && ioctl(spec->fds[0], TIOCSCTTY, 0) < 0)
		return STEP_TERMINAL;
	if (place_descriptors(spec->fds) < 0)
		return STEP_DESCRIPTORS;
	if (chdir(spec->cwd) < 0)
		return STEP_FOLDER;
	environ = (char **)strv_argv(spec->env);
	execvp(spec->argv->v[0], strv_argv(spec->argv));
	return STEP_EXEC;
}

static NORETURN void run_child(const struct child_spec *spec, pid_t parent, int report)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it died before that took effect */
		_exit(127);
	reset_signals();
	struct failure f = {.step = (int)become(spec)};
	f.error = errno;
	if (write(report, &f, sizeof f) < 0) {
		/* The parent is gone, and so are we. */
	}
	_exit(127);
}

pid_t child_start(const struct child_spec *spec, const char **ret_what)
{
	int report[2];
	*ret_what = step_names[STEP_NONE];
	if (spec->argv->n == 0)
		return -EINVAL;
	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	pid_t self = getpid(), pid = fork();
	if (pid == 0)
		run_child(spec, self, report[1]);
	int error = errno;
	close(report[1]);
	struct failure f = {0};
	ssize_t n = 0;
	while (pid > 0 && (n = read(report[0], &f, sizeof f)) < 0 && errno == EINTR)
		;
	close(report[0]);
	if (pid < 0)
		return -error;
	if (n != (ssize_t)sizeof f)
		return pid;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	*ret_what = step_names[f.step];
	return -f.error;
}

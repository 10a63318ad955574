#include "hold/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/strv.h"
#include "hold/child.h"
#include "hold/proc.h"
#include "hold/tree.h"

enum { GRACE_MS = 2000, GIVE_UP_MS = 5000, CANNOT_RUN = 126, NOT_FOUND = 127 };

extern char **environ;

static int exit_code(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

static void block_signals(sigset_t *ret_set)
{
	static const int all[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
	sigemptyset(ret_set);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		sigaddset(ret_set, all[i]);
	sigprocmask(SIG_BLOCK, ret_set, NULL);
}

/* The next signal, or 0 when the time (-1: endless) is over. */
static int next_signal(const sigset_t *set, int64_t left_ms)
{
	struct timespec ts = {.tv_sec = left_ms / 1000, .tv_nsec = left_ms % 1000 * 1000000};
	int sig;
	do
		sig = left_ms < 0 ? sigwaitinfo(set, NULL) : sigtimedwait(set, NULL, &ts);
	while (sig < 0 && errno == EINTR);
	return sig < 0 ? 0 : sig;
}

/* Takes exit statuses; true when the command is among them. */
static bool reap(pid_t command, int *ret_status)
{
	int status;
	bool found = false;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (pid != command)
			continue;
		*ret_status = status;
		found = true;
	}
	return found;
}

/* Asks the tree to end and waits for it a while. */
static void end_tree(const sigset_t *set)
{
	int64_t end_ms = clock_mono_ms() + GRACE_MS;
	struct procs left PROCS_FREE = {0};
	int status;
	proc_descendants(getpid(), &left);
	for (size_t i = 0; i < left.n; i++) {
		proc_signal(&left.v[i], SIGTERM);
		proc_signal(&left.v[i], SIGCONT);
	}
	for (int64_t now_ms; left.n && (now_ms = clock_mono_ms()) < end_ms;) {
		next_signal(set, MIN(end_ms - now_ms, 50));
		reap(0, &status);
		procs_fini(&left);
		proc_descendants(getpid(), &left);
	}
	tree_destroy(GIVE_UP_MS);
}

static int cannot_run(const char *program, int error, const char *what)
{
	fprintf(stderr, "muster-hold guard: %s: cannot %s: %s\n", program, what, strerror(error));
	return error == ENOENT ? NOT_FOUND : CANNOT_RUN;
}

/* The inner process. Its parent's death arrives as SIGTERM. */
static int run_inside(char *const argv[], int64_t timeout_ms, const sigset_t *set)
{
	struct strv args STRV_FREE = STRV_INIT, env STRV_FREE = STRV_INIT;
	struct child_spec spec = {.argv = &args, .env = &env, .cwd = ".", .fds = {0, 1, 2}, .own_group = true};
	const char *what;
	int64_t end_ms = timeout_ms ? clock_mono_ms() + timeout_ms : 0;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	strv_add_all(&args, (const char *const *)argv);
	strv_add_all(&env, (const char *const *)environ);
	pid_t pid = child_start(&spec, &what);
	if (pid < 0)
		return cannot_run(argv[0], -pid, what);
	int status = 0, code = -1;
	while (code < 0) {
		int sig = next_signal(set, end_ms ? MAX(end_ms - clock_mono_ms(), 0) : -1);
		if (reap(pid, &status))
			code = exit_code(status);
		else if (sig == 0)
			code = GUARD_TIMED_OUT;
		else if (sig != SIGCHLD)
			code = 128 + sig;
	}
	end_tree(set);
	return code;
}

/* The outer process passes on what it is told. */
static int follow(pid_t inner, const sigset_t *set)
{
	int status;
	for (;;) {
		int sig = next_signal(set, -1);
		if (sig == SIGCHLD && reap(inner, &status))
			return exit_code(status);
		if (sig != SIGCHLD)
			kill(inner, sig);
	}
}

int guard_run(char *const argv[], int64_t timeout_ms)
{
	sigset_t set;
	pid_t parent = getppid(), self = getpid();
	block_signals(&set);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		return 128 + SIGTERM;
	pid_t inner = fork();
	if (inner < 0)
		return cannot_run(argv[0], errno, "start");
	if (inner > 0)
		return follow(inner, &set);
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != self)
		_exit(128 + SIGTERM);
	_exit(run_inside(argv, timeout_ms, &set));
}

#include "hold/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "hold/tree.h"

enum { GIVE_UP_MS = 10000, EXIT_FAILED = 1 };

/* The started process: hands on the exit code that it is told. */
static NORETURN void wait_until_ready(int fd)
{
	uint8_t code = EXIT_FAILED; /* also when the holder died before it could tell */
	while (read(fd, &code, 1) < 0 && errno == EINTR)
		;
	_exit(code);
}

static void use_null(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 3 && null >= 0; i++)
		dup2(null, i);
	if (null > 2)
		close(null);
}

static NORETURN void watch_holder(pid_t holder)
{
	use_null();
	for (;;) {
		pid_t pid = waitpid(-1, NULL, 0);
		if (pid == holder || (pid < 0 && errno == ECHILD))
			break;
	}
	tree_destroy(GIVE_UP_MS);
	_exit(0);
}

int watch_start(int private_fd)
{
	int ready[2];
	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	pid_t watcher = fork();
	if (watcher < 0)
		return -errno;
	if (watcher > 0) {
		close(ready[1]);
		wait_until_ready(ready[0]);
	}
	close(ready[0]);
	setsid();
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	if (chdir("/") < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		_exit(EXIT_FAILED);
	pid_t holder = fork();
	if (holder < 0)
		_exit(EXIT_FAILED);
	if (holder == 0)
		return ready[1];
	close(ready[1]);
	fd_closep(&private_fd);
	watch_holder(holder);
}

void watch_ready(int fd, int exit_code)
{
	uint8_t code = (uint8_t)exit_code;
	if (write(fd, &code, 1) < 0) {
		/* The started process was killed; nobody waits. */
	}
	close(fd);
}

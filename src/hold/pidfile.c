#include "hold/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "hold/proc.h"

static void on_alarm(int sig)
{
	(void)sig;
}

/* Waits for the lock, but not for long. */
static int lock_soon(int fd)
{
	const struct sigaction stop_waiting = {.sa_handler = on_alarm}; /* without SA_RESTART */
	struct sigaction before;
	sigaction(SIGALRM, &stop_waiting, &before);
	alarm(PIDFILE_WAIT_S);
	int r = flock(fd, LOCK_EX) < 0 ? errno == EINTR ? -EWOULDBLOCK : -errno : 0;
	alarm(0);
	sigaction(SIGALRM, &before, NULL);
	return r;
}

int pidfile_lock(const char *folder, const char *socket)
{
	char *path MEM_FREE = mem_printf("%s/" PIDFILE_NAME, folder);
	int fd FD_CLOSE = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int r = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
	if (r == -EWOULDBLOCK && access(socket, F_OK) < 0)
		r = lock_soon(fd);
	return r < 0 ? r : FD_TAKE(fd);
}

int pidfile_write(int fd)
{
	struct proc self;
	struct str text STR_FREE = STR_INIT;
	if (!proc_read(getpid(), &self))
		return -ENOENT; /* /proc is not mounted */
	str_addf(&text, "%d %llu\n", self.pid, (unsigned long long)self.start_ticks);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text.data, text.len, 0) != (ssize_t)text.len)
		return errno ? -errno : -EIO;
	return 0;
}

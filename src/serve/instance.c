#include "serve/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "io/unixsock.h"

enum { BACKLOG = 512, RETRY_MS = 5, PATIENCE_MS = 5000 };

static int refuse_second(int lock_fd, struct err *err)
{
	char pid[32] = "";
	ssize_t n = pread(lock_fd, pid, sizeof pid - 1, 0);
	pid[n > 0 ? strspn(pid, "0123456789") : 0] = '\0';
	if (!*pid)
		return err_set(err, ERR_REFUSED, "musterd is running already");
	return err_set(err, ERR_REFUSED, "musterd is running already (pid %s)", pid);
}

static int take_lock(const char *path, struct err *err)
{
	int fd FD_CLOSE = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set_errno(err, ERR_FAILED, errno, "cannot open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return refuse_second(fd, err);
		return err_set_errno(err, ERR_FAILED, errno, "cannot lock %s", path);
	}
	/* Only for the message above: the lock itself is what counts. */
	char pid[32];
	int len = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)len, 0) < 0)
		return err_set_errno(err, ERR_FAILED, errno, "cannot write %s", path);
	return FD_TAKE(fd);
}

int instance_take(const struct dirs *dirs, struct instance *ret, struct err *err)
{
	char *lock_path MEM_FREE = dirs_lock(dirs);
	char *socket_path MEM_FREE = dirs_lead_socket(dirs);
	int lock_fd FD_CLOSE = take_lock(lock_path, err);
	if (lock_fd < 0)
		return -1;
	int listen_fd = unixsock_listen(socket_path, BACKLOG);
	if (listen_fd < 0)
		return err_set_errno(err, ERR_FAILED, listen_fd, "cannot listen on %s", socket_path);
	*ret = (struct instance){.lock_fd = FD_TAKE(lock_fd), .listen_fd = listen_fd};
	return 0;
}

int instance_bequeath(struct instance *in, struct err *err)
{
	int r = fd_set_cloexec(in->lock_fd, false);
	if (r == 0)
		r = fd_set_cloexec(in->listen_fd, false);
	return r == 0 ? 0 : err_set_errno(err, ERR_FAILED, r, "cannot pass the socket on");
}

int instance_inherit(int lock_fd, int listen_fd, struct instance *ret, struct err *err)
{
	int listening = 0;
	socklen_t len = sizeof listening;
	if (getsockopt(listen_fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0 || !listening)
		return err_set(err, ERR_USAGE, "descriptor %d is no listening socket", listen_fd);
	if (flock(lock_fd, LOCK_EX | LOCK_NB) < 0)
		return err_set_errno(err, ERR_USAGE, errno, "descriptor %d is not the lock", lock_fd);
	if (fd_set_cloexec(lock_fd, true) < 0 || fd_set_cloexec(listen_fd, true) < 0)
		return err_set(err, ERR_FAILED, "cannot keep the inherited descriptors");
	*ret = (struct instance){.lock_fd = lock_fd, .listen_fd = listen_fd};
	return 0;
}

void instance_release(struct instance *in, const struct dirs *dirs)
{
	char *socket_path MEM_FREE = dirs_lead_socket(dirs);
	unlink(socket_path);
	fd_closep(&in->listen_fd);
	fd_closep(&in->lock_fd);
}

static bool is_served(const char *path)
{
	int fd FD_CLOSE = unixsock_connect(path);
	return fd >= 0;
}

int instance_take_or_find(const struct dirs *dirs, struct instance *ret, struct err *err)
{
	char *path MEM_FREE = dirs_lead_socket(dirs);
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;
	for (;;) {
		if (instance_take(dirs, ret, err) == 0)
			return 0;
		if (err->code != ERR_REFUSED)
			return -1;
		if (is_served(path))
			return 1;
		if (clock_mono_ms() > end_ms)
			return err_set(err, ERR_FAILED, "another musterd has the lock, but does not listen on %s", path);
		/* It is between its lock and its socket, or on its way out: that takes it a millisecond or so. */
		struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
		nanosleep(&pause, NULL);
	}
}

#include "io/unixsock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

/* Fills *ret with an address for path. *ret_dir must stay open while the address is used. */
static int make_address(const char *path, struct sockaddr_un *ret, int *ret_dir)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	*ret_dir = -1;
	if (strlen(path) < sizeof ret->sun_path) {
		memcpy(ret->sun_path, path, strlen(path) + 1);
		return 0;
	}
	const char *slash = strrchr(path, '/');
	if (!slash)
		return -ENAMETOOLONG;
	char *dir MEM_FREE = mem_strndup(path, (size_t)(slash - path));
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int n = snprintf(ret->sun_path, sizeof ret->sun_path, "/proc/self/fd/%d/%s", fd, slash + 1);
	if (n < 0 || (size_t)n >= sizeof ret->sun_path) {
		close(fd);
		return -ENAMETOOLONG;
	}
	*ret_dir = fd;
	return 0;
}

int unixsock_listen(const char *path, int backlog)
{
	struct sockaddr_un addr;
	int dir FD_CLOSE = -1;
	int r = make_address(path, &addr, &dir);
	if (r < 0)
		return r;
	int fd FD_CLOSE = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	/* Until the mode is set nobody may connect: bind under a mask that leaves only the owner. */
	mode_t old = umask(0177);
	r = bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 ? -errno : 0;
	umask(old);
	if (r < 0)
		return r;
	if (listen(fd, backlog) < 0)
		return -errno;
	return FD_TAKE(fd);
}

int unixsock_connect(const char *path)
{
	struct sockaddr_un addr;
	int dir FD_CLOSE = -1;
	int r = make_address(path, &addr, &dir);
	if (r < 0)
		return r;
	int fd FD_CLOSE = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0)
		return -errno;
	return FD_TAKE(fd);
}

int unixsock_send(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return -errno;
		p += MAX(n, 0);
		len -= (size_t)MAX(n, 0);
	}
	return 0;
}

int unixsock_check_peer(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof cred;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	return cred.uid == geteuid() || cred.uid == 0 ? 0 : -EPERM;
}

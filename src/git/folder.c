#include "git/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/id.h"
#include "base/mem.h"
#include "git/path.h"

enum { OPEN_DIR = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

int folder_open(const char *path)
{
	int fd = open(path, OPEN_DIR);
	return fd < 0 ? -errno : fd;
}

int folder_open_parent(int root, const char *rel, bool make, const char **ret_name)
{
	if (!path_is_below(rel))
		return -EINVAL;
	int dir FD_CLOSE = openat(root, ".", OPEN_DIR);
	while (dir >= 0) {
		const char *slash = strchr(rel, '/');
		if (!slash) {
			*ret_name = rel;
			return FD_TAKE(dir);
		}
		char *name MEM_FREE = mem_strndup(rel, (size_t)(slash - rel));
		if (make && mkdirat(dir, name, 0777) < 0 && errno != EEXIST)
			return -errno;
		int next = openat(dir, name, OPEN_DIR);
		int saved_errno = errno;
		fd_closep(&dir);
		errno = saved_errno;
		dir = next;
		rel = slash + 1;
	}
	return -errno;
}

int folder_read(int root, const char *rel, size_t limit, struct str *ret)
{
	const char *name;
	struct stat st;
	int dir FD_CLOSE = folder_open_parent(root, rel, false, &name);
	if (dir < 0)
		return dir;
	/* A pipe in place of the file must not make us wait. */
	int fd FD_CLOSE = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	size_t start = ret->len;
	for (;;) {
		char buf[16384];
		ssize_t n = read(fd, buf, sizeof buf);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || ret->len - start + (size_t)n > limit) {
			ret->len = start;
			return n < 0 ? -errno : -EFBIG;
		}
		str_add(ret, buf, (size_t)n);
	}
}

/* Makes a new file beside the final name; the caller renames it. */
static int make_temp(int dir, char *ret_name, size_t size)
{
	snprintf(ret_name, size, ".muster-%s", id_new().text);
	int fd = openat(dir, ret_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

int folder_write(int root, const char *rel, mode_t mode, const void *bytes, size_t len)
{
	const char *name;
	char temp[32];
	int dir FD_CLOSE = folder_open_parent(root, rel, true, &name);
	if (dir < 0)
		return dir;
	int fd FD_CLOSE = make_temp(dir, temp, sizeof temp);
	if (fd < 0)
		return fd;
	int r = fd_write_all(fd, bytes, len);
	if (r == 0 && (fchmod(fd, mode & 07777) < 0 || renameat(dir, temp, dir, name) < 0))
		r = -errno;
	if (r < 0)
		unlinkat(dir, temp, 0);
	return r;
}

static int copy_bytes(int from, int to)
{
	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	for (;;) {
		ssize_t n = copy_file_range(from, NULL, to, NULL, (size_t)1 << 30, 0);
		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			break;
	}
	/* What is left (all of it where the file systems do not support the call) is copied by hand. */
	char buf[65536];
	for (;;) {
		ssize_t n = read(from, buf, sizeof buf);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		int r = fd_write_all(to, buf, (size_t)n);
		if (r < 0)
			return r;
	}
}

static int copy_link(int from_dir, int to_dir, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from_dir, name, target, sizeof target - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	return symlinkat(target, to_dir, name) < 0 ? -errno : 0;
}

static int copy_file(int from_dir, int to_dir, const char *name)
{
	char temp[32];
	struct stat st;
	int in FD_CLOSE = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (in < 0 || fstat(in, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	int out FD_CLOSE = make_temp(to_dir, temp, sizeof temp);
	if (out < 0)
		return out;
	int r = copy_bytes(in, out);
	/* A link, not a rename: what is there already stays. */
	if (r == 0 && (fchmod(out, st.st_mode & 0777) < 0 || linkat(to_dir, temp, to_dir, name, 0) < 0))
		r = -errno;
	unlinkat(to_dir, temp, 0);
	return r;
}

int folder_copy(int from, int to, const char *rel)
{
	const char *name;
	struct stat st;
	int from_dir FD_CLOSE = folder_open_parent(from, rel, false, &name);
	if (from_dir < 0)
		return from_dir;
	if (fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return -EINVAL;
	int to_dir FD_CLOSE = folder_open_parent(to, rel, true, &name);
	if (to_dir < 0)
		return to_dir;
	return S_ISLNK(st.st_mode) ? copy_link(from_dir, to_dir, name) : copy_file(from_dir, to_dir, name);
}

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

static int read_all(int fd, size_t limit, struct str *ret)
{
	size_t start = ret->len;
	for (;;) {
		str_reserve(ret, 16384);
		ssize_t n = read(fd, ret->data + ret->len, 16384);
		if (n < 0 && errno == EINTR)
			continue;
		int failed = n < 0 ? -errno : ret->len - start + (size_t)n > limit ? -EFBIG : 0;
		if (failed || n == 0) {
			ret->len = failed ? start : ret->len;
			ret->data[ret->len] = '\0';
			return failed;
		}
		ret->len += (size_t)n;
	}
}

int file_read(const char *path, size_t limit, struct str *ret)
{
	struct stat st;
	/* Opening a pipe that nobody writes into would wait for somebody who does. */
	int fd FD_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	return read_all(fd, limit, ret);
}

int file_read_stream(const char *path, size_t limit, struct str *ret)
{
	int fd FD_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : read_all(fd, limit, ret);
}

int file_read_text(const char *path, size_t limit, struct str *ret, struct err *err)
{
	int r = file_read(path, limit, ret);
	if (r == -EFBIG)
		return err_set(err, ERR_USAGE, "cannot read %s: it has more than %zu bytes", path, limit);
	if (r == -EINVAL)
		return err_set(err, ERR_USAGE, "cannot read %s: it is no regular file", path);
	return r < 0 ? err_set_errno(err, ERR_FAILED, r, "cannot read %s", path) : 0;
}

static int sync_parent(const char *path)
{
	char *dir MEM_FREE = mem_strdup(path);
	char *slash = strrchr(dir, '/');
	if (slash)
		*(slash == dir ? slash + 1 : slash) = '\0';
	int fd FD_CLOSE = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int file_write_atomic(const char *path, mode_t mode, const void *bytes, size_t len)
{
	char *temp MEM_FREE = mem_printf("%s.XXXXXX", path);
	int fd FD_CLOSE = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = fd_write_all(fd, bytes, len);
	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0 || rename(temp, path) < 0))
		r = -errno;
	if (r < 0) {
		unlink(temp);
		return r;
	}
	return sync_parent(path);
}

int file_mkdirs(const char *path, mode_t mode)
{
	char *copy MEM_FREE = mem_strdup(path);
	for (char *p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		int error = mkdir(copy, mode) < 0 ? errno : 0;
		/* In a folder that nobody may write in, one that is there says only that. */
		if (error && error != EEXIST && !file_is_dir(copy))
			return -error;
		*p = '/';
	}
	if (mkdir(copy, mode) == 0)
		return 0;
	int saved_errno = errno;
	return saved_errno == EEXIST && file_is_dir(copy) ? 0 : -saved_errno;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	if (type == FTW_DNR) {
		/* A folder without permission bits: give ourselves the right, the walk's caller tries again. */
		chmod(path, 0700);
		return 0;
	}
	if (remove(path) == 0 || errno == ENOENT)
		return 0;
	if (errno == EACCES) {
		char *dir MEM_FREE = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
		chmod(dir, 0700);
		if (remove(path) == 0)
			return 0;
	}
	return errno;
}

int file_remove_tree(const char *path)
{
	int r = 0;
	/* The second and third round meet folders that were unreadable, or filled again meanwhile. */
	for (int round = 0; round < 3; round++) {
		if (!file_exists(path))
			return 0;
		r = nftw(path, remove_entry, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
		if (r == 0 && !file_exists(path))
			return 0;
	}
	return r > 0 ? -r : -ENOTEMPTY;
}

bool file_exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

bool file_is_dir(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

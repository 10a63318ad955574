/* Going through a folder, and deleting one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "git/folder.h"

enum { OPEN_DIR = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* A stream of its own on the folder; the descriptor stays the caller's. */
static DIR *open_stream(int dir)
{
	int fd = openat(dir, ".", OPEN_DIR);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d && fd >= 0)
		close(fd);
	return d;
}

static const char *next_name(DIR *d)
{
	for (;;) {
		errno = 0;
		const struct dirent *e = readdir(d);
		if (!e || (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0))
			return e ? e->d_name : NULL;
	}
}

struct walk {
	folder_fn *fn;
	void *data;
	dev_t device;
	struct str path;
	int depth;
};

static int walk_folder(struct walk *w, int dir, size_t *ret_n);

/* Goes into a folder, or says why not. */
static int walk_into(struct walk *w, struct folder_entry *e)
{
	int child FD_CLOSE = -1;
	if (e->st->st_dev != w->device)
		e->error = EXDEV;
	else if (w->depth >= FOLDER_DEPTH_MAX)
		e->error = ELOOP;
	else if ((child = openat(e->dir_fd, e->name, OPEN_DIR)) < 0)
		e->error = errno;
	if (e->error) {
		e->kind = FOLDER_CLOSED;
		return w->fn(e, w->data);
	}
	e->kind = FOLDER_DIR;
	int r = w->fn(e, w->data);
	if (r)
		return r;
	w->depth++;
	r = walk_folder(w, child, &e->n_entries);
	w->depth--;
	e->kind = FOLDER_DIR_END;
	e->path = str_c(&w->path);
	return r ? r : w->fn(e, w->data);
}

static int walk_entry(struct walk *w, int dir, const char *name)
{
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	size_t before = w->path.len;
	if (before)
		str_addc(&w->path, '/');
	str_adds(&w->path, name);
	struct folder_entry e = {
		.kind = S_ISREG(st.st_mode)   ? FOLDER_FILE
			: S_ISLNK(st.st_mode) ? FOLDER_LINK
					      : FOLDER_OTHER,
		.path = w->path.data,
		.dir_fd = dir,
		.name = name,
		.st = &st,
	};
	int r = S_ISDIR(st.st_mode) ? walk_into(w, &e) : w->fn(&e, w->data);
	w->path.len = before;
	w->path.data[before] = '\0';
	return r < 0 ? r : 0;
}

static int walk_folder(struct walk *w, int dir, size_t *ret_n)
{
	DIR *d CLEANUP(closedirp) = open_stream(dir);
	const char *name;
	if (!d)
		return -errno;
	while ((name = next_name(d))) {
		(*ret_n)++;
		int r = walk_entry(w, dir, name);
		if (r < 0)
			return r;
	}
	return -errno;
}

int folder_walk(int root, folder_fn *fn, void *data)
{
	struct stat st;
	size_t n = 0;
	if (fstat(root, &st) < 0)
		return -errno;
	struct walk w = {.fn = fn, .data = data, .device = st.st_dev};
	int r = walk_folder(&w, root, &n);
	str_fini(&w.path);
	return r;
}

/* Gives ourselves the rights on a folder that is about to go. By descriptor, so that no link is followed. */
static int open_for_removal(int dir, const char *name)
{
	int fd = openat(dir, name, OPEN_DIR);
	if (fd < 0 && errno == EACCES) {
		char proc[64];
		int handle FD_CLOSE = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		snprintf(proc, sizeof proc, "/proc/self/fd/%d", handle);
		if (handle < 0 || chmod(proc, 0700) < 0)
			return -errno;
		fd = openat(dir, name, OPEN_DIR);
	}
	return fd < 0 ? -errno : fd;
}

struct removal {
	int top; /* the folder that is going: what is too deep moves up into it */
	dev_t device;
	unsigned moved; /* names for that */
	bool again;
};

static int remove_folder(struct removal *rm, int dir, const char *name, int depth);

static int remove_entry(struct removal *rm, int dir, const char *name, int depth)
{
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return st.st_dev == rm->device ? remove_folder(rm, dir, name, depth) : -EXDEV;
	return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int empty_folder(struct removal *rm, int dir, int depth)
{
	DIR *d CLEANUP(closedirp) = open_stream(dir);
	const char *name;
	int failed = 0;
	if (!d)
		return errno == ENOENT ? 0 : -errno; /* somebody else removes the same folder */
	fchmod(dir, 0700);
	while ((name = next_name(d))) {
		int r = remove_entry(rm, dir, name, depth);
		failed = failed ? failed : r;
	}
	return failed;
}

static int remove_folder(struct removal *rm, int dir, const char *name, int depth)
{
	if (depth >= FOLDER_DEPTH_MAX) {
		char up[32];
		snprintf(up, sizeof up, ".muster-deep-%u", rm->moved++);
		rm->again = true;
		return renameat(dir, name, rm->top, up) < 0 ? -errno : 0;
	}
	int child FD_CLOSE = open_for_removal(dir, name);
	if (child < 0)
		return child == -ENOENT ? 0 : child;
	int r = empty_folder(rm, child, depth + 1);
	if (r < 0)
		return r;
	return unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

int folder_remove(const char *path)
{
	struct stat st;
	if (lstat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	if (!S_ISDIR(st.st_mode))
		return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
	int top FD_CLOSE = open_for_removal(AT_FDCWD, path);
	if (top < 0)
		return top == -ENOENT ? 0 : top;
	struct removal rm = {.top = top, .device = st.st_dev};
	int r;
	/* Once more for what moved up, and for what a dying process still wrote behind us. */
	for (int round = 0; round < 1000; round++) {
		rm.again = false;
		r = empty_folder(&rm, top, 0);
		if (r == 0 && !rm.again && (rmdir(path) == 0 || errno == ENOENT))
			return 0;
		if (r == 0 && !rm.again && errno != ENOTEMPTY)
			return -errno;
		if (r < 0 && round >= 2)
			return r;
	}
	return -ENOTEMPTY;
}

#include "land/checkout_index.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

enum { STEP_MS = 50, INDEX_BYTES_MAX = 1 << 30 };

static char *mark_text(const struct checkout_spec *spec)
{
	return mem_printf("muster is moving %s here, landing %s\n", spec->branch, spec->mark);
}

static int names(const struct checkout_spec *spec, struct checkout_index *ix, struct err *err)
{
	*ix = (struct checkout_index){.repo = spec->repo, .stop = spec->stop};
	if (worktree_find(spec->repo, spec->path, &ix->worktree, err) < 0)
		return -1;
	ix->lock = mem_printf("%s/index.lock", ix->worktree.git_dir);
	ix->index = mem_printf("%s/index", ix->worktree.git_dir);
	ix->copy = mem_printf("%s/muster-index", ix->worktree.git_dir);
	return 0;
}

static void forget(struct checkout_index *ix)
{
	worktree_fini(&ix->worktree);
	free(ix->lock);
	free(ix->index);
	free(ix->copy);
	*ix = (struct checkout_index){0};
}

void checkout_index_release(struct checkout_index *ix)
{
	unlink(ix->copy);
	unlink(ix->lock);
	forget(ix);
}

static void sleep_ms(int ms)
{
	poll(NULL, 0, ms);
}

/* Where the file system has no links: a kill between the two leaves a lock that nobody knows. */
static int create_lock(const struct checkout_index *ix, const char *text)
{
	int fd FD_CLOSE = open(ix->lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	int r = fd_write_all(fd, text, strlen(text));
	if (r < 0)
		unlink(ix->lock);
	return r;
}

/* The lock is there with its mark, or not at all: it is the user's index that an unknown one would keep shut. */
static int link_lock(const struct checkout_index *ix, const char *text)
{
	char *marked MEM_FREE = mem_printf("%s/muster-lock", ix->worktree.git_dir);
	int r = file_write_atomic(marked, 0644, text, strlen(text));
	if (r < 0)
		return r;
	r = link(marked, ix->lock) < 0 ? -errno : 0;
	unlink(marked);
	return r == -EPERM || r == -EOPNOTSUPP || r == -ENOSYS ? create_lock(ix, text) : r;
}

static int make_lock(const struct checkout_index *ix, const char *text)
{
	int64_t deadline = clock_mono_ms() + CHECKOUT_LOCK_WAIT_MS;
	for (;;) {
		int r = link_lock(ix, text);
		if (r != -EEXIST || clock_mono_ms() >= deadline)
			return r;
		sleep_ms(STEP_MS);
	}
}

/* With its time: git takes a file that is as old as the index for possibly changed. */
static int copy_index(const struct checkout_index *ix, struct err *err)
{
	struct str bytes STR_FREE = STR_INIT;
	struct stat st;
	int r = stat(ix->index, &st) < 0 ? -errno : file_read(ix->index, INDEX_BYTES_MAX, &bytes);
	int fd FD_CLOSE = r < 0 ? -1 : open(ix->copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, st.st_mode & 0777);
	if (r == 0)
		r = fd < 0 ? -errno : fd_write_all(fd, str_c(&bytes), bytes.len);
	if (r == 0 && futimens(fd, (const struct timespec[]){st.st_atim, st.st_mtim}) < 0)
		r = -errno;
	return r < 0 ? err_set_errno(err, ERR_FAILED, r, "the index of %s", ix->worktree.path) : 0;
}

int checkout_index_lock(const struct checkout_spec *spec, struct checkout_index *ret, struct err *err)
{
	struct checkout_index ix;
	char *text MEM_FREE = mark_text(spec);
	if (names(spec, &ix, err) < 0)
		return -1;
	int r = make_lock(&ix, text);
	if (r < 0) {
		if (r == -EEXIST)
			err_set(err, ERR_REFUSED, "another git command is at work in %s (%s exists): land again when it has ended",
			        spec->path, ix.lock);
		else
			err_set_errno(err, ERR_FAILED, r, "%s", ix.lock);
		forget(&ix);
		return -1;
	}
	if (copy_index(&ix, err) < 0) {
		checkout_index_release(&ix);
		return -1;
	}
	*ret = ix;
	return 0;
}

static bool is_ours(const struct checkout_index *ix, const char *text)
{
	struct str found STR_FREE = STR_INIT;
	/* A lock that was cut off while it was written is ours, too: git's own are empty or an index. */
	return file_read(ix->lock, 4096, &found) == 0 && found.len > 0 && strncmp(text, str_c(&found), found.len) == 0;
}

/* A git that a killed landing had started may live on for a moment; it holds a lock on the copy. */
static void wait_for_orphan(const struct checkout_index *ix)
{
	char *lock MEM_FREE = mem_printf("%s.lock", ix->copy);
	int64_t deadline = clock_mono_ms() + CHECKOUT_ORPHAN_WAIT_MS;
	while (file_exists(lock) && clock_mono_ms() < deadline)
		sleep_ms(STEP_MS);
	unlink(lock);
}

int checkout_index_relock(const struct checkout_spec *spec, struct checkout_index *ret, bool *ret_found,
                          struct err *err)
{
	struct checkout_index ix;
	char *text MEM_FREE = mark_text(spec);
	if (names(spec, &ix, err) < 0)
		return -1;
	if (!is_ours(&ix, text)) {
		forget(&ix);
		*ret_found = false;
		return 0;
	}
	wait_for_orphan(&ix);
	*ret = ix;
	*ret_found = true;
	return 0;
}

static struct git_at at_of(const struct checkout_index *ix)
{
	return (struct git_at){
		.cwd = ix->worktree.path,
		.git_dir = ix->worktree.git_dir,
		.common_dir = ix->repo->common_dir,
		.work_tree = ix->worktree.path,
		.index_file = ix->copy,
	};
}

/* Not stopped half-way: it takes moments, and each step is wanted whole. */
int checkout_index_move(struct checkout_index *ix, const struct oid *from, const struct oid *to, struct err *err)
{
	const struct git_at at = at_of(ix);
	struct err said = {0};
	if (git_run(&at, GIT_ARGS("read-tree", "-m", "-u", from->hex, to->hex), NULL, NULL, &said) == 0)
		return 0;
	return err_set(err, ERR_REFUSED, "%s: %s", ix->worktree.path, said.msg);
}

int checkout_index_force(struct checkout_index *ix, const struct oid *from, const struct oid *to, struct err *err)
{
	const struct git_at at = at_of(ix);
	const struct git_opt any = {.ret_exit = &(int){0}};
	unlink(ix->copy);
	if (git_run(&at, GIT_ARGS("read-tree", from->hex), NULL, NULL, err) < 0 ||
	    git_run(&at, GIT_ARGS("update-index", "-q", "--refresh"), &any, NULL, err) < 0)
		return -1;
	return git_run(&at, GIT_ARGS("read-tree", "--reset", "-u", to->hex), NULL, NULL, err);
}

int checkout_index_install(struct checkout_index *ix, struct err *err)
{
	if (rename(ix->copy, ix->index) < 0)
		return err_set_errno(err, ERR_FAILED, errno, "%s", ix->index);
	return 0;
}

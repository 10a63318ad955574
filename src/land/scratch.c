#include "land/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

enum {
	OUT_LIMIT = 256 << 20,
	LOW_DISK = 256 << 10, /* bytes: less than this and no tree can be written */
};

void scratch_fini(struct scratch *s)
{
	worktree_fini(&s->worktree);
	free(s->dir);
	*s = (struct scratch){0};
}

/* Every path is said: nothing in the folder is asked where its repository is. The gate gets all files, also where
 * the user's own checkout is sparse. */
static struct git_at at_of(const struct repo *r, const struct worktree *w)
{
	static const char *const full[] = {"core.sparseCheckout=false", NULL};
	return (struct git_at){
		.cwd = w->path,
		.git_dir = w->git_dir,
		.common_dir = r->common_dir,
		.work_tree = w->path,
		.config = full,
	};
}

static char *busy_path(const char *dir)
{
	return mem_printf("%s/busy", dir);
}

static bool file_says(const char *dir, const char *name, const char *expected)
{
	char *path MEM_FREE = mem_printf("%s/%s", dir, name);
	struct str text STR_FREE = STR_INIT;
	if (file_read(path, 65536, &text) < 0)
		return false;
	str_trim(&text);
	return strcmp(str_c(&text), expected) == 0;
}

/* Has the repository's tree submodules? They have repositories of their own, which a gate could have changed. */
static int has_submodules(const struct repo *r, const struct oid *commit, bool *ret, struct err *err)
{
	const struct git_at at = repo_at(r);
	char *rev MEM_FREE = mem_printf("%s:.gitmodules", commit->hex);
	int code = 0;
	const struct git_opt opt = {.inert = true, .ret_exit = &code};
	if (git_run(&at, GIT_ARGS("rev-parse", "--quiet", "--verify", rev), &opt, NULL, err) < 0)
		return -1;
	*ret = code == 0;
	return 0;
}

/* Is it what worktree_add made, as far as git reads it? */
static bool is_sound(const struct worktree *w, const char *dir)
{
	char *busy MEM_FREE = busy_path(dir);
	char *own_config MEM_FREE = mem_printf("%s/config.worktree", w->git_dir);
	char *link MEM_FREE = mem_printf("gitdir: %s", w->git_dir);
	return file_is_dir(w->path) && !file_exists(busy) && !file_exists(own_config) &&
	       file_says(w->path, ".git", link) && file_says(w->git_dir, "commondir", "../..");
}

static int detach_head(const struct worktree *w, const struct oid *commit, struct err *err)
{
	char *head MEM_FREE = mem_printf("%s/HEAD", w->git_dir), *text MEM_FREE = mem_printf("%s\n", commit->hex);
	int e = file_write_atomic(head, 0644, text, strlen(text));
	return e < 0 ? err_set_errno(err, ERR_FAILED, e, "%s", head) : 0;
}

/* A new index without any memory of files, so that each is compared by content; then what differs is written. */
static int reset(const struct repo *r, const struct worktree *w, const struct oid *commit, const volatile int *stop,
                 struct err *err)
{
	const struct git_at at = at_of(r, w);
	char *index MEM_FREE = mem_printf("%s/index", w->git_dir), *lock MEM_FREE = mem_printf("%s/index.lock", w->git_dir);
	int code = 0;
	const struct git_opt opt = {.stop = stop, .out_limit = OUT_LIMIT};
	const struct git_opt any = {.stop = stop, .out_limit = OUT_LIMIT, .ret_exit = &code};
	unlink(index);
	unlink(lock);
	if (detach_head(w, commit, err) < 0 || git_run(&at, GIT_ARGS("read-tree", commit->hex), &opt, NULL, err) < 0 ||
	    git_run(&at, GIT_ARGS("update-index", "-q", "--refresh"), &any, NULL, err) < 0 ||
	    git_run(&at, GIT_ARGS("clean", "-ffdxq"), &opt, NULL, err) < 0 ||
	    git_run(&at, GIT_ARGS("checkout-index", "--all", "--force", "--quiet", "--index"), &opt, NULL, err) < 0)
		return -1;
	return 0;
}

static int add_new(const struct repo *r, const char *path, const struct oid *commit, const volatile int *stop,
                   struct worktree *ret, struct err *err)
{
	struct worktree w;
	const struct worktree_spec spec = {
		.path = path,
		.at = *commit,
		.lock_reason = "the gate of muster's landings runs here",
		.stop = stop,
	};
	if (worktree_add(r, &spec, &w, NULL, err) < 0)
		return -1;
	char *sparse MEM_FREE = mem_printf("%s/info/sparse-checkout", w.git_dir);
	if (file_exists(sparse) && reset(r, &w, commit, stop, err) < 0) {
		worktree_fini(&w);
		return -1;
	}
	*ret = w;
	return 0;
}

static int renew(const struct repo *r, const char *dir, struct worktree *w, const struct oid *commit,
                 const volatile int *stop, struct err *err)
{
	char *path MEM_FREE = mem_printf("%s/tree", dir);
	char *busy MEM_FREE = busy_path(dir);
	if (w->path && worktree_remove(r, w, err) < 0)
		return -1;
	worktree_fini(w);
	int e = file_remove_tree(path);
	if (e < 0)
		return err_set_errno(err, ERR_FAILED, e, "%s", path);
	if (add_new(r, path, commit, stop, w, err) < 0)
		return -1;
	unlink(busy);
	return 0;
}

static int prepare(const struct repo *r, const char *dir, const struct oid *commit, const volatile int *stop,
                   struct worktree *w, struct err *err)
{
	char *path MEM_FREE = mem_printf("%s/tree", dir);
	struct err none = {0};
	bool submodules = false;
	if (has_submodules(r, commit, &submodules, err) < 0)
		return -1;
	/* No registration is the first time. */
	if (worktree_find(r, path, w, &none) == 0 && !submodules && is_sound(w, dir)) {
		if (reset(r, w, commit, stop, &none) == 0)
			return 0;
		if (stop && *stop)
			return err_set(err, ERR_FAILED, "stopped");
	}
	return renew(r, dir, w, commit, stop, err);
}

/* Half a tree may be what has filled the disk, on which the store is to write that this failed. git does not say why it
 * could not write a file, so the disk is asked. */
static void give_up(const char *dir, struct err *err)
{
	char *path MEM_FREE = mem_printf("%s/tree", dir);
	struct statvfs disk;
	if (statvfs(dir, &disk) == 0 && disk.f_bavail * disk.f_frsize < LOW_DISK)
		err_set(err, err->code, "the disk of %s is full: make room and land again", dir);
	if (file_remove_tree(path) < 0)
		log_warn("%s stays behind", path);
}

int scratch_open(const struct repo *r, const struct oid *commit, const volatile int *stop, struct scratch *ret,
                 struct err *err)
{
	char *slug MEM_FREE = repo_slug(r);
	char *dir MEM_FREE = mem_printf("%s/gate/%s", r->state, slug);
	struct scratch s = {.commit = *commit};
	int e = file_mkdirs(dir, 0700);
	if (e < 0)
		return err_set_errno(err, ERR_FAILED, e, "%s", dir);
	if (worktree_sweep(dir, err) < 0 || prepare(r, dir, commit, stop, &s.worktree, err) < 0) {
		give_up(dir, err);
		scratch_fini(&s);
		return -1;
	}
	s.dir = MEM_TAKE(dir);
	*ret = s;
	return 0;
}

int scratch_busy(const struct scratch *s, struct err *err)
{
	char *path MEM_FREE = busy_path(s->dir);
	int fd FD_CLOSE = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? err_set_errno(err, ERR_FAILED, errno, "%s", path) : 0;
}

void scratch_idle(const struct scratch *s)
{
	char *path MEM_FREE = busy_path(s->dir);
	unlink(path);
}

/* By an index of our own, made from the commit: the folder's could have been told to look away. */
int scratch_changed(const struct repo *r, const struct scratch *s, const volatile int *stop, struct strv *ret_paths,
                    struct err *err)
{
	char *index MEM_FREE = mem_printf("%s/index", s->dir);
	struct git_at at = at_of(r, &s->worktree);
	struct str out STR_FREE = STR_INIT;
	struct git_part part = {0};
	int code = 0;
	const struct git_opt opt = {.stop = stop, .out_limit = OUT_LIMIT};
	const struct git_opt any = {.stop = stop, .out_limit = OUT_LIMIT, .ret_exit = &code};
	at.index_file = index;
	unlink(index);
	int e = git_run(&at, GIT_ARGS("read-tree", s->commit.hex), &opt, NULL, err);
	if (e == 0)
		e = git_run(&at, GIT_ARGS("update-index", "-q", "--refresh"), &any, NULL, err);
	if (e == 0)
		e = git_run(&at, GIT_ARGS("diff-files", "--name-only", "-z", "--ignore-submodules=dirty"), &opt, &out, err);
	unlink(index);
	while (e == 0 && git_next(&out, &part))
		strv_add(ret_paths, part.text);
	return e;
}

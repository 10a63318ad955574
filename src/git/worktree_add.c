/* Making a worktree. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "git/folder.h"
#include "git/record.h"
#include "git/submodule.h"
#include "git/worktree.h"

/* What an interrupted run left: nobody but us has been in there. Under the lock. */
static int clear_leftovers(const struct repo *r, const struct worktree_spec *spec, struct err *err)
{
	struct worktree old = {0};
	int gone = folder_remove(spec->path);
	if (gone < 0)
		return err_set_errno(err, ERR_FAILED, gone, "%s", spec->path);
	if (worktree_find(r, spec->path, &old, NULL) == 0) {
		gone = folder_remove(old.git_dir);
		if (gone < 0)
			err_set_errno(err, ERR_FAILED, gone, "%s", old.git_dir);
		worktree_fini(&old);
	}
	return gone;
}

/* Refuses a folder that has something in it, and a place where the user has a worktree already. */
static int check_place(const struct repo *r, const struct worktree_spec *spec, struct err *err)
{
	struct worktree other = {0};
	if (rmdir(spec->path) < 0 && errno != ENOENT)
		return err_set(err, ERR_REFUSED, "%s exists already and is not empty", spec->path);
	if (worktree_find(r, spec->path, &other, NULL) < 0)
		return 0;
	worktree_fini(&other);
	return err_set(err, ERR_REFUSED, "%s is registered as a worktree already: see `git worktree list`",
		       spec->path);
}

static int make_parent(const char *path, struct err *err)
{
	char *parent MEM_FREE = mem_strdup(path);
	*strrchr(parent, '/') = '\0';
	int r = file_mkdirs(parent, 0700);
	return r < 0 ? err_set_errno(err, ERR_FAILED, r, "%s", parent) : 0;
}

static int git_add(const struct repo *r, const struct worktree_spec *spec, struct err *err)
{
	/* From the user's own checkout, whose sparse settings git carries over. */
	const struct git_at at = {.cwd = r->common_dir, .git_dir = r->git_dir, .common_dir = r->common_dir};
	struct strv args STRV_FREE = STRV_INIT;
	strv_add_all(&args, GIT_ARGS("worktree", "add", "--quiet", "--no-checkout"));
	if (spec->lock_reason)
		strv_add_all(&args, GIT_ARGS("--lock", "--reason", spec->lock_reason));
	if (!spec->branch)
		strv_add(&args, "--detach");
	strv_add(&args, spec->path);
	strv_add(&args, spec->branch ? spec->branch : spec->at.hex);
	return git_runv(&at, &args, &(struct git_opt){.stop = spec->stop}, NULL, err);
}

/* git has just written the `.git` file: where it put its part. */
static int learn_git_dir(const struct repo *r, const char *path, char **ret, struct err *err)
{
	struct str text STR_FREE = STR_INIT;
	char *prefix MEM_FREE = mem_printf("gitdir: %s/worktrees/", r->common_dir);
	int dir FD_CLOSE = folder_open(path);
	int got = dir < 0 ? dir : folder_read(dir, ".git", 8192, &text);
	if (got < 0)
		return err_set_errno(err, ERR_FAILED, got, "%s/.git", path);
	str_trim(&text);
	if (strncmp(str_c(&text), prefix, strlen(prefix)) != 0)
		return err_set(err, ERR_FAILED, "%s/.git does not point into %s", path, r->common_dir);
	*ret = mem_strdup(text.data + strlen("gitdir: "));
	return 0;
}

/* Registers the worktree; rec->git_dir is known after. Under the lock. */
static int add_locked(const struct repo *r, const struct worktree_spec *spec, struct record *rec, struct err *err)
{
	struct record old = {0};
	bool ours = record_read(r->state, spec->path, &old, NULL) == 0;
	record_fini(&old);
	int cleared = ours ? clear_leftovers(r, spec, err) : check_place(r, spec, err);
	if (cleared < 0 || record_write(r->state, rec, err) < 0)
		return -1;
	if (git_add(r, spec, err) < 0 || learn_git_dir(r, spec->path, &rec->git_dir, err) < 0)
		return -1;
	return record_write(r->state, rec, err);
}

static bool is_filter_failure(const struct err *err)
{
	return strstr(err->msg, "smudge filter") || strstr(err->msg, "external filter") || strstr(err->msg, "lfs");
}

static int checkout(const struct repo *r, const struct worktree_spec *spec, const struct worktree *w,
		    struct strv *warnings, struct err *err)
{
	struct err said = {0};
	struct git_at at = {
		.cwd = w->path, .git_dir = w->git_dir, .common_dir = r->common_dir, .work_tree = w->path};
	const struct git_opt opt = {.stop = spec->stop};
	const char *const *args = GIT_ARGS("reset", "--quiet", "--hard", "--no-recurse-submodules");
	if (git_run(&at, args, &opt, NULL, &said) == 0)
		return 0;
	/* LFS objects that are not on this machine need a network that may not be there. */
	at.env = GIT_ARGS("GIT_LFS_SKIP_SMUDGE=1");
	if (!is_filter_failure(&said) || git_run(&at, args, &opt, NULL, NULL) < 0)
		return err_set(err, said.code, "%s", said.msg);
	if (warnings)
		strv_addf(warnings, "large files (LFS) are pointers in this worktree: %s", said.msg);
	return 0;
}

/* A worktree that is complete already. */
static bool is_ready(const struct repo *r, const char *path, struct worktree *ret)
{
	struct record rec;
	if (record_read(r->state, path, &rec, NULL) < 0)
		return false;
	bool ready = rec.ready && rec.git_dir && strcmp(rec.common_dir, r->common_dir) == 0;
	if (ready)
		*ret = (struct worktree){.path = mem_strdup(path), .git_dir = MEM_TAKE(rec.git_dir)};
	record_fini(&rec);
	return ready;
}

int worktree_add(const struct repo *r, const struct worktree_spec *spec, struct worktree *ret,
		 struct strv *warnings, struct err *err)
{
	if (is_ready(r, spec->path, ret))
		return 0;
	if (make_parent(spec->path, err) < 0)
		return -1;
	struct record rec = {
		.maker = getpid(),
		.path = mem_strdup(spec->path),
		.common_dir = mem_strdup(r->common_dir),
		.branch = spec->branch ? mem_strdup(spec->branch) : NULL,
	};
	struct worktree w = {0};
	int lock FD_CLOSE = repo_lock(r, spec->stop, err);
	int done = lock < 0 ? -1 : add_locked(r, spec, &rec, err);
	fd_closep(&lock);
	if (done == 0) {
		w = (struct worktree){.path = mem_strdup(spec->path), .git_dir = mem_strdup(rec.git_dir)};
		done = spec->no_checkout ? 0 : checkout(r, spec, &w, warnings, err);
	}
	if (done == 0 && !spec->no_checkout)
		submodule_fill(r, &w, spec->stop, warnings);
	if (done == 0) {
		rec.ready = true;
		done = record_write(r->state, &rec, err);
	}
	record_fini(&rec);
	if (done < 0)
		worktree_fini(&w);
	else
		*ret = w;
	return done;
}

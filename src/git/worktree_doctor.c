/* Damage in muster's worktrees, and its repair from what is on record. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "git/folder.h"
#include "git/record.h"
#include "git/view.h"
#include "git/worktree.h"

struct visit {
	const struct repo *repo;
	const struct record *rec;
	bool fix;
	struct strv *found;
};

static void report(const struct visit *v, const char *what, int fixed, const struct err *err)
{
	if (!v->fix)
		strv_addf(v->found, "%s: %s", v->rec->path, what);
	else if (fixed == 0)
		strv_addf(v->found, "%s: %s: repaired", v->rec->path, what);
	else
		strv_addf(v->found, "%s: %s: not repaired: %s", v->rec->path, what, err->msg);
}

static struct git_at worktree_at(const struct visit *v)
{
	return (struct git_at){
		.cwd = v->rec->path,
		.git_dir = v->rec->git_dir,
		.common_dir = v->repo->common_dir,
		.work_tree = v->rec->path,
	};
}

/* One of the small files that tie a worktree to its repository. */
static void check_link(const struct visit *v, const char *folder, const char *name, const char *should_be)
{
	struct str text STR_FREE = STR_INIT;
	struct err err = {0};
	int dir FD_CLOSE = folder_open(folder);
	int got = dir < 0 ? dir : folder_read(dir, name, 8192, &text);
	str_trim(&text);
	if (got == 0 && strcmp(str_c(&text), should_be) == 0)
		return;
	char *what MEM_FREE = mem_printf("%s/%s is missing or points elsewhere", folder, name);
	char *line MEM_FREE = mem_printf("%s\n", should_be);
	int fixed = 0;
	if (v->fix) {
		fixed = dir < 0 ? dir : folder_write(dir, name, 0644, line, strlen(line));
		if (fixed < 0)
			err_set_errno(&err, ERR_FAILED, fixed, "%s/%s", folder, name);
	}
	report(v, what, fixed, &err);
}

/* git's side is gone while the files are there: made again around them, nothing staged. */
static int make_git_dir(const struct visit *v, struct err *err)
{
	struct oid tip = {0};
	const struct record *rec = v->rec;
	char *ref MEM_FREE = rec->branch ? mem_printf("refs/heads/%s", rec->branch) : NULL;
	if (ref && repo_ref_read(v->repo, ref, &tip, err) < 0)
		return -1;
	if (!oid_is_set(&tip))
		return err_set(err, ERR_FAILED, "its branch is gone too; restore it from a snapshot");
	char *head MEM_FREE = mem_printf("ref: %s\n", ref);
	char *gitdir MEM_FREE = mem_printf("%s/.git\n", rec->path);
	int r = file_mkdirs(rec->git_dir, 0755);
	int dir FD_CLOSE = r < 0 ? r : folder_open(rec->git_dir);
	r = dir < 0 ? dir : folder_write(dir, "commondir", 0644, "../..\n", 6);
	r = r < 0 ? r : folder_write(dir, "gitdir", 0644, gitdir, strlen(gitdir));
	r = r < 0 ? r : folder_write(dir, "HEAD", 0644, head, strlen(head));
	if (r < 0)
		return err_set_errno(err, ERR_FAILED, r, "%s", rec->git_dir);
	const struct git_at at = worktree_at(v);
	return git_run(&at, GIT_ARGS("read-tree", tip.hex), NULL, NULL, err);
}

/* The files are gone while git's side is there: what was staged or committed comes back. */
static int make_folder(const struct visit *v, struct err *err)
{
	int r = file_mkdirs(v->rec->path, 0777);
	if (r < 0)
		return err_set_errno(err, ERR_FAILED, r, "%s", v->rec->path);
	const struct git_at at = worktree_at(v);
	return git_run(&at, GIT_ARGS("checkout-index", "--all", "--quiet"), NULL, NULL, err);
}

static void check_lock_file(const struct visit *v, int dir, const char *name)
{
	struct stat st;
	struct err err = {0};
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || time(NULL) - st.st_mtime < WORKTREE_LOCK_STALE_S)
		return;
	char *what MEM_FREE = mem_printf("%s/%s was left by a git that is gone", v->rec->git_dir, name);
	int fixed = v->fix && unlinkat(dir, name, 0) < 0 ? err_set_errno(&err, ERR_FAILED, errno, "%s", name) : 0;
	report(v, what, fixed, &err);
}

static void check_parts(const struct visit *v)
{
	const struct record *rec = v->rec;
	struct err err = {0};
	bool has_files = file_is_dir(rec->path), has_git = file_is_dir(rec->git_dir);
	if (!has_files && !has_git) {
		if (v->fix)
			record_drop(v->repo->state, rec->path);
		report(v, "the worktree is gone", 0, &err);
		return;
	}
	if (!has_git)
		report(v, "its part of the repository is gone", v->fix ? make_git_dir(v, &err) : 0, &err);
	if (!has_files)
		report(v, "the folder is gone", v->fix ? make_folder(v, &err) : 0, &err);
	if (!v->fix && (!has_git || !has_files))
		return;
	char *to_git MEM_FREE = mem_printf("gitdir: %s", rec->git_dir);
	char *to_files MEM_FREE = mem_printf("%s/.git", rec->path);
	check_link(v, rec->path, ".git", to_git);
	check_link(v, rec->git_dir, "gitdir", to_files);
	check_link(v, rec->git_dir, "commondir", "../..");
	int dir FD_CLOSE = folder_open(rec->git_dir);
	if (dir >= 0) {
		check_lock_file(v, dir, "index.lock");
		check_lock_file(v, dir, "HEAD.lock");
	}
}

/* Nobody has worked in it yet, and the process that made it is gone. */
static void check_unfinished(const struct visit *v)
{
	const struct record *rec = v->rec;
	struct err err = {0};
	int fixed = 0;
	if (rec->maker == getpid() || kill(rec->maker, 0) == 0 || errno == EPERM)
		return;
	if (v->fix && rec->git_dir) {
		const struct worktree w = {.path = rec->path, .git_dir = rec->git_dir};
		fixed = worktree_remove(v->repo, &w, &err);
	} else if (v->fix) {
		int r = folder_remove(rec->path);
		fixed = r < 0 ? err_set_errno(&err, ERR_FAILED, r, "%s", rec->path) : 0;
	}
	if (v->fix && fixed == 0)
		record_drop(v->repo->state, rec->path);
	report(v, "making it was interrupted", fixed, &err);
}

static int check_gone_folders(const char *dir, bool fix, struct strv *found, struct err *err)
{
	DIR *d = opendir(dir);
	size_t n = 0;
	for (const struct dirent *e; d && (e = readdir(d));)
		n += strncmp(e->d_name, ".gone-", 6) == 0;
	if (d)
		closedir(d);
	if (n == 0)
		return 0;
	strv_addf(found, "%s: %zu removed worktrees are not deleted yet%s", dir, n, fix ? ": repaired" : "");
	return fix ? worktree_sweep(dir, err) : 0;
}

int worktree_doctor(const struct repo *r, bool fix, struct strv *found, struct err *err)
{
	struct strv paths STRV_FREE = STRV_INIT;
	if (record_list(r, &paths, err) < 0)
		return -1;
	for (size_t i = 0; i < paths.n; i++) {
		struct record rec;
		if (record_read(r->state, paths.v[i], &rec, NULL) < 0)
			continue; /* removed meanwhile */
		const struct visit v = {.repo = r, .rec = &rec, .fix = fix, .found = found};
		if (rec.ready && rec.git_dir)
			check_parts(&v);
		else
			check_unfinished(&v);
		record_fini(&rec);
	}
	if (fix)
		view_sweep(r->state);
	char *slug MEM_FREE = repo_slug(r);
	char *dir MEM_FREE = mem_printf("%s/work/%s", r->state, slug);
	return check_gone_folders(dir, fix, found, err);
}

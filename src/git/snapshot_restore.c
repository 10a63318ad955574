/* Bringing a snapshot back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "git/folder.h"
#include "git/path.h"
#include "git/snapshot_part.h"

struct restore {
	const struct repo *repo;
	const struct snapshot *snapshot;
	struct worktree worktree;
	struct meta meta;
	struct strv *warnings;
	bool in_place; /* the files go into a worktree that is in use */
};

static void warn(struct restore *x, const char *what, const char *why)
{
	if (x->warnings)
		strv_addf(x->warnings, "%s: %s", what, why);
}

/* The session's git folder with the user's configuration. In a worktree that was just made nobody has written
 * there. */
static struct git_at own_at(const struct restore *x)
{
	return (struct git_at){
		.cwd = x->worktree.path,
		.git_dir = x->worktree.git_dir,
		.common_dir = x->repo->common_dir,
		.work_tree = x->worktree.path,
	};
}

static int feed(const struct git_at *at, const char *const *args, const struct strv *lines, struct err *err)
{
	struct str in STR_FREE = STR_INIT;
	for (size_t i = 0; i < lines->n; i++)
		str_add(&in, lines->v[i], strlen(lines->v[i]) + 1);
	return lines->n ? git_run(at, args, &(struct git_opt){.input = in.data, .input_len = in.len}, NULL, err)
			: 0;
}

/* The index, but for intent-to-add: that wants the files. */
static int restore_index(struct restore *x, struct err *err)
{
	struct git_at at = own_at(x);
	if (!oid_is_set(&x->snapshot->index))
		return 0;
	if (git_run(&at, GIT_ARGS("read-tree", "--reset", x->snapshot->index.hex), NULL, NULL, err) < 0)
		return -1;
	if (feed(&at, GIT_ARGS("update-index", "-z", "--index-info"), &x->meta.stages, err) < 0 ||
	    feed(&at, GIT_ARGS("update-index", "--assume-unchanged", "-z", "--stdin"), &x->meta.assumed, err) < 0)
		return -1;
	return feed(&at, GIT_ARGS("update-index", "--skip-worktree", "-z", "--stdin"), &x->meta.skipped, err);
}

static int restore_intended(struct restore *x, struct err *err)
{
	struct git_at at = own_at(x);
	return feed(&at,
		    GIT_ARGS("add", "--intent-to-add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul"),
		    &x->meta.intended, err);
}

/* Writes the files of a tree into a folder, byte for byte; what is there and equal is left alone. */
static int write_tree(const struct restore *x, const char *tree, const char *folder, struct err *err)
{
	struct view v;
	int code, done = 0;
	if (view_open(x->repo, &x->worktree, VIEW_RAW, &v, err) < 0)
		return -1;
	v.at.cwd = v.at.work_tree = folder;
	/* Empty, or git would delete the files that the index has and the tree has not. */
	unlink(v.index_file);
	if (x->in_place) {
		done = git_run(&v.at, GIT_ARGS("read-tree", "--reset", tree), NULL, NULL, err);
		if (done == 0)
			done = git_run(&v.at, GIT_ARGS("update-index", "-q", "--refresh"),
				       &(struct git_opt){.ret_exit = &code}, NULL, err);
	}
	/* Not checkout-index, which takes three times as long. */
	if (done == 0)
		done = git_run(&v.at, GIT_ARGS("read-tree", "--reset", "-u", tree), NULL, NULL, err);
	view_fini(&v);
	return done;
}

/* Files that a filter makes: git checks them out under the user's configuration, which a private view brings along.
 */
static void restore_filtered(struct restore *x)
{
	struct view v;
	struct err err = {0};
	if (x->meta.filtered.n == 0)
		return;
	if (view_open(x->repo, &x->worktree, VIEW_USER, &v, &err) < 0) {
		warn(x, "files of a filter were not made", err.msg);
		return;
	}
	const char *const *args = GIT_ARGS("checkout-index", "--force", "-z", "--stdin");
	if (feed(&v.at, args, &x->meta.filtered, &err) < 0) {
		warn(x, "files of a filter were not all made", err.msg);
		/* What git has of them is better than nothing. */
		v.at.env = GIT_ARGS("GIT_LFS_SKIP_SMUDGE=1");
		if (feed(&v.at, args, &x->meta.filtered, &err) < 0)
			warn(x, "some are missing", err.msg);
	}
	view_fini(&v);
}

static int restore_nested_git(const struct restore *x, const char *from, const char *path, struct err *err)
{
	struct str bytes STR_FREE = STR_INIT, type STR_FREE = STR_INIT;
	char *inside MEM_FREE = mem_printf("%s/.git", path);
	char *full MEM_FREE = mem_printf("%s/%s", x->worktree.path, inside);
	char *name MEM_FREE = mem_printf("%s/git", from);
	const struct git_at at = repo_at(x->repo);
	int code;
	if (git_run(&at, GIT_ARGS("cat-file", "-t", name), &(struct git_opt){.inert = true, .ret_exit = &code},
		    &type, err) < 0)
		return -1;
	str_trim(&type);
	if (strcmp(str_c(&type), "tree") == 0) {
		int made = file_mkdirs(full, 0777);
		return made < 0 ? err_set_errno(err, ERR_FAILED, made, "%s", full) : write_tree(x, name, full, err);
	}
	if (strcmp(str_c(&type), "blob") != 0)
		return 0; /* the snapshot's notes name it */
	if (git_run(&at, GIT_ARGS("cat-file", "blob", name), &(struct git_opt){.inert = true}, &bytes, err) < 0)
		return -1;
	int root FD_CLOSE = folder_open(x->worktree.path);
	int r = root < 0 ? root : folder_write(root, inside, 0644, bytes.data, bytes.len);
	return r < 0 ? err_set_errno(err, ERR_FAILED, r, "%s", full) : 0;
}

/* Makes a folder below the worktree without following links. */
static int make_folder(const struct restore *x, const char *path, struct err *err)
{
	const char *name;
	int root FD_CLOSE = folder_open(x->worktree.path);
	int dir FD_CLOSE = root < 0 ? root : folder_open_parent(root, path, true, &name);
	int r = dir < 0 ? dir : mkdirat(dir, name, 0777) < 0 && errno != EEXIST ? -errno : 0;
	return r < 0 ? err_set_errno(err, ERR_FAILED, r, "%s/%s", x->worktree.path, path) : 0;
}

static int restore_nested(const struct restore *x, struct err *err)
{
	for (size_t i = 0; i < x->meta.nested.n; i++) {
		const char *path = x->meta.nested.v[i];
		char *from MEM_FREE = mem_printf("%s:nested/%zu", x->snapshot->commit.hex, i);
		char *files MEM_FREE = mem_printf("%s/files", from);
		char *full MEM_FREE = mem_printf("%s/%s", x->worktree.path, path);
		if (!path_is_below(path))
			continue;
		if (make_folder(x, path, err) < 0 || write_tree(x, files, full, err) < 0 ||
		    restore_nested_git(x, from, path, err) < 0)
			return -1;
	}
	return 0;
}

static int restore_folders(const struct restore *x, struct err *err)
{
	for (size_t i = 0; i < x->meta.folders.n; i++)
		if (path_is_below(x->meta.folders.v[i]) && make_folder(x, x->meta.folders.v[i], err) < 0)
			return -1;
	return 0;
}

struct moded {
	const char *path;
	mode_t mode;
};

struct modes {
	struct moded *list; /* sorted */
	size_t n;
	bool listed_only;
};

static int compare_moded(const void *a, const void *b)
{
	return strcmp(((const struct moded *)a)->path, ((const struct moded *)b)->path);
}

/* By descriptor: a link that takes the file's place is not followed. */
static void set_mode(int dir, const char *name, mode_t mode)
{
	char proc[64];
	int fd FD_CLOSE = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
	if (fd >= 0 && chmod(proc, mode) < 0)
		return; /* not ours: in the user's own folder */
}

static int on_entry(const struct folder_entry *e, void *data)
{
	const struct modes *m = data;
	mode_t now = e->st->st_mode & 07777;
	mode_t want = e->kind == FOLDER_FILE && !(now & 0100) ? 0644 : 0755;
	const struct moded key = {.path = e->path};
	if (strcmp(e->path, ".git") == 0)
		return FOLDER_SKIP;
	/* Folders on the way out: one that may not be written is closed last. */
	if (e->kind != FOLDER_FILE && e->kind != FOLDER_DIR_END)
		return 0;
	const struct moded *listed = m->n ? bsearch(&key, m->list, m->n, sizeof key, compare_moded) : NULL;
	want = listed ? listed->mode : want;
	if (now != want && (listed || !m->listed_only))
		set_mode(e->dir_fd, e->name, want);
	return 0;
}

static void restore_modes(const struct restore *x, bool listed_only)
{
	struct modes m = {.listed_only = listed_only};
	const struct strv *records = &x->meta.modes;
	m.list = mem_alloc((records->n + 1) * sizeof *m.list);
	for (size_t i = 0; i < records->n; i++) {
		m.list[m.n].path = meta_mode(records->v[i], &m.list[m.n].mode);
		m.n += m.list[m.n].path != NULL;
	}
	qsort(m.list, m.n, sizeof *m.list, compare_moded);
	int root FD_CLOSE = folder_open(x->worktree.path);
	int walked = root < 0 ? root : folder_walk(root, on_entry, &m);
	if (walked < 0 && x->warnings)
		strv_addf(x->warnings, "permissions of some files were not restored: %s", strerror(-walked));
	free(m.list);
}

/* Branch names that must point where they did. */
static int restore_branch(const struct repo *r, const char *branch, const struct oid *tip, struct err *err)
{
	struct oid now;
	if (!branch || !oid_is_set(tip))
		return 0;
	char *ref MEM_FREE = mem_printf("refs/heads/%s", branch);
	if (repo_ref_read(r, ref, &now, err) < 0)
		return -1;
	if (oid_equal(&now, tip))
		return 0;
	if (oid_is_set(&now))
		return err_set(err, ERR_REFUSED,
			       "the branch %s is at %.12s now, it was at %.12s: rename or delete it first", branch,
			       now.hex, tip->hex);
	const struct repo_ref_change change = {.ref = ref, .new = *tip};
	return repo_refs_change(r, &change, 1, "muster: restore a snapshot", err);
}

/* HEAD named a branch without a commit: git makes no worktree of one, so HEAD is pointed there afterwards. */
static int restore_unborn(struct restore *x, const char *path, struct err *err)
{
	const struct snapshot *s = x->snapshot;
	const struct worktree_spec spec = {
		.path = path, .at = s->commit, .lock_reason = "muster session", .no_checkout = true};
	struct oid now = {0};
	char *ref MEM_FREE = mem_printf("refs/heads/%s", s->branch ? s->branch : "");
	if (restore_branch(x->repo, s->own_branch, &s->own_tip, err) < 0 ||
	    worktree_add(x->repo, &spec, &x->worktree, x->warnings, err) < 0)
		return -1;
	if (s->branch && repo_ref_read(x->repo, ref, &now, err) < 0)
		return -1;
	if (!s->branch || oid_is_set(&now)) {
		warn(x, "HEAD is detached at the snapshot, its branch has commits now", ref);
		return 0;
	}
	const struct git_at at = own_at(x);
	return git_run(&at, GIT_ARGS("symbolic-ref", "HEAD", ref), NULL, NULL, err);
}

/* The worktree without files. HEAD is where it was, or detached when its branch is in use. */
static int restore_worktree(struct restore *x, const char *path, struct err *err)
{
	const struct snapshot *s = x->snapshot;
	char *used MEM_FREE = NULL;
	struct worktree_spec spec = {
		.path = path, .at = s->head, .lock_reason = "muster session", .no_checkout = true};
	if (!oid_is_set(&s->head))
		return restore_unborn(x, path, err);
	if (restore_branch(x->repo, s->own_branch, &s->own_tip, err) < 0 ||
	    restore_branch(x->repo, s->branch, &s->head, err) < 0)
		return -1;
	if (s->branch && repo_branch_checkout(x->repo, s->branch, &used, err) < 0)
		return -1;
	spec.branch = used && strcmp(used, path) != 0 ? NULL : s->branch;
	if (s->branch && !spec.branch)
		warn(x, "HEAD is detached, its branch is checked out elsewhere", used);
	return worktree_add(x->repo, &spec, &x->worktree, x->warnings, err);
}

static int restore_admin(const struct restore *x, struct err *err)
{
	struct oid tree;
	if (snapshot_subtree(x->repo, &x->snapshot->commit, "admin", &tree, err) < 0)
		return -1;
	return oid_is_set(&tree) ? write_tree(x, tree.hex, x->worktree.git_dir, err) : 0;
}

/* Where the folder was gone when the snapshot was taken, what was staged is the best there is. */
static int restore_files(struct restore *x, struct err *err)
{
	const struct git_at at = own_at(x);
	if (oid_is_set(&x->snapshot->worktree))
		return write_tree(x, x->snapshot->worktree.hex, x->worktree.path, err);
	return git_run(&at, GIT_ARGS("checkout-index", "--all", "--quiet"), NULL, NULL, err);
}

static int restore_all(struct restore *x, const char *path, struct err *err)
{
	if (restore_worktree(x, path, err) < 0 || restore_index(x, err) < 0)
		return -1;
	if (restore_files(x, err) < 0)
		return -1;
	restore_filtered(x);
	if (restore_nested(x, err) < 0 || restore_folders(x, err) < 0 || restore_intended(x, err) < 0 ||
	    restore_admin(x, err) < 0)
		return -1;
	restore_modes(x, false);
	const struct git_at at = own_at(x);
	int code; /* it says 1 when files differ from the index, as they may */
	return git_run(&at, GIT_ARGS("update-index", "-q", "--refresh"), &(struct git_opt){.ret_exit = &code}, NULL,
		       err);
}

int snapshot_restore(const struct repo *r, const struct snapshot *s, const char *path, struct worktree *ret,
		     struct strv *warnings, struct err *err)
{
	struct restore x = {.repo = r, .snapshot = s, .warnings = warnings};
	if (snapshot_meta(r, &s->commit, &x.meta, err) < 0)
		return -1;
	int done = restore_all(&x, path, err);
	if (done == 0)
		*ret = x.worktree;
	else
		worktree_fini(&x.worktree);
	meta_fini(&x.meta);
	return done;
}

int snapshot_restore_files(const struct repo *r, const struct snapshot *s, const struct worktree *w,
			   struct strv *warnings, struct err *err)
{
	struct restore x = {.repo = r, .snapshot = s, .worktree = *w, .warnings = warnings, .in_place = true};
	if (!oid_is_set(&s->worktree))
		return err_set(err, ERR_FAILED, "%s has no files: the folder was gone", s->ref);
	if (snapshot_meta(r, &s->commit, &x.meta, err) < 0)
		return -1;
	int done = write_tree(&x, s->worktree.hex, w->path, err);
	if (done == 0)
		restore_filtered(&x);
	done = done < 0 ? done : restore_nested(&x, err);
	done = done < 0 ? done : restore_folders(&x, err);
	if (done == 0)
		restore_modes(&x, true);
	done = done < 0 ? done : restore_index(&x, err);
	meta_fini(&x.meta);
	return done;
}

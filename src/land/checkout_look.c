#include "land/checkout_look.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "git/path.h"
#include "git/status.h"

enum { OUT_LIMIT = 512 << 20, NAMES_SHOWN = 3 };

static int refuse(struct err *err, const struct checkout_spec *spec, const char *what, const struct strv *paths,
                  const char *advice)
{
	struct str names STR_FREE = STR_INIT;
	path_quote_list(&names, paths, NAMES_SHOWN);
	return err_set(err, ERR_REFUSED, "%s has %s checked out, and %s: %s. %s", spec->path, spec->branch, what,
	               str_c(&names), advice);
}

static int look_in_progress(const struct checkout_spec *spec, const struct worktree *w, struct err *err)
{
	static const struct {
		const char *file, *what;
	} marks[] = {
		{"MERGE_HEAD", "merge"},    {"CHERRY_PICK_HEAD", "cherry-pick"}, {"REVERT_HEAD", "revert"},
		{"rebase-merge", "rebase"}, {"rebase-apply", "rebase"},
	};
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		char *path MEM_FREE = mem_printf("%s/%s", w->git_dir, marks[i].file);
		if (file_exists(path))
			return err_set(err, ERR_REFUSED, "a %s is in progress in %s: end it, then land again", marks[i].what,
			               spec->path);
	}
	return 0;
}

static int look_modified(const struct checkout_spec *spec, const struct worktree *w, struct err *err)
{
	struct status st CLEANUP(status_fini) = {0};
	struct strv dirty STRV_FREE = STRV_INIT;
	if (status_read(spec->repo, w, spec->stop, &st, err) < 0)
		return -1;
	if (status_is_clean_tracked(&st))
		return 0;
	for (size_t i = 0; i < st.n; i++)
		if (st.entries[i].index != '?' && st.entries[i].index != '!')
			strv_add(&dirty, st.entries[i].path);
	return refuse(err, spec, "uncommitted changes are in", &dirty, "Commit or stash them, then land again");
}

/* A set of names. */
struct name {
	UT_hash_handle hh;
	char text[];
};

static void set_add(struct name **set, const char *text, size_t len)
{
	struct name *found;
	HASH_FIND(hh, *set, text, len, found);
	if (found)
		return;
	found = mem_alloc(sizeof *found + len + 1);
	memcpy(found->text, text, len);
	HASH_ADD_KEYPTR(hh, *set, found->text, len, found);
}

static bool set_has(struct name *set, const char *text, size_t len)
{
	struct name *found;
	HASH_FIND(hh, set, text, len, found);
	return found != NULL;
}

static void set_fini(struct name **set)
{
	struct name *n, *next;
	HASH_ITER(hh, *set, n, next) {
		HASH_DEL(*set, n);
		free(n);
	}
}

struct added {
	struct name *files;   /* that the move would write where there is none now */
	struct name *folders; /* around them */
};

static void added_fini(struct added *a)
{
	set_fini(&a->files);
	set_fini(&a->folders);
}

static int read_added(const struct checkout_spec *spec, struct added *ret, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const struct git_at at = repo_at(spec->repo);
	const struct git_opt opt = {.inert = true, .out_limit = OUT_LIMIT, .stop = spec->stop};
	if (git_run(&at, GIT_ARGS("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=A",
	                          spec->from.hex, spec->to.hex),
	            &opt, &out, err) < 0)
		return -1;
	for (struct git_part p = {0}; git_next(&out, &p);) {
		set_add(&ret->files, p.text, p.len);
		for (const char *slash = strchr(p.text, '/'); slash; slash = strchr(slash + 1, '/'))
			set_add(&ret->folders, p.text, (size_t)(slash - p.text));
	}
	return 0;
}

/* Is the untracked name in the way: a file that would be written, a file where a folder must be, something in a folder
 * where a file must be? */
static bool in_the_way(const struct added *added, const char *path, size_t len)
{
	if (len && path[len - 1] == '/')
		len--; /* a repository of its own */
	if (set_has(added->files, path, len) || set_has(added->folders, path, len))
		return true;
	for (const char *slash = memchr(path, '/', len); slash;
	     slash = memchr(slash + 1, '/', len - (size_t)(slash + 1 - path)))
		if (set_has(added->files, path, (size_t)(slash - path)))
			return true;
	return false;
}

/* Ignored files count: git would overwrite them without a word. */
static int look_untracked(const struct checkout_spec *spec, const struct worktree *w, struct err *err)
{
	struct added added CLEANUP(added_fini) = {0};
	struct str out STR_FREE = STR_INIT;
	struct strv bad STRV_FREE = STRV_INIT;
	const struct git_at at = {.cwd = w->path, .git_dir = w->git_dir, .common_dir = spec->repo->common_dir,
	                          .work_tree = w->path};
	const struct git_opt opt = {.inert = true, .out_limit = OUT_LIMIT, .stop = spec->stop};
	if (read_added(spec, &added, err) < 0)
		return -1;
	if (!added.files)
		return 0;
	if (git_run(&at, GIT_ARGS("ls-files", "--others", "-z"), &opt, &out, err) < 0)
		return -1;
	for (struct git_part p = {0}; git_next(&out, &p);)
		if (in_the_way(&added, p.text, p.len))
			strv_add(&bad, p.text);
	if (bad.n == 0)
		return 0;
	return refuse(err, spec, "files that git does not track are in the way", &bad, "Move them, then land again");
}

int checkout_look(const struct checkout_spec *spec, const struct worktree *w, struct err *err)
{
	if (look_in_progress(spec, w, err) < 0 || look_modified(spec, w, err) < 0)
		return -1;
	return look_untracked(spec, w, err);
}

/* Existing files whose content is not that of the commit. */
static int list_unlike(const struct checkout_spec *spec, const struct worktree *w, const struct oid *commit,
                       struct str *out, struct err *err)
{
	char *index MEM_FREE = mem_printf("%s/muster-look", w->git_dir);
	const struct git_at at = {.cwd = w->path, .git_dir = w->git_dir, .common_dir = spec->repo->common_dir,
	                          .work_tree = w->path, .index_file = index};
	const struct git_opt any = {.ret_exit = &(int){0}}, opt = {.out_limit = OUT_LIMIT};
	int e = git_run(&at, GIT_ARGS("read-tree", commit->hex), NULL, NULL, err);
	if (e == 0)
		e = git_run(&at, GIT_ARGS("update-index", "-q", "--refresh"), &any, NULL, err);
	if (e == 0)
		e = git_run(&at, GIT_ARGS("diff-files", "--name-only", "-z", "--diff-filter=d", "--ignore-submodules=dirty"),
		            &opt, out, err);
	unlink(index);
	return e;
}

int checkout_look_changed(const struct checkout_spec *spec, const struct worktree *w, struct err *err)
{
	struct str from STR_FREE = STR_INIT, to STR_FREE = STR_INIT;
	struct strv bad STRV_FREE = STRV_INIT;
	struct name *unlike = NULL;
	if (list_unlike(spec, w, &spec->from, &from, err) < 0 || list_unlike(spec, w, &spec->to, &to, err) < 0)
		return -1;
	for (struct git_part p = {0}; git_next(&from, &p);)
		set_add(&unlike, p.text, p.len);
	for (struct git_part p = {0}; git_next(&to, &p);)
		if (set_has(unlike, p.text, p.len))
			strv_add(&bad, p.text);
	set_fini(&unlike);
	if (bad.n == 0)
		return 0;
	return refuse(err, spec, "files were changed while muster was away", &bad,
	              "They are left as they are: compare them with `git diff HEAD`");
}

#include "git/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "git/folder.h"

enum { LIST_LIMIT = 512 << 20 }; /* bytes of file names */

enum presence { ABSENT, PRESENT, UNREADABLE };

static enum presence look_at(int files, const char *path)
{
	const char *name;
	struct stat st;
	int dir FD_CLOSE = folder_open_parent(files, path, false, &name);
	if (dir < 0)
		return dir == -EACCES ? UNREADABLE : ABSENT;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == EACCES ? UNREADABLE : ABSENT;
	if (S_ISREG(st.st_mode) && faccessat(dir, name, R_OK, AT_EACCESS) < 0)
		return UNREADABLE;
	return S_ISREG(st.st_mode) || S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode) ? PRESENT : ABSENT;
}

static int update_index(const struct view *v, const char *const *args, const struct str *paths,
			const volatile int *stop, struct err *err)
{
	if (paths->len == 0)
		return 0;
	return git_run(&v->at, args, &(struct git_opt){.input = paths->data, .input_len = paths->len, .stop = stop},
		       NULL, err);
}

static int add_present(const struct view *v, const struct str *paths, const volatile int *stop, struct err *err)
{
	return update_index(v,
			    GIT_ARGS("update-index", "--ignore-skip-worktree-entries", "--add", "--remove",
				     "--replace", "-z", "--stdin"),
			    paths, stop, err);
}

int stage_forget(const struct view *v, const struct str *paths, const volatile int *stop, struct err *err)
{
	return update_index(v, GIT_ARGS("update-index", "--force-remove", "-z", "--stdin"), paths, stop, err);
}

int stage_paths(const struct view *v, const struct strv *paths, const volatile int *stop, struct strv *unread,
		struct err *err)
{
	struct str present STR_FREE = STR_INIT, absent STR_FREE = STR_INIT;
	for (size_t i = 0; i < paths->n; i++) {
		enum presence p = v->files < 0 ? ABSENT : look_at(v->files, paths->v[i]);
		if (p == UNREADABLE && unread)
			strv_add(unread, paths->v[i]);
		if (p != UNREADABLE)
			str_add(p == PRESENT ? &present : &absent, paths->v[i], strlen(paths->v[i]) + 1);
	}
	/* A folder that became a link: git would refuse to look for the old files "beyond" it, so they are taken
	 * out by name first. */
	if (stage_forget(v, &absent, stop, err) < 0)
		return -1;
	return add_present(v, &present, stop, err);
}

static int list(const struct view *v, const char *const *args, const volatile int *stop, struct str *ret,
		struct err *err)
{
	return git_run(&v->at, args, &(struct git_opt){.inert = true, .stop = stop, .out_limit = LIST_LIMIT}, ret,
		       err);
}

int stage_changed(const struct view *v, const volatile int *stop, struct strv *ret_paths, struct strv *nested,
		  struct err *err)
{
	struct str tracked STR_FREE = STR_INIT, untracked STR_FREE = STR_INIT;
	if (list(v, GIT_ARGS("diff-files", "-z", "--name-only", "--no-renames", "--ignore-submodules=dirty"), stop,
		 &tracked, err) < 0 ||
	    list(v, GIT_ARGS("ls-files", "-z", "--others", "--exclude-standard"), stop, &untracked, err) < 0)
		return -1;
	for (struct git_part p = {0}; git_next(&tracked, &p);)
		strv_add(ret_paths, p.text);
	for (struct git_part p = {0}; git_next(&untracked, &p);) {
		if (p.len && p.text[p.len - 1] != '/')
			strv_add(ret_paths, p.text);
		else if (p.len && nested)
			strv_addn(nested, p.text, p.len - 1);
	}
	return 0;
}

int stage_tree(const struct view *v, struct oid *ret, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	/* In a partial clone the objects of unchanged files may be elsewhere. */
	if (git_run(&v->at, GIT_ARGS("write-tree", "--missing-ok"), NULL, &out, err) < 0)
		return -1;
	str_trim(&out);
	if (!oid_parse(str_c(&out), out.len, ret))
		return err_set(err, ERR_FAILED, "git write-tree gave no tree");
	return 0;
}

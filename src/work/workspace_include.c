/* What a new worktree gets from the user's checkout besides commits: copies of ignored files and links. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "git/folder.h"
#include "git/path.h"
#include "work/workspace_parts.h"

#define INCLUDE_FILE ".worktreeinclude"

enum { LIST_LIMIT = 64 << 20 };

static void warn(struct strv *warnings, const char *path, const char *text)
{
	struct str line STR_FREE = STR_INIT;
	path_quote(&line, path);
	str_addf(&line, " %s", text);
	strv_add(warnings, str_c(&line));
}

/* check-ignore refuses to run where all pathspecs are literal, as git_run makes them; it takes plain paths anyway.
 */
static const char *const plain_paths[] = {"GIT_LITERAL_PATHSPECS=0", NULL};

/* Untracked files of the user's checkout that match the patterns and that git ignores. */
static int list_included(const struct repo *r, const struct workspace_spec *spec, struct str *ret, struct err *err)
{
	struct str matches STR_FREE = STR_INIT;
	int code = 0;
	const struct git_at at = {
		.env = plain_paths,
		.cwd = r->toplevel,
		.git_dir = r->git_dir,
		.common_dir = r->common_dir,
		.work_tree = r->toplevel,
	};
	if (git_run(&at, GIT_ARGS("ls-files", "-z", "--others", "--ignored", "--exclude-from=" INCLUDE_FILE),
		    &(struct git_opt){.inert = true, .stop = spec->stop, .out_limit = LIST_LIMIT}, &matches,
		    err) < 0)
		return -1;
	if (matches.len == 0)
		return 0;
	const struct git_opt opt = {
		.inert = true,
		.stop = spec->stop,
		.input = matches.data,
		.input_len = matches.len,
		.out_limit = LIST_LIMIT,
		.ret_exit = &code,
	};
	if (git_run(&at, GIT_ARGS("check-ignore", "-z", "--stdin"), &opt, ret, err) < 0)
		return -1;
	return code > 1 ? err_set(err, ERR_FAILED, "git check-ignore failed (code %d)", code) : 0;
}

int workspace_include(const struct repo *r, const struct workspace_spec *spec, const char *path,
		      struct strv *warnings, struct err *err)
{
	struct str list STR_FREE = STR_INIT;
	size_t n = 0;
	char *file MEM_FREE = r->toplevel ? mem_printf("%s/" INCLUDE_FILE, r->toplevel) : NULL;
	if (!file || !file_exists(file))
		return 0;
	if (list_included(r, spec, &list, err) < 0)
		return err_prefix(err, "%s", file);
	int from FD_CLOSE = folder_open(r->toplevel);
	int to FD_CLOSE = folder_open(path);
	if (from < 0 || to < 0)
		return err_set_errno(err, ERR_FAILED, from < 0 ? from : to, "%s", from < 0 ? r->toplevel : path);
	for (struct git_part p = {0}; git_next(&list, &p);) {
		if (p.len == 0 || p.text[p.len - 1] == '/')
			continue; /* a repository of its own */
		if (++n > WORKSPACE_INCLUDE_FILES_MAX)
			return err_set(err, ERR_FAILED, "%s names more than %d files: link a folder instead", file,
				       WORKSPACE_INCLUDE_FILES_MAX);
		if (spec->stop && *spec->stop)
			return err_set(err, ERR_FAILED, "cancelled");
		int copied = folder_copy(from, to, p.text);
		if (copied == -ENOSPC || copied == -EDQUOT)
			return err_set_errno(err, ERR_FAILED, copied, "copying %s", p.text);
		if (copied < 0 && copied != -EEXIST)
			warn(warnings, p.text, strerror(-copied));
	}
	return 0;
}

/* `.gitignore` with "node_modules/" matches a folder, not a link to one. */
static void check_ignored(const struct repo *r, const char *path, const char *rel, struct strv *warnings)
{
	int code = 0;
	const struct git_at at = {
		.cwd = path,
		.git_dir = r->git_dir,
		.common_dir = r->common_dir,
		.work_tree = path,
		.env = plain_paths,
	};
	if (git_run(&at, GIT_ARGS("check-ignore", "-q", "--", rel),
		    &(struct git_opt){.inert = true, .ret_exit = &code}, NULL, NULL) == 0 &&
	    code == 1)
		warn(warnings, rel,
		     "is a link here, and .gitignore does not match it: a pattern that ends in a slash matches "
		     "folders only, so write it without");
}

static int link_one(const struct repo *r, const char *path, int to, const char *rel, struct strv *warnings,
		    struct err *err)
{
	const char *name;
	struct stat st;
	char *target MEM_FREE = mem_printf("%s/%s", r->toplevel, rel);
	if (!path_is_inside(rel))
		return err_set(err, ERR_USAGE, "a link must be a path inside the repository: %s", rel);
	if (!file_exists(target)) {
		warn(warnings, rel, "is not in your checkout: not linked");
		return 0;
	}
	int dir FD_CLOSE = folder_open_parent(to, rel, true, &name);
	if (dir < 0)
		return err_set_errno(err, ERR_FAILED, dir, "linking %s", rel);
	if (symlinkat(target, dir, name) < 0) {
		if (errno != EEXIST)
			return err_set_errno(err, ERR_FAILED, errno, "linking %s", rel);
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISLNK(st.st_mode))
			warn(warnings, rel, "is part of the commit: not linked");
		return 0;
	}
	check_ignored(r, path, rel, warnings);
	return 0;
}

int workspace_link(const struct repo *r, const struct workspace_spec *spec, const char *path, struct strv *warnings,
		   struct err *err)
{
	if (!spec->links || !r->toplevel)
		return 0;
	int to FD_CLOSE = folder_open(path);
	if (to < 0)
		return err_set_errno(err, ERR_FAILED, to, "%s", path);
	for (size_t i = 0; i < spec->links->n; i++) {
		char *rel MEM_FREE = mem_strdup(spec->links->v[i]);
		size_t len = strlen(rel);
		if (len && rel[len - 1] == '/')
			rel[len - 1] = '\0';
		if (link_one(r, path, to, rel, warnings, err) < 0)
			return -1;
	}
	return 0;
}

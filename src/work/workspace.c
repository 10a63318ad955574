#include "work/workspace.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "work/names.h"
#include "work/workspace_parts.h"

void workspace_fini(struct workspace *w)
{
	free(w->path);
	free(w->git_dir);
	free(w->branch);
	strv_fini(&w->warnings);
	*w = (struct workspace){0};
}

static char *folder_of(const struct repo *r, const struct workspace_spec *spec)
{
	char *slug MEM_FREE = repo_slug(r);
	return mem_printf("%s/%s", spec->worktrees, slug);
}

char *workspace_path(const struct repo *r, const struct workspace_spec *spec)
{
	char *folder MEM_FREE = folder_of(r, spec);
	return mem_printf("%s/%s", folder, spec->session_name);
}

char *workspace_pin(const struct workspace_spec *spec)
{
	return mem_printf("refs/muster/base/%s", spec->session_id);
}

char *workspace_branch(const struct workspace_spec *spec)
{
	return mem_printf("muster/%s", spec->session_name);
}

static char *mark_file(const struct repo *r, const struct workspace_spec *spec, enum workspace_mark mark)
{
	static const char *const names[] = {[WORKSPACE_READY] = "ready", [WORKSPACE_REMOVING] = "removing"};
	char *folder MEM_FREE = folder_of(r, spec);
	return mem_printf("%s/.%s-%s", folder, names[mark], spec->session_name);
}

bool workspace_marked(const struct repo *r, const struct workspace_spec *spec, enum workspace_mark mark,
		      char **ret_ref)
{
	char text[PATH_MAX];
	char *file MEM_FREE = mark_file(r, spec, mark);
	size_t len = strlen(spec->session_id);
	ssize_t n = readlink(file, text, sizeof text - 1);
	if (n < 0)
		return false;
	text[n] = '\0';
	if (strncmp(text, spec->session_id, len) != 0 || (text[len] && text[len] != ' '))
		return false;
	if (ret_ref)
		*ret_ref = text[len] ? mem_strdup(text + len + 1) : NULL;
	return true;
}

int workspace_mark(const struct repo *r, const struct workspace_spec *spec, enum workspace_mark mark,
		   const char *ref, struct err *err)
{
	char *file MEM_FREE = mark_file(r, spec, mark);
	char *text MEM_FREE = mem_printf("%s%s%s", spec->session_id, ref ? " " : "", ref ? ref : "");
	unlink(file); /* another session's of that name, or this one's of before */
	return symlink(text, file) < 0 ? err_set_errno(err, ERR_FAILED, errno, "%s", file) : 0;
}

void workspace_unmark(const struct repo *r, const struct workspace_spec *spec, enum workspace_mark mark)
{
	char *file MEM_FREE = mark_file(r, spec, mark);
	unlink(file);
}

int workspace_existing(const struct repo *r, const struct workspace_spec *spec, struct worktree *ret,
		       struct err *err)
{
	struct repo there;
	const char *path = spec->kind == WORKSPACE_ADOPTED ? spec->adopt_path : r->toplevel;
	if (!path)
		return err_set(err, ERR_USAGE, "%s is a bare repository: there is no folder to work in",
			       r->common_dir);
	/* What the folder itself says must agree with what the repository says. */
	if (repo_open(path, r->state, REPO_NEEDS_CHECKOUT, &there, err) < 0)
		return -1;
	bool same = strcmp(there.common_dir, r->common_dir) == 0;
	char *top MEM_FREE = mem_strdup(there.toplevel);
	repo_fini(&there);
	if (!same)
		return err_set(err, ERR_USAGE, "%s belongs to another repository than %s", path, r->common_dir);
	return worktree_find(r, top, ret, err);
}

static int check_new(const struct repo *r, const struct workspace_spec *spec, struct err *err)
{
	struct oid pin, base;
	bool exists, blocked;
	char *pin_ref MEM_FREE = workspace_pin(spec);
	char *branch MEM_FREE = workspace_branch(spec);
	char *path MEM_FREE = workspace_path(r, spec);
	if (name_check(spec->session_name, err) < 0 || repo_check_branch(r, branch, err) < 0 ||
	    repo_ref_read(r, pin_ref, &pin, err) < 0)
		return -1;
	if (oid_is_set(&pin))
		return 0; /* begun before: what is there is this session's */
	if (repo_branch_exists(r, branch, &exists, err) < 0 || repo_branch_exists(r, "muster", &blocked, err) < 0)
		return -1;
	if (exists)
		return err_set(err, ERR_USAGE, "the branch %s exists already: choose another name, or delete it",
			       branch);
	if (blocked)
		return err_set(err, ERR_USAGE, "a branch \"muster\" is in the way of %s: rename it", branch);
	if (file_exists(path) && !file_is_dir(path))
		return err_set(err, ERR_USAGE, "%s is in the way of the session's worktree", path);
	return repo_commit(r, spec->base ? spec->base : "HEAD", &base, err);
}

int workspace_check(const struct repo *r, const struct workspace_spec *spec, struct err *err)
{
	struct worktree w;
	if (spec->kind == WORKSPACE_WORKTREE)
		return check_new(r, spec, err);
	if (name_check(spec->session_name, err) < 0 || workspace_existing(r, spec, &w, err) < 0)
		return -1;
	worktree_fini(&w);
	return 0;
}

static void set(struct strv *env, const char *key, const char *value)
{
	strv_unsetenv(env, key);
	if (value && *value)
		strv_setenv(env, key, value);
}

static void set_number(struct strv *env, const char *key, int value)
{
	char text[16];
	snprintf(text, sizeof text, "%d", value);
	set(env, key, value ? text : NULL);
}

void workspace_env(const struct repo *r, const struct workspace_spec *spec, const struct workspace *w,
		   struct strv *env)
{
	set(env, "MUSTER_SESSION", spec->session_id);
	set(env, "MUSTER_SESSION_NAME", spec->session_name);
	set(env, "MUSTER_WORKSPACE", w->path);
	set(env, "MUSTER_REPO", r->toplevel ? r->toplevel : r->common_dir);
	set(env, "MUSTER_BRANCH", w->branch);
	set(env, "MUSTER_BASE", w->base.hex);
	set_number(env, "MUSTER_PORT", spec->port);
	set_number(env, "MUSTER_PORT_END", spec->port_end);
}

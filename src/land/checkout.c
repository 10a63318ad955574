#include "land/checkout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "git/worktree.h"
#include "land/checkout_index.h"
#include "land/checkout_look.h"

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);
	return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static int take_place(const struct repo *r, const char *branch, const struct worktree_info *w, char **path,
                      struct err *err)
{
	if (is_below(w->path, r->state))
		return err_set(err, ERR_REFUSED, "%s is checked out in a session's workspace (%s): it cannot be landed on",
		               branch, w->path);
	if (*path)
		return err_set(err, ERR_REFUSED, "%s is checked out twice, in %s and in %s: leave one of them", branch, *path,
		               w->path);
	*path = mem_strdup(w->path);
	return 0;
}

int checkout_find(const struct repo *r, const char *branch, char **ret_path, struct err *err)
{
	struct worktree_info *list = NULL;
	size_t n = 0;
	char *path = NULL, *ref MEM_FREE = mem_printf("refs/heads/%s", branch);
	if (worktree_list(r, &list, &n, err) < 0)
		return -1;
	int e = 0;
	for (size_t i = 0; i < n && e == 0; i++)
		if (!list[i].bare && list[i].branch && strcmp(list[i].branch, ref) == 0 && file_is_dir(list[i].path))
			e = take_place(r, branch, &list[i], &path, err);
	worktree_list_free(list, n);
	if (e < 0) {
		free(path);
		return -1;
	}
	*ret_path = path;
	return 0;
}

int checkout_check(const struct checkout_spec *spec, struct err *err)
{
	struct worktree w CLEANUP(worktree_fini) = {0};
	if (!spec->path)
		return 0;
	if (worktree_find(spec->repo, spec->path, &w, err) < 0)
		return -1;
	return checkout_look(spec, &w, err);
}

static int move_branch(const struct checkout_spec *spec, bool *ret_moved, struct err *err)
{
	struct err said = {0};
	char *ref MEM_FREE = mem_printf("refs/heads/%s", spec->branch);
	const struct repo_ref_change change = {.ref = ref, .new = spec->to, .old = spec->from};
	*ret_moved = false;
	if (repo_refs_change(spec->repo, &change, 1, spec->reflog, &said) == 0)
		return 0;
	if (said.code == ERR_REFUSED) {
		*ret_moved = true;
		return 0;
	}
	return err_set(err, said.code, "%s", said.msg);
}

static int advance_locked(const struct checkout_spec *spec, struct checkout_index *ix, bool *ret_moved,
                          struct err *err)
{
	struct oid now;
	char *ref MEM_FREE = mem_printf("refs/heads/%s", spec->branch);
	if (repo_ref_read(spec->repo, ref, &now, err) < 0)
		return -1;
	*ret_moved = !oid_equal(&now, &spec->from);
	if (*ret_moved)
		return 0;
	if (checkout_look(spec, &ix->worktree, err) < 0 || checkout_index_move(ix, &spec->from, &spec->to, err) < 0)
		return -1;
	if (move_branch(spec, ret_moved, err) < 0 || *ret_moved) {
		struct err back = {0};
		if (checkout_index_move(ix, &spec->to, &spec->from, &back) < 0)
			return err_set(err, ERR_FAILED, "%s could not be brought back to %.12s: %s", spec->path, spec->from.hex,
			               back.msg);
		return *ret_moved ? 0 : -1;
	}
	return checkout_index_install(ix, err);
}

int checkout_advance(const struct checkout_spec *spec, bool *ret_moved, struct err *err)
{
	struct checkout_index ix;
	if (!spec->path)
		return move_branch(spec, ret_moved, err);
	if (checkout_index_lock(spec, &ix, err) < 0)
		return -1;
	int r = advance_locked(spec, &ix, ret_moved, err);
	checkout_index_release(&ix);
	return r;
}

int checkout_recover(const struct checkout_spec *spec, bool reached, struct err *err)
{
	const struct oid *goal = reached ? &spec->to : &spec->from, *other = reached ? &spec->from : &spec->to;
	struct checkout_index ix;
	bool found = false;
	if (!spec->path || !file_is_dir(spec->path))
		return 0;
	if (checkout_index_relock(spec, &ix, &found, err) < 0)
		return -1;
	if (!found)
		return 0;
	int r = checkout_look_changed(spec, &ix.worktree, err);
	if (r == 0)
		r = checkout_index_force(&ix, other, goal, err);
	if (r == 0)
		r = checkout_index_install(&ix, err);
	checkout_index_release(&ix);
	return r;
}

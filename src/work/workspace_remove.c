/* Taking a workspace away, and bringing it back. The order makes a kill harmless at every point:
 *   teardown, snapshot, mark "removing <ref>", worktree, branch and pin, marks
 * A second run takes no second snapshot once the mark is there: by then half of what it would see may be gone. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "work/workspace_parts.h"

static int take_snapshot(const struct repo *r, const struct workspace_spec *spec, const struct worktree *tree,
			 struct snapshot *ret, struct err *err)
{
	char *branch MEM_FREE = spec->kind == WORKSPACE_WORKTREE ? workspace_branch(spec) : NULL;
	const struct snapshot_spec how = {
		.session_id = spec->session_id,
		.branch = branch,
		.reason = "rm",
		.ignored_limit_bytes = WORKSPACE_IGNORED_LIMIT,
		.stop = spec->stop,
	};
	return snapshot_take(r, tree, &how, ret, err);
}

/* Commands of the user's, in a workspace that was complete. */
static void tear_down(const struct repo *r, const struct workspace_spec *spec, const struct worktree *tree,
		      struct strv *warnings)
{
	struct err err = {0};
	char *branch MEM_FREE = workspace_branch(spec);
	char *pin MEM_FREE = workspace_pin(spec);
	struct workspace w = {.path = tree->path, .git_dir = tree->git_dir, .branch = branch};
	if (!workspace_marked(r, spec, WORKSPACE_READY, NULL) || !file_is_dir(tree->path))
		return;
	if (repo_ref_read(r, pin, &w.base, &err) < 0 ||
	    workspace_commands(r, spec, &w, spec->teardown, "teardown", &err) < 0)
		strv_add(warnings, err.msg);
}

/* The snapshot of this removal: the one that an interrupted run took, or a new one. *ret_ref stays NULL when there
 * is nothing to keep. */
static int keep(const struct repo *r, const struct workspace_spec *spec, const struct worktree *tree,
		char **ret_ref, struct strv *warnings, struct err *err)
{
	struct snapshot s;
	struct err said = {0};
	if (workspace_marked(r, spec, WORKSPACE_REMOVING, ret_ref))
		return 0;
	tear_down(r, spec, tree, warnings);
	if (!file_exists(tree->git_dir) && file_exists(tree->path)) {
		struct strv found STRV_FREE = STRV_INIT;
		if (worktree_doctor(r, true, &found, err) < 0)
			return -1;
	}
	if (take_snapshot(r, spec, tree, &s, &said) < 0) {
		/* A worktree whose making was interrupted has nothing of anybody's. */
		if (workspace_marked(r, spec, WORKSPACE_READY, NULL))
			return err_set(err, said.code, "nothing was removed, because it could not be kept: %s",
				       said.msg);
		return 0;
	}
	*ret_ref = mem_strdup(s.ref);
	snapshot_fini(&s);
	return workspace_mark(r, spec, WORKSPACE_REMOVING, *ret_ref, err);
}

/* May the branch go? Only at a commit that the snapshot, or the pin, holds. */
static bool is_kept(const struct oid *tip, const struct oid *pin, const struct snapshot *s)
{
	return oid_equal(tip, pin) || oid_equal(tip, &s->own_tip) || oid_equal(tip, &s->head);
}

static int drop_refs(const struct repo *r, const struct workspace_spec *spec, const struct snapshot *s,
		     struct strv *warnings, struct err *err)
{
	struct repo_ref_change changes[2] = {0};
	size_t n = 0;
	char *branch MEM_FREE = workspace_branch(spec);
	char *ref MEM_FREE = mem_printf("refs/heads/%s", branch);
	char *pin MEM_FREE = workspace_pin(spec);
	char *used MEM_FREE = NULL;
	struct oid tip, base;
	if (repo_ref_read(r, ref, &tip, err) < 0 || repo_ref_read(r, pin, &base, err) < 0 ||
	    repo_branch_checkout(r, branch, &used, err) < 0)
		return -1;
	if (!oid_is_set(&base))
		return 0; /* never made, or removed before: a branch of that name is somebody else's */
	if (oid_is_set(&tip) && used)
		strv_addf(warnings, "the branch %s stays, it is checked out in %s", branch, used);
	else if (oid_is_set(&tip) && !is_kept(&tip, &base, s))
		strv_addf(warnings, "the branch %s stays, it moved while the session was removed", branch);
	else if (oid_is_set(&tip))
		changes[n++] = (struct repo_ref_change){.ref = ref, .old = tip};
	changes[n++] = (struct repo_ref_change){.ref = pin, .old = base};
	return repo_refs_change(r, changes, n, "muster: remove a session", err);
}

static int remove_worktree(const struct repo *r, const struct workspace_spec *spec, struct snapshot *ret,
			   struct strv *warnings, struct err *err)
{
	struct worktree tree = {0};
	char *ref MEM_FREE = NULL;
	char *path MEM_FREE = workspace_path(r, spec);
	bool there = worktree_find(r, path, &tree, NULL) == 0;
	int done = there ? keep(r, spec, &tree, &ref, warnings, err)
			 : (workspace_marked(r, spec, WORKSPACE_REMOVING, &ref), 0);
	if (done == 0 && ref)
		done = snapshot_read(r, ref, ret, err);
	if (done == 0 && there)
		done = worktree_remove(r, &tree, err);
	worktree_fini(&tree);
	if (done < 0 || drop_refs(r, spec, ret, warnings, err) < 0)
		return -1;
	workspace_unmark(r, spec, WORKSPACE_READY);
	workspace_unmark(r, spec, WORKSPACE_REMOVING);
	*strrchr(path, '/') = '\0';
	return worktree_sweep(path, err);
}

/* The user's own folder stays; when they have deleted it meanwhile, their branch is still there. */
static int leave_existing(const struct repo *r, const struct workspace_spec *spec, struct snapshot *ret,
			  struct strv *warnings, struct err *err)
{
	struct worktree tree;
	struct repo_ref_change change = {0};
	char *pin MEM_FREE = workspace_pin(spec);
	const char *path = spec->kind == WORKSPACE_ADOPTED ? spec->adopt_path : r->toplevel;
	int done = 0;
	if (path && !file_is_dir(path)) {
		strv_addf(warnings, "%s is gone, so there is no snapshot of it", path);
	} else {
		if (workspace_existing(r, spec, &tree, err) < 0)
			return -1;
		done = take_snapshot(r, spec, &tree, ret, err);
		worktree_fini(&tree);
	}
	if (done < 0 || repo_ref_read(r, pin, &change.old, err) < 0)
		return -1;
	change.ref = pin;
	return oid_is_set(&change.old) ? repo_refs_change(r, &change, 1, "muster: remove a session", err) : 0;
}

int workspace_remove(const struct repo *r, const struct workspace_spec *spec, struct snapshot *ret,
		     struct strv *warnings, struct err *err)
{
	struct snapshot s = {0};
	struct strv said STRV_FREE = STRV_INIT;
	int done = 0;
	if (r->common_dir)
		done = spec->kind == WORKSPACE_WORKTREE ? remove_worktree(r, spec, &s, &said, err)
							: leave_existing(r, spec, &s, &said, err);
	if (warnings)
		strv_add_all(warnings, (const char *const *)strv_argv(&said));
	if (done < 0 || !ret)
		snapshot_fini(&s);
	else
		*ret = s;
	return done;
}

static int restore_new(const struct repo *r, const struct workspace_spec *spec, const struct snapshot *s,
		       struct workspace *w, struct err *err)
{
	struct worktree tree;
	struct oid pinned;
	char *pin MEM_FREE = workspace_pin(spec);
	w->path = workspace_path(r, spec);
	w->branch = workspace_branch(spec);
	/* First of all: a later removal must take a snapshot of its own. */
	workspace_unmark(r, spec, WORKSPACE_REMOVING);
	if (snapshot_restore(r, s, w->path, &tree, &w->warnings, err) < 0)
		return -1;
	w->git_dir = MEM_TAKE(tree.git_dir);
	worktree_fini(&tree);
	if (repo_ref_read(r, pin, &pinned, err) < 0)
		return -1;
	if (!oid_is_set(&pinned)) {
		if (repo_commit(r, spec->base ? spec->base : s->own_branch, &pinned, err) < 0)
			return -1;
		const struct repo_ref_change change = {.ref = pin, .new = pinned};
		if (repo_refs_change(r, &change, 1, "muster: restore a session", err) < 0)
			return -1;
	}
	w->base = pinned;
	return workspace_mark(r, spec, WORKSPACE_READY, NULL, err);
}

int workspace_restore(const struct repo *r, const struct workspace_spec *spec, const char *snapshot_ref,
		      struct workspace *ret, struct err *err)
{
	struct snapshot s;
	struct workspace w = {.kind = spec->kind};
	/* The user's own folder was never taken away. */
	if (spec->kind != WORKSPACE_WORKTREE)
		return workspace_prepare(r, spec, ret, err);
	if (snapshot_read(r, snapshot_ref, &s, err) < 0)
		return -1;
	int done = restore_new(r, spec, &s, &w, err);
	snapshot_fini(&s);
	if (done < 0)
		workspace_fini(&w);
	else
		*ret = w;
	return done;
}

/* Making a workspace. */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "work/workspace_parts.h"

/* The branch and the pin appear together, so a pin says that the branch is this session's, also after a crash. */
static int make_branch(const struct repo *r, const struct workspace_spec *spec, const char *branch,
		       struct oid *ret_base, struct err *err)
{
	struct oid pinned, tip;
	char *pin MEM_FREE = workspace_pin(spec);
	char *ref MEM_FREE = mem_printf("refs/heads/%s", branch);
	if (repo_ref_read(r, pin, &pinned, err) < 0 || repo_ref_read(r, ref, &tip, err) < 0)
		return -1;
	if (oid_is_set(&pinned) && oid_is_set(&tip)) {
		*ret_base = pinned;
		return 0;
	}
	if (!oid_is_set(&pinned) && repo_commit(r, spec->base ? spec->base : "HEAD", &pinned, err) < 0)
		return -1;
	const struct repo_ref_change changes[] = {
		{.ref = ref, .new = pinned},
		{.ref = pin, .new = pinned},
	};
	struct oid old;
	if (repo_ref_read(r, pin, &old, err) < 0)
		return -1;
	if (repo_refs_change(r, changes, oid_is_set(&old) ? 1 : 2, "muster: start a session", err) < 0)
		return err_prefix(err, "making the branch %s", branch);
	*ret_base = pinned;
	return 0;
}

static int fill(const struct repo *r, const struct workspace_spec *spec, struct workspace *w, struct err *err)
{
	if (workspace_include(r, spec, w->path, &w->warnings, err) < 0 ||
	    workspace_link(r, spec, w->path, &w->warnings, err) < 0 ||
	    workspace_commands(r, spec, w, spec->setup, "set-up", err) < 0)
		return -1;
	return workspace_mark(r, spec, WORKSPACE_READY, NULL, err);
}

static int prepare_new(const struct repo *r, const struct workspace_spec *spec, struct workspace *w,
		       struct err *err)
{
	struct worktree tree = {0};
	char *reason MEM_FREE = mem_printf("muster session %s", spec->session_name);
	w->path = workspace_path(r, spec);
	w->branch = workspace_branch(spec);
	if (workspace_check(r, spec, err) < 0 || make_branch(r, spec, w->branch, &w->base, err) < 0)
		return -1;
	const struct worktree_spec add = {
		.path = w->path,
		.branch = w->branch,
		.at = w->base,
		.lock_reason = reason,
		.stop = spec->stop,
	};
	if (worktree_add(r, &add, &tree, &w->warnings, err) < 0)
		return -1;
	w->git_dir = MEM_TAKE(tree.git_dir);
	worktree_fini(&tree);
	if (workspace_marked(r, spec, WORKSPACE_READY, NULL))
		return 0;
	return fill(r, spec, w, err);
}

static int pin_base(const struct repo *r, const struct workspace_spec *spec, struct workspace *w, struct err *err)
{
	char *pin MEM_FREE = workspace_pin(spec);
	if (repo_ref_read(r, pin, &w->base, err) < 0)
		return -1;
	if (oid_is_set(&w->base))
		return 0;
	if (repo_commit(r, spec->base ? spec->base : "HEAD", &w->base, err) < 0)
		return -1;
	const struct repo_ref_change change = {.ref = pin, .new = w->base};
	return repo_refs_change(r, &change, 1, "muster: start a session", err);
}

static int prepare_existing(const struct repo *r, const struct workspace_spec *spec, struct workspace *w,
			    struct err *err)
{
	struct worktree tree;
	struct worktree_head head;
	if (!r->common_dir) {
		w->path = mem_strdup(spec->adopt_path);
		return 0;
	}
	if (workspace_existing(r, spec, &tree, err) < 0)
		return -1;
	w->path = mem_strdup(tree.path);
	w->git_dir = mem_strdup(tree.git_dir);
	int done = worktree_head(r, &tree, &head, err);
	worktree_fini(&tree);
	if (done < 0)
		return -1;
	w->branch = MEM_TAKE(head.branch);
	worktree_head_fini(&head);
	return pin_base(r, spec, w, err);
}

int workspace_prepare(const struct repo *r, const struct workspace_spec *spec, struct workspace *ret,
		      struct err *err)
{
	struct workspace w = {.kind = spec->kind};
	int done = spec->kind == WORKSPACE_WORKTREE ? prepare_new(r, spec, &w, err)
						    : prepare_existing(r, spec, &w, err);
	if (done < 0)
		workspace_fini(&w);
	else
		*ret = w;
	return done;
}

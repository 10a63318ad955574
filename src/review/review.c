#include "review/review.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "git/merge.h"
#include "git/snapshot.h"
#include "review/scope.h"

void review_fini(struct review *rv)
{
	diff_commits_free(rv->commits, rv->n_commits);
	diff_fini(&rv->committed);
	diff_fini(&rv->uncommitted);
	strv_fini(&rv->outside);
	str_fini(&rv->patch.text);
	str_fini(&rv->uncommitted_patch.text);
	free(rv->patch.command);
	free(rv->uncommitted_patch.command);
	strv_fini(&rv->conflicts);
	strv_fini(&rv->conflict_messages);
	*rv = (struct review){0};
}

/* For a shell: the reader pastes it. */
static void add_shell_quoted(struct str *out, const char *text)
{
	str_addc(out, '\'');
	for (const char *p = text; *p; p++) {
		if (*p == '\'')
			str_adds(out, "'\\''");
		else
			str_addc(out, *p);
	}
	str_addc(out, '\'');
}

static int read_patch(const struct review_spec *spec, const struct oid *old, const struct oid *new,
                      struct review_patch *ret, struct err *err)
{
	size_t limit = spec->patch_limit ? spec->patch_limit : REVIEW_PATCH_LIMIT;
	if (spec->no_patch)
		return 0;
	if (diff_patch(spec->repo, old, new, NULL, REVIEW_CONTEXT_LINES, limit, spec->stop, &ret->text, &ret->truncated,
	               err) < 0)
		return -1;
	if (ret->truncated) {
		struct str command STR_FREE = STR_INIT;
		str_adds(&command, "git -C ");
		add_shell_quoted(&command, spec->repo->toplevel ? spec->repo->toplevel : spec->repo->common_dir);
		str_addf(&command, " diff %s %s", old->hex, new->hex);
		ret->command = str_take(&command);
	}
	return 0;
}

static int find_commits(const struct review_spec *spec, struct review *rv, struct err *err)
{
	const struct repo *r = spec->repo;
	int ahead;
	if (repo_commit(r, spec->tip, &rv->tip, err) < 0 || repo_commit(r, spec->target, &rv->target, err) < 0 ||
	    repo_merge_base(r, &rv->target, &rv->tip, &rv->base, err) < 0)
		return -1;
	if (!oid_is_set(&rv->base))
		return err_set(err, ERR_FAILED, "%s and %s have no commit in common", spec->tip, spec->target);
	rv->landed = oid_equal(&rv->base, &rv->tip);
	if (repo_ahead_behind(r, &rv->tip, &rv->target, &ahead, &rv->behind, err) < 0)
		return -1;
	return diff_commits(r, &rv->base, &rv->tip, REVIEW_COMMITS_MAX, &rv->commits, &rv->n_commits, &rv->total_commits,
	                    err);
}

static int read_committed(const struct review_spec *spec, struct review *rv, struct err *err)
{
	if (diff_trees(spec->repo, &rv->base, &rv->tip, NULL, spec->stop, &rv->committed, err) < 0)
		return -1;
	return read_patch(spec, &rv->base, &rv->tip, &rv->patch, err);
}

static int read_uncommitted(const struct review_spec *spec, struct review *rv, struct err *err)
{
	struct oid tree, tip_tree;
	if (!spec->worktree)
		return 0;
	if (snapshot_tree(spec->repo, spec->worktree, spec->stop, &tree, err) < 0 ||
	    repo_tree(spec->repo, rv->tip.hex, &tip_tree, err) < 0)
		return -1;
	if (oid_equal(&tree, &tip_tree))
		return 0;
	rv->worktree = tree;
	if (diff_trees(spec->repo, &rv->tip, &tree, NULL, spec->stop, &rv->uncommitted, err) < 0)
		return -1;
	return read_patch(spec, &rv->tip, &tree, &rv->uncommitted_patch, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_unique(struct strv *list)
{
	struct strv unique = STRV_INIT;
	if (list->n == 0)
		return;
	qsort(list->v, list->n, sizeof list->v[0], by_name);
	for (size_t i = 0; i < list->n; i++)
		if (i == 0 || strcmp(list->v[i - 1], list->v[i]) != 0)
			strv_add(&unique, list->v[i]);
	strv_fini(list);
	*list = unique;
}

/* A file that was committed and then taken back without a commit still lands: both steps count. */
static int find_outside(const struct review_spec *spec, struct review *rv, struct err *err)
{
	if (scope_outside(spec->repo, &rv->base, &rv->tip, spec->scope, spec->stop, &rv->outside, err) < 0)
		return -1;
	if (oid_is_set(&rv->worktree) &&
	    scope_outside(spec->repo, &rv->tip, &rv->worktree, spec->scope, spec->stop, &rv->outside, err) < 0)
		return -1;
	sort_unique(&rv->outside);
	return 0;
}

bool review_is_outside(const struct review *rv, const char *path)
{
	return rv->outside.n && bsearch(&path, rv->outside.v, rv->outside.n, sizeof rv->outside.v[0], by_name);
}

static int find_conflicts(const struct review_spec *spec, struct review *rv, struct err *err)
{
	struct merge m CLEANUP(merge_fini) = {0};
	if (merge_commits(spec->repo, &rv->target, &rv->tip, MERGE_QUARANTINE, spec->stop, &m, err) < 0)
		return -1;
	rv->mergeable = m.clean;
	rv->conflicts = m.conflicts;
	rv->conflict_messages = m.messages;
	m.conflicts = m.messages = STRV_INIT;
	return 0;
}

int review_make(const struct review_spec *spec, struct review *ret, struct err *err)
{
	struct review rv = {0};
	if (find_commits(spec, &rv, err) < 0 || read_committed(spec, &rv, err) < 0 ||
	    read_uncommitted(spec, &rv, err) < 0 || find_outside(spec, &rv, err) < 0 ||
	    find_conflicts(spec, &rv, err) < 0) {
		review_fini(&rv);
		return -1;
	}
	*ret = rv;
	return 0;
}

/* What there is to review of a session: its commits and its uncommitted work against the target, which files are outside
 * of its scope, whether it still merges, and the exact commit that an approval is for.
 *
 * Everything blocks, may run on any thread, and fails with -1 and err. The session's own git folder is only read
 * through git/view.h; the merge that looks for conflicts leaves nothing behind. */
#ifndef REVIEW_REVIEW_H
#define REVIEW_REVIEW_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strv.h"
#include "git/diff.h"
#include "git/oid.h"
#include "git/repo.h"
#include "git/worktree.h"

enum {
	REVIEW_PATCH_LIMIT = 2 << 20, /* bytes of each of the two patches, when the spec says 0 */
	REVIEW_COMMITS_MAX = 1000,
	REVIEW_CONTEXT_LINES = 3,
};

struct review_spec {
	const struct repo *repo;
	const char *tip;                 /* what is reviewed: a branch or revision */
	const char *target;              /* what it is compared with: a branch or revision */
	const struct worktree *worktree; /* for uncommitted work; NULL: there is none (plain commits) */
	const struct strv *scope;        /* review/scope.h; may be NULL */
	bool no_patch;                   /* leave out the text of the patches */
	size_t patch_limit;
	const volatile int *stop; /* non-zero cancels; may be NULL */
};

struct review_patch {
	struct str text;
	bool truncated; /* cut at the limit, at the end of a line; `command` shows all of it */
	char *command;  /* for a shell; NULL when nothing is left out */
};

struct review {
	struct oid target, base, tip; /* target's tip now, the merge base, the commit that an approval binds to */
	struct oid worktree;          /* the tree of what the workspace holds; unset: no uncommitted work */
	struct diff_commit *commits;  /* newest first */
	size_t n_commits, total_commits;
	int behind;                   /* commits of the target that the tip lacks */
	struct diff committed;        /* base to tip */
	struct diff uncommitted;      /* tip to worktree; A is untracked (or staged) */
	struct strv outside;          /* paths of either part that are outside of the scope, sorted */
	struct review_patch patch, uncommitted_patch;
	bool mergeable;               /* merges with the target's tip without conflict */
	struct strv conflicts;        /* paths */
	struct strv conflict_messages;
	bool landed;                  /* the target has the tip already */
};

int review_make(const struct review_spec *spec, struct review *ret, struct err *err) NODISCARD;
void review_fini(struct review *rv);

/* Is it one of rv->outside? */
bool review_is_outside(const struct review *rv, const char *path);

/* The same as JSON (result of review.get); the caller owns it.
 *
 *   target, base, tip        object names; `tip` is what to approve
 *   behind                   commits that the target is ahead by
 *   landed, mergeable        true or false
 *   conflicts[], conflict_messages[]
 *   commits[{oid, author, wall_ms, subject, merge}], total_commits
 *   stat, uncommitted_stat   {files, added, removed, binary, outside, left_out}
 *   files[], uncommitted[]   {path, old_path|null, status "A" "M" "D" "R" "C" "T", added|null, removed|null (null: binary), binary,
 *                            outside, old_mode, new_mode ("100644", or null), kind "file" "symlink" "submodule", mode_changed}
 *   patch, uncommitted_patch {text, truncated, command|null, altered}  (null when left out or empty)
 *   outside[]                all paths outside of the scope
 *   approvable               no uncommitted work, not landed, something to land
 *
 * Paths that are not plain text are quoted as git quotes them. Patches are text made safe for a terminal; `altered` tells
 * that control or direction characters, or bytes that are not UTF-8, were taken out. */
struct json_object *review_json(const struct review *rv);

#endif

/* Worktrees: a session's own checkout of the user's repository.
 *
 * git calls a linked worktree's private part (HEAD, index, reflog) its git folder: <common>/worktrees/<id>.
 * Where that is gets recorded when the worktree is made. Afterwards an agent may have rewritten the `.git`
 * file, `commondir`, `gitdir` and `config.worktree`: none of them is trusted, or read for paths, again
 * (git/record.h keeps what was true).
 *
 * Blocking, any thread; -1 and err on failure. */
#ifndef GIT_WORKTREE_H
#define GIT_WORKTREE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "git/oid.h"
#include "git/repo.h"

struct worktree {
	char *path;    /* the folder, absolute */
	char *git_dir; /* its private git folder: <common>/worktrees/<id>, or the common folder for the main one */
};

void worktree_fini(struct worktree *w);

struct worktree_spec {
	const char *path;         /* must not exist, or be empty, or be what an interrupted worktree_add left */
	const char *branch;       /* existing branch to check out; NULL: detached at `at` */
	struct oid at;            /* its commit */
	const char *lock_reason;  /* why git must not prune it, shown by `git worktree list`; NULL: not locked */
	bool no_checkout;         /* leave it without files and index: the caller fills it */
	const volatile int *stop; /* may be NULL */
};

/* Makes the worktree. The registration runs under the repository's lock (parallel adds lose in git itself), the
 * checkout of the files outside of it. Sparse checkout settings of the user's checkout are inherited, as git
 * does. Submodules that the user's checkout has are filled from it without network; `warnings` (may be NULL) gets a
 * line for each thing that is not as it should be. Repeatable: what an interrupted run left is finished. */
int worktree_add(const struct repo *r, const struct worktree_spec *spec, struct worktree *ret,
		 struct strv *warnings, struct err *err) NODISCARD;

/* The worktree at this path, whether or not the folder still exists: by muster's own record, else (the user's
 * worktrees) by what the repository's side says. ERR_USAGE when there is none. */
int worktree_find(const struct repo *r, const char *path, struct worktree *ret, struct err *err) NODISCARD;

/* Ends it: the folder is renamed away at once (to .gone-* beside it), then git's side goes, then the files. No
 * snapshot is made here and no branch is touched. Whatever is already gone is fine. Only for worktrees that
 * muster made: the main worktree is refused. */
int worktree_remove(const struct repo *r, const struct worktree *w, struct err *err) NODISCARD;

/* Deletes the .gone-* folders in `dir` that an interrupted removal left. */
int worktree_sweep(const char *dir, struct err *err) NODISCARD;

/* What a worktree's HEAD says, read as data. */
struct worktree_head {
	char *branch;      /* short name; NULL: detached */
	struct oid commit; /* unset: a branch without a commit */
};

int worktree_head(const struct repo *r, const struct worktree *w, struct worktree_head *ret,
		  struct err *err) NODISCARD;
void worktree_head_fini(struct worktree_head *h);

struct worktree_info {
	char *path;
	char *branch; /* full ref name; NULL: detached or bare */
	struct oid head;
	bool bare, locked, prunable;
};

/* All worktrees of the repository, the main one first. Free each member's strings by worktree_list_free. */
int worktree_list(const struct repo *r, struct worktree_info **ret, size_t *ret_n, struct err *err) NODISCARD;
void worktree_list_free(struct worktree_info *list, size_t n);

/* The private git folder as a descriptor, reached from the common folder without following links; -1 and err. */
int worktree_open_git_dir(const struct repo *r, const struct worktree *w, struct err *err) NODISCARD;

/* Looks for damage in the worktrees that muster made of this repository, a line for each in `found`, and with
 * `fix` repairs it (the line then ends in "repaired"): a `.git` file, commondir or gitdir that points
 * elsewhere, a git folder or a working folder that is gone (made again from the branch or the index), a lock file
 * that nothing has touched for WORKTREE_LOCK_STALE_S, a worktree whose making was interrupted, folders that a
 * removal left. Never deletes a file that an agent wrote. */
int worktree_doctor(const struct repo *r, bool fix, struct strv *found, struct err *err) NODISCARD;

enum { WORKTREE_LOCK_STALE_S = 15 * 60 };

#endif

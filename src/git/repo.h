/* A repository of the user's: where its parts are, and questions about its commits and branches.
 *
 * All functions block, may run on any thread, and fail with -1 and err. Nothing here writes to the user's
 * checkout, index or configuration; repo_ref_* write refs. */
#ifndef GIT_REPO_H
#define GIT_REPO_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "git/git.h"
#include "git/oid.h"

struct repo {
	char *toplevel;   /* the checkout that was opened, absolute and resolved; NULL: bare */
	char *git_dir;    /* that checkout's own git folder; common_dir for the main one */
	char *common_dir; /* the folder all worktrees share: refs, objects, config */
	char *state;    /* muster's state folder: locks and scratch space go below it, never into the repository */
	char format[8]; /* "sha1" or "sha256" */
};

enum {
	REPO_NEEDS_CHECKOUT = 1 << 0, /* a bare repository is refused */
	REPO_NEEDS_COMMIT = 1 << 1,   /* so is one where HEAD has no commit yet */
};

/* Finds the repository that the folder `path` is in. One clear line each for: no such folder, not a
 * repository, owned by another user, unreadable, bare, no commit yet. git 2.36 or later is needed (doctor checks).
 */
int repo_open(const char *path, const char *state, unsigned needs, struct repo *ret, struct err *err) NODISCARD;

/* Is the folder, or one above it, a repository? A quick look that starts no process; repo_open() has the last word. */
bool repo_is_inside(const char *path);

/* The repository whose parts were recorded earlier. Nothing is looked for on disk but the common folder; this
 * is how a session's repository is opened again, whatever happened to its files since. toplevel may be NULL. */
int repo_reopen(const char *common_dir, const char *toplevel, const char *state, struct repo *ret,
		struct err *err) NODISCARD;
void repo_fini(struct repo *r);

/* For commands on refs and objects: the shared folder, no worktree. Borrows from r. */
struct git_at repo_at(const struct repo *r);

/* "myproject-1a2b3c4d": the folder name and 8 hexadecimal digits of a hash of the path. The caller owns it. */
char *repo_slug(const struct repo *r);

/* The branch that the opened checkout is on ("main", without refs/heads/). ERR_REFUSED when HEAD is
 * detached: the line says to name a target. */
int repo_current_branch(const struct repo *r, char **ret_branch, struct err *err) NODISCARD;

/* The branch that work lands on: `asked` when not NULL (ERR_USAGE when it does not exist), else the current one. */
int repo_target_branch(const struct repo *r, const char *asked, char **ret_branch, struct err *err) NODISCARD;

/* The commit that a revision names (branch, tag, oid, HEAD~2…). ERR_USAGE when there is none. A name that
 * begins with a dash is refused, never an option. */
int repo_commit(const struct repo *r, const char *rev, struct oid *ret, struct err *err) NODISCARD;
/* The tree of a commit or tree. */
int repo_tree(const struct repo *r, const char *rev, struct oid *ret, struct err *err) NODISCARD;

/* Is it a name that git takes for a branch? ERR_USAGE with the reason. */
int repo_check_branch(const struct repo *r, const char *branch, struct err *err) NODISCARD;
int repo_branch_exists(const struct repo *r, const char *branch, bool *ret, struct err *err) NODISCARD;
/* All of them below a prefix ("refs/muster/trash/x"); "" is all refs. Full names, sorted by git. */
int repo_refs(const struct repo *r, const char *prefix, struct strv *ret, struct err *err) NODISCARD;

int repo_is_ancestor(const struct repo *r, const struct oid *a, const struct oid *of, bool *ret,
		     struct err *err) NODISCARD;
/* The best merge base; *ret is unset ("") when the histories share nothing. */
int repo_merge_base(const struct repo *r, const struct oid *a, const struct oid *b, struct oid *ret,
		    struct err *err) NODISCARD;
/* Commits of a that b lacks, and the other way round. */
int repo_ahead_behind(const struct repo *r, const struct oid *a, const struct oid *b, int *ret_ahead,
		      int *ret_behind, struct err *err) NODISCARD;

/* What a full ref name points to; *ret is unset when there is no such ref. */
int repo_ref_read(const struct repo *r, const char *ref, struct oid *ret, struct err *err) NODISCARD;

/* One change of a ref. `old` unset: the ref must not exist; `new` unset: the ref is deleted. */
struct repo_ref_change {
	const char *ref; /* full name */
	struct oid new, old;
};

/* All changes or none (a compare-and-swap on each). ERR_REFUSED when a ref is no longer at its `old`. `why` goes
 * to the reflog. */
int repo_refs_change(const struct repo *r, const struct repo_ref_change *changes, size_t n, const char *why,
		     struct err *err) NODISCARD;

/* Is the branch checked out in some worktree (the main one included)? *ret_path is that worktree's path, or NULL.
 */
int repo_branch_checkout(const struct repo *r, const char *branch, char **ret_path, struct err *err) NODISCARD;

/* An exclusive lock on this repository among muster's processes and threads, by a file below state/locks.
 * Waits; a non-zero *stop ends the wait. Returns a descriptor to close, or -1. */
int repo_lock(const struct repo *r, const volatile int *stop, struct err *err) NODISCARD;

/* The same with a lock of its own for one kind of work, named `what`; `other` says what is waited for. */
int repo_lock_for(const struct repo *r, const char *what, const char *other, const volatile int *stop,
		  struct err *err) NODISCARD;

#endif

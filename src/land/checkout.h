/* Moving the target branch, together with the checkout of it that the user has open, if there is one.
 *
 * The user's index lock is held from before the first file is written until the branch and the index are both new, so
 * that no git command of theirs gets in between. The lock file carries muster's mark: a landing that was killed finds
 * it and brings the checkout to one side or the other. No hook runs; stash, other branches and files that are not
 * part of the change are not touched. Blocking, any thread. */
#ifndef LAND_CHECKOUT_H
#define LAND_CHECKOUT_H

#include <stdbool.h>

#include "base/err.h"
#include "git/oid.h"
#include "git/repo.h"

struct checkout_spec {
	const struct repo *repo;
	const char *branch;   /* the target, short */
	const char *path;     /* its checkout (checkout_find); NULL: it has none */
	struct oid from, to;  /* `to` descends from `from` */
	const char *mark;     /* names the landing, the same in each attempt; one word */
	const char *reflog;   /* what the reflog says */
	const volatile int *stop;
};

/* Where the branch is checked out: *ret_path is NULL when nowhere. ERR_REFUSED when it is in several places, or in a
 * session's workspace (below muster's state). */
int checkout_find(const struct repo *r, const char *branch, char **ret_path, struct err *err) NODISCARD;

/* May the checkout go from `from` to `to`? ERR_REFUSED, naming files, when something is staged or modified, when untracked or
 * ignored files would be overwritten, or when a merge or rebase is in progress. Without a checkout: yes. */
int checkout_check(const struct checkout_spec *spec, struct err *err) NODISCARD;

/* Does it. *ret_moved: the branch was no longer at `from`, and all is as it was. ERR_REFUSED as in checkout_check. */
int checkout_advance(const struct checkout_spec *spec, bool *ret_moved, struct err *err) NODISCARD;

/* Clears up after a checkout_advance of the same spec that was killed: to `to` when `reached`, else back to `from`. Files that
 * the user changed since are left alone, with ERR_REFUSED naming them. Nothing to clear up is fine. */
int checkout_recover(const struct checkout_spec *spec, bool reached, struct err *err) NODISCARD;

#endif

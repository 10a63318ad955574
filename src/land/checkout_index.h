/* The index of the user's checkout while the target moves: locked as git locks it, changed in a copy, put in place
 * in one rename. Internal to land/checkout. */
#ifndef LAND_CHECKOUT_INDEX_H
#define LAND_CHECKOUT_INDEX_H

#include <stdbool.h>

#include "base/err.h"
#include "git/worktree.h"
#include "land/checkout.h"

struct checkout_index {
	const struct repo *repo;
	const volatile int *stop;
	struct worktree worktree;
	char *lock;  /* <git dir>/index.lock: git's own lock, with our mark in it */
	char *index; /* <git dir>/index */
	char *copy;  /* <git dir>/muster-index: what git works on meanwhile */
};

enum {
	CHECKOUT_LOCK_WAIT_MS = 5000,   /* for a git command of the user's that runs */
	CHECKOUT_ORPHAN_WAIT_MS = 10000, /* for a git of ours that outlived its landing */
};

/* ERR_REFUSED when the lock stays taken. */
int checkout_index_lock(const struct checkout_spec *spec, struct checkout_index *ret, struct err *err) NODISCARD;
/* Takes up the lock that a killed landing of the same mark left. *ret_found false: there is none, nothing is held. */
int checkout_index_relock(const struct checkout_spec *spec, struct checkout_index *ret, bool *ret_found,
                          struct err *err) NODISCARD;

/* Files and the copy go from one commit to another; git refuses what would lose a change of the user's. */
int checkout_index_move(struct checkout_index *ix, const struct oid *from, const struct oid *to,
                        struct err *err) NODISCARD;
/* The same for files that are partly at one, partly at the other: whatever they hold, they are at `to` after. */
int checkout_index_force(struct checkout_index *ix, const struct oid *from, const struct oid *to,
                         struct err *err) NODISCARD;

/* The copy becomes the index. The lock is still held. */
int checkout_index_install(struct checkout_index *ix, struct err *err) NODISCARD;
/* Ends it: the lock and the copy are gone. */
void checkout_index_release(struct checkout_index *ix);

#endif

/* Approving: the lead's word that exactly one commit may land. */
#ifndef REVIEW_APPROVE_H
#define REVIEW_APPROVE_H

#include <stdbool.h>

#include "base/err.h"
#include "git/oid.h"
#include "git/repo.h"
#include "git/worktree.h"

enum { APPROVE_SEEN_MIN = 7 }; /* characters of an object name that tell commits apart well enough */

struct approve_spec {
	const struct repo *repo;
	const char *branch;              /* short name */
	const char *target;              /* branch */
	const struct worktree *worktree; /* NULL: the workspace is gone, or is not muster's business */
	const char *seen;                /* object name, or its beginning, of the tip that was reviewed; NULL: whatever it is now */
	bool committed_only;             /* approve in spite of uncommitted work, which stays where it is */
	const volatile int *stop;
};

/* *ret_tip is the commit to record. ERR_REFUSED, with what to do, when the branch is no longer at `seen`, has nothing that
 * the target lacks, or the workspace holds uncommitted work. Blocking, any thread. */
int approve_check(const struct approve_spec *spec, struct oid *ret_tip, struct err *err) NODISCARD;

#endif

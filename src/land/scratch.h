/* The folder that a gate runs in: exactly the files of one commit, and nothing of the gate before.
 *
 * One for each repository, at <state>/gate/<repository>/tree, kept between landings: the files that differ are written,
 * all others are compared by content, and everything that is not the commit's (ignored files too) is deleted. The old index is
 * not believed: what ran here last could have written it. Where a quick reset cannot be exact (submodules, a git
 * folder that was tampered with, a gate that was interrupted) a new worktree is made.
 *
 * The caller holds the repository's landing lock (land.h). Blocking, any thread. */
#ifndef LAND_SCRATCH_H
#define LAND_SCRATCH_H

#include "base/err.h"
#include "base/strv.h"
#include "git/oid.h"
#include "git/repo.h"
#include "git/worktree.h"

struct scratch {
	struct worktree worktree;
	struct oid commit;
	char *dir; /* the folder around it */
};

int scratch_open(const struct repo *r, const struct oid *commit, const volatile int *stop, struct scratch *ret,
                 struct err *err) NODISCARD;

/* Around the run of commands: a scratch that is found busy was interrupted, and processes of then may live in it. */
int scratch_busy(const struct scratch *s, struct err *err) NODISCARD;
void scratch_idle(const struct scratch *s);

/* Adds the tracked paths that are no longer as in the commit. */
int scratch_changed(const struct repo *r, const struct scratch *s, const volatile int *stop, struct strv *ret_paths,
                    struct err *err) NODISCARD;

void scratch_fini(struct scratch *s); /* the folder stays */

#endif

/* Submodules of a new worktree, filled without network from those that the user's checkout has. */
#ifndef GIT_SUBMODULE_H
#define GIT_SUBMODULE_H

#include "base/strv.h"
#include "git/repo.h"
#include "git/worktree.h"

/* For each submodule of w's commit that the user has (<common>/modules/<name>, or a repository in the user's
 * checkout), down through submodules of submodules: a repository in <w->git_dir>/modules/<name> that borrows the
 * user's objects, checked out at the recorded commit. The user's configuration is not written. One the user does
 * not have stays an empty folder, as in their checkout. What cannot be filled becomes a line in warnings (may be
 * NULL). Only before an agent has run in w. */
void submodule_fill(const struct repo *r, const struct worktree *w, const volatile int *stop,
		    struct strv *warnings);

#endif

/* What is staged, changed and untracked in a worktree, and whether it is clean. Safe on a session's worktree. */
#ifndef GIT_STATUS_H
#define GIT_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "git/repo.h"
#include "git/worktree.h"

enum { STATUS_MAX = 100000 }; /* entries; more are counted, not kept */

struct status_entry {
	char index, worktree; /* '.', 'M', 'A', 'D', 'R', 'C', 'T', 'U'; '?' in both: untracked; '!': ignored */
	bool conflict;
	bool submodule;
	char *path;     /* bytes, as on disk; path_quote (git/path.h) makes it safe to show */
	char *old_path; /* of a rename or copy; else NULL */
};

struct status {
	struct worktree_head head;
	struct status_entry *entries;
	size_t n;
	size_t left_out; /* beyond STATUS_MAX */
};

/* Submodules count when their commit changed; their own uncommitted files are not looked at (that would run git
 * with a configuration that an agent can write). */
int status_read(const struct repo *r, const struct worktree *w, const volatile int *stop, struct status *ret,
		struct err *err) NODISCARD;
void status_fini(struct status *s);

bool status_is_clean(const struct status *s);         /* nothing at all */
bool status_is_clean_tracked(const struct status *s); /* nothing but untracked files */

#endif

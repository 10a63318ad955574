/* Which changed files lie outside of a session's declared scope.
 *
 * A scope is a list of git's pathspecs, from the top of the repository: "src/playback", "src/p*.h",
 * ":!src/playback/api.h". git itself matches them, so there is one meaning. A rename counts at both ends.
 * An empty scope forbids nothing. */
#ifndef REVIEW_SCOPE_H
#define REVIEW_SCOPE_H

#include "base/err.h"
#include "base/strv.h"
#include "git/oid.h"
#include "git/repo.h"

/* Adds the paths (bytes, in git's order) that differ between the two trees or commits and that no pathspec of the
 * scope matches. scope may be NULL. A pathspec that git does not understand is ERR_USAGE. */
int scope_outside(const struct repo *r, const struct oid *old, const struct oid *new, const struct strv *scope,
                  const volatile int *stop, struct strv *ret_paths, struct err *err) NODISCARD;

#endif

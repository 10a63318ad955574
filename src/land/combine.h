/* The commit that is tested and then becomes the target's tip. */
#ifndef LAND_COMBINE_H
#define LAND_COMBINE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "git/oid.h"
#include "git/repo.h"

/* X(NAME, text): `land:` in .muster/config.yaml */
#define COMBINE_HOWS(X)                                                       \
	X(MERGE, "merge")   /* a merge commit, also where none is needed */   \
	X(SQUASH, "squash") /* one commit with all changes */                 \
	X(REBASE, "rebase") /* the session's commits again, on the target */

enum combine_how {
#define COMBINE_ENUM(name, text) COMBINE_##name,
	COMBINE_HOWS(COMBINE_ENUM)
#undef COMBINE_ENUM
};

/* NULL reads as merge. */
bool combine_how_parse(const char *text, enum combine_how *ret);

struct combine_spec {
	const struct repo *repo;
	enum combine_how how;
	struct oid onto, tip;             /* the target's tip, the session's */
	const char *branch;               /* the session's, short */
	const char *session_id;
	const char *brief;                /* its first line goes into the message; may be NULL */
	const volatile int *stop;
};

/* Writes the commit; no ref moves. *ret is unset, and `conflicts` gets the paths, when they do not merge. ERR_REFUSED when
 * the target has all of it already, or `rebase` meets a merge commit. The commits are the lead's (git/merge.h,
 * merge_identity); those made again by `rebase` keep their authors. */
int combine_make(const struct combine_spec *spec, struct oid *ret, struct strv *conflicts, struct err *err) NODISCARD;

#endif

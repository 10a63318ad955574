/* Merging and committing without any checkout: trees in, trees and commits out. No ref, index or file is touched.
 *
 * All functions block, may run on any thread, and fail with -1 and err. */
#ifndef GIT_MERGE_H
#define GIT_MERGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"
#include "git/oid.h"
#include "git/repo.h"

struct merge {
	bool clean;
	struct oid tree;       /* the result; with conflict markers in it when it is not clean */
	struct strv conflicts; /* paths, as bytes, each once */
	struct strv messages;  /* git's words on each conflict, one line each */
};

enum {
	MERGE_QUARANTINE = 1 << 0, /* what the merge writes is dropped after: only the answer is wanted */
};

/* Merges the commit `theirs` into the commit `ours`, as `git merge` would. Histories that share nothing are
 * an error. */
int merge_commits(const struct repo *r, const struct oid *ours, const struct oid *theirs, unsigned flags,
                  const volatile int *stop, struct merge *ret, struct err *err) NODISCARD;
/* Applies the change from `base` to `theirs` (both commits or trees) on top of `ours`: what a cherry-pick does. */
int merge_change(const struct repo *r, const struct oid *base, const struct oid *theirs, const struct oid *ours,
                 const volatile int *stop, struct merge *ret, struct err *err) NODISCARD;
void merge_fini(struct merge *m);

/* Somebody's name on a commit: "Name <mail>" in parts; the date is git's own form ("@1732461821 +0000") or NULL for now. */
struct merge_person {
	char *name, *mail, *date;
};

/* The user's own identity, as git would put it on a commit; one clear line when they have set none. */
int merge_identity(const struct repo *r, struct merge_person *ret, struct err *err) NODISCARD;
void merge_person_fini(struct merge_person *p);

struct merge_commit {
	struct oid tree;
	const struct oid *parents;
	size_t n_parents;
	const char *message; /* bytes */
	const struct merge_person *author, *committer;
};

/* Writes a commit object. Unsigned, whatever commit.gpgSign says: nobody is there to type a passphrase. */
int merge_commit_write(const struct repo *r, const struct merge_commit *c, struct oid *ret, struct err *err) NODISCARD;

/* Who wrote a commit, and what they said: for a commit that is made again elsewhere. */
int merge_commit_read(const struct repo *r, const struct oid *commit, struct merge_person *ret_author,
                      struct str *ret_message, struct err *err) NODISCARD;

#endif

/* The `meta` file of a snapshot (git/snapshot.h): what trees and commits cannot say. NUL-terminated records
 * "key value"; the keys are in the table below, unknown ones are skipped. Paths are relative to the worktree. */
#ifndef GIT_META_H
#define GIT_META_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/str.h"
#include "base/strv.h"
#include "git/oid.h"

/* X(member, key): lists of values */
#define META_LISTS(X)                                                                                              \
	X(modes, "mode")     /* "644 PATH": permissions other than 644 of a file, 755 of a program or folder */    \
	X(folders, "folder") /* an empty folder */                                                                 \
	X(stages, "stage")   /* "MODE OID STAGE\tPATH": an index entry in conflict */                              \
	X(assumed, "assume-unchanged")                                                                             \
	X(skipped, "skip-worktree")                                                                                \
	X(intended, "intent-to-add")                                                                               \
	X(filtered, "filtered") /* unchanged, and kept as git has it: a filter (LFS) makes the file of it */       \
	X(nested, "nested")     /* a repository inside the worktree; the n-th is nested/<n> */                     \
	X(notes, "note")        /* a line for a person: what is not in the snapshot */

/* X(member, key): single values */
#define META_VALUES(X)                                                                                             \
	X(path, "path")                                                                                            \
	X(branch, "branch")                                                                                        \
	X(head, "head")                                                                                            \
	X(own_branch, "own-branch")                                                                                \
	X(own_tip, "own-tip")

struct meta {
#define META_MEMBER(member, key) struct strv member;
	META_LISTS(META_MEMBER)
#undef META_MEMBER
#define META_MEMBER(member, key) char *member;
	META_VALUES(META_MEMBER)
#undef META_MEMBER
};

void meta_fini(struct meta *m);
void meta_write(const struct meta *m, struct str *out);
/* Never fails: what is malformed is not in *ret. */
void meta_parse(const struct str *in, struct meta *ret);
/* Moves all list entries of `from` to the end of those of m. */
void meta_join(struct meta *m, struct meta *from);

/* For modes: the path in "644 PATH", and the number. NULL when it is malformed. */
const char *meta_mode(const char *record, mode_t *ret);

#endif

/* Snapshots: everything of a workspace, kept in the repository's object database below hidden refs
 *     refs/muster/trash/<session id>/<n>        n = 1, 2, 3…
 * so that whatever muster removes or resets comes back byte for byte.
 *
 * A snapshot is a commit with the tree
 *     meta         what the others do not say, as text records
 *     worktree/    all files, as bytes: tracked, untracked, and ignored ones up to a limit
 *     index/       what is staged
 *     admin/       git's own state of the worktree: reflog, a merge or rebase in progress, submodule repositories
 *     nested/<i>/  repositories inside the worktree: {files,git}
 * and HEAD, the branch tip and everything that only a reflog held as parents. Modes, symbolic links and empty
 * folders are exact; a file of 1 MiB or more that a filter made (LFS) and nobody changed is kept as git has it.
 * Owners, times, extended attributes and hard links are not kept; sockets, pipes and unreadable files are named in
 * `notes`. The session's index, files and locks are not touched by taking one.
 *
 * Blocking, any thread; -1 and err on failure. */
#ifndef GIT_SNAPSHOT_H
#define GIT_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"
#include "git/oid.h"
#include "git/repo.h"
#include "git/worktree.h"

/* The tree that `git add -A && git commit` in the session would commit now: tracked and untracked files, ignored
 * ones left out, the user's filters applied. For diffs and conflicts. A few hundred ms at 100,000 files. */
int snapshot_tree(const struct repo *r, const struct worktree *w, const volatile int *stop, struct oid *ret_tree,
		  struct err *err) NODISCARD;

struct snapshot_spec {
	const char *session_id;
	const char *branch;          /* the session's own, kept even when HEAD is elsewhere; may be NULL */
	const char *reason;          /* "rm", "undo", "checkpoint"…: one word, shown in lists */
	int64_t ignored_limit_bytes; /* ignored files and folders, smallest first, up to this; 0: none of them */
	const volatile int *stop;
};

struct snapshot {
	char *ref;
	struct oid commit;
	struct oid worktree; /* tree; unset when the folder was missing */
	struct oid index;    /* tree; unset when there was no index */
	char *reason;
	char *path;         /* the workspace's folder */
	char *branch;       /* HEAD's branch; NULL: detached */
	struct oid head;    /* unset: the branch had no commit */
	char *own_branch;   /* the session's own branch; NULL: it has none */
	struct oid own_tip; /* unset: it was gone */
	int64_t wall_ms;
	struct strv notes; /* a line for each thing that is not in it */
};

/* Takes one. When nothing changed since the session's last snapshot, that one is returned. */
int snapshot_take(const struct repo *r, const struct worktree *w, const struct snapshot_spec *spec,
		  struct snapshot *ret, struct err *err) NODISCARD;
int snapshot_read(const struct repo *r, const char *ref, struct snapshot *ret, struct err *err) NODISCARD;
/* The session's snapshots, oldest first, as full ref names. */
int snapshot_list(const struct repo *r, const char *session_id, struct strv *ret_refs, struct err *err) NODISCARD;
/* Forgets one for good. */
int snapshot_drop(const struct repo *r, const char *ref, struct err *err) NODISCARD;
void snapshot_fini(struct snapshot *s);

/* Brings it back as a worktree at `path` (which must not exist or be empty). The branch is made again at its
 * commit; when a branch of that name is now elsewhere: ERR_REFUSED. When HEAD's branch is checked out in another
 * worktree the new HEAD is detached and `warnings` says so. */
int snapshot_restore(const struct repo *r, const struct snapshot *s, const char *path, struct worktree *ret,
		     struct strv *warnings, struct err *err) NODISCARD;

/* Brings the files and the index of an existing worktree back to what they were (`muster undo` of a reset, also
 * in the user's own folder): HEAD and branches stay, files that the snapshot does not have stay. Take a snapshot
 * of what is there first. */
int snapshot_restore_files(const struct repo *r, const struct snapshot *s, const struct worktree *w,
			   struct strv *warnings, struct err *err) NODISCARD;

#endif

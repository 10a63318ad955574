/* A safe way to look at a worktree that an agent can write: a private git folder of muster's own, made for
 * one look, with the session's HEAD (as an object name) and a copy of its index, over the session's files.
 *
 * Nothing in the session's git folder steers git then: `.git`, commondir and config.worktree are not read, and
 * the session's index is neither locked nor refreshed.
 *
 * VIEW_USER  the repository's and the user's configuration apply: filters such as LFS and line endings give
 *            what a commit would contain. For status and diffs.
 * VIEW_RAW   no configuration, no attribute conversions, no ignore rules of the user's other than what the view is
 *            told: every file is what its bytes are. For snapshots. */
#ifndef GIT_VIEW_H
#define GIT_VIEW_H

#include "base/err.h"
#include "git/repo.h"
#include "git/worktree.h"

enum view_kind { VIEW_USER, VIEW_RAW };

struct view {
	struct git_at at; /* for git_run; borrows from the view */
	char *dir;        /* the private git folder, below <state>/tmp */
	char *common_dir, *object_dir, *work_tree, *index_file, *cwd;
	struct worktree_head head;
};

int view_open(const struct repo *r, const struct worktree *w, enum view_kind kind, struct view *ret,
              struct err *err) NODISCARD;
void view_fini(struct view *v); /* deletes the private folder */

#endif

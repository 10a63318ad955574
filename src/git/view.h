/* A safe way to look at a worktree that an agent can write: a private git folder of muster's own, made for
 * one look, with the session's HEAD (as an object name) and a copy of its index, over the session's files.
 *
 * Nothing in the session's git folder steers git then: `.git`, commondir and config.worktree are not read, and
 * the session's index is neither locked nor refreshed.
 *
 * VIEW_USER  the repository's and the user's configuration apply: filters such as LFS and line endings give
 *            what a commit would contain. For status and diffs.
 * VIEW_RAW   no configuration and no conversions: every file is what its bytes are. For snapshots. */
#ifndef GIT_VIEW_H
#define GIT_VIEW_H

#include "base/err.h"
#include "git/repo.h"
#include "git/worktree.h"

enum view_kind { VIEW_USER, VIEW_RAW };

struct view {
	struct git_at at; /* for git_run; its strings belong to the view */
	int files;        /* the worktree's folder; -1: it is gone */
	char *dir;        /* the private git folder, in <state>/tmp */
	char *common_dir, *object_dir, *work_tree, *index_file;
	struct worktree_head head;
};

/* A worktree whose folder is gone can be looked at too (files is -1 then); the index is empty when it had none. */
int view_open(const struct repo *r, const struct worktree *w, enum view_kind kind, struct view *ret,
	      struct err *err) NODISCARD;
void view_fini(struct view *v); /* deletes the private folder */

/* Deletes the private folders that killed processes left. */
void view_sweep(const char *state);

#endif

/* Putting files of a worktree into the index of a view (git/view.h), and making trees of it. */
#ifndef GIT_STAGE_H
#define GIT_STAGE_H

#include "base/err.h"
#include "base/strv.h"
#include "git/oid.h"
#include "git/view.h"

/* Brings the view's index up to what is on disk for these paths: present ones are added or updated (submodules:
 * their commit), missing ones removed. Those that cannot be read stay as the index has them and are added to unread
 * (may be NULL). */
int stage_paths(const struct view *v, const struct strv *paths, const volatile int *stop, struct strv *unread,
		struct err *err) NODISCARD;

/* Takes NUL-terminated paths out of the view's index, whatever is on disk. */
int stage_forget(const struct view *v, const struct str *paths, const volatile int *stop,
		 struct err *err) NODISCARD;

/* Tracked paths whose file differs from the view's index, and untracked ones that are not ignored; those that end
 * in a slash are repositories of their own and go to nested (may be NULL), without it. */
int stage_changed(const struct view *v, const volatile int *stop, struct strv *ret_paths, struct strv *nested,
		  struct err *err) NODISCARD;

/* The tree of what the view's index holds (of a conflict: nothing, so resolve or stage those first). */
int stage_tree(const struct view *v, struct oid *ret, struct err *err) NODISCARD;

#endif

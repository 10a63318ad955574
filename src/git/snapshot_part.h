/* Collecting the files of a workspace for a snapshot. Internal to git/snapshot_*.c. */
#ifndef GIT_SNAPSHOT_PART_H
#define GIT_SNAPSHOT_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"
#include "git/meta.h"
#include "git/snapshot.h"
#include "git/view.h"

/* A stretch of the worktree that is taken whole or not at all. */
struct part {
	char *root;        /* "" or the ignored file or folder */
	struct strv files; /* regular files and links */
	struct meta meta;  /* modes, empty folders, nested repositories, notes */
	int64_t bytes;
	bool over; /* more than the limit: its list is not complete */
};

struct parts {
	struct part main;     /* all that is not ignored */
	struct part *ignored; /* sorted by root */
	size_t n_ignored;
	bool has_attributes; /* a .gitattributes file was met */
};

/* Walks the worktree. `ignored` are the topmost ignored paths (a folder ends in a slash). */
int parts_collect(int files, const struct strv *ignored, int64_t limit, struct parts *ret,
		  struct err *err) NODISCARD;
void parts_fini(struct parts *p);

/* Walks one folder that is taken whole, without a .git at its top; paths in meta get the prefix (a path
 * and a slash). */
int part_collect(int folder, const char *prefix, struct part *ret, struct err *err) NODISCARD;
void part_fini(struct part *p);

/* Writes the files below `folder` as a tree, byte for byte; what cannot be read becomes a note. */
int part_tree(const struct view *raw, const char *folder, const struct strv *files, const volatile int *stop,
	      struct oid *ret, struct strv *notes, struct err *err) NODISCARD;

/* snapshot_index.c: what is staged. Conflicts, flags and intent-to-add go to meta, paths of entries with flags that
 * hide changes to hidden; all stage-0 paths to tracked. The view's index has no conflicts left after. */
int snapshot_index(const struct view *user, const volatile int *stop, struct oid *ret_tree, struct meta *meta,
		   struct strv *tracked, struct strv *hidden, struct err *err) NODISCARD;

/* snapshot_convert.c: tracked paths that git converts (line endings, filters…). Large unchanged ones with a filter
 * that is configured (LFS) go to filtered: what git has is kept, and the filter makes the file of it again. The
 * others go to raw: the bytes on disk are kept. */
enum { SNAPSHOT_FILTERED_MIN = 1 << 20 }; /* bytes on disk from which on a file counts as large */
int snapshot_converted(const struct view *user, const struct strv *tracked, const struct strv *changed,
		       bool attributes, struct strv *ret_raw, struct strv *ret_filtered, struct err *err) NODISCARD;

/* snapshot_admin.c: git's own state of the worktree as a tree (unset: none), and the commits that only it holds. */
int snapshot_admin(const struct repo *r, const struct worktree *w, const struct view *raw, const struct strv *held,
		   struct oid *ret_tree, struct strv *ret_commits, struct strv *notes, struct err *err) NODISCARD;

/* snapshot_object.c: small objects */
int snapshot_blob(const struct repo *r, const void *bytes, size_t len, struct oid *ret, struct err *err) NODISCARD;
struct tree_entry {
	const char *name;
	bool is_tree;
	struct oid oid; /* unset: left out */
};
int snapshot_mktree(const struct repo *r, const struct tree_entry *entries, size_t n, struct oid *ret,
		    struct err *err) NODISCARD;
/* The trash refs of the session: the number of the last, 0 when there is none. */
int snapshot_last(const struct repo *r, const char *session_id, unsigned *ret, struct err *err) NODISCARD;
/* One line that names a file and says something about it. */
void snapshot_note(struct strv *notes, const char *path, const char *text);
/* Meta of a snapshot. */
int snapshot_meta(const struct repo *r, const struct oid *commit, struct meta *ret, struct err *err) NODISCARD;

/* A folder at the snapshot's top; unset when it has none of that name. */
int snapshot_subtree(const struct repo *r, const struct oid *commit, const char *name, struct oid *ret,
		     struct err *err) NODISCARD;

/* Sorts, so that bsearch by snapshot_has works. */
void snapshot_sort(struct strv *list);
bool snapshot_has(const struct strv *sorted, const char *text);

#endif

/* Differences between two trees or commits, and lists of commits. File names are bytes. */
#ifndef GIT_DIFF_H
#define GIT_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strv.h"
#include "git/oid.h"
#include "git/repo.h"

enum { DIFF_FILES_MAX = 100000 };

struct diff_file {
	char status;                 /* A, M, D, R, C, T */
	unsigned old_mode, new_mode; /* as git writes them, octal: 0100644, 0100755, 0120000, 0160000; 0: none */
	struct oid old_oid, new_oid;
	char *path;             /* the new path; the old one for D */
	char *old_path;         /* of a rename or copy; else NULL */
	int64_t added, removed; /* lines; -1: binary */
};

struct diff {
	struct diff_file *files;
	size_t n;
	size_t left_out;        /* files beyond DIFF_FILES_MAX, not in the list */
	int64_t added, removed; /* sums over the text files of the list */
};

/* Both sides are trees or commits (not worktrees: snapshot_tree turns one into a tree). Renames are detected. paths
 * (may be NULL) are literal. */
int diff_trees(const struct repo *r, const struct oid *old, const struct oid *new, const struct strv *paths,
	       const volatile int *stop, struct diff *ret, struct err *err) NODISCARD;
void diff_fini(struct diff *d);

/* The patch as text, `context` lines around each hunk, no external diff or textconv. *ret_truncated tells that it
 * was cut at limit bytes (at the end of a line). */
int diff_patch(const struct repo *r, const struct oid *old, const struct oid *new, const struct strv *paths,
	       int context, size_t limit, const volatile int *stop, struct str *ret, bool *ret_truncated,
	       struct err *err) NODISCARD;

struct diff_commit {
	struct oid oid;
	struct oid tree;
	char *author;    /* "Name <mail>" */
	int64_t wall_ms; /* commit time */
	char *subject;   /* one line, bytes as the author wrote them */
	int parents;
};

/* Commits of `to` that are not in `from` (which may be unset), newest first, at most limit; *ret_total is how many
 * there are. */
int diff_commits(const struct repo *r, const struct oid *from, const struct oid *to, size_t limit,
		 struct diff_commit **ret, size_t *ret_n, size_t *ret_total, struct err *err) NODISCARD;
void diff_commits_free(struct diff_commit *list, size_t n);

/* The bytes of one file of a tree or commit; -1 with ERR_USAGE when it has none there, ERR_FAILED when it is longer
 * than limit. */
int diff_blob(const struct repo *r, const struct oid *tree, const char *path, size_t limit, struct str *ret,
	      struct err *err) NODISCARD;

#endif

/* Files below a folder that another process may be changing at the same time, maybe to lead us astray.
 *
 * Every step goes through a descriptor of the folder it happens in and follows no symbolic link, so nothing
 * that an agent puts into its worktree can lead a read, a copy or a delete out of it. Relative paths are
 * slash-separated, without ".." (path_is_below). All functions return 0 (or a descriptor) or a negative errno. */
#ifndef GIT_FOLDER_H
#define GIT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/str.h"

enum { FOLDER_DEPTH_MAX = 128 }; /* levels that folder_walk goes down; each holds two descriptors */

/* Opens a folder itself (not through a symbolic link in its last component). */
int folder_open(const char *path) NODISCARD;

/* Opens the folder that holds `rel`, below root; *ret_name points to the last component in rel. `make` creates
 * missing folders with mode 0777 & ~umask. -ELOOP or -ENOTDIR: a component is a link or a file. */
int folder_open_parent(int root, const char *rel, bool make, const char **ret_name) NODISCARD;

/* Appends a regular file's bytes. -EINVAL: something else than a regular file; -EFBIG: longer than limit. */
int folder_read(int root, const char *rel, size_t limit, struct str *ret) NODISCARD;

/* Replaces a file whole, or makes it. Missing folders are made. */
int folder_write(int root, const char *rel, mode_t mode, const void *bytes, size_t len) NODISCARD;

/* Copies a regular file (sharing its blocks where the file system can) or a symbolic link, with its mode.
 * -EEXIST when there is something already; -EINVAL for what is neither. */
int folder_copy(int from, int to, const char *rel) NODISCARD;

enum folder_kind {
	FOLDER_FILE,
	FOLDER_LINK,
	FOLDER_DIR,     /* before its entries */
	FOLDER_DIR_END, /* after them; n_entries is known */
	FOLDER_OTHER,   /* socket, pipe, device */
	FOLDER_CLOSED,  /* a folder that cannot be read, is on another file system or is too deep: `error` says */
};

struct folder_entry {
	enum folder_kind kind;
	const char *path; /* relative to the root */
	int dir_fd;       /* the folder it is in, and its name there */
	const char *name;
	const struct stat *st;
	size_t n_entries; /* FOLDER_DIR_END */
	int error;        /* FOLDER_CLOSED: an errno */
};

enum { FOLDER_SKIP = 1 }; /* from the callback on FOLDER_DIR: do not go in (no FOLDER_DIR_END either) */

/* Returns 0, FOLDER_SKIP, or a negative errno that ends the walk. */
typedef int folder_fn(const struct folder_entry *e, void *data);

/* Calls fn for everything below root, folders first, in no particular order. */
int folder_walk(int root, folder_fn *fn, void *data) NODISCARD;

/* Deletes the folder (or file) with all below it, however deep, on its own file system only. Missing is fine. */
int folder_remove(const char *path) NODISCARD;

#endif

/* Whole files and folders. All functions return 0 or a negative errno. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* Appends the file's bytes to ret; -EFBIG when it has more than limit bytes (nothing is added then), -EINVAL when it is
 * no regular file: a pipe in its place would keep us waiting. */
int file_read(const char *path, size_t limit, struct str *ret) NODISCARD;

/* The same for whatever a person named: also a pipe or a terminal, which is waited for. */
int file_read_stream(const char *path, size_t limit, struct str *ret) NODISCARD;

/* file_read for what a person wrote: -1 and the reason when it cannot be read (ERR_USAGE: too large, no regular file). */
int file_read_text(const char *path, size_t limit, struct str *ret, struct err *err) NODISCARD;

/* Replaces the file so that a reader, and the disk after a crash, sees the old or the new one, whole. */
int file_write_atomic(const char *path, mode_t mode, const void *bytes, size_t len) NODISCARD;

/* Makes the folder and its missing parents (those with mode 0700 too when mode says so). */
int file_mkdirs(const char *path, mode_t mode) NODISCARD;

/* Deletes the file or the folder with all below it; never follows a symbolic link, never leaves the file
 * system it starts on. A path that does not exist is fine. */
int file_remove_tree(const char *path) NODISCARD;

bool file_exists(const char *path); /* also true for a dangling symbolic link */
bool file_is_dir(const char *path);

#endif

/* File names are bytes without NUL. This is for showing them and for staying below a folder. */
#ifndef GIT_PATH_H
#define GIT_PATH_H

#include <stdbool.h>

#include "base/str.h"
#include "base/strv.h"

/* Appends the name as it is when it is plain printable UTF-8 without quotes or backslashes, else in double quotes
 * with C escapes (\n, \", \\, \377), as git shows it. */
void path_quote(struct str *out, const char *path);

/* Appends "a.c, b.c and 4 more": at most `shown` names, quoted. */
void path_quote_list(struct str *out, const struct strv *paths, size_t shown);

/* True for a relative path that stays below where it starts: not absolute, no empty, "." or ".." component. */
bool path_is_below(const char *path);

/* The same, and git would take it into a tree: no component named .git (in any case of letters). */
bool path_is_inside(const char *path);

#endif

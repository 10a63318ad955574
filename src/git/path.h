/* File names are bytes without NUL. This is for showing them and for staying below a folder. */
#ifndef GIT_PATH_H
#define GIT_PATH_H

#include <stdbool.h>

#include "base/str.h"

/* Appends the name as it is when it is plain printable UTF-8 without quotes or backslashes, else in double quotes
 * with C escapes (\n, \", \\, \377), as git shows it. */
void path_quote(struct str *out, const char *path);

/* True for a relative path that stays below where it starts: no empty, "." or ".." component, no component
 * named .git (in any case of letters), not absolute. */
bool path_is_inside(const char *path);

#endif

/* Can two scopes meet? A scope is a list of git's pathspecs from the top of the repository (gitglossary(7), pathspec), and two
 * of them overlap when there can be a path that both match, whether or not a file of that name exists now.
 *
 * The rule: an overlap is never missed. Each pathspec is read as git reads it (a plain one is a file or a folder with all
 * that is in it; `*` also matches `/`, unless the magic is `glob`; `literal`, `icase` and `top` are known), and two are
 * compared as patterns, exactly. What is not decided, and counts as an overlap:
 *   - a plain one may be a folder, unless there is a file of that name;
 *   - `attr` is not looked at;
 *   - what is excluded (":!x") counts only where x is a file, a folder, or all below one (x, x/, x/STAR, x/STARSTAR), and one of
 *     the two pathspecs lies in it as a whole.
 * Left out is only this: a pathspec with a star or a question mark is not taken for the name of a folder that has them in its
 * name. An empty list is everything, as a scope is. */
#ifndef WORK_PATHSPEC_H
#define WORK_PATHSPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"

enum { PATHSPEC_MAX = 1024 }; /* bytes of one */

struct pathspec;

struct pathspecs {
	struct pathspec *v;
	size_t n;
	bool any; /* some of them say what belongs to it; else it is everything but what is excluded */
};

/* Adds one. root (may be NULL): the checkout in which a plain one may be a file. ERR_USAGE for what git would refuse: no text, an unknown magic, a path that leads out of the repository. */
int pathspecs_add(struct pathspecs *p, const char *text, const char *root, struct err *err) NODISCARD;
void pathspecs_fini(struct pathspecs *p);

/* *ret_a and *ret_b (may be NULL) are the texts of the first two that meet, "." where a list is everything; borrowed. */
bool pathspecs_overlap(const struct pathspecs *a, const struct pathspecs *b, const char **ret_a, const char **ret_b);

#endif

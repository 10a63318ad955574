/* A pattern of paths as a row of steps, so that two can be walked side by side. Internal to work/pathspec*.c. */
#ifndef WORK_PATHSPEC_FORM_H
#define WORK_PATHSPEC_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct step {
	uint64_t set[4]; /* the bytes that it takes */
	bool many;       /* any number of them, also none */
	bool dir;        /* with the slash behind it it may be left out: `**` before a slash */
};

struct form {
	struct step *steps;
	size_t n, cap;
	bool subtree;         /* also matches without its last two steps: a file or a folder with all that is in it */
	char *prefix, *suffix; /* bytes that every path has at its beginning and its end */
	size_t prefix_len, suffix_len;
};

/* The text as it stands: that file, or all in that folder. One that ends with a slash is only a folder; file: it is none. */
void form_literal(struct form *ret, const char *text, bool icase, bool file);
/* The text with wildcards. pathname: only `**` matches a slash. */
void form_glob(struct form *ret, const char *text, bool icase, bool pathname);
void form_fini(struct form *f);

/* Is there a text that both match? */
bool form_overlap(const struct form *a, const struct form *b);

#endif

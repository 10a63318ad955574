/* Markdown with YAML front matter:
 *
 *	---
 *	name: playback
 *	---
 *	Text.
 *
 * A file that does not begin with a line `---` is all body. */
#ifndef FMT_FRONT_H
#define FMT_FRONT_H

#include "fmt/yaml.h"

struct front {
	bool fenced;      /* it has front matter, if only an empty one */
	struct yaml meta; /* root NULL when there is none; places are those in the whole file */
	char *body;       /* without empty lines around it; UTF-8 */
	int body_line;    /* the line of the file on which the body begins */
};

/* Errors are ERR_USAGE, "FILE:LINE:COLUMN: text". The limit is YAML_BYTES_MAX for the whole. */
int front_parse(struct front *ret, const char *file, const void *bytes, size_t len, struct err *err) NODISCARD;
/* Reads the file too. A missing one is ERR_FAILED. */
int front_read(struct front *ret, const char *path, struct err *err) NODISCARD;
void front_fini(struct front *f);
#define FRONT_FREE CLEANUP(front_fini)

#endif

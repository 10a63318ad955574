/* YAML 1.2 (core schema) over libfyaml: one bounded document becomes a json-c value, and every member remembers its
 * place in the file, so that whoever checks the content can point at it.
 *
 * Plain scalars become null, booleans (true, false), integers (decimal, 0o, 0x) and floats; everything else is
 * text (also yes, no, on, off). Keys are text. Refused with line and column: duplicate keys, tags, a second
 * document, integers beyond 64 bits, and more than YAML_NODES_MAX values after aliases are expanded. */
#ifndef FMT_YAML_H
#define FMT_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "fmt/json.h"

enum {
	YAML_BYTES_MAX = 1 << 20,
	YAML_DEPTH_MAX = 32,
	YAML_NODES_MAX = 1 << 16,
};

/* Lines and columns count from 1; columns are characters. */
struct yaml_place {
	int line, column;
};

struct yaml_mark {
	const struct json_object *in; /* the map or list */
	const char *key;              /* into the map; NULL in a list */
	size_t index;                 /* in the list */
	struct yaml_place name, value;
};

struct yaml {
	struct json_object *root; /* NULL for an empty document or null */
	char *file;               /* for messages */
	struct yaml_mark *marks;
	size_t n, cap;
};

/* Parses a document of which the first line is `first_line` of the file. Errors are ERR_USAGE,
 * "FILE:LINE:COLUMN: text". */
int yaml_parse(struct yaml *ret, const char *file, int first_line, const void *bytes, size_t len,
	       struct err *err) NODISCARD;
/* Reads the file too. A missing one is ERR_FAILED. */
int yaml_read(struct yaml *ret, const char *path, struct err *err) NODISCARD;
void yaml_fini(struct yaml *y);
#define YAML_FREE CLEANUP(yaml_fini)

/* Where a member of a map (by key) or list (key NULL, by index) stands, or NULL for what is not from this document.
 */
const struct yaml_mark *yaml_mark(const struct yaml *y, const struct json_object *in, const char *key,
				  size_t index);

/* Fills err with "FILE:LINE:COLUMN: text" for the value of that member, ERR_USAGE. Returns -1. */
int yaml_err(const struct yaml *y, const struct json_object *in, const char *key, size_t index, struct err *err,
	     const char *fmt, ...) PRINTF_LIKE(6, 7);

#endif

/* Lines of JSON from a byte stream that is cut anywhere. A line longer than the limit is dropped and counted, and
 *the stream goes on with the next one.
 *
 *	jsonl_add(&j, bytes, len);
 *	while (jsonl_next(&j, &line, &line_len))
 *		if (jsonl_type(line, line_len, &type, &type_len) && ...)
 *			... json_parse_object(line, line_len, ...) ...
 */
#ifndef FMT_JSONL_H
#define FMT_JSONL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct jsonl {
	struct str buf;
	size_t start;      /* where in buf the first line begins that jsonl_next has not returned */
	size_t scanned;    /* up to here buf has no newline */
	size_t line_max;   /* bytes */
	uint64_t offset;   /* in the stream: where the first line begins that was not returned */
	uint64_t oversize; /* lines that were dropped because they were too long */
	bool skipping;     /* the current line is one of those: */
	uint64_t skipped;  /* so many of its bytes are gone */
};

/* offset: the stream's position of the first byte that will be added, which must begin a line. */
void jsonl_init(struct jsonl *j, size_t line_max, uint64_t offset);
void jsonl_fini(struct jsonl *j);

void jsonl_add(struct jsonl *j, const void *bytes, size_t len);

/* The next whole line, without its end; empty lines are left out. It is valid until the next call. After it
 * j->offset is where to read on when this line has been dealt with. */
bool jsonl_next(struct jsonl *j, const char **ret_line, size_t *ret_len);

/* The text of the member "type" of the object on the line, without parsing the rest: a view into the line. False
 * when there is none, it is no plain text, or the line is no JSON as far as it was read. */
bool jsonl_type(const char *line, size_t len, const char **ret_type, size_t *ret_len);

#endif

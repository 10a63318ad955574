/* The scrollback: lines as text and runs of styles, in blocks, the oldest forgotten first. A line costs its text
 * and about 6 bytes; colours cost 3 to 9 bytes for each change. */
#ifndef TERM_HISTORY_H
#define TERM_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "term/atlas.h"
#include "term/grid.h"

struct history_block {
	uint8_t *data;
	uint16_t *start; /* where each line begins in data; a block that is full enough takes no more lines */
	uint32_t len, cap, n, start_cap;
	uint32_t first; /* lines before this one are forgotten */
};

struct history {
	struct history_block *block;
	uint32_t block_n, block_cap;
	uint32_t lines, lines_max;
	size_t bytes, bytes_max; /* of all blocks; bytes_max 0: no limit */
	struct str line;         /* the line that is being encoded */
};

void history_init(struct history *h, uint32_t lines_max, size_t bytes_max);
void history_fini(struct history *h);
void history_clear(struct history *h);

/* Adds the row as the newest line. */
void history_push(struct history *h, const struct row *row, const struct atlas *a);

/* Does the newest line go on in what comes after it? */
bool history_wrapped(const struct history *h);

/* Takes the newest line away and gives it as a row: its cells belong to the caller, and are as many as used. */
struct row history_pop(struct history *h, struct atlas *a);

/* Appends the newest n lines (at most all) as text, oldest first, each ended by "\n"; with join, only where a
 * line ends that does not go on in the next. */
void history_text(const struct history *h, uint32_t n, bool join, struct str *out);

#endif

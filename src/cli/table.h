/* A table that fits the terminal: columns shrink to their smallest width, then the least important ones go. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "cli/out.h"

struct column {
	const char *title;
	int rank;   /* 0: always shown; the highest rank goes first when there is no room */
	int min;    /* columns it may be shrunk to; 0: never shrunk */
	bool right; /* numbers */
};

struct cell {
	char *text; /* inert, one line */
	int width;
	enum paint paint;
};

struct table {
	const struct column *columns; /* borrowed */
	size_t n_columns;
	struct cell *cells; /* row by row */
	size_t n_cells;
};

void table_init(struct table *t, const struct column *columns, size_t n);
void table_fini(struct table *t);
#define TABLE_FREE CLEANUP(table_fini)

/* Adds the next cell; a row is full after as many as there are columns. Copied, made inert; NULL is an empty cell.
 */
void table_add(struct table *t, enum paint paint, const char *text);
void table_addf(struct table *t, enum paint paint, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Appends the table with its titles; width 0: as wide as it needs. */
void table_print(const struct table *t, struct str *out, int width, bool color);

#endif

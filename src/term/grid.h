/* A screen of cells. A row owns memory only once something was written on it, and holds valid cells only up to
 * `used`: what lies beyond is blank in the default style. A wide character is a cell followed by GLYPH_TAIL. */
#ifndef TERM_GRID_H
#define TERM_GRID_H

#include <stdbool.h>
#include <stdint.h>

enum {
	GLYPH_BLANK = 0,       /* nothing was written here */
	GLYPH_TAIL = 0x110000, /* the right half of the wide character before it */
};
#define GLYPH_CLUSTER 0x80000000u /* | number of a cluster (cluster.h); otherwise a code point */

struct cell {
	uint32_t glyph;
	uint32_t style; /* number in the table of styles */
};

struct row {
	struct cell *cells; /* NULL, or room for the columns of the grid */
	uint16_t used;
	bool wrapped; /* its line goes on in the next row */
};

struct grid {
	int rows, cols;
	struct row *row; /* NULL: the grid is not in use */
};

void grid_init(struct grid *g, int rows, int cols);
void grid_fini(struct grid *g);

/* The cells of a row, valid at least up to (not including) column `to`. */
struct cell *grid_cells(struct grid *g, int row, int to);

/* Blanks the columns from..to-1 in this style. */
void grid_erase(struct grid *g, int row, int from, int to, uint32_t style);

/* Before a change that parts the columns `col - 1` and `col`: a wide character across them becomes two blanks. */
void grid_mend(struct grid *g, int row, int col);

/* Moves the rows top..bottom (inclusive) up by n (down if negative); blank rows in this style come in. */
void grid_scroll(struct grid *g, int top, int bottom, int n, uint32_t style);

/* Moves what is right of col by n columns; what leaves the row is lost, blanks in this style come in. */
void grid_insert_cells(struct grid *g, int row, int col, int n, uint32_t style);
void grid_delete_cells(struct grid *g, int row, int col, int n, uint32_t style);

/* Columns up to the last one that shows something (a character, or any style). */
int row_width(const struct row *r);

#endif

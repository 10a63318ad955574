#include "term/grid.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"

void grid_init(struct grid *g, int rows, int cols)
{
	*g = (struct grid){.rows = rows, .cols = cols, .row = mem_alloc((size_t)rows * sizeof(*g->row))};
}

void grid_fini(struct grid *g)
{
	for (int i = 0; g->row && i < g->rows; i++)
		free(g->row[i].cells);
	free(g->row);
	*g = (struct grid){0};
}

struct cell *grid_cells(struct grid *g, int row, int to)
{
	struct row *r = &g->row[row];
	if (!r->cells)
		r->cells = mem_resize(NULL, (size_t)g->cols, sizeof(*r->cells));
	if (r->used < to) {
		memset(r->cells + r->used, 0, (size_t)(to - r->used) * sizeof(*r->cells));
		r->used = (uint16_t)to;
	}
	return r->cells;
}

void grid_mend(struct grid *g, int row, int col)
{
	struct row *r = &g->row[row];
	if (col > 0 && col < r->used && r->cells[col].glyph == GLYPH_TAIL)
		r->cells[col].glyph = r->cells[col - 1].glyph = GLYPH_BLANK;
}

static void blank(struct cell *cells, int n, uint32_t style)
{
	for (int i = 0; i < n; i++)
		cells[i] = (struct cell){GLYPH_BLANK, style};
}

void grid_erase(struct grid *g, int row, int from, int to, uint32_t style)
{
	struct row *r = &g->row[row];
	if (to == g->cols)
		r->wrapped = false;
	if (from >= to)
		return;
	grid_mend(g, row, from);
	grid_mend(g, row, to);
	if (style == 0 && to >= r->used) {
		r->used = (uint16_t)MIN(from, r->used);
		return;
	}
	blank(grid_cells(g, row, to) + from, to - from, style);
}

/* Turns the rows r[0..height-1] by n places, upwards or downwards. */
static void rotate_rows(struct row *r, int height, int n, bool up)
{
	struct row one, *out = n == 1 ? &one : mem_resize(NULL, (size_t)n, sizeof(*out));
	size_t leaving = (size_t)n * sizeof(*r), staying = (size_t)(height - n) * sizeof(*r);
	memcpy(out, up ? r : r + height - n, leaving);
	memmove(up ? r : r + n, up ? r + n : r, staying);
	memcpy(up ? r + height - n : r, out, leaving);
	if (out != &one)
		free(out);
}

void grid_scroll(struct grid *g, int top, int bottom, int n, uint32_t style)
{
	int height = bottom - top + 1;
	bool up = n > 0;
	n = MIN(abs(n), height);
	/* The rows that leave are the ones that come in: their memory is used again. */
	if (n < height)
		rotate_rows(g->row + top, height, n, up);
	for (int i = 0; i < n; i++) {
		int row = up ? bottom - i : top + i;
		g->row[row].used = 0;
		grid_erase(g, row, 0, g->cols, style);
	}
	if (top > 0)
		g->row[top - 1].wrapped = false;
	if (!up || bottom < g->rows - 1)
		g->row[bottom].wrapped = false;
}

void grid_insert_cells(struct grid *g, int row, int col, int n, uint32_t style)
{
	n = MIN(n, g->cols - col);
	struct row *r = &g->row[row];
	grid_mend(g, row, col);
	grid_mend(g, row, g->cols - n);
	int moved = MIN((int)r->used, g->cols - n) - col;
	if (moved > 0) {
		struct cell *cells = grid_cells(g, row, col + moved + n);
		memmove(cells + col + n, cells + col, (size_t)moved * sizeof(*cells));
	}
	r->wrapped = false;
	if (moved > 0 || style)
		blank(grid_cells(g, row, col + n) + col, n, style);
	else
		r->used = (uint16_t)MIN((int)r->used, col);
}

void grid_delete_cells(struct grid *g, int row, int col, int n, uint32_t style)
{
	n = MIN(n, g->cols - col);
	struct row *r = &g->row[row];
	grid_mend(g, row, col);
	grid_mend(g, row, col + n);
	if (style)
		grid_cells(g, row, g->cols);
	int moved = MAX((int)r->used - (col + n), 0);
	if (moved > 0)
		memmove(r->cells + col, r->cells + col + n, (size_t)moved * sizeof(*r->cells));
	r->used = (uint16_t)MIN((int)r->used, col + moved);
	r->wrapped = false;
	if (style)
		blank(grid_cells(g, row, g->cols) + g->cols - n, n, style);
}

int row_width(const struct row *r)
{
	int n = r->used;
	while (n > 0 && r->cells[n - 1].glyph == GLYPH_BLANK && r->cells[n - 1].style == 0)
		n--;
	return n;
}

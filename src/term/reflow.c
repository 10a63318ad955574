#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "term/impl.h"

/* Rows of the scrollback that are looked at for the beginning of the screen's first line. */
enum { REFLOW_PULL_MAX = 200 };

struct rows {
	struct row *v;
	int n, cap;
};

/* Rows being wrapped to another width, and where the cursor goes. */
struct flow {
	int cols;
	struct rows out;
	struct row open; /* the row that is being filled; cells NULL: none */
	struct cursor *cursor;
	bool placed; /* the cursor has its new place, which then stands in row and col */
	int row, col;
	bool pending_wrap;
};

static void rows_add(struct rows *rows, struct row row)
{
	if (rows->n == rows->cap) {
		rows->cap = rows->cap ? rows->cap * 2 : 32;
		rows->v = mem_resize(rows->v, (size_t)rows->cap, sizeof(*rows->v));
	}
	rows->v[rows->n++] = row;
}

/* Columns up to the last character; blanks do not count, whatever their colour. */
static int text_width(const struct row *r)
{
	int n = r->used;
	while (n > 0 && r->cells[n - 1].glyph == GLYPH_BLANK)
		n--;
	return n;
}

static void close_row(struct flow *f, bool wrapped)
{
	f->open.wrapped = wrapped;
	rows_add(&f->out, f->open);
	f->open = (struct row){0};
}

static void place_cursor(struct flow *f, int col)
{
	bool was_pending = f->cursor->pending_wrap;
	if (was_pending && col < f->cols - 1)
		col++; /* it stood behind its character, and now there is room there */
	f->placed = true;
	f->row = f->out.n;
	f->pending_wrap = (was_pending && col == f->cols - 1) || (col == f->cols && f->open.used == f->cols);
	f->col = MIN(col, f->cols - 1);
}

/* Appends the row's cells to the line that is being wrapped. */
static void flow_row(struct flow *f, const struct row *r, bool has_cursor)
{
	int n = r->wrapped ? r->used : text_width(r);
	if (!f->open.cells)
		f->open.cells = mem_resize(NULL, (size_t)f->cols, sizeof(struct cell));
	for (int col = 0, width; col < n; col += width) {
		struct cell c = r->cells[col];
		width = col + 1 < n && r->cells[col + 1].glyph == GLYPH_TAIL ? 2 : 1;
		int needed = MIN(width, f->cols);
		if (f->open.used + needed > f->cols) {
			close_row(f, true);
			f->open.cells = mem_resize(NULL, (size_t)f->cols, sizeof(struct cell));
		}
		if (has_cursor && f->cursor->col >= col && f->cursor->col < col + width)
			place_cursor(f, f->open.used + MIN(f->cursor->col - col, needed - 1));
		f->open.cells[f->open.used++] = c;
		if (needed == 2)
			f->open.cells[f->open.used++] = r->cells[col + 1];
	}
	if (has_cursor && f->cursor->col >= n)
		place_cursor(f, f->open.used + f->cursor->col - n);
	if (!r->wrapped)
		close_row(f, false);
}

/* Wraps the rows, and frees or moves their cells. */
static void flow_rows(struct flow *f, struct rows *src, int cursor_row)
{
	for (int i = 0; i < src->n; i++) {
		struct row *r = &src->v[i];
		bool continued = i > 0 && src->v[i - 1].wrapped;
		if (continued || r->wrapped || text_width(r) > f->cols) {
			flow_row(f, r, i == cursor_row);
			free(r->cells);
			continue;
		}
		if (i == cursor_row)
			place_cursor(f, MIN(f->cursor->col, f->cols - 1));
		if (r->cells)
			r->cells = mem_resize(r->cells, (size_t)f->cols, sizeof(*r->cells));
		r->used = (uint16_t)MIN((int)r->used, f->cols);
		rows_add(&f->out, *r);
	}
	if (f->open.cells)
		close_row(f, true);
	free(src->v);
}

/* Takes lines from the scrollback: as many as the screen grows by, when it is full, and the beginning of a line
 * that goes on at its top. They come oldest first. */
static void pull(struct term *t, int want, struct rows *ret)
{
	struct rows newest_first = {0};
	while (t->history.lines > 0 && newest_first.n < want + REFLOW_PULL_MAX &&
	       (newest_first.n < want || history_wrapped(&t->history)))
		rows_add(&newest_first, history_pop(&t->history, &t->atlas));
	while (newest_first.n > 0)
		rows_add(ret, newest_first.v[--newest_first.n]);
	free(newest_first.v);
}

static void resize_main(struct term *t, int rows, int cols, struct cursor *c)
{
	struct grid *g = &t->main;
	int last = t->rows - 1;
	while (last > c->row && row_width(&g->row[last]) == 0)
		last--;
	struct rows src = {0};
	pull(t, last == t->rows - 1 ? MAX(0, rows - t->rows) : 0, &src);
	int cursor_row = src.n + c->row;
	for (int i = 0; i < t->rows; i++) {
		if (i <= last)
			rows_add(&src, g->row[i]);
		else
			free(g->row[i].cells);
	}
	free(g->row);

	struct flow f = {.cols = cols, .cursor = c};
	flow_rows(&f, &src, cursor_row);
	grid_init(g, rows, cols);
	int over = MAX(0, f.out.n - rows);
	for (int i = 0; i < over; i++) {
		history_push(&t->history, &f.out.v[i], &t->atlas);
		free(f.out.v[i].cells);
	}
	if (f.out.n > over)
		memcpy(g->row, f.out.v + over, (size_t)(f.out.n - over) * sizeof(*g->row));
	free(f.out.v);
	c->row = MAX(0, f.row - over);
	c->col = f.col;
	c->pending_wrap = f.pending_wrap && f.row >= over;
}

/* No wrapping: what is too wide is cut, what is too high leaves at the bottom, or at the top when the cursor would.
 */
static void resize_alternate(struct grid *g, int rows, int cols, struct cursor *c)
{
	struct grid old = *g;
	int shift = MAX(0, c->row - (rows - 1));
	grid_init(g, rows, cols);
	for (int i = 0; i < old.rows; i++) {
		struct row *r = &old.row[i];
		int to = i - shift;
		if (to < 0 || to >= rows)
			continue;
		if (cols < old.cols) {
			grid_mend(&old, i, cols);
			r->used = (uint16_t)MIN((int)r->used, cols);
			r->wrapped = false;
		}
		if (r->cells)
			r->cells = mem_resize(r->cells, (size_t)cols, sizeof(*r->cells));
		g->row[to] = *r;
		r->cells = NULL;
	}
	grid_fini(&old);
	c->row -= shift;
	c->pending_wrap = c->pending_wrap && c->col == cols - 1;
	c->col = MIN(c->col, cols - 1);
}

static void resize_tabs(struct term *t, int cols)
{
	if (!t->tabs)
		return;
	t->tabs = mem_resize(t->tabs, (size_t)cols, 1);
	for (int i = t->cols; i < cols; i++)
		t->tabs[i] = i % 8 == 0;
}

void term_resize(struct term *t, int rows, int cols)
{
	rows = MAX(1, MIN(rows, TERM_ROWS_MAX));
	cols = MAX(1, MIN(cols, TERM_COLS_MAX));
	if (rows == t->rows && cols == t->cols)
		return;
	bool alternate = term_is_alternate(t);
	/* Rows are in nobody's grid for a while: their styles must not be given away. */
	t->atlas.patience = UINT32_MAX;
	resize_main(t, rows, cols, alternate ? &t->saved[0] : &t->cur);
	if (alternate)
		resize_alternate(&t->alt, rows, cols, &t->cur);
	t->atlas.patience = 0;
	resize_tabs(t, cols);
	for (int i = 0; i < 2; i++) {
		struct cursor *c = &t->saved[i];
		c->row = MIN(c->row, rows - 1);
		c->pending_wrap = c->pending_wrap && c->col == cols - 1;
		c->col = MIN(c->col, cols - 1);
	}
	t->rows = rows;
	t->cols = cols;
	t->top = 0;
	t->bottom = rows - 1;
	t->last_col = -1;
}

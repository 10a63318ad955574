#include "base/attr.h"
#include "term/impl.h"
#include "term/width.h"

/* VT100 line drawing: 0x60 to 0x7e. */
static const uint16_t graphics[] = {
	0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0x00b0, 0x00b1, 0x2424, 0x240b, 0x2518,
	0x2510, 0x250c, 0x2514, 0x253c, 0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c, 0x2524,
	0x2534, 0x252c, 0x2502, 0x2264, 0x2265, 0x03c0, 0x2260, 0x00a3, 0x00b7,
};

uint32_t pen_style(struct term *t)
{
	if (t->pen_id < 0)
		t->pen_id = (int)atlas_style_id(&t->atlas, &t->cur.pen);
	return (uint32_t)t->pen_id;
}

/* What is erased takes the background of the pen. */
uint32_t blank_style(struct term *t)
{
	if (t->cur.pen.bg == 0)
		return 0;
	if (t->blank_id < 0) {
		struct style blank = {.bg = t->cur.pen.bg};
		t->blank_id = (int)atlas_style_id(&t->atlas, &blank);
	}
	return (uint32_t)t->blank_id;
}

void pen_changed(struct term *t)
{
	t->pen_id = t->blank_id = -1;
}

static void wrap(struct term *t)
{
	t->grid->row[t->cur.row].wrapped = true;
	line_feed(t);
	t->cur.col = 0;
	t->cur.pending_wrap = false;
}

/* After a character of this width was put at the cursor. */
static void advance(struct term *t, int width)
{
	t->last_row = t->cur.row;
	t->last_col = t->cur.col;
	t->cur.col += width;
	if (t->cur.col >= t->cols) {
		t->cur.col = t->cols - 1;
		t->cur.pending_wrap = t->modes & MODE_AUTOWRAP;
	}
}

static void put(struct term *t, uint32_t cp, int width)
{
	if (width > t->cols)
		return;
	if (t->cur.pending_wrap)
		wrap(t);
	if (t->cur.col + width > t->cols) {
		if (t->modes & MODE_AUTOWRAP)
			wrap(t);
		else
			t->cur.col = t->cols - width;
	}
	int row = t->cur.row, col = t->cur.col;
	if (t->modes & MODE_INSERT)
		grid_insert_cells(t->grid, row, col, width, blank_style(t));
	grid_mend(t->grid, row, col);
	grid_mend(t->grid, row, col + width);
	uint32_t style = pen_style(t);
	struct cell *cell = grid_cells(t->grid, row, col + width) + col;
	cell[0] = (struct cell){cp, style};
	if (width == 2)
		cell[1] = (struct cell){GLYPH_TAIL, style};
	advance(t, width);
	t->last_cp = cp;
}

static void join(struct term *t, uint32_t mark)
{
	if (t->last_col < 0)
		return;
	struct row *r = &t->grid->row[t->last_row];
	if (t->last_col < r->used && r->cells[t->last_col].glyph != GLYPH_TAIL)
		r->cells[t->last_col].glyph = atlas_join(&t->atlas, r->cells[t->last_col].glyph, mark);
}

void print_code_point(struct term *t, uint32_t cp)
{
	int width = width_of(cp);
	if (width == 0)
		join(t, cp);
	else
		put(t, cp, width);
}

void print_repeat(struct term *t, int n)
{
	n = MIN(n, t->rows * t->cols);
	for (int width = t->last_cp < 0x7f ? 1 : width_of(t->last_cp); t->last_cp && n > 0; n--)
		put(t, t->last_cp, width);
}

static uint32_t from_charset(uint8_t set, uint8_t c)
{
	if (set == CHARSET_GRAPHICS && c >= 0x60)
		return graphics[c - 0x60];
	return set == CHARSET_UK && c == '#' ? 0xa3 : c;
}

static bool is_ascii(uint8_t c)
{
	return (uint8_t)(c - 0x20) < 0x5f;
}

/* Fills columns from the cursor on with a run of plain characters; returns how many. The row has one style now, so
 * this loop is all that a character costs. */
static int put_run(struct term *t, const uint8_t *p, int max)
{
	int row = t->cur.row, col = t->cur.col;
	uint32_t style = pen_style(t);
	struct row *r = &t->grid->row[row];
	struct cell *cells = grid_cells(t->grid, row, col) + col;
	bool ahead = col < r->used;
	if (ahead)
		grid_mend(t->grid, row, col);
	int n = 0;
	for (; n < max && is_ascii(p[n]); n++)
		cells[n] = (struct cell){p[n], style};
	if (col + n < r->used) {
		if (cells[n].glyph == GLYPH_TAIL)
			cells[n].glyph = GLYPH_BLANK;
	} else {
		r->used = (uint16_t)(col + n);
	}
	return n;
}

const uint8_t *print_ascii(struct term *t, const uint8_t *p, const uint8_t *end)
{
	while (p < end && is_ascii(*p)) {
		uint8_t set = t->cur.charset[t->single_shift ? t->single_shift : t->cur.gl];
		if (set != CHARSET_ASCII || t->single_shift || t->modes & MODE_INSERT) {
			t->single_shift = 0;
			put(t, from_charset(set, *p++), 1);
			continue;
		}
		if (t->cur.pending_wrap)
			wrap(t);
		int n = put_run(t, p, (int)MIN((long)(t->cols - t->cur.col), end - p));
		p += n;
		t->cur.col += n - 1; /* onto the last of them */
		t->last_cp = p[-1];
		advance(t, 1);
	}
	return p;
}

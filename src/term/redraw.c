#include <string.h>

#include "base/attr.h"
#include "term/impl.h"

/* Everything that would bend what is drawn next, switched off. */
#define NEUTRAL "\033[?6l\033[r\033[4l\033[20l\033[?7l\033(B\033)B\033*B\033+B\017\033[m"

/* From 0; with origin mode, from the top of the scroll region. */
static void add_position(struct str *out, int row, int col)
{
	str_addf(out, "\033[%d;%dH", row + 1, col + 1);
}

static void draw_row(const struct term *t, const struct row *r, int row, struct str *out)
{
	int width = row_width(r);
	uint32_t style = 0;
	if (width)
		add_position(out, row, 0);
	for (int col = 0; col < width; col++) {
		struct cell c = r->cells[col];
		if (c.style != style) {
			style_add_sgr(atlas_style(&t->atlas, c.style), out);
			style = c.style;
		}
		atlas_add_glyph(&t->atlas, c.glyph, out);
	}
	if (style)
		str_adds(out, "\033[m");
}

static void add_charsets(const struct cursor *c, struct str *out)
{
	static const char finals[] = {[CHARSET_ASCII] = 'B', [CHARSET_GRAPHICS] = '0', [CHARSET_UK] = 'A'};
	static const char *const invoke[] = {"\017", "\016", "\033n", "\033o"};
	for (int i = 0; i < 4; i++)
		if (c->charset[i])
			str_addf(out, "\033%c%c", '(' + i, finals[c->charset[i]]);
	if (c->gl)
		str_adds(out, invoke[c->gl]);
}

/* Puts the cursor where it belongs, with all that belongs to it. A wrap that is pending is made by writing the last
 * character of the row once more, which needs autowrap on. */
static void draw_cursor(const struct term *t, const struct grid *g, const struct cursor *c, struct str *out)
{
	if (c->origin)
		str_adds(out, "\033[?6h");
	/* One that was saved before the region changed comes back inside of the region. */
	int at = c->origin ? MAX(t->top, MIN(c->row, t->bottom)) : c->row;
	const struct row *r = &g->row[at];
	int row = c->origin ? at - t->top : at, col = c->col;
	if (c->pending_wrap) {
		if (col > 0 && col < r->used && r->cells[col].glyph == GLYPH_TAIL)
			col--;
		struct cell last = col < r->used ? r->cells[col] : (struct cell){0};
		add_position(out, row, col);
		style_add_sgr(atlas_style(&t->atlas, last.style), out);
		str_adds(out, "\033[?7h");
		atlas_add_glyph(&t->atlas, last.glyph, out);
		if (last.glyph == GLYPH_BLANK) /* it was erased after it was written */
			str_adds(out, "\033[K");
	} else {
		add_position(out, row, col);
	}
	style_add_sgr(&c->pen, out);
	add_charsets(c, out);
}

static void draw_tabs(const struct term *t, struct str *out)
{
	if (!t->tabs)
		return;
	str_adds(out, "\033[3g");
	for (int col = 0; col < t->cols; col++)
		if (t->tabs[col])
			str_addf(out, "\033[1;%dH\033H", col + 1);
}

/* The screen, and the cursor that is saved on it. */
static void draw_screen(const struct term *t, const struct grid *g, const struct cursor *saved, const char *save,
			struct str *out)
{
	str_adds(out, "\033[H\033[2J");
	for (int i = 0; i < g->rows; i++)
		draw_row(t, &g->row[i], i, out);
	str_addf(out, "\033[%d;%dr", t->top + 1, t->bottom + 1);
	draw_cursor(t, g, saved, out);
	str_adds(out, save);
	str_adds(out, NEUTRAL);
}

void term_redraw(const struct term *t, struct str *out)
{
	bool alternate = term_is_alternate(t);
	str_adds(out, "\033[?25l\033[?1049l" NEUTRAL);
	draw_tabs(t, out);
	draw_screen(t, &t->main, &t->saved[0], alternate ? "\033[?1049h" : "\0337", out);
	if (alternate)
		draw_screen(t, &t->alt, &t->saved[1], "\0337", out);
	str_addf(out, "\033[%d;%dr", t->top + 1, t->bottom + 1);
	if (t->title)
		str_addf(out, "\033]2;%s\033\\", t->title);
	draw_cursor(t, t->grid, &t->cur, out);
	mode_add_redraw(t, out);
}

const char *term_reset_bytes(void)
{
	return "\033[?1049l\033[?47l"                                               /* the main screen */
	       "\033[?6l\033[r\033[4l\033[20l\033[?7h"                              /* how text is placed */
	       "\033(B\033)B\033*B\033+B\017"                                       /* character sets */
	       "\033[?1l\033>\033[?66l\033[>4m\033[<u"                              /* keys */
	       "\033[?9l\033[?1000l\033[?1002l\033[?1003l\033[?1004l"               /* mouse and focus */
	       "\033[?1005l\033[?1006l\033[?1015l\033[?1016l\033[?1007h\033[?2004l" /* their encodings, pasting */
	       "\033[?5l\033[?2026l\033[0 q\033[?25h\033[m";                        /* how it looks */
}

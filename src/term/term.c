#include "term/term.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/mem.h"
#include "term/impl.h"

struct term *term_new(int rows, int cols, const struct term_opts *opts)
{
	struct term *t = mem_alloc(sizeof(*t));
	t->rows = MAX(1, MIN(rows, TERM_ROWS_MAX));
	t->cols = MAX(1, MIN(cols, TERM_COLS_MAX));
	t->bottom = t->rows - 1;
	t->modes = MODE_DEFAULT;
	t->last_col = t->pen_id = t->blank_id = -1;
	t->replies = opts->replies;
	t->foreground = opts->foreground;
	t->background = opts->background;
	t->events = opts->events;
	t->user = opts->user;
	grid_init(&t->main, t->rows, t->cols);
	t->grid = &t->main;
	t->grids[0] = &t->main;
	t->grids[1] = &t->alt;
	atlas_init(&t->atlas, t->grids);
	history_init(&t->history, opts->scrollback_lines, opts->scrollback_bytes);
	return t;
}

void term_free(struct term *t)
{
	if (!t)
		return;
	grid_fini(&t->main);
	grid_fini(&t->alt);
	atlas_fini(&t->atlas);
	history_fini(&t->history);
	str_fini(&t->parse.string);
	status_set_fini(&t->status);
	free(t->tabs);
	free(t->title);
	free(t);
}

void term_exited(struct term *t)
{
	status_set_exited(&t->status);
}

void term_text(const struct term *t, uint32_t scrollback_lines, bool join, struct str *out)
{
	size_t start = out->len;
	history_text(&t->history, scrollback_lines, join, out);
	for (int i = 0; i < t->rows; i++) {
		const struct row *r = &t->grid->row[i];
		size_t line = out->len;
		for (int col = 0; col < r->used; col++)
			atlas_add_glyph(&t->atlas, r->cells[col].glyph, out);
		if (join && r->wrapped)
			continue;
		while (out->len > line && out->data[out->len - 1] == ' ')
			out->len--;
		str_addc(out, '\n');
	}
	while (out->len > start + 1 && out->data[out->len - 2] == '\n')
		out->data[--out->len] = '\0';
	if (out->len == start + 1 && out->data[start] == '\n')
		out->data[--out->len] = '\0';
}

void term_size(const struct term *t, int *ret_rows, int *ret_cols)
{
	*ret_rows = t->rows;
	*ret_cols = t->cols;
}

struct term_cursor term_cursor(const struct term *t)
{
	return (struct term_cursor){t->cur.row, t->cur.col, t->modes & MODE_CURSOR_VISIBLE};
}

const char *term_title(const struct term *t)
{
	return t->title ? t->title : "";
}

bool term_is_alternate(const struct term *t)
{
	return t->grid == &t->alt;
}

uint32_t term_scrollback_count(const struct term *t)
{
	return t->history.lines;
}

size_t term_scrollback_bytes(const struct term *t)
{
	return t->history.bytes;
}

const struct status_set *term_status(const struct term *t)
{
	return &t->status;
}

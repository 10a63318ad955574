#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "term/impl.h"

void cursor_to(struct term *t, int row, int col)
{
	int top = t->cur.origin ? t->top : 0, bottom = t->cur.origin ? t->bottom : t->rows - 1;
	t->cur.row = MAX(top, MIN(row, bottom));
	t->cur.col = MAX(0, MIN(col, t->cols - 1));
	t->cur.pending_wrap = false;
}

void cursor_save(struct term *t)
{
	t->saved[term_is_alternate(t)] = t->cur;
}

void cursor_restore(struct term *t)
{
	t->cur = t->saved[term_is_alternate(t)];
	bool pending = t->cur.pending_wrap && t->cur.col == t->cols - 1;
	cursor_to(t, t->cur.row, t->cur.col);
	t->cur.pending_wrap = pending;
	pen_changed(t);
}

void scroll_up(struct term *t, int top, int n)
{
	n = MIN(n, t->bottom - top + 1);
	if (top == 0 && !term_is_alternate(t))
		for (int i = 0; i < n; i++)
			history_push(&t->history, &t->grid->row[i], &t->atlas);
	grid_scroll(t->grid, top, t->bottom, n, blank_style(t));
}

void line_feed(struct term *t)
{
	if (t->cur.row == t->bottom) {
		scroll_up(t, t->top, 1);
	} else if (t->cur.row < t->rows - 1) {
		t->cur.row++;
		t->cur.pending_wrap = false;
	}
}

static void reverse_line_feed(struct term *t)
{
	if (t->cur.row == t->top) {
		grid_scroll(t->grid, t->top, t->bottom, -1, blank_style(t));
	} else if (t->cur.row > 0) {
		t->cur.row--;
		t->cur.pending_wrap = false;
	}
}

static bool is_tab(const struct term *t, int col)
{
	return t->tabs ? t->tabs[col] : col % 8 == 0;
}

int tab_stop(const struct term *t, int col, int direction)
{
	do
		col += direction;
	while (col > 0 && col < t->cols - 1 && !is_tab(t, col));
	return MAX(0, MIN(col, t->cols - 1));
}

static void own_tabs(struct term *t)
{
	if (t->tabs)
		return;
	t->tabs = mem_alloc((size_t)t->cols);
	for (int i = 0; i < t->cols; i += 8)
		t->tabs[i] = 1;
}

void tab_set(struct term *t, int col, bool on)
{
	own_tabs(t);
	t->tabs[col] = on;
}

void tabs_clear(struct term *t)
{
	own_tabs(t);
	memset(t->tabs, 0, (size_t)t->cols);
}

void control_c0(struct term *t, uint8_t byte)
{
	t->last_col = -1;
	switch (byte) {
	case '\a':
		if (t->events && t->events->bell)
			t->events->bell(t->user);
		break;
	case '\b':
		if (t->cur.col > 0)
			cursor_to(t, t->cur.row, t->cur.col - 1);
		break;
	case '\t':
		if (t->cur.col < t->cols - 1)
			cursor_to(t, t->cur.row, tab_stop(t, t->cur.col, +1));
		break;
	case '\n':
	case '\v':
	case '\f':
		line_feed(t);
		if (t->modes & MODE_NEWLINE)
			cursor_to(t, t->cur.row, 0);
		break;
	case '\r':
		cursor_to(t, t->cur.row, 0);
		break;
	case 0x0e:
		t->cur.gl = 1;
		break;
	case 0x0f:
		t->cur.gl = 0;
		break;
	default:
		break;
	}
}

void term_soft_reset(struct term *t)
{
	bool blink = t->modes & MODE_CURSOR_BLINK;
	t->modes &= ~(uint32_t)(MODE_CURSOR_KEYS | MODE_KEYPAD | MODE_INSERT | MODE_NEWLINE);
	t->modes |= MODE_AUTOWRAP | MODE_CURSOR_VISIBLE | (blink ? MODE_CURSOR_BLINK : 0);
	t->top = 0;
	t->bottom = t->rows - 1;
	t->cur.origin = false;
	t->cur.pen = (struct style){0};
	memset(t->cur.charset, CHARSET_ASCII, sizeof(t->cur.charset));
	t->cur.gl = t->single_shift = 0;
	t->saved[term_is_alternate(t)] = (struct cursor){0};
	pen_changed(t);
}

void term_reset(struct term *t)
{
	alternate_leave(t);
	term_soft_reset(t);
	t->modes = MODE_DEFAULT;
	t->mouse = t->mouse_encoding = 0;
	t->shape = SHAPE_DEFAULT;
	t->cur = (struct cursor){0};
	memset(t->saved, 0, sizeof(t->saved));
	t->last_cp = 0;
	free(t->tabs);
	t->tabs = NULL;
	for (int i = 0; i < t->rows; i++)
		grid_erase(t->grid, i, 0, t->cols, 0);
}

/* DECALN: a screen full of E. */
static void alignment_test(struct term *t)
{
	t->cur.origin = false;
	t->top = 0;
	t->bottom = t->rows - 1;
	for (int row = 0; row < t->rows; row++) {
		struct cell *cells = grid_cells(t->grid, row, t->cols);
		for (int col = 0; col < t->cols; col++)
			cells[col] = (struct cell){'E', 0};
		t->grid->row[row].wrapped = false;
	}
	cursor_to(t, 0, 0);
}

static void next_line(struct term *t)
{
	line_feed(t);
	cursor_to(t, t->cur.row, 0);
}

static void set_tab_here(struct term *t)
{
	tab_set(t, t->cur.col, true);
}

static void single_shift_2(struct term *t)
{
	t->single_shift = 2;
}

static void single_shift_3(struct term *t)
{
	t->single_shift = 3;
}

static void locking_shift_2(struct term *t)
{
	t->cur.gl = 2;
}

static void locking_shift_3(struct term *t)
{
	t->cur.gl = 3;
}

static void keypad_application(struct term *t)
{
	t->modes |= MODE_KEYPAD;
}

static void keypad_numeric(struct term *t)
{
	t->modes &= ~(uint32_t)MODE_KEYPAD;
}

static const struct {
	uint8_t intermed, final;
	void (*run)(struct term *t);
} escapes[] = {
	{0, '7', cursor_save},     {0, '8', cursor_restore},    {0, '=', keypad_application},
	{0, '>', keypad_numeric},  {0, 'D', line_feed},         {0, 'E', next_line},
	{0, 'H', set_tab_here},    {0, 'M', reverse_line_feed}, {0, 'N', single_shift_2},
	{0, 'O', single_shift_3},  {0, 'c', term_reset},        {0, 'n', locking_shift_2},
	{0, 'o', locking_shift_3}, {'#', '8', alignment_test},
};

void control_escape(struct term *t, uint8_t intermed, uint8_t final)
{
	t->last_col = -1;
	if (intermed >= '(' && intermed <= '+') {
		t->cur.charset[intermed - '('] = final == '0'   ? CHARSET_GRAPHICS
						 : final == 'A' ? CHARSET_UK
								: CHARSET_ASCII;
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(escapes); i++)
		if (escapes[i].intermed == intermed && escapes[i].final == final)
			escapes[i].run(t);
}

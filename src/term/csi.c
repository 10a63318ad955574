#include "base/attr.h"
#include "term/impl.h"

static void insert_chars(struct term *t)
{
	grid_insert_cells(t->grid, t->cur.row, t->cur.col, parse_count(&t->parse, 0), blank_style(t));
}

static void delete_chars(struct term *t)
{
	grid_delete_cells(t->grid, t->cur.row, t->cur.col, parse_count(&t->parse, 0), blank_style(t));
}

static void erase_chars(struct term *t)
{
	int to = MIN(t->cols, t->cur.col + parse_count(&t->parse, 0));
	grid_erase(t->grid, t->cur.row, t->cur.col, to, blank_style(t));
}

/* Up and down stop at the edge of the scroll region when they start inside. */
static void cursor_up(struct term *t)
{
	int limit = t->cur.row >= t->top ? t->top : 0;
	cursor_to(t, MAX(limit, t->cur.row - parse_count(&t->parse, 0)), t->cur.col);
}

static void cursor_down(struct term *t)
{
	int limit = t->cur.row <= t->bottom ? t->bottom : t->rows - 1;
	cursor_to(t, MIN(limit, t->cur.row + parse_count(&t->parse, 0)), t->cur.col);
}

static void cursor_right(struct term *t)
{
	cursor_to(t, t->cur.row, t->cur.col + parse_count(&t->parse, 0));
}

static void cursor_left(struct term *t)
{
	cursor_to(t, t->cur.row, t->cur.col - parse_count(&t->parse, 0));
}

static void cursor_next_line(struct term *t)
{
	cursor_down(t);
	cursor_to(t, t->cur.row, 0);
}

static void cursor_previous_line(struct term *t)
{
	cursor_up(t);
	cursor_to(t, t->cur.row, 0);
}

static void cursor_column(struct term *t)
{
	cursor_to(t, t->cur.row, parse_count(&t->parse, 0) - 1);
}

static void cursor_row(struct term *t)
{
	cursor_to(t, parse_count(&t->parse, 0) - 1 + (t->cur.origin ? t->top : 0), t->cur.col);
}

static void cursor_position(struct term *t)
{
	int row = parse_count(&t->parse, 0) - 1 + (t->cur.origin ? t->top : 0);
	cursor_to(t, row, parse_count(&t->parse, 1) - 1);
}

static void tabs_forward(struct term *t)
{
	int col = t->cur.col;
	for (int n = parse_count(&t->parse, 0); n > 0 && col < t->cols - 1; n--)
		col = tab_stop(t, col, +1);
	if (col != t->cur.col)
		cursor_to(t, t->cur.row, col);
}

static void tabs_backward(struct term *t)
{
	int col = t->cur.col;
	for (int n = parse_count(&t->parse, 0); n > 0 && col > 0; n--)
		col = tab_stop(t, col, -1);
	if (col != t->cur.col)
		cursor_to(t, t->cur.row, col);
}

static void tab_clear(struct term *t)
{
	int what = parse_arg(&t->parse, 0, 0);
	if (what == 0)
		tab_set(t, t->cur.col, false);
	else if (what == 3 || what == 5)
		tabs_clear(t);
}

static void erase_rows(struct term *t, int from, int to)
{
	for (int row = from; row < to; row++)
		grid_erase(t->grid, row, 0, t->cols, blank_style(t));
}

static void erase_display(struct term *t)
{
	switch (parse_arg(&t->parse, 0, 0)) {
	case 0:
		grid_erase(t->grid, t->cur.row, t->cur.col, t->cols, blank_style(t));
		erase_rows(t, t->cur.row + 1, t->rows);
		break;
	case 1:
		erase_rows(t, 0, t->cur.row);
		grid_erase(t->grid, t->cur.row, 0, t->cur.col + 1, blank_style(t));
		break;
	case 2:
		erase_rows(t, 0, t->rows);
		break;
	case 3:
		history_clear(&t->history);
		break;
	default:
		break;
	}
}

static void erase_line(struct term *t)
{
	int what = parse_arg(&t->parse, 0, 0);
	if (what > 2)
		return;
	int from = what == 0 ? t->cur.col : 0, to = what == 1 ? t->cur.col + 1 : t->cols;
	grid_erase(t->grid, t->cur.row, from, to, blank_style(t));
}

static bool in_region(const struct term *t)
{
	return t->cur.row >= t->top && t->cur.row <= t->bottom;
}

static void insert_lines(struct term *t)
{
	if (!in_region(t))
		return;
	grid_scroll(t->grid, t->cur.row, t->bottom, -parse_count(&t->parse, 0), blank_style(t));
	cursor_to(t, t->cur.row, 0);
}

static void delete_lines(struct term *t)
{
	if (!in_region(t))
		return;
	grid_scroll(t->grid, t->cur.row, t->bottom, parse_count(&t->parse, 0), blank_style(t));
	cursor_to(t, t->cur.row, 0);
}

static void scroll_region_up(struct term *t)
{
	scroll_up(t, t->top, parse_count(&t->parse, 0));
}

static void scroll_region_down(struct term *t)
{
	grid_scroll(t->grid, t->top, t->bottom, -parse_count(&t->parse, 0), blank_style(t));
}

static void repeat(struct term *t)
{
	print_repeat(t, parse_count(&t->parse, 0));
}

static void set_region(struct term *t)
{
	int top = parse_count(&t->parse, 0), bottom = parse_arg(&t->parse, 1, t->rows);
	bottom = bottom == 0 ? t->rows : MIN(bottom, t->rows);
	if (top >= bottom)
		return;
	t->top = top - 1;
	t->bottom = bottom - 1;
	cursor_to(t, t->cur.origin ? t->top : 0, 0);
}

static void set_modes(struct term *t)
{
	for (int i = 0; i < t->parse.arg_n; i++)
		mode_set(t, t->parse.leader == '?', parse_arg(&t->parse, i, 0), t->parse.final == 'h');
}

static void report_mode(struct term *t)
{
	bool dec = t->parse.leader == '?';
	int number = parse_arg(&t->parse, 0, 0);
	reply(t, "\033[%s%d;%d$y", dec ? "?" : "", number, mode_report(t, dec, number));
}

static void set_attributes(struct term *t)
{
	sgr_apply(&t->cur.pen, &t->parse);
	pen_changed(t);
}

static void set_shape(struct term *t)
{
	int n = parse_arg(&t->parse, 0, 0);
	if (n > 6)
		return;
	t->shape = (uint8_t)((n + 1) / 2);
	t->modes &= ~(uint32_t)MODE_CURSOR_BLINK;
	if (n == 0 || n % 2 == 1)
		t->modes |= MODE_CURSOR_BLINK;
}

static void device_attributes(struct term *t)
{
	if (parse_arg(&t->parse, 0, 0) == 0)
		reply(t, "\033[?62;22c"); /* a VT220 with colours */
}

static void secondary_attributes(struct term *t)
{
	if (parse_arg(&t->parse, 0, 0) == 0)
		reply(t, "\033[>0;100;0c");
}

static void name_and_version(struct term *t)
{
	if (parse_arg(&t->parse, 0, 0) == 0)
		reply(t, "\033P>|muster(" MUSTER_VERSION ")\033\\");
}

static void device_status(struct term *t)
{
	const char *mark = t->parse.leader == '?' ? "?" : "";
	int what = parse_arg(&t->parse, 0, 0);
	if (what == 5)
		reply(t, "\033[%s0n", mark);
	else if (what == 6)
		reply(t, "\033[%s%d;%dR", mark, t->cur.row + 1 - (t->cur.origin ? t->top : 0), t->cur.col + 1);
}

/* Of the window's operations only the one that every program may ask: how many characters there are. */
static void window_report(struct term *t)
{
	if (parse_arg(&t->parse, 0, 0) == 18)
		reply(t, "\033[8;%d;%dt", t->rows, t->cols);
}

/* By the final byte, 0x40 on. */
static void (*const plain[])(struct term *t) = {
	['@' - '@'] = insert_chars,
	['A' - '@'] = cursor_up,
	['B' - '@'] = cursor_down,
	['C' - '@'] = cursor_right,
	['D' - '@'] = cursor_left,
	['E' - '@'] = cursor_next_line,
	['F' - '@'] = cursor_previous_line,
	['G' - '@'] = cursor_column,
	['H' - '@'] = cursor_position,
	['I' - '@'] = tabs_forward,
	['J' - '@'] = erase_display,
	['K' - '@'] = erase_line,
	['L' - '@'] = insert_lines,
	['M' - '@'] = delete_lines,
	['P' - '@'] = delete_chars,
	['S' - '@'] = scroll_region_up,
	['T' - '@'] = scroll_region_down,
	['X' - '@'] = erase_chars,
	['Z' - '@'] = tabs_backward,
	['`' - '@'] = cursor_column,
	['a' - '@'] = cursor_right,
	['b' - '@'] = repeat,
	['c' - '@'] = device_attributes,
	['d' - '@'] = cursor_row,
	['e' - '@'] = cursor_down,
	['f' - '@'] = cursor_position,
	['g' - '@'] = tab_clear,
	['h' - '@'] = set_modes,
	['j' - '@'] = cursor_left,
	['k' - '@'] = cursor_up,
	['l' - '@'] = set_modes,
	['m' - '@'] = set_attributes,
	['n' - '@'] = device_status,
	['r' - '@'] = set_region,
	['s' - '@'] = cursor_save,
	['t' - '@'] = window_report,
	['u' - '@'] = cursor_restore,
};

static const struct {
	uint8_t leader, intermed, final;
	void (*run)(struct term *t);
} marked[] = {
	{'?', 0, 'h', set_modes},        {'?', 0, 'l', set_modes},
	{'?', 0, 'J', erase_display},    {'?', 0, 'K', erase_line}, /* selective: nothing is protected here */
	{'?', 0, 'n', device_status},    {'>', 0, 'c', secondary_attributes},
	{'>', 0, 'q', name_and_version}, {0, ' ', 'q', set_shape},
	{0, '!', 'p', term_soft_reset},  {'?', '$', 'p', report_mode},
	{0, '$', 'p', report_mode},
};

void csi_dispatch(struct term *t)
{
	const struct parse *p = &t->parse;
	t->last_col = -1;
	if (!p->leader && !p->intermed_n) {
		size_t i = p->final - (size_t)'@';
		if (i < ARRAY_LEN(plain) && plain[i])
			plain[i](t);
		return;
	}
	uint8_t intermed = p->intermed_n ? p->intermed : 0;
	for (size_t i = 0; i < ARRAY_LEN(marked); i++)
		if (marked[i].leader == p->leader && marked[i].intermed == intermed && marked[i].final == p->final)
			marked[i].run(t);
}

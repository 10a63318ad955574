#include "base/attr.h"
#include "term/impl.h"

/* Modes that are a bit, and whether a redraw sets them. */
static const struct {
	uint16_t number;
	bool dec, redraw;
	uint32_t bit;
} bits[] = {
	{1, true, true, MODE_CURSOR_KEYS},
	{5, true, true, MODE_REVERSE},
	{7, true, true, MODE_AUTOWRAP},
	{12, true, false, MODE_CURSOR_BLINK}, /* comes with the cursor's shape */
	{25, true, true, MODE_CURSOR_VISIBLE},
	{66, true, false, MODE_KEYPAD}, /* spelt ESC = and ESC > by everybody */
	{1004, true, true, MODE_FOCUS},
	{1007, true, true, MODE_ALTERNATE_SCROLL},
	{2004, true, true, MODE_PASTE},
	{2026, true, false, MODE_SYNC}, /* known, so that programs use it; a viewer's terminal is the one to act */
	{4, false, true, MODE_INSERT},
	{20, false, true, MODE_NEWLINE},
};

static const uint16_t mouse_modes[] = {9, 1000, 1002, 1003};
static const uint16_t mouse_encodings[] = {1005, 1006, 1015, 1016};

static bool listed(const uint16_t *list, size_t n, int number)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == number)
			return true;
	return false;
}

void alternate_enter(struct term *t)
{
	if (term_is_alternate(t))
		return;
	grid_init(&t->alt, t->rows, t->cols);
	t->grid = &t->alt;
	t->saved[1] = (struct cursor){0};
	for (int row = 0; blank_style(t) && row < t->rows; row++)
		grid_erase(t->grid, row, 0, t->cols, blank_style(t));
}

void alternate_leave(struct term *t)
{
	if (!term_is_alternate(t))
		return;
	grid_fini(&t->alt);
	t->grid = &t->main;
}

static void set_alternate(struct term *t, int number, bool on)
{
	if (on) {
		if (number == 1049)
			cursor_save(t);
		alternate_enter(t);
	} else {
		alternate_leave(t);
		if (number == 1049)
			cursor_restore(t);
	}
}

/* Modes that do something. Returns false when the number is not one of them. */
static bool set_acting(struct term *t, int number, bool on)
{
	switch (number) {
	case 6:
		t->cur.origin = on;
		cursor_to(t, on ? t->top : 0, 0);
		return true;
	case 47:
	case 1047:
	case 1049:
		set_alternate(t, number, on);
		return true;
	case 1048:
		if (on)
			cursor_save(t);
		else
			cursor_restore(t);
		return true;
	default:
		return false;
	}
}

void mode_set(struct term *t, bool dec, int number, bool on)
{
	for (size_t i = 0; i < ARRAY_LEN(bits); i++)
		if (bits[i].dec == dec && bits[i].number == number)
			t->modes = on ? t->modes | bits[i].bit : t->modes & ~bits[i].bit;
	if (!dec || set_acting(t, number, on))
		return;
	if (listed(mouse_modes, ARRAY_LEN(mouse_modes), number))
		t->mouse = on ? (uint16_t)number : 0;
	else if (listed(mouse_encodings, ARRAY_LEN(mouse_encodings), number))
		t->mouse_encoding = on ? (uint16_t)number : 0;
}

int mode_report(const struct term *t, bool dec, int number)
{
	for (size_t i = 0; i < ARRAY_LEN(bits); i++)
		if (bits[i].dec == dec && bits[i].number == number)
			return t->modes & bits[i].bit ? 1 : 2;
	if (!dec)
		return 0;
	if (number == 6)
		return t->cur.origin ? 1 : 2;
	if (number == 47 || number == 1047 || number == 1049)
		return term_is_alternate(t) ? 1 : 2;
	if (listed(mouse_modes, ARRAY_LEN(mouse_modes), number))
		return t->mouse == number ? 1 : 2;
	if (listed(mouse_encodings, ARRAY_LEN(mouse_encodings), number))
		return t->mouse_encoding == number ? 1 : 2;
	return 0;
}

void mode_add_redraw(const struct term *t, struct str *out)
{
	for (size_t i = 0; i < ARRAY_LEN(bits); i++)
		if (bits[i].redraw)
			str_addf(out, "\033[%s%d%c", bits[i].dec ? "?" : "", bits[i].number,
				 t->modes & bits[i].bit ? 'h' : 'l');
	str_adds(out, t->modes & MODE_KEYPAD ? "\033=" : "\033>");
	str_adds(out, "\033[?9l\033[?1000l\033[?1002l\033[?1003l\033[?1005l\033[?1006l\033[?1015l\033[?1016l");
	if (t->mouse)
		str_addf(out, "\033[?%dh", t->mouse);
	if (t->mouse_encoding)
		str_addf(out, "\033[?%dh", t->mouse_encoding);
	int blinks = t->modes & MODE_CURSOR_BLINK ? 1 : 0;
	int shape = t->shape == SHAPE_DEFAULT && !blinks ? SHAPE_BLOCK : t->shape;
	str_addf(out, "\033[%d q", shape == SHAPE_DEFAULT ? 0 : shape * 2 - blinks);
}

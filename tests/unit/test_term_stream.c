/* The terminal model against libvterm, on random streams: the same cells, cursor and modes. And against itself: cut
 * anywhere the stream gives the same screen, and the redraw of a screen draws that screen.
 *
 * Where libvterm 0.1.4 and xterm part ways the model follows xterm, and the streams leave that out: relative
 * vertical moves and character insertion with a scroll region, wide characters with insert mode or without
 * autowrap, cursor visibility and character sets across DECSC, and the column of the cursor right after a wide
 * character that fills a row (each is followed by a narrow one). A run of text that begins beyond ASCII ignores G0
 * in libvterm, and two of its line drawing characters are other ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <vterm.h>

#include "base/attr.h"
#include "base/str.h"
#include "term/impl.h"
#include "term/width.h"

enum { ROWS = 12, COLS = 30, MARKS_MAX = 4 };

/* --- the other one: libvterm's state layer over a plain array of cells --- */

struct ref_cell {
	uint32_t cp[MARKS_MAX];
	struct style style;
	bool tail;
};

struct ref {
	VTerm *vt;
	VTermState *state;
	struct ref_cell grid[2][ROWS][COLS];
	int alternate;
	struct style pen;
	struct str replies;
};

static void mend_row(struct ref *r, int row)
{
	struct ref_cell *c = r->grid[r->alternate][row];
	for (int i = 0; i < COLS; i++) {
		bool wide = c[i].cp[0] && !c[i].tail && width_of(c[i].cp[0]) == 2 && c[i].cp[0] >= 0x1100;
		bool has_tail = i + 1 < COLS && c[i + 1].tail;
		if (wide && !has_tail)
			memset(c[i].cp, 0, sizeof(c[i].cp));
		if (c[i].tail && (i == 0 || c[i - 1].tail || width_of(c[i - 1].cp[0]) != 2))
			c[i].tail = false;
	}
}

static int ref_put(VTermGlyphInfo *info, VTermPos pos, void *user)
{
	struct ref *r = user;
	struct ref_cell *c = &r->grid[r->alternate][pos.row][pos.col];
	*c = (struct ref_cell){.style = r->pen};
	for (int i = 0; i < MARKS_MAX && info->chars[i]; i++)
		c->cp[i] = info->chars[i];
	if (info->width == 2)
		c[1] = (struct ref_cell){.style = r->pen, .tail = true};
	/* What stood to the right may have lost its left half to this one. */
	if (pos.col + info->width < COLS && c[info->width].tail)
		c[info->width].tail = false;
	mend_row(r, pos.row);
	return 1;
}

static int ref_erase(VTermRect rect, int selective UNUSED, void *user)
{
	struct ref *r = user;
	for (int row = rect.start_row; row < rect.end_row; row++) {
		for (int col = rect.start_col; col < rect.end_col; col++)
			r->grid[r->alternate][row][col] = (struct ref_cell){.style.bg = r->pen.bg};
		mend_row(r, row);
	}
	return 1;
}

static int ref_scroll(VTermRect rect, int down, int right, void *user)
{
	struct ref *r = user;
	static struct ref_cell old[ROWS][COLS];
	memcpy(old, r->grid[r->alternate], sizeof(old));
	for (int row = rect.start_row; row < rect.end_row; row++) {
		for (int col = rect.start_col; col < rect.end_col; col++) {
			int from_row = row + down, from_col = col + right;
			bool inside = from_row >= rect.start_row && from_row < rect.end_row &&
				      from_col >= rect.start_col && from_col < rect.end_col;
			r->grid[r->alternate][row][col] =
				inside ? old[from_row][from_col] : (struct ref_cell){.style.bg = r->pen.bg};
		}
		mend_row(r, row);
	}
	return 1;
}

static uint32_t ref_colour(const VTermColor *c)
{
	if (VTERM_COLOR_IS_DEFAULT_FG(c) || VTERM_COLOR_IS_DEFAULT_BG(c))
		return 0;
	if (VTERM_COLOR_IS_INDEXED(c))
		return STYLE_INDEXED | c->indexed.idx;
	return STYLE_RGB | (uint32_t)(c->rgb.red << 16 | c->rgb.green << 8 | c->rgb.blue);
}

static int ref_pen(VTermAttr attr, VTermValue *v, void *user)
{
	static const uint32_t bits[VTERM_N_ATTRS] = {
		[VTERM_ATTR_BOLD] = STYLE_BOLD,     [VTERM_ATTR_ITALIC] = STYLE_ITALIC,
		[VTERM_ATTR_BLINK] = STYLE_BLINK,   [VTERM_ATTR_REVERSE] = STYLE_REVERSE,
		[VTERM_ATTR_STRIKE] = STYLE_STRIKE,
	};
	struct style *pen = &((struct ref *)user)->pen;
	if (attr == VTERM_ATTR_FOREGROUND)
		pen->fg = ref_colour(&v->color);
	else if (attr == VTERM_ATTR_BACKGROUND)
		pen->bg = ref_colour(&v->color);
	else if (attr == VTERM_ATTR_UNDERLINE)
		pen->attrs = (pen->attrs & ~(uint32_t)STYLE_UNDERLINE) | (uint32_t)v->number
										 << STYLE_UNDERLINE_SHIFT;
	else
		pen->attrs = v->boolean ? pen->attrs | bits[attr] : pen->attrs & ~bits[attr];
	return 1;
}

static int ref_prop(VTermProp prop, VTermValue *v, void *user)
{
	if (prop == VTERM_PROP_ALTSCREEN)
		((struct ref *)user)->alternate = v->boolean;
	return 1;
}

static void ref_output(const char *s, size_t len, void *user)
{
	str_add(&((struct ref *)user)->replies, s, len);
}

static void ref_init(struct ref *r)
{
	static const VTermStateCallbacks callbacks = {.putglyph = ref_put,
						      .erase = ref_erase,
						      .scrollrect = ref_scroll,
						      .setpenattr = ref_pen,
						      .settermprop = ref_prop};
	memset(r, 0, sizeof(*r));
	r->vt = vterm_new(ROWS, COLS);
	vterm_set_utf8(r->vt, 1);
	vterm_output_set_callback(r->vt, ref_output, r);
	r->state = vterm_obtain_state(r->vt);
	vterm_state_set_callbacks(r->state, &callbacks, r);
	vterm_state_reset(r->state, 1);
}

static void ref_fini(struct ref *r)
{
	vterm_free(r->vt);
	str_fini(&r->replies);
}

/* --- streams --- */

enum feature {
	WIDE = 1 << 0,
	REGION = 1 << 1,
	INSERT = 1 << 2,
	CHARSETS = 1 << 3,
	ALTERNATE = 1 << 4,
	SAVE = 1 << 5,
	ORIGIN = 1 << 6,
	NO_WRAP = 1 << 7,
	TABS = 1 << 8,
	MODES = 1 << 9,
	BACKGROUND = 1 << 10,
};

static uint32_t random_state;

static unsigned rnd(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % n;
}

static void add_sgr(struct str *s, unsigned features)
{
	static const char *const params[] = {"0",  "1",   "3",    "4",      "5",  "7",        "9",
					     "21", "22",  "23",   "24",     "25", "27",       "29",
					     "39", "4:3", "1;31", "0;4;92", "",   "38;5;7;1", "4:0"};
	unsigned kind = rnd(8);
	if (kind == 0)
		str_addf(s, "\033[38;5;%um", rnd(256));
	else if (kind == 1)
		str_addf(s, "\033[38;2;%u;%u;%um", rnd(256), rnd(256), rnd(256));
	else if (kind == 2)
		str_addf(s, "\033[%um", (rnd(2) ? 30 : 90) + rnd(8));
	else if (kind == 3 && features & BACKGROUND)
		str_addf(s, rnd(2) ? "\033[48;5;%um" : "\033[4%u;1m", rnd(8));
	else if (kind == 4 && features & BACKGROUND)
		str_addf(s, "\033[48;2;%u;0;%u;3m", rnd(256), rnd(256));
	else
		str_addf(s, "\033[%sm", params[rnd(ARRAY_LEN(params))]);
}

static void add_text(struct str *s, unsigned features)
{
	static const char *const narrow[] = {"\xc3\xa9", "\xe2\x94\x80", "\xe2\x82\xac", "\xc3\x9f", "x"};
	static const char *const wide[] = {"\xe4\xb8\xad.", "\xed\x95\x9c.", "\xef\xbc\xa1."};
	unsigned kind = rnd(6);
	if (kind == 0 && !(features & CHARSETS))
		str_adds(s, narrow[rnd(ARRAY_LEN(narrow))]);
	else if (kind == 1 && features & WIDE)
		str_adds(s, wide[rnd(ARRAY_LEN(wide))]);
	else if (kind == 2 && !(features & (CHARSETS | INSERT | NO_WRAP)))
		str_adds(s, rnd(2) ? "e\xcc\x81" : "o\xcc\x88\xcc\xa3");
	else
		for (unsigned n = 1 + rnd(rnd(4) ? 8 : 70); n > 0; n--)
			str_addc(s, (char)(0x20 + rnd(features & CHARSETS ? 'y' - 0x20 : 0x5f)));
}

static void add_move(struct str *s, unsigned features)
{
	static const char relative[] = "ABCDEFaejk";
	if (rnd(3) && !(features & (REGION | ORIGIN)))
		str_addf(s, "\033[%u%c", rnd(8), relative[rnd(sizeof(relative) - 1)]);
	else if (rnd(3))
		str_addf(s, "\033[%u;%u%c", 1 + rnd(ROWS + 2), 1 + rnd(COLS + 2), rnd(4) ? 'H' : 'f');
	else
		str_addf(s, "\033[%u%c", 1 + rnd(ROWS), "GCD`d"[rnd(5)]);
}

static void add_edit(struct str *s, unsigned features)
{
	static const char *const erase[] = {"\033[K",  "\033[1K", "\033[2K", "\033[J", "\033[1J",
					    "\033[2J", "\033[?K", "\033[5X", "\033[X", "\033[99X"};
	unsigned kind = rnd(4);
	if (kind == 0 && !(features & REGION))
		str_addf(s, "\033[%u%c", rnd(9), rnd(2) ? '@' : 'P');
	else if (kind == 1)
		str_addf(s, "\033[%u%c\r", rnd(rnd(4) ? 3 : 40), rnd(2) ? 'L' : 'M');
	else if (kind == 2)
		str_addf(s, "\033[%u%c", rnd(4), rnd(2) ? 'S' : 'T');
	else
		str_adds(s, erase[rnd(ARRAY_LEN(erase))]);
}

static void add_control(struct str *s)
{
	static const char *const controls[] = {"\r\n",
					       "\n",
					       "\r",
					       "\b",
					       "\t",
					       "\033D",
					       "\033E",
					       "\033M",
					       "\v",
					       "\x7f",
					       "\033[31\x18",
					       "\033]0;title\a",
					       "\033]2;other\033\\",
					       "\033[99z"};
	str_adds(s, controls[rnd(ARRAY_LEN(controls))]);
}

static void add_feature(struct str *s, unsigned features, bool *alternate)
{
	static const char *const charsets[] = {"\033(0", "\033(B", "\033)0", "\033)A", "\016", "\017", "\033(A"};
	static const char *const tabs[] = {"\033H", "\033[g", "\033[3g", "\033[2I", "\033[Z", "\t"};
	static const char *const modes[] = {"1", "5", "25", "1000", "1002", "1003", "1004", "1006", "2004"};
	unsigned f = features & 1u << rnd(11);
	if (f == REGION) {
		unsigned top = 1 + rnd(ROWS - 1);
		str_addf(s, "\033[%u;%ur", top, top + 1 + rnd(ROWS - top));
	} else if (f == INSERT) {
		str_addf(s, "\033[4%c", "hl"[rnd(2)]);
	} else if (f == CHARSETS) {
		str_adds(s, charsets[rnd(ARRAY_LEN(charsets))]);
	} else if (f == ALTERNATE) {
		str_addf(s, "\033[%u;%uH\033[?1049%c", 1 + rnd(ROWS), 1 + rnd(COLS - 2), *alternate ? 'l' : 'h');
		*alternate = !*alternate;
	} else if (f == SAVE) {
		str_addf(s, rnd(2) ? "\0338" : "\033[%u;%uH\0337", 1 + rnd(ROWS), 1 + rnd(COLS - 2));
	} else if (f == ORIGIN) {
		str_addf(s, "\033[?6%c", "hl"[rnd(2)]);
	} else if (f == NO_WRAP) {
		str_addf(s, "\033[?7%c", "hl"[rnd(2)]);
	} else if (f == TABS) {
		str_adds(s, tabs[rnd(ARRAY_LEN(tabs))]);
	} else if (f == MODES) {
		str_addf(s, "\033[?%s%c", modes[rnd(ARRAY_LEN(modes))], "hl"[rnd(2)]);
	}
}

static unsigned choose_features(void)
{
	unsigned f = rnd(1 << 11) & rnd(1 << 11);
	if (f & (INSERT | NO_WRAP | CHARSETS))
		f &= ~(unsigned)WIDE;
	if (f & (ALTERNATE | SAVE))
		f &= ~(unsigned)(CHARSETS | ORIGIN | MODES);
	if (f & ALTERNATE)
		f &= ~(unsigned)SAVE;
	return f;
}

static void make_stream(struct str *s, unsigned features, unsigned items)
{
	bool alternate = false;
	while (items-- > 0)
		switch (rnd(7)) {
		case 0:
			add_sgr(s, features);
			break;
		case 1:
			add_move(s, features);
			break;
		case 2:
			add_edit(s, features);
			break;
		case 3:
			add_control(s);
			break;
		case 4:
			add_feature(s, features, &alternate);
			break;
		default:
			add_text(s, features);
			break;
		}
}

/* --- comparisons --- */

static bool same_cell(const struct term *t, const struct ref_cell *want, int row, int col)
{
	const struct row *r = &t->grid->row[row];
	struct cell c = col < r->used ? r->cells[col] : (struct cell){0};
	if (!style_equal(atlas_style(&t->atlas, c.style), &want->style))
		return false;
	if (want->tail || c.glyph == GLYPH_TAIL)
		return want->tail && c.glyph == GLYPH_TAIL;
	uint32_t cp[ATLAS_CLUSTER_LEN] = {0};
	if (c.glyph != GLYPH_BLANK)
		atlas_code_points(&t->atlas, c.glyph, cp);
	return memcmp(cp, want->cp, sizeof(want->cp)) == 0;
}

static void fail_cell(const struct term *t, const struct ref_cell *want, int row, int col, unsigned seed)
{
	const struct row *r = &t->grid->row[row];
	struct cell c = col < r->used ? r->cells[col] : (struct cell){0};
	const struct style *s = atlas_style(&t->atlas, c.style);
	fail_msg("seed %u: cell %d,%d is %x (%x %x %x), libvterm has %x%s (%x %x %x)", seed, row, col, c.glyph,
		 s->fg, s->bg, s->attrs, want->cp[0], want->tail ? " tail" : "", want->style.fg, want->style.bg,
		 want->style.attrs);
}

static void assert_same(const struct term *t, const struct ref *r, unsigned seed)
{
	VTermPos pos;
	vterm_state_get_cursorpos(r->state, &pos);
	if (pos.row != t->cur.row || pos.col != t->cur.col)
		fail_msg("seed %u: cursor %d,%d, libvterm has %d,%d", seed, t->cur.row, t->cur.col, pos.row,
			 pos.col);
	if (!style_equal(&t->cur.pen, &r->pen))
		fail_msg("seed %u: pen %x %x %x, libvterm has %x %x %x", seed, t->cur.pen.fg, t->cur.pen.bg,
			 t->cur.pen.attrs, r->pen.fg, r->pen.bg, r->pen.attrs);
	for (int row = 0; row < ROWS; row++)
		for (int col = 0; col < COLS; col++)
			if (!same_cell(t, &r->grid[r->alternate][row][col], row, col))
				fail_cell(t, &r->grid[r->alternate][row][col], row, col, seed);
}

static void test_same_as_libvterm(void **state UNUSED)
{
	static const char modes[] =
		"\033[?1$p\033[?5$p\033[?6$p\033[?7$p\033[?25$p\033[?1000$p\033[?1002$p\033[?1003$p"
		"\033[?1004$p\033[?1006$p\033[?2004$p\033[?12345$p\033[5n";
	static struct ref r;
	for (unsigned seed = 1; seed <= 4000; seed++) {
		random_state = seed * 2654435761u;
		unsigned features = choose_features();
		STR_FREE struct str replies = STR_INIT;
		struct term_opts opts = TERM_OPTS_DEFAULT;
		opts.replies = &replies;
		struct term *t = term_new(ROWS, COLS, &opts);
		ref_init(&r);
		/* Restoring what was never saved is black on black in libvterm. */
		term_feed(t, "\0337", 2);
		vterm_input_write(r.vt, "\0337", 2);
		for (int part = 0; part < 8; part++) {
			STR_FREE struct str s = STR_INIT;
			make_stream(&s, features, 12);
			str_adds(&s, modes);
			term_feed(t, s.data, s.len);
			vterm_input_write(r.vt, s.data, s.len);
			assert_same(t, &r, seed);
			assert_string_equal(str_c(&replies), str_c(&r.replies));
			if (features & ALTERNATE) {
				term_feed(t, "\033[1;1H\033[?1049l", 14);
				vterm_input_write(r.vt, "\033[1;1H\033[?1049l", 14);
			}
		}
		term_free(t);
		ref_fini(&r);
	}
}

static char *redraw_of(const struct term *t)
{
	struct str s = STR_INIT;
	term_redraw(t, &s);
	return str_take(&s);
}

static void add_hostile(struct str *s)
{
	static const char *const pieces[] = {"\033",
					     "\033[",
					     "\033]",
					     "\033P",
					     "\x9b",
					     "\xe2\x82",
					     "\xf0\x9f",
					     "\xc0\x80",
					     "\xed\xa0\x80",
					     "\xff",
					     "\033\\",
					     "\a",
					     ";",
					     "?",
					     "999999999999",
					     ":",
					     "$q",
					     "\xc2\x9b",
					     "\033[5b",
					     "\033c",
					     "\033[!p",
					     "\033#8",
					     "\033N",
					     "\033n",
					     "\033[?47h",
					     "\033[?1047l",
					     "\033[?1048h",
					     "\xe2\x80\x8d",
					     "\xef\xb8\x8f",
					     "\xf0\x9f\x98\x80",
					     "\xcc\x81",
					     "\033[?6h",
					     "\033[2;5r",
					     "\033[3J"};
	if (rnd(3))
		str_adds(s, pieces[rnd(ARRAY_LEN(pieces))]);
	else
		str_addc(s, (char)rnd(256));
}

static void make_hostile(struct str *s)
{
	for (int i = 0; i < 60; i++)
		for (unsigned n = rnd(4); n > 0; n--)
			add_hostile(s);
	make_stream(s, rnd(1 << 11), 20);
	for (int i = 0; i < 20; i++)
		add_hostile(s);
	make_stream(s, rnd(1 << 11), 20);
}

static void feed_in_pieces(struct term *t, const struct str *s)
{
	for (size_t i = 0; i < s->len;) {
		size_t n = 1 + rnd(rnd(2) ? 1 : 9);
		n = MIN(n, s->len - i);
		term_feed(t, s->data + i, n);
		i += n;
	}
}

static void test_cut_anywhere(void **state UNUSED)
{
	for (unsigned seed = 1; seed <= 4000; seed++) {
		random_state = seed * 2654435761u;
		STR_FREE struct str s = STR_INIT, replies_a = STR_INIT, replies_b = STR_INIT;
		make_hostile(&s);
		struct term_opts opts = TERM_OPTS_DEFAULT;
		opts.replies = &replies_a;
		struct term *a = term_new(ROWS, COLS, &opts);
		opts.replies = &replies_b;
		struct term *b = term_new(ROWS, COLS, &opts);
		size_t half = rnd((unsigned)s.len);
		int rows = 1 + (int)rnd(30), cols = 1 + (int)rnd(60);
		term_feed(a, s.data, half);
		term_resize(a, rows, cols);
		term_feed(a, s.data + half, s.len - half);
		struct str first = {s.data, half, 0}, second = {s.data + half, s.len - half, 0};
		feed_in_pieces(b, &first);
		term_resize(b, rows, cols);
		feed_in_pieces(b, &second);
		char *want = redraw_of(a), *got = redraw_of(b);
		assert_string_equal(want, got);
		assert_string_equal(str_c(&replies_a), str_c(&replies_b));
		free(want);
		free(got);
		term_free(a);
		term_free(b);
	}
}

static void test_redraw_draws_the_same(void **state UNUSED)
{
	for (unsigned seed = 1; seed <= 4000; seed++) {
		random_state = seed * 2654435761u;
		STR_FREE struct str s = STR_INIT;
		make_hostile(&s);
		struct term_opts opts = TERM_OPTS_DEFAULT;
		int rows = 2 + (int)rnd(20), cols = 2 + (int)rnd(50);
		struct term *a = term_new(rows, cols, &opts), *b = term_new(rows, cols, &opts);
		term_feed(a, s.data, s.len);
		char *want = redraw_of(a);
		term_feed(b, "\033[41mold\033[?1049h\033[?1002h\033[3;4r\033(0\0337",
			  36); /* it showed something before */
		term_feed(b, want, strlen(want));
		char *got = redraw_of(b);
		if (strcmp(want, got) != 0)
			fail_msg("seed %u:\n%s\n%s", seed, want, got);
		assert_int_equal(a->cur.pending_wrap, b->cur.pending_wrap);
		free(want);
		free(got);
		term_free(a);
		term_free(b);
	}
}

/* All characters of scrollback and screen, without blanks. */
static char *characters(const struct term *t)
{
	STR_FREE struct str text = STR_INIT;
	term_text(t, UINT32_MAX, false, &text);
	struct str s = STR_INIT;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] != ' ' && text.data[i] != '\n')
			str_addc(&s, text.data[i]);
	return str_take(&s);
}

static void test_resize_loses_no_text(void **state UNUSED)
{
	for (unsigned seed = 1; seed <= 2000; seed++) {
		random_state = seed * 2654435761u;
		STR_FREE struct str s = STR_INIT;
		for (int i = 0; i < 60; i++) {
			add_text(&s, WIDE | rnd(2));
			str_adds(&s, rnd(3) ? "\r\n" : "\033[32m ");
		}
		struct term_opts opts = TERM_OPTS_DEFAULT;
		struct term *t = term_new(ROWS, COLS, &opts);
		term_feed(t, s.data, s.len);
		char *want = characters(t);
		for (int i = 0; i < 6; i++) {
			term_resize(t, 1 + (int)rnd(40), 2 + (int)rnd(90));
			char *got = characters(t);
			assert_string_equal(want, got);
			free(got);
		}
		free(want);
		term_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_as_libvterm),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_redraw_draws_the_same),
		cmocka_unit_test(test_resize_loses_no_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

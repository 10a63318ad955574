/* The terminal model: what a program writes, what is on the screen, what the terminal answers and tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "term/impl.h"

static struct str replies, told;

static void tell_title(void *user UNUSED, const char *title)
{
	str_addf(&told, "title(%s)", title);
}

static void tell_bell(void *user UNUSED)
{
	str_adds(&told, "bell");
}

static void tell_progress(void *user UNUSED, enum term_progress progress, int percent)
{
	str_addf(&told, "progress(%d,%d)", (int)progress, percent);
}

static void tell_notify(void *user UNUSED, const char *title, const char *body)
{
	str_addf(&told, "notify(%s|%s)", title, body);
}

static void tell_status(void *user UNUSED, const struct status_report *report, const char *pairs, bool changed)
{
	str_addf(&told, "status(%s,%s,%d)", status_state_name(report->state), pairs, changed);
}

static const struct term_events events = {tell_title, tell_bell, tell_progress, tell_notify, tell_status};

static struct term *new_term(int rows, int cols)
{
	struct term_opts opts = TERM_OPTS_DEFAULT;
	opts.replies = &replies;
	opts.events = &events;
	opts.foreground = 0x112233;
	str_reset(&replies);
	str_reset(&told);
	return term_new(rows, cols, &opts);
}

static void feed(struct term *t, const char *bytes)
{
	term_feed(t, bytes, strlen(bytes));
}

static void assert_text(const struct term *t, uint32_t scrollback, const char *want)
{
	STR_FREE struct str s = STR_INIT;
	term_text(t, scrollback, false, &s);
	assert_string_equal(str_c(&s), want);
}

/* What a 4 by 10 screen shows after these bytes. */
static const struct {
	const char *what, *bytes, *text;
} screens[] = {
	{"nothing", "", ""},
	{"lines", "one\r\ntwo", "one\ntwo\n"},
	{"line feed alone keeps the column", "one\ntwo", "one\n   two\n"},
	{"wrap", "0123456789ab", "0123456789\nab\n"},
	{"a full row does not wrap yet", "0123456789\r\nab", "0123456789\nab\n"},
	{"no autowrap", "\033[?7l0123456789ab", "012345678b\n"},
	{"wide", "\xe4\xb8\xad\xe6\x96\x87", "\xe4\xb8\xad\xe6\x96\x87\n"},
	{"wide does not fit", "012345678\xe4\xb8\xad", "012345678\n\xe4\xb8\xad\n"},
	{"left half overwritten", "\xe4\xb8\xad!\033[Hx", "x !\n"},
	{"right half overwritten", "\xe4\xb8\xad!\033[2Gx", " x!\n"},
	{"wide cut by delete",
	 "a\xe4\xb8\xad"
	 "b\033[3G\033[P",
	 "a b\n"},
	{"combining", "e\xcc\x81x", "e\xcc\x81x\n"},
	{"combining at the edge", "012345678e\xcc\x81x", "012345678e\xcc\x81\nx\n"},
	{"combining with nothing before it",
	 "\r\xcc\x81"
	 "a",
	 "a\n"},
	{"emoji with a joiner", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
	 "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\n"},
	{"truncated", "a\xe4\xb8z", "a\xef\xbf\xbdz\n"},
	{"stray continuation", "a\x80z", "a\xef\xbf\xbdz\n"},
	{"overlong", "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd\n"},
	{"surrogate", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n"},
	{"C1 as UTF-8 is nothing",
	 "a\xc2\x9b"
	 "31mb",
	 "a31mb\n"},
	{"C1 as a byte is malformed",
	 "a\x9b"
	 "b",
	 "a\xef\xbf\xbd"
	 "b\n"},
	{"tabs", "a\tb\033[3g\tc", "a       bc\n"},
	{"tab does not wrap", "\t\t\t\tz", "         z\n"},
	{"backspace", "ab\bc", "ac\n"},
	{"erase in line", "abcdef\033[3G\033[1K", "   def\n"},
	{"insert mode", "abc\033[2G\033[4hX", "aXbc\n"},
	{"insert and delete characters", "abcd\033[2G\033[2@\033[4G\033[P", "a  cd\n"},
	{"scroll region", "a\r\nb\r\nc\r\nd\033[2;3r\033[3H\n\nX", "a\n\nX\nd\n"},
	{"reverse line feed", "a\r\nb\033[H\033MX", "X\na\nb\n"},
	{"insert and delete lines", "a\r\nb\r\nc\033[2H\033[Lx\033[H\033[M", "x\nb\nc\n"},
	{"origin", "\033[2;3r\033[?6h\033[9;1Hx\033[?6l", "\n\nx\n"},
	{"line drawing", "\033(0lqk\033(Bq", "\xe2\x94\x8c\xe2\x94\x80\xe2\x94\x90q\n"},
	{"G1", "\033)0\016q\017q", "\xe2\x94\x80q\n"},
	{"single shift", "\033*0\033Nqq", "\xe2\x94\x80q\n"},
	{"pound", "\033(A#", "\xc2\xa3\n"},
	{"save and restore", "ab\0337cd\0338X", "abXd\n"},
	{"alternate", "main\033[?1049halt\033[?1049l!", "main!\n"},
	{"repeat", "ab\033[3b", "abbbb\n"},
	{"repeat without anything before it", "\033[9b", ""},
	{"alignment", "\033[?7l\033#8\033[2J\033[Hx", "x\n"},
	{"reset", "abc\033[?6h\033cX", "X\n"},
	{"cancel",
	 "a\033[31\x18"
	 "b\033]0;x\x1a"
	 "c",
	 "abc\n"},
	{"escape within a string ends it", "\033]0;x\033[31mA", "A\n"},
	{"strings are not shown", "\033Pabc\033\\\033_abc\033\\\033^abc\033\\\033Xabc\033\\z", "z\n"},
	{"unknown sequences are not shown", "\033[?12;3;4z\033[<1;2y\033[ !x\033%Gok", "ok\n"},
	{"too many arguments",
	 "\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1mx", "x\n"},
	{"huge numbers", "\033[99999999999999999999;99999999999999999999Hx\033[99999999999Dy",
	 "\n\n\ny        x\n"},
};

static void test_screens(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(screens); i++) {
		struct term *t = new_term(4, 10);
		feed(t, screens[i].bytes);
		STR_FREE struct str s = STR_INIT;
		term_text(t, 0, false, &s);
		if (strcmp(str_c(&s), screens[i].text) != 0)
			fail_msg("%s: %s", screens[i].what, str_c(&s));
		term_free(t);
	}
}

static struct style style_at(const struct term *t, int row, int col)
{
	return *atlas_style(&t->atlas, t->grid->row[row].cells[col].style);
}

static void test_attributes(void **state UNUSED)
{
	static const struct {
		const char *params;
		struct style style;
	} cases[] = {
		{"1;2;3;5;7;8;9;53",
		 {.attrs = STYLE_BOLD | STYLE_DIM | STYLE_ITALIC | STYLE_BLINK | STYLE_REVERSE | STYLE_CONCEAL |
			   STYLE_STRIKE | STYLE_OVERLINE}},
		{"1;2;22;3;23", {0}},
		{"4", {.attrs = 1 << STYLE_UNDERLINE_SHIFT}},
		{"4:3", {.attrs = 3 << STYLE_UNDERLINE_SHIFT}},
		{"21;4:0", {0}},
		{"31;102", {.fg = STYLE_INDEXED | 1, .bg = STYLE_INDEXED | 10}},
		{"38;5;200", {.fg = STYLE_INDEXED | 200}},
		{"38:5:200;1", {.fg = STYLE_INDEXED | 200, .attrs = STYLE_BOLD}},
		{"48;2;1;2;3;1", {.bg = STYLE_RGB | 0x010203, .attrs = STYLE_BOLD}},
		{"48:2:1:2:3", {.bg = STYLE_RGB | 0x010203}},
		{"48:2::1:2:3", {.bg = STYLE_RGB | 0x010203}},
		{"58:2::1:2:3;3", {.attrs = STYLE_ITALIC}},
		{"58;5;9;3", {.attrs = STYLE_ITALIC}},
		{"38;5;256", {0}},
		{"38", {0}},
		{"31;0", {0}},
		{"31;39;41;49", {0}},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct term *t = new_term(4, 10);
		STR_FREE struct str s = STR_INIT;
		str_addf(&s, "\033[%smx", cases[i].params);
		feed(t, s.data);
		struct style got = style_at(t, 0, 0);
		if (!style_equal(&got, &cases[i].style))
			fail_msg("%s: %x %x %x", cases[i].params, got.fg, got.bg, got.attrs);
		term_free(t);
	}
}

static void test_erase_takes_the_background(void **state UNUSED)
{
	struct term *t = new_term(4, 10);
	feed(t, "\033[41;1mx\033[K\033[2;1H\n\n\n");
	assert_int_equal(style_at(t, 3, 9).bg, STYLE_INDEXED | 1);
	assert_int_equal(style_at(t, 3, 9).attrs, 0);
	term_free(t);
}

static const struct {
	const char *asked, *answer;
} queries[] = {
	{"\033[c", "\033[?62;22c"},
	{"\033[0c", "\033[?62;22c"},
	{"\033[>c", "\033[>0;100;0c"},
	{"\033[>q", "\033P>|muster(" MUSTER_VERSION ")\033\\"},
	{"\033[5n", "\033[0n"},
	{"\033[2;3H\033[6n", "\033[2;3R"},
	{"\033[2;4r\033[?6h\033[2;3H\033[6n", "\033[2;3R"},
	{"\033[?6n", "\033[?1;1R"},
	{"\033]10;?\033\\", "\033]10;rgb:1111/2222/3333\033\\"},
	{"\033]11;?\a", "\033]11;rgb:0000/0000/0000\a"},
	{"\033]12;?\a", "\033]12;rgb:1111/2222/3333\a"},
	{"\033[?25$p", "\033[?25;1$y"},
	{"\033[?1049$p", "\033[?1049;2$y"},
	{"\033[?1002h\033[?1006h\033[?1002$p\033[?1003$p\033[?1006$p",
	 "\033[?1002;1$y\033[?1003;2$y\033[?1006;1$y"},
	{"\033[?1000;2004h\033[?2004$p", "\033[?2004;1$y"},
	{"\033[?2026$p", "\033[?2026;2$y"},
	{"\033[?4242$p", "\033[?4242;0$y"},
	{"\033[4$p", "\033[4;2$y"},
	{"\033[18t", "\033[8;4;10t"},
	{"\033[1;31m\033P$qm\033\\", "\033P1$r0;1;31m\033\\"},
	{"\033[2;3r\033P$qr\033\\", "\033P1$r2;3r\033\\"},
	{"\033[4 q\033P$q q\033\\", "\033P1$r4 q\033\\"},
	{"\033P$qz\033\\", "\033P0$r\033\\"},
	{"\033]7501;?\033\\", "\033]7501;?\033\\"},
	{"\033]7501;?\a", "\033]7501;?\a"},
	{"\033]7501;?\033\\\033[c", "\033]7501;?\033\\\033[?62;22c"},
	{"\033[c\033]7501;?\a\033[6n", "\033[?62;22c\033]7501;?\a\033[1;1R"},
	{"\033]7501;?"
	 "\x9c"
	 "\033\\",
	 ""}, /* 0x9c ends nothing in UTF-8 */
};

static void test_replies(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		struct term *t = new_term(4, 10);
		feed(t, queries[i].asked);
		assert_string_equal(str_c(&replies), queries[i].answer);
		term_free(t);
	}
}

static void test_replies_are_bounded(void **state UNUSED)
{
	struct term *t = new_term(4, 10);
	for (int i = 0; i < 100000; i++)
		feed(t, "\033[c");
	assert_true(replies.len > TERM_REPLIES_MAX - 100 && replies.len <= TERM_REPLIES_MAX);
	assert_int_equal(replies.data[replies.len - 1], 'c');
	term_free(t);
}

static const struct {
	const char *bytes, *told;
} tellings[] = {
	{"\a", "bell"},
	{"\033]0;one\a\033]2;two\033\\\033]2;two\a", "title(one)title(two)"},
	{"\033]2;a\033\\\033]1;icon\a", "title(a)"},
	{"\033]0;caf\xc3\xa9 \xff\a", "title(caf\xc3\xa9 \xef\xbf\xbd)"},
	{"\033]9;4;1;33\a\033]9;4;3\a\033]9;4;0\033\\", "progress(1,33)progress(3,-1)progress(0,-1)"},
	{"\033]9;4;9;1\a\033]9;4;1;999\a", "progress(1,100)"},
	{"\033]9;done!\a", "notify(|done!)"},
	{"\033]9;2;message box\a", ""},
	{"\033]777;notify;Claude;needs you\a", "notify(Claude|needs you)"},
	{"\033]777;preexec\a", ""},
	{"\033]99;;hello\033\\", "notify(hello|)"},
	{"\033]99;i=1:p=body;text\033\\", "notify(|text)"},
	{"\033]99;i=1:p=?;\033\\\033]99;i=1:p=icon;x\033\\\033]99;e=1;aGk=\033\\", ""},
	{"\033]7501;state=working:app=x\a", "status(working,state=working:app=x,1)"},
	{"\033]7501;state=idle\033\\\033]7501;state=idle\033\\",
	 "status(idle,state=idle,1)status(idle,state=idle,0)"},
	{"\033]7501;state=never\a\033]7501;\a\033]7501\a", ""},
	{"\033]52;c;?\a\033]4;1;?\a\033]\a\033];\a\033]999999999999;x\a", ""},
};

static void test_tellings(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(tellings); i++) {
		struct term *t = new_term(4, 10);
		for (const char *p = tellings[i].bytes; *p; p++) /* in fragments */
			term_feed(t, p, 1);
		assert_string_equal(str_c(&told), tellings[i].told);
		assert_text(t, 0, "");
		term_free(t);
	}
}

static void test_status_limits(void **state UNUSED)
{
	struct term *t = new_term(4, 10);
	STR_FREE struct str s = STR_INIT;
	str_adds(&s, "\033]7501;state=idle:x=");
	while (s.len < STATUS_BYTES_MAX - 1)
		str_addc(&s, 'x');
	str_addc(&s, '\a');
	assert_int_equal(s.len, STATUS_BYTES_MAX);
	feed(t, s.data);
	assert_int_equal(term_status(t)->n, 1);
	feed(t, "\033]7501;state=clear\a");
	s.data[s.len - 1] = 'x';
	str_addc(&s, '\a');
	feed(t, s.data);
	assert_int_equal(term_status(t)->n, 0);
	feed(t, "\033]7501;state=working\a");
	term_exited(t);
	assert_int_equal(term_status(t)->n, 0);
	term_free(t);
}

static void test_scrollback(void **state UNUSED)
{
	struct term_opts opts = TERM_OPTS_DEFAULT;
	opts.scrollback_lines = 1000;
	struct term *t = term_new(3, 20, &opts);
	char line[32];
	for (int i = 0; i < 5000; i++) {
		snprintf(line, sizeof(line), "\033[3%dmline %d\033[m\r\n", i % 8, i);
		feed(t, line);
	}
	feed(t, "end");
	assert_int_equal(term_scrollback_count(t), 1000);
	assert_text(t, 2, "line 4996\nline 4997\nline 4998\nline 4999\nend\n");
	feed(t, "\033[3J");
	assert_int_equal(term_scrollback_count(t), 0);
	assert_int_equal(term_scrollback_bytes(t), 0);
	feed(t, "\033[?1049h\r\n\n\n\n\n\n");
	assert_int_equal(term_scrollback_count(t), 0); /* the alternate screen has none */
	term_free(t);
}

/* Half of the long line is in the scrollback; the blank at the margin is a part of it. */
static void test_wrapped_lines_join(void **state UNUSED)
{
	struct term_opts opts = TERM_OPTS_DEFAULT;
	opts.scrollback_lines = 100;
	struct term *t = term_new(2, 10, &opts);
	STR_FREE struct str s = STR_INIT;
	feed(t, "short\r\none two t hree four five\r\nend");
	term_text(t, 100, true, &s);
	assert_string_equal(str_c(&s), "short\none two t hree four five\nend\n");
	term_free(t);
}

static void test_scrollback_bytes(void **state UNUSED)
{
	struct term_opts opts = TERM_OPTS_DEFAULT;
	opts.scrollback_lines = UINT32_MAX;
	opts.scrollback_bytes = 100000;
	struct term *t = term_new(24, 80, &opts);
	for (int i = 0; i < 20000; i++)
		feed(t, "\033[38;2;1;2;3mx\033[48;5;7my\033[m some text that is as long as this\r\n");
	assert_true(term_scrollback_bytes(t) <= 100000);
	assert_true(term_scrollback_count(t) > 500);
	term_free(t);
}

static void test_scrollback_is_small(void **state UNUSED)
{
	struct term_opts opts = TERM_OPTS_DEFAULT;
	struct term *t = term_new(50, 120, &opts);
	char line[160];
	for (int i = 0; i < 11000; i++) {
		snprintf(line, sizeof(line),
			 "\033[32m%06d\033[m: compiling src/module_%d/file_%d.c and linking it\r\n", i, i % 17,
			 i % 311);
		feed(t, line);
	}
	assert_int_equal(term_scrollback_count(t), 10000);
	assert_true(term_scrollback_bytes(t) < 1400000); /* a quarter of what tmux takes */
	term_free(t);
}

static void test_resize_wraps_again(void **state UNUSED)
{
	struct term *t = new_term(4, 10);
	feed(t, "0123456789abcdef\r\nxy");
	term_resize(t, 4, 6);
	assert_text(t, 10, "012345\n6789ab\ncdef\nxy\n");
	assert_int_equal(term_cursor(t).row, 3);
	assert_int_equal(term_cursor(t).col, 2);
	term_resize(t, 2, 6);
	assert_int_equal(term_scrollback_count(t), 2);
	assert_text(t, 10, "012345\n6789ab\ncdef\nxy\n");
	term_resize(t, 5, 20);
	assert_text(t, 0, "0123456789abcdef\nxy\n");
	assert_int_equal(term_scrollback_count(t), 0);
	feed(t, "z");
	assert_text(t, 0, "0123456789abcdef\nxyz\n");
	term_free(t);
}

static void test_resize_alternate(void **state UNUSED)
{
	struct term *t = new_term(4, 10);
	feed(t, "0123456789ab\033[?1049h\033[H123456789\033[4;9Hend");
	term_resize(t, 3, 5);
	assert_true(term_is_alternate(t));
	assert_int_equal(term_cursor(t).row, 2);
	feed(t, "\033[?1049l!");
	assert_text(t, 0, "01234\n56789\nab!\n");
	term_free(t);
}

/* A cursor that was saved where there is no screen any more. */
static void test_restore_after_resize(void **state UNUSED)
{
	struct term *t = new_term(50, 100);
	feed(t, "\033[50;100H\0337\033[40;45r");
	term_resize(t, 5, 5);
	feed(t, "\0338x\n\n\n\033[9;9HA\tB");
	assert_int_equal(term_cursor(t).row, 4);
	term_free(t);
	t = new_term(1, 1);
	feed(t, "\xe4\xb8\xad\033[?7lab\tc\033[5@\033[5P\033[L\033M\n");
	term_free(t);
}

static size_t memory_in_use(void)
{
	struct mallinfo2 info = mallinfo2();
	return info.uordblks + info.hblkhd;
}

/* 64 MiB of one thing must not be kept. */
static void test_memory_is_bounded(void **state UNUSED)
{
	static const char *const floods[] = {"\033]0;", "\033P",     "\033_",   "\033[",
					     "x",       "e\xcc\x81", "\033[1;", "\033]7501;"};
	static const char *const more[] = {"x", "x", "x", "1;", "x", "\xcc\x81", "\033[1;", "state=idle:"};
	static char block[1 << 16];
	for (size_t i = 0; i < ARRAY_LEN(floods); i++) {
		struct term *t = new_term(24, 80);
		feed(t, floods[i]);
		size_t n = strlen(more[i]);
		for (size_t k = 0; k < sizeof(block); k++)
			block[k] = more[i][k % n];
		size_t before = memory_in_use();
		for (int k = 0; k < 1024; k++)
			term_feed(t, block, sizeof(block) / n * n);
		/* Scrollback (of a line of 64 MiB) is the only thing that may grow. */
		assert_true(memory_in_use() < before + term_scrollback_bytes(t) + 300000);
		assert_true(term_scrollback_bytes(t) <= 2 << 20);
		term_free(t);
	}
}

static void test_idle_is_small(void **state UNUSED)
{
	size_t before = memory_in_use();
	struct term *t = new_term(24, 80);
	assert_true(memory_in_use() - before < 2048);
	term_free(t);
}

/* More styles and clusters than the tables hold, over time and on one screen. */
static void test_tables_are_bounded(void **state UNUSED)
{
	struct term *t = new_term(200, 200);
	char s[64];
	for (unsigned i = 0; i < 60000; i++) {
		snprintf(s, sizeof(s), "\033[1;38;2;%u;%u;7me", i % 251, i / 251);
		feed(t, s);
		char mark[] = {(char)0xcc, (char)(0x80 + i % 64),        (char)0xcc, (char)(0x80 + i / 64 % 64),
			       (char)0xcc, (char)(0x80 + i / 4096 % 64), 0};
		feed(t, mark);
	}
	assert_true(t->atlas.styles.n <= ATLAS_STYLES_MAX + ATLAS_PLAIN_MAX);
	assert_true(t->atlas.clusters.n <= ATLAS_CLUSTERS_MAX);
	assert_int_equal(style_at(t, 199, 0).attrs, STYLE_BOLD);
	feed(t, "\033[H\033[2J\033[38;2;1;2;200mx");
	for (unsigned i = 0; i < 60000; i++) { /* with the screen clear, there is room again */
		snprintf(s, sizeof(s), "\033[2;1H\033[38;2;%u;%u;9my", i % 251, i / 251);
		feed(t, s);
	}
	assert_int_equal(style_at(t, 0, 0).fg, STYLE_RGB | 0x0102c8);
	assert_int_equal(style_at(t, 1, 0).fg, STYLE_RGB | (59999 % 251) << 16 | (59999 / 251) << 8 | 9);
	term_free(t);
}

static void test_redraw(void **state UNUSED)
{
	struct term *t = new_term(3, 10);
	feed(t, "\033]0;name\aone\033[?1049h\033[31;1mtwo\033[5 "
		"q\033[?25l\033[?1003h\033[?1006h\033[?2004h\033[?1h\033=");
	STR_FREE struct str s = STR_INIT;
	term_redraw(t, &s);
	static const char *const parts[] = {"\033[1;1Hone", "\033[?1049h", "\033[0;1;31mtwo", "\033]2;name\033\\",
					    "\033[1;4H",    "\033[5 q",    "\033[?25l",       "\033[?1003h",
					    "\033[?1006h",  "\033[?2004h", "\033[?1h",        "\033="};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (!strstr(s.data, parts[i]))
			fail_msg("part %zu is missing", i);
	struct term *fresh = new_term(3, 10);
	feed(t, term_reset_bytes());
	STR_FREE struct str want = STR_INIT, got = STR_INIT;
	feed(t, "\033[H\033[2J\033[H\0337\033]2;\a");
	feed(fresh, "\033]2;x\a\033]2;\a\0337");
	term_redraw(t, &got);
	term_redraw(fresh, &want);
	assert_string_equal(got.data, want.data);
	term_free(t);
	term_free(fresh);
}

static int release(void **state UNUSED)
{
	str_fini(&replies);
	str_fini(&told);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle_is_small),
		cmocka_unit_test(test_screens),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_erase_takes_the_background),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_replies_are_bounded),
		cmocka_unit_test(test_tellings),
		cmocka_unit_test(test_status_limits),
		cmocka_unit_test(test_scrollback),
		cmocka_unit_test(test_wrapped_lines_join),
		cmocka_unit_test(test_scrollback_bytes),
		cmocka_unit_test(test_scrollback_is_small),
		cmocka_unit_test(test_resize_wraps_again),
		cmocka_unit_test(test_resize_alternate),
		cmocka_unit_test(test_restore_after_resize),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_tables_are_bounded),
		cmocka_unit_test(test_redraw),
	};
	return cmocka_run_group_tests(tests, NULL, release);
}

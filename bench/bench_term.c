/* How fast the terminal model swallows output, beside libvterm's state layer (callbacks that do nothing) in the
 * same run: MB/s, the median of the rounds. Usage: bench_term [MEGABYTES [ROUNDS]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vterm.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/str.h"
#include "term/term.h"

enum { ROWS = 50, COLS = 120, READ_BYTES = 4096, ROUNDS_MAX = 99 };

static void add_plain(struct str *s, unsigned i)
{
	str_addf(s, "%06u: compiling src/module_%u/file_%u.c and linking object %u into the library\r\n", i, i % 17,
		 i % 311, i * 7919);
}

static void add_colour(struct str *s, unsigned i)
{
	str_addf(s,
		 "\033[1;%um%s\033[0m src/module_%u/file_%u.c:\033[33m%u\033[0m: \033[38;5;%umwarning\033[0m: "
		 "unused "
		 "\033[1m'variable_%u'\033[22m\r\n",
		 31 + i % 6, i % 2 ? "note" : "error", i % 17, i % 311, i % 999, 16 + i % 200, i);
}

static void add_tui(struct str *s, unsigned i)
{
	str_adds(s, "\033[?25l\033[H");
	for (unsigned row = 1; row <= ROWS; row++)
		str_addf(s,
			 "\033[%u;1H\033[38;2;%u;120;200m\xe2\x94\x82\033[m item %-40u \033[7m%3u%%\033[27m "
			 "\033[2mrunning for "
			 "%u s\033[22m\033[K",
			 row, (row * 5 + i) % 256, i * row, (i + row) % 101, i);
	str_adds(s, "\033[?25h");
}

static const struct {
	const char *name;
	void (*add)(struct str *s, unsigned i);
} streams[] = {{"plain", add_plain}, {"colour", add_colour}, {"tui", add_tui}};

static double now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double run_term(const struct str *s, size_t *ret_scrollback)
{
	struct term_opts opts = TERM_OPTS_DEFAULT;
	struct term *t = term_new(ROWS, COLS, &opts);
	double start = now();
	for (size_t i = 0; i < s->len; i += READ_BYTES)
		term_feed(t, s->data + i, MIN((size_t)READ_BYTES, s->len - i));
	double took = now() - start;
	*ret_scrollback = term_scrollback_bytes(t);
	term_free(t);
	return (double)s->len / 1e6 / took;
}

static int put_nothing(VTermGlyphInfo *info UNUSED, VTermPos pos UNUSED, void *user UNUSED)
{
	return 1;
}

static int scroll_nothing(VTermRect rect UNUSED, int down UNUSED, int right UNUSED, void *user UNUSED)
{
	return 1;
}

static int erase_nothing(VTermRect rect UNUSED, int selective UNUSED, void *user UNUSED)
{
	return 1;
}

static double run_vterm(const struct str *s)
{
	static const VTermStateCallbacks callbacks = {
		.putglyph = put_nothing, .scrollrect = scroll_nothing, .erase = erase_nothing};
	VTerm *vt = vterm_new(ROWS, COLS);
	vterm_set_utf8(vt, 1);
	VTermState *state = vterm_obtain_state(vt);
	vterm_state_set_callbacks(state, &callbacks, NULL);
	vterm_state_reset(state, 1);
	double start = now();
	for (size_t i = 0; i < s->len; i += READ_BYTES)
		vterm_input_write(vt, s->data + i, MIN((size_t)READ_BYTES, s->len - i));
	double took = now() - start;
	vterm_free(vt);
	return (double)s->len / 1e6 / took;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), compare);
	return v[n / 2];
}

int main(int argc, char **argv)
{
	size_t bytes = (size_t)(argc > 1 ? atoi(argv[1]) : 20) << 20;
	int rounds = MAX(1, MIN(argc > 2 ? atoi(argv[2]) : 5, ROUNDS_MAX));
	printf("%-8s %10s %16s %8s   scrollback\n", "stream", "muster", "libvterm state", "ratio");
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		STR_FREE struct str s = STR_INIT;
		for (unsigned n = 0; s.len < bytes; n++)
			streams[i].add(&s, n);
		double ours[ROUNDS_MAX], theirs[ROUNDS_MAX];
		size_t scrollback = 0;
		for (int r = 0; r < rounds; r++) { /* in turn, so that a busy machine is unfair to both */
			ours[r] = run_term(&s, &scrollback);
			theirs[r] = run_vterm(&s);
		}
		double a = median(ours, rounds), b = median(theirs, rounds);
		printf("%-8s %7.0f MB/s %12.0f MB/s %7.1fx   %.2f MB\n", streams[i].name, a, b, a / b,
		       (double)scrollback / 1e6);
	}
	return 0;
}

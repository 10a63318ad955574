/* libFuzzer: any bytes to the terminal, with changes of size in between. Beyond what the sanitizers see it holds
 * two promises: cut anywhere the stream gives the same screen, and a redraw draws that screen again.
 *
 * 0xf5 to 0xf8 never begin a character: here each stands for a change of size. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "term/term.h"

static void size_after(uint8_t byte, int *rows, int *cols)
{
	static const int sizes[][2] = {{24, 80}, {5, 9}, {1, 2}, {40, 133}};
	*rows = sizes[byte - 0xf5][0];
	*cols = sizes[byte - 0xf5][1];
}

static void feed(struct term *t, const uint8_t *p, size_t len, size_t piece)
{
	for (size_t from = 0; from < len;) {
		if (p[from] >= 0xf5 && p[from] <= 0xf8) {
			int rows, cols;
			size_after(p[from++], &rows, &cols);
			term_resize(t, rows, cols);
			continue;
		}
		size_t to = from;
		while (to < len && to - from < piece && (p[to] < 0xf5 || p[to] > 0xf8))
			to++;
		term_feed(t, p + from, to - from);
		from = to;
	}
}

static void must_be_equal(const struct str *a, const struct str *b)
{
	if (strcmp(str_c(a), str_c(b)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	STR_FREE struct str replies = STR_INIT, whole = STR_INIT, cut = STR_INIT, again = STR_INIT, text = STR_INIT;
	struct term_opts opts = TERM_OPTS_DEFAULT;
	opts.scrollback_lines = 50;
	opts.replies = &replies;
	struct term *a = term_new(10, 20, &opts);
	feed(a, data, size, SIZE_MAX);
	term_redraw(a, &whole);
	term_text(a, 100, size % 2, &text);

	opts.replies = NULL;
	struct term *b = term_new(10, 20, &opts);
	feed(b, data, size, 1 + size % 3);
	term_redraw(b, &cut);
	must_be_equal(&whole, &cut);

	int rows, cols;
	term_size(a, &rows, &cols);
	struct term *c = term_new(rows, cols, &opts);
	term_feed(c, whole.data, whole.len);
	term_redraw(c, &again);
	must_be_equal(&whole, &again);
	term_free(a);
	term_free(b);
	term_free(c);
	return 0;
}

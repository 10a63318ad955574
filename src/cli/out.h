/* What goes to the person's terminal: its width, colour, and texts of agents made harmless. */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/text.h"

enum paint {
	PAINT_NONE,
	PAINT_BOLD,
	PAINT_DIM,
	PAINT_RED,
	PAINT_GREEN,
	PAINT_YELLOW,
	PAINT_BLUE,
	PAINT_CYAN,
};

/* Whether colour may be used on the descriptor: a terminal, TERM not "dumb", NO_COLOR unset or empty. */
bool out_color(int fd);

/* Columns of the terminal on standard output; 0 (no limit) when it is none. COLUMNS wins. */
int out_width(void);

/* The escape sequence that begins and that ends a paint; "" when colour is off. */
const char *out_paint(enum paint paint, bool color);
const char *out_paint_end(enum paint paint, bool color);

/* Appends text in that paint, made inert (base/text.h). */
void out_add(struct str *out, enum paint paint, bool color, const char *text);

/* Columns that UTF-8 text takes on a terminal. */
int out_text_width(const char *text, size_t len);
/* The longest prefix of text, in bytes, that takes at most `columns`; *ret_width is what it takes. */
size_t out_text_cut(const char *text, size_t len, int columns, int *ret_width);

/* Appends text in lines of at most `columns` (0: as they are), broken at blanks, each after `indent` blanks. Inert.
 */
void out_add_wrapped(struct str *out, const char *text, int indent, int columns);

#endif

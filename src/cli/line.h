/* A text that the person types below a conversation, key by key. */
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum { LINE_MAX_TEXT = 1 << 20 }; /* bytes; more is not taken */

/* Zero-initialise. */
struct line {
	struct str text;
	bool pasting; /* inside of a paste: its line ends are text */
};

/* What the keys ask for. */
enum line_wish {
	LINE_EDITED,    /* nothing but the text changed */
	LINE_SEND,      /* Enter */
	LINE_INTERRUPT, /* Esc alone; Control-C when nothing is typed (else it clears the text) */
	LINE_LEAVE,     /* Control-D when nothing is typed */
};

void line_fini(struct line *l);

/* Takes keys, up to the first that asks for something: *ret_used bytes of them. Enter sends, Alt-Enter and
 * Control-J begin a new line, Backspace, Control-W and Control-U delete a character, a word, all. Other keys that
 * are no text are dropped. A terminal writes a key at once: one that is split over two calls is not put together
 * again, but for text. */
enum line_wish line_take(struct line *l, const char *bytes, size_t len, size_t *ret_used);

/* Appends the end of the text that fits into this many columns, on one line. */
void line_show(const struct line *l, int columns, struct str *out);

#endif

/* The screen of one pseudo terminal: what the program on it has drawn, and what the terminal answers.
 *
 * Bytes go in by term_feed; the screen comes out as the escape sequences that draw it again on a real
 * terminal (term_redraw) or as plain text (term_text). What the program says beside the screen (title, bell,
 * progress, notifications, its status) is handed to the callbacks of struct term_events, during term_feed.
 *
 * The input is not trusted: every length, count and position in it is limited, and the memory of a terminal is
 * bounded by its size and its scrollback limits whatever arrives. An idle terminal of 80 by 24 takes under 2 kB;
 * rows cost memory once something was written on them.
 *
 * Nothing here blocks or touches a file. A struct term belongs to one thread. Callbacks must not call
 * term_feed, term_resize or term_free; the texts they get are valid until they return. */
#ifndef TERM_TERM_H
#define TERM_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "term/status.h"

enum {
	TERM_ROWS_MAX = 1000,
	TERM_COLS_MAX = 1000,
	TERM_TITLE_MAX = 256,   /* bytes; a longer title is cut at a character */
	TERM_NOTIFY_MAX = 1024, /* bytes of a notification's title or body; longer ones are cut at a character */
	TERM_REPLIES_MAX = 1 << 16, /* bytes of replies that wait in the buffer; later ones are dropped */
};

/* As OSC 9;4 has it. */
enum term_progress {
	TERM_PROGRESS_NONE = 0,
	TERM_PROGRESS_NORMAL = 1,
	TERM_PROGRESS_ERROR = 2,
	TERM_PROGRESS_BUSY = 3, /* no percentage known */
	TERM_PROGRESS_PAUSED = 4,
};

/* Any of these may be NULL. Texts are valid UTF-8 without control characters. */
struct term_events {
	void (*title)(void *user, const char *title); /* only when it is another one */
	void (*bell)(void *user);
	/* percent: 0 to 100, -1 when not given */
	void (*progress)(void *user, enum term_progress progress, int percent);
	void (*notify)(void *user, const char *title, const char *body); /* OSC 9, 99, 777; title may be "" */
	/* A valid OSC 7501 report; pairs is its text as it was sent. changed: the state or the kind of its record
	 * is another one than before (status_set_apply). */
	void (*status)(void *user, const struct status_report *report, const char *pairs, bool changed);
};

struct term_opts {
	uint32_t scrollback_lines; /* 0: none */
	size_t scrollback_bytes;   /* memory the scrollback may take; 0: only the lines limit it */
	uint32_t foreground;       /* 0xrrggbb, for OSC 10 queries */
	uint32_t background;       /* for OSC 11 queries */
	struct str *replies; /* where answers to the program are appended, in the order asked; NULL: no answers */
	const struct term_events *events; /* NULL: none; must outlive the terminal */
	void *user;                       /* for the callbacks */
};

/* 10,000 lines in at most 16 MiB, light grey on black. */
#define TERM_OPTS_DEFAULT                                                                                          \
	((struct term_opts){.scrollback_lines = 10000,                                                             \
			    .scrollback_bytes = (size_t)16 << 20,                                                  \
			    .foreground = 0xd0d0d0,                                                                \
			    .background = 0x000000})

struct term;

/* Sizes are brought into 1..TERM_ROWS_MAX and 1..TERM_COLS_MAX. opts is copied. */
struct term *term_new(int rows, int cols, const struct term_opts *opts);
void term_free(struct term *t);

/* The program wrote these bytes. They may end anywhere, also inside a sequence or a character. */
void term_feed(struct term *t, const void *bytes, size_t len);

/* A new size. Lines of the main screen are wrapped again to the new width, and what no longer fits goes to the
 * scrollback: no text is lost. The alternate screen is cut or widened; its program draws it again. */
void term_resize(struct term *t, int rows, int cols);

/* The program has ended: its status records are settled (status_set_exited). The screen stays. */
void term_exited(struct term *t);

/* Appends the bytes that draw the present screen and set the present modes on a terminal of the same size,
 * whatever it showed before. */
void term_redraw(const struct term *t, struct str *out);

/* A constant that undoes every mode that term_redraw, or the program itself, may have set on a real terminal, for
 * the moment of detaching. It leaves the alternate screen and shows the cursor. */
const char *term_reset_bytes(void);

/* Appends plain text, each line ended by "\n": the last scrollback_lines lines of the scrollback (fewer when it has
 * fewer), then the screen. Trailing blanks of lines and blank lines at the end are left out. With join, rows that the
 * terminal broke for want of room are one line again. */
void term_text(const struct term *t, uint32_t scrollback_lines, bool join, struct str *out);

struct term_cursor {
	int row, col; /* from 0 */
	bool visible;
};

void term_size(const struct term *t, int *ret_rows, int *ret_cols);
struct term_cursor term_cursor(const struct term *t);
const char *term_title(const struct term *t); /* "" when none was set; valid until the next feed */
bool term_is_alternate(const struct term *t);
uint32_t term_scrollback_count(const struct term *t); /* lines */
size_t term_scrollback_bytes(const struct term *t);   /* memory they take */
const struct status_set *term_status(const struct term *t);

#endif

/* The inside of struct term, shared by the files that make it up:
 *   term.c     life, readers                feed.c    bytes into text, controls and sequences
 *   print.c    characters onto the grid     control.c C0 controls, escape sequences, the cursor
 *   csi.c      control sequences            sgr.c     colours and attributes
 *   mode.c     modes and their queries      osc.c     commands: title, progress, notifications, status
 *   reply.c    answers to the program       reflow.c  another size
 *   redraw.c   the screen as sequences */
#ifndef TERM_IMPL_H
#define TERM_IMPL_H

#include "term/atlas.h"
#include "term/grid.h"
#include "term/history.h"
#include "term/parse.h"
#include "term/style.h"
#include "term/term.h"
#include "term/utf8.h"

enum charset { CHARSET_ASCII, CHARSET_GRAPHICS, CHARSET_UK };

/* What DECSC saves. */
struct cursor {
	int row, col;
	bool pending_wrap; /* the last column was written: the next character wraps first */
	bool origin;       /* rows count from the scroll region */
	struct style pen;
	uint8_t charset[4]; /* G0 to G3, enum charset */
	uint8_t gl;         /* which of them is in use */
};

/* Modes that are a bit. mode.c has their numbers. */
enum {
	MODE_CURSOR_KEYS = 1 << 0,
	MODE_REVERSE = 1 << 1,
	MODE_AUTOWRAP = 1 << 2,
	MODE_CURSOR_BLINK = 1 << 3,
	MODE_CURSOR_VISIBLE = 1 << 4,
	MODE_KEYPAD = 1 << 5,
	MODE_FOCUS = 1 << 6,
	MODE_ALTERNATE_SCROLL = 1 << 7,
	MODE_PASTE = 1 << 8,
	MODE_SYNC = 1 << 9,
	MODE_INSERT = 1 << 10,
	MODE_NEWLINE = 1 << 11,
	MODE_DEFAULT = MODE_AUTOWRAP | MODE_CURSOR_VISIBLE | MODE_CURSOR_BLINK | MODE_ALTERNATE_SCROLL,
};

enum cursor_shape { SHAPE_DEFAULT, SHAPE_BLOCK, SHAPE_UNDERLINE, SHAPE_BAR };

struct term {
	int rows, cols;
	struct grid *grid;     /* the one that shows: &main or &alt */
	struct grid main, alt; /* alt has rows only while it shows */
	const struct grid *grids[3];
	struct atlas atlas;
	struct history history;

	struct cursor cur;
	struct cursor saved[2]; /* of the main and of the alternate screen */
	int top, bottom;        /* the scroll region, inclusive */
	uint8_t *tabs;          /* one byte a column; NULL: every 8 */
	int last_row, last_col; /* of the character a combining mark would join; last_col -1: none */
	uint32_t last_cp;       /* for REP; 0: none */
	uint8_t single_shift;   /* the set for the next character, 0: none */

	uint32_t modes;
	uint16_t mouse;          /* 0, 9, 1000, 1002 or 1003 */
	uint16_t mouse_encoding; /* 0, 1005, 1006, 1015 or 1016 */
	uint8_t shape;           /* enum cursor_shape */

	int pen_id, blank_id; /* numbers of the pen, and of a blank in its background; -1: not looked up */

	struct parse parse;
	struct utf8 utf8;

	struct str *replies;
	uint32_t foreground, background;
	const struct term_events *events;
	void *user;
	char *title; /* NULL: none, or an empty one */
	struct status_set status;
};

/* print.c */
const uint8_t *print_ascii(struct term *t, const uint8_t *p, const uint8_t *end);
void print_code_point(struct term *t, uint32_t cp);
void print_repeat(struct term *t, int n);
uint32_t pen_style(struct term *t);
uint32_t blank_style(struct term *t);
void pen_changed(struct term *t);

/* control.c */
void control_c0(struct term *t, uint8_t byte);
void control_escape(struct term *t, uint8_t intermed, uint8_t final);
void cursor_to(struct term *t, int row, int col); /* brought into the screen; ends a pending wrap */
void cursor_save(struct term *t);
void cursor_restore(struct term *t);
void line_feed(struct term *t);
void scroll_up(struct term *t, int top, int n); /* rows top..bottom; into the scrollback where that applies */
int tab_stop(const struct term *t, int col, int direction); /* the next one, or the edge */
void tab_set(struct term *t, int col, bool on);
void tabs_clear(struct term *t);
void term_reset(struct term *t);      /* RIS */
void term_soft_reset(struct term *t); /* DECSTR */

/* csi.c, sgr.c, mode.c, osc.c */
void csi_dispatch(struct term *t);
void sgr_apply(struct style *pen, const struct parse *p);
void mode_set(struct term *t, bool dec, int number, bool on);
int mode_report(const struct term *t, bool dec, int number); /* as DECRQM: 0 unknown, 1 set, 2 reset */
void mode_add_redraw(const struct term *t, struct str *out);
void alternate_enter(struct term *t);
void alternate_leave(struct term *t);
void osc_dispatch(struct term *t, const char *text, size_t len, const char *terminator);

/* reply.c */
void reply(struct term *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void reply_status_string(struct term *t, const char *what, size_t len); /* DECRQSS */

#endif

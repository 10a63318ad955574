/* The rehearsal agent's terminal: a line of input that a person or `muster tell` types, and what is shown.
 *
 * A prompt is a line; inside a bracketed paste newlines belong to it. Esc and Ctrl-C interrupt. */
#ifndef AGENT_REHEARSE_TERM_H
#define AGENT_REHEARSE_TERM_H

#include <stdbool.h>
#include <termios.h>

#include "base/attr.h"
#include "base/str.h"

enum { REHEARSE_LINE_MAX = 256 * 1024, REHEARSE_ESC_MS = 50 };

struct rehearse_input {
	/* A line was entered; pasted: at least a part of it in a bracketed paste. */
	void (*line)(void *arg, const char *text, bool pasted);
	/* A printable key while `keys` is set and nothing is pasted. */
	void (*key)(void *arg, char key);
	void (*interrupt)(void *arg);
	void (*end)(void *arg); /* the end of the input */
};

struct rehearse_term {
	const struct rehearse_input *on;
	void *arg;
	bool keys; /* a dialog is open: keys go to it */
	bool tty, open;
	struct termios saved;
	struct str bytes; /* not interpreted yet */
	struct str line;
	bool pasting, pasted;
};

void rehearse_term_init(struct rehearse_term *t, const struct rehearse_input *on, void *arg);
void rehearse_term_fini(struct rehearse_term *t);

/* Descriptor 0 is readable: reads and interprets. */
void rehearse_term_read(struct rehearse_term *t);
/* True when an Esc is there that may begin a sequence: after REHEARSE_ESC_MS without more it was the key. */
bool rehearse_term_waits(const struct rehearse_term *t);
void rehearse_term_timeout(struct rehearse_term *t);

/* Shows text; what was half typed stays below it. */
void rehearse_show(struct rehearse_term *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void rehearse_show_bytes(struct rehearse_term *t, const char *bytes, size_t len);
/* OSC 7501 with these pairs ("state=working"), msg (may be NULL) added in base64, and a window title. */
void rehearse_status(struct rehearse_term *t, const char *pairs, const char *msg, const char *title);

#endif

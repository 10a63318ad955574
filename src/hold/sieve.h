/* What of an agent's output reaches a real terminal. The holder answers what a program asks of its terminal, so
 * queries must not get a second answer from the viewer's; and what the screen model does not keep (term/term.h), a
 * viewer must not show either: it would be gone with the next redraw, and some of it acts on the person's
 * machine (clipboard, files, printer).
 *
 * Passed: text, controls, CSI and escape sequences other than queries and reports, and OSC 0, 1, 2 (titles) and
 * 8 (links) of sane length. Dropped: queries, all other OSC, DCS, APC, PM and SOS strings, C1 controls.
 *
 * Output comes in whole sequences and characters: what is incomplete waits, so that a redraw may be put between
 * any two pieces of output. */
#ifndef HOLD_SIEVE_H
#define HOLD_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { SIEVE_HELD_MAX = 2048 };

enum sieve_state { SIEVE_GROUND, SIEVE_ESCAPE, SIEVE_CSI, SIEVE_STRING, SIEVE_STRING_ESCAPE };

struct sieve {
	enum sieve_state state;
	uint8_t string_kind; /* the byte after ESC */
	bool drop;           /* the present sequence is too long or unfit */
	size_t held;
	uint8_t hold[SIEVE_HELD_MAX];
};

void sieve_init(struct sieve *s);

/* Appends what may pass to out (NULL: only the state moves on). */
void sieve_run(struct sieve *s, const void *bytes, size_t len, struct str *out);

#endif

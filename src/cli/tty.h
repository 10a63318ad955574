/* The person's terminal in raw mode, given back as it was on every way out: return, exit, and signals that end the
 * process. */
#ifndef CLI_TTY_H
#define CLI_TTY_H

#include <stdbool.h>

#include "base/err.h"

/* Standard input and output must be a terminal: ERR_USAGE else. Switches to the alternate screen. */
int tty_enter(struct err *err) NODISCARD;
/* The same without a screen of its own: what is written stays above, as from any other program; keys come one by one. */
int tty_enter_lines(struct err *err) NODISCARD;
/* Back to what it was. Fine when it was not entered; safe in a signal handler. */
void tty_leave(void);

/* Has the terminal show the text as a notification of the desktop, in the form that its environment says it takes (OSC 9,
 * 99 or 777); a terminal that takes none, or is not known, rings its bell. text: one inert line. */
void tty_notify(const char *text);

#endif

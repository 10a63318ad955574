/* `muster-hold guard`: runs a command for musterd (set-up commands, gates) and lets nothing of it survive.
 *
 * Two processes: the outer one, which musterd started, and the inner one, in a session of its own, whose child
 * the command is. The inner one is a subreaper, and ends the whole tree (TERM, then KILL) when the command has
 * ended, when its time is over, when it is told to by TERM, INT or HUP, and when the outer one has died, be it by
 * SIGKILL. The outer one ends when its parent thread does, and passes signals and the exit code on. */
#ifndef HOLD_GUARD_H
#define HOLD_GUARD_H

#include <stdint.h>

enum { GUARD_TIMED_OUT = 124 };

/* timeout_ms 0: none. argv is NULL-terminated. Returns the exit code of the command, 128 + its signal,
 * GUARD_TIMED_OUT, 126 or 127 when it cannot be run. */
int guard_run(char *const argv[], int64_t timeout_ms);

#endif

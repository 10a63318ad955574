/* Pseudo terminals. Functions return 0 or a negative errno. */
#ifndef HOLD_PTY_H
#define HOLD_PTY_H

#include "base/attr.h"

/* Both ends, close-on-exec; the master does not block. The line discipline knows UTF-8. */
int pty_open(int cols, int rows, int *ret_master, int *ret_slave) NODISCARD;

/* Tells the program on it by SIGWINCH. */
int pty_resize(int master, int cols, int rows);

#endif

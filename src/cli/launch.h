/* Starting musterd on demand, and finding the programs that belong together. */
#ifndef CLI_LAUNCH_H
#define CLI_LAUNCH_H

#include "base/dirs.h"
#include "base/err.h"

/* The absolute path of a program of muster's: beside this one. The caller owns it; NULL with err when it is not
 * there. */
char *launch_sibling(const char *name, struct err *err);

/* Starts musterd, detached, and waits until it listens. Somebody else may start one at the same time: whichever
 * wins is used. Returns a connection to `socket`, or -1 with err: what musterd said. */
int launch_musterd(const struct dirs *dirs, const char *socket, struct err *err) NODISCARD;

#endif

/* The live conversation of a session without a terminal, with a line to type prompts in. */
#ifndef CLI_TALK_ATTACH_H
#define CLI_TALK_ATTACH_H

#include "cli/cli.h"

/* Shows it until the person leaves (C-\ d, Control-D), the agent has ended, or musterd is gone; the terminal is as
 * it was before on every way out. The option "read-only" of `c` leaves out the line. Where standard input or output
 * is no terminal it only follows (cli/follow.h). */
int talk_attach(struct cli *c, const char *session_id, const char *name, struct err *err) NODISCARD;

#endif

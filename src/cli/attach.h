/* The live terminal of a session, drawn by its holder; musterd is not needed for it. */
#ifndef CLI_ATTACH_H
#define CLI_ATTACH_H

#include "cli/cli.h"

/* Shows the session until the person detaches (C-\ d), the agent has ended, or the connection breaks; the terminal
 * is as it was before on every way out. What the person types goes to the agent unless `c` has the option
 * "read-only". */
int attach_run(struct cli *c, const char *session_id, const char *name, struct err *err) NODISCARD;

#endif

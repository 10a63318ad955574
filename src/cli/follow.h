/* The conversation of a headless session, as it goes on. */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include "cli/cli.h"

/* Prints what was said so far and what comes, until the session's process has ended or musterd is gone. */
int follow_conversation(struct cli *c, const char *session_id, const char *name, struct err *err) NODISCARD;

#endif

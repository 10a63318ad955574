/* What musterd tells the lead of, shown by the terminal that is attached to a session (see tty_notify). */
#ifndef CLI_NOTICES_H
#define CLI_NOTICES_H

#include "cli/cli.h"

/* Zero-initialise. Not to be moved once followed. */
struct notices {
	struct client *client; /* the command's connection while musterd tells of them; else NULL */
	char *text;            /* the newest that is still to be shown */
};

/* Follows on the command's own connection, if it has one: a terminal works without musterd, notices are an extra. */
void notices_follow(struct notices *n, struct cli *c);
void notices_fini(struct notices *n);
/* To be polled for input, -1: none. */
int notices_fd(const struct notices *n);
/* Takes what came. Each notice takes the place of one that is not shown yet: each names all that is open. */
void notices_take(struct notices *n);
/* Shows the one that is due, if any. Never to be called within a sequence of the agent's output. */
void notices_show(struct notices *n);

#endif

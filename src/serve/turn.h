/* The turns of the loop: all that is written while callbacks run is committed before the loop sleeps, and only then
 * is anything sent. Where the lead spoke (db_turn_durable), it is sent when the disk has it: a thread of its own
 * waits for the disk, the loop goes on, and output is held meanwhile. */
#ifndef SERVE_TURN_H
#define SERVE_TURN_H

#include <uv.h>

#include "base/err.h"
#include "store/db.h"

struct turn;

struct turn_handler {
	/* The turn is about to be committed: the last chance to write what was put off. May be NULL. */
	void (*settle)(struct turn_handler *h);
	/* What was held may be sent. It may write: that is committed before the loop sleeps. */
	void (*release)(struct turn_handler *h);
	/* The store failed: nothing that was held has happened. Called once; afterwards the loop is to end. */
	void (*failed)(struct turn_handler *h, const struct err *err);
	/* Called now and then, at most once in some hundred turns: a place for housekeeping. */
	void (*housekeeping)(struct turn_handler *h);
};

/* Everything is borrowed. NULL with err. */
struct turn *turn_new(uv_loop_t *loop, struct db *db, struct turn_handler *handler, struct err *err);
/* Ends the turn that is open, after the loop has stopped: commits, waits for the disk, releases. 0, or -1 after
 * failed(). */
int turn_finish(struct turn *t);
/* Its last handles close with the loop's next callbacks. NULL is fine. */
void turn_free(struct turn *t);

#endif

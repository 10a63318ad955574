/* What an agent says of itself through its terminal: status reports and notifications become events, at a
 * bounded rate, so that no agent can fill its journal with them. */
#ifndef HOLD_CHATTER_H
#define HOLD_CHATTER_H

#include <stdint.h>

#include "base/strv.h"
#include "hold/loop.h"
#include "term/term.h"

struct hold;

enum {
	CHATTER_BURST = 20,     /* status events at once, */
	CHATTER_EVERY_MS = 200, /* and one more each so many ms; what comes faster waits, the newest of each record */
	CHATTER_WAITING_MAX = 64,
	CHATTER_NOTIFY_MS = 1000,
};

struct chatter {
	struct hold *hold;
	int64_t tokens_ms; /* time on credit: CHATTER_EVERY_MS buy an event */
	int64_t at_ms;
	int64_t notified_ms;
	struct strv ids, reports; /* those that wait, in parallel */
	struct timer timer;
};

/* For struct term_opts; user is the struct hold. */
extern const struct term_events chatter_term_events;

void chatter_init(struct chatter *c, struct hold *h);
void chatter_fini(struct chatter *c);

#endif

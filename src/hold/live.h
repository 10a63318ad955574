/* Signs of life: when the agent last wrote, its title and its progress (proto.h, LIVE and ACTIVITY). No timer
 * runs while it is silent. */
#ifndef HOLD_LIVE_H
#define HOLD_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "hold/loop.h"

struct hold;

enum { LIVE_EVERY_MS = 1000, LIVE_NO_PROGRESS = 255 };

struct live {
	struct hold *hold;
	int64_t output_wall_ms; /* of the last output, 0: none yet */
	int64_t output_ms;      /* the same on clock_mono_ms() */
	int64_t sent_ms;
	uint8_t progress;
	bool active;
	struct timer quiet, send;
};

void live_init(struct live *l, struct hold *h);

void live_output(struct live *l); /* the agent wrote */
void live_changed(struct live *l); /* title or progress */

/* Appends a LIVE payload. */
void live_pack(const struct live *l, struct str *ret);

#endif

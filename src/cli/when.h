/* Times as a person reads them. */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include <stdint.h>

#include "base/str.h"

/* "now", "12 s", "4 min", "3 h", "5 d": how long ago wall_ms was (what lies ahead is "now"); "-" for 0: never. */
void when_add_age(struct str *out, int64_t wall_ms, int64_t now_ms);
/* The same words for a duration. */
void when_add_duration(struct str *out, int64_t ms);
/* Local time, "15:04:05" today and "2026-11-24 15:04:05" on another day. */
void when_add_clock(struct str *out, int64_t wall_ms, int64_t now_ms);

#endif

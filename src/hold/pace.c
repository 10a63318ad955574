#include "hold/pace.h"

#include "base/attr.h"

void pace_input(struct pace *p, int64_t now_ms)
{
	p->input_ms = now_ms;
	p->pause_ms = 0;
}

/* A flood goes on while each pause's worth of time brings as many bytes again. */
static bool is_flood(struct pace *p, size_t bytes, int64_t now_ms)
{
	p->flood += bytes;
	if (p->flood >= PACE_FLOOD) {
		p->flood = 0;
		p->flood_ms = now_ms;
	} else if (now_ms - p->flood_ms > PACE_MAX_MS) {
		p->flood = 0;
	}
	return p->flood_ms && now_ms - p->flood_ms <= PACE_MAX_MS;
}

int pace_read(struct pace *p, size_t bytes, bool watched, int64_t now_ms)
{
	bool first = now_ms - p->read_ms > PACE_QUIET_MS;
	p->read_ms = now_ms;
	if (is_flood(p, bytes, now_ms) || watched || now_ms - p->input_ms <= PACE_TALK_MS || first) {
		p->pause_ms = 0;
		return 0;
	}
	p->pause_ms = p->pause_ms ? MIN(2 * p->pause_ms, (int)PACE_MAX_MS) : PACE_MIN_MS;
	return p->pause_ms;
}

#include "hold/live.h"

#include "base/attr.h"
#include "base/clock.h"
#include "base/pack.h"
#include "hold/hold.h"

static void journal_activity(struct live *l, bool active)
{
	struct str p STR_FREE = STR_INIT;
	l->active = active;
	pack_u8(&p, active);
	hold_event(l->hold, HOLD_EV_ACTIVITY, &p);
}

static void check_quiet(struct timer *t)
{
	struct live *l = CONTAINER_OF(t, struct live, quiet);
	int64_t silent_ms = clock_mono_ms() - l->output_ms;
	if (silent_ms < HOLD_QUIET_MS)
		loop_arm(&l->hold->loop, t, HOLD_QUIET_MS - silent_ms);
	else
		journal_activity(l, false);
}

static void send_live(struct timer *t)
{
	struct live *l = CONTAINER_OF(t, struct live, send);
	struct str p STR_FREE = STR_INIT;
	l->sent_ms = clock_mono_ms();
	live_pack(l, &p);
	clients_tell_followers(&l->hold->clients, HOLD_LIVE, &p);
}

void live_init(struct live *l, struct hold *h)
{
	*l = (struct live){
		.hold = h,
		.progress = LIVE_NO_PROGRESS,
		.quiet = {.fire = check_quiet},
		.send = {.fire = send_live},
	};
}

void live_changed(struct live *l)
{
	if (l->send.armed || !clients_following(&l->hold->clients))
		return;
	int64_t since_ms = clock_mono_ms() - l->sent_ms;
	loop_arm(&l->hold->loop, &l->send, MAX(LIVE_EVERY_MS - since_ms, 0));
}

void live_output(struct live *l)
{
	l->output_ms = clock_mono_ms();
	l->output_wall_ms = clock_wall_ms();
	if (!l->active)
		journal_activity(l, true);
	if (!l->quiet.armed)
		loop_arm(&l->hold->loop, &l->quiet, HOLD_QUIET_MS);
	live_changed(l);
}

void live_pack(const struct live *l, struct str *ret)
{
	const struct term *term = l->hold->fore.term;
	pack_u64(ret, (uint64_t)l->output_wall_ms);
	pack_text(ret, term ? term_title(term) : "");
	pack_u8(ret, l->progress);
}

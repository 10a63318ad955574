#include "hold/chatter.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/pack.h"
#include "hold/hold.h"

static bool may_speak(struct chatter *c)
{
	int64_t now_ms = clock_mono_ms();
	c->tokens_ms = MIN(c->tokens_ms + now_ms - c->at_ms, (int64_t)CHATTER_BURST * CHATTER_EVERY_MS);
	c->at_ms = now_ms;
	if (c->tokens_ms < CHATTER_EVERY_MS)
		return false;
	c->tokens_ms -= CHATTER_EVERY_MS;
	return true;
}

static void journal_status(struct chatter *c, const char *pairs)
{
	struct str p STR_FREE = STR_INIT;
	pack_text(&p, pairs);
	hold_event(c->hold, HOLD_EV_STATUS, &p);
}

static void drop_first(struct strv *v)
{
	free(v->v[0]);
	memmove(v->v, v->v + 1, v->n * sizeof *v->v); /* with the NULL */
	v->n--;
}

static void speak_later(struct timer *t)
{
	struct chatter *c = CONTAINER_OF(t, struct chatter, timer);
	while (c->ids.n && may_speak(c)) {
		journal_status(c, c->reports.v[0]);
		drop_first(&c->ids);
		drop_first(&c->reports);
	}
	if (c->ids.n)
		loop_arm(&c->hold->loop, t, CHATTER_EVERY_MS);
}

/* The newest report of a record replaces one that waits. */
static void wait_turn(struct chatter *c, const char *id, const char *pairs)
{
	size_t i = 0;
	while (i < c->ids.n && strcmp(c->ids.v[i], id) != 0)
		i++;
	if (i < c->ids.n) {
		mem_replace(&c->reports.v[i], pairs);
	} else if (c->ids.n < CHATTER_WAITING_MAX) {
		strv_add(&c->ids, id);
		strv_add(&c->reports, pairs);
	}
	if (!c->timer.armed)
		loop_arm(&c->hold->loop, &c->timer, CHATTER_EVERY_MS);
}

static void on_status(void *user, const struct status_report *report, const char *pairs, bool changed)
{
	struct hold *h = user;
	if (report->id[0] == '\0') {
		uint8_t progress = report->progress == STATUS_PROGRESS_NONE ? LIVE_NO_PROGRESS
		                                                            : (uint8_t)report->progress;
		h->live.progress = progress;
		live_changed(&h->live);
	}
	if (!changed)
		return;
	if (h->chatter.ids.n == 0 && may_speak(&h->chatter))
		journal_status(&h->chatter, pairs);
	else
		wait_turn(&h->chatter, report->id, pairs);
}

static void on_notify(void *user, const char *title, const char *body)
{
	struct hold *h = user;
	int64_t now_ms = clock_mono_ms();
	if (h->chatter.notified_ms && now_ms - h->chatter.notified_ms < CHATTER_NOTIFY_MS)
		return;
	h->chatter.notified_ms = now_ms;
	struct str p STR_FREE = STR_INIT;
	pack_text(&p, title);
	pack_text(&p, body);
	hold_event(h, HOLD_EV_NOTIFY, &p);
}

static void on_title(void *user, const char *title)
{
	(void)title;
	struct hold *h = user;
	live_changed(&h->live);
}

static void on_progress(void *user, enum term_progress progress, int percent)
{
	(void)progress;
	struct hold *h = user;
	h->live.progress = percent >= 0 && percent <= 100 ? (uint8_t)percent : LIVE_NO_PROGRESS;
	live_changed(&h->live);
}

const struct term_events chatter_term_events = {
	.title = on_title,
	.progress = on_progress,
	.notify = on_notify,
	.status = on_status,
};

void chatter_init(struct chatter *c, struct hold *h)
{
	*c = (struct chatter){
		.hold = h,
		.tokens_ms = (int64_t)CHATTER_BURST * CHATTER_EVERY_MS,
		.at_ms = clock_mono_ms(),
		.timer = {.fire = speak_later},
	};
}

void chatter_fini(struct chatter *c)
{
	strv_fini(&c->ids);
	strv_fini(&c->reports);
}

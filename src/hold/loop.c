#include "hold/loop.h"

#include <errno.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/fd.h"

int loop_init(struct loop *l)
{
	*l = (struct loop){.epfd = epoll_create1(EPOLL_CLOEXEC)};
	return l->epfd < 0 ? -errno : 0;
}

void loop_fini(struct loop *l)
{
	fd_closep(&l->epfd);
}

int loop_add(struct loop *l, struct source *s, int fd, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = s};
	if (epoll_ctl(l->epfd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return -errno;
	s->fd = fd;
	s->events = events;
	return 0;
}

void loop_change(struct loop *l, struct source *s, uint32_t events)
{
	if (s->fd < 0 || s->events == events)
		return;
	struct epoll_event ev = {.events = events, .data.ptr = s};
	if (epoll_ctl(l->epfd, EPOLL_CTL_MOD, s->fd, &ev) == 0)
		s->events = events;
}

void loop_remove(struct loop *l, struct source *s)
{
	if (s->fd < 0)
		return;
	epoll_ctl(l->epfd, EPOLL_CTL_DEL, s->fd, NULL);
	s->fd = -1;
	/* What this turn's batch still holds for it must not be delivered. */
	for (int i = l->batch_at; i < l->batch_len; i++)
		if (l->batch[i].data.ptr == s)
			l->batch[i].data.ptr = NULL;
}

void loop_arm(struct loop *l, struct timer *t, int64_t delay_ms)
{
	loop_disarm(l, t);
	t->due_ms = clock_mono_ms() + delay_ms;
	struct timer **at = &l->timers;
	while (*at && (*at)->due_ms <= t->due_ms)
		at = &(*at)->next;
	t->next = *at;
	t->armed = true;
	*at = t;
}

void loop_disarm(struct loop *l, struct timer *t)
{
	if (!t->armed)
		return;
	struct timer **at = &l->timers;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->armed = false;
}

static void fire_due(struct loop *l)
{
	if (!l->timers)
		return;
	/* Time is read once: a timer that arms itself for "now" waits for the next turn. */
	int64_t now_ms = clock_mono_ms();
	while (l->timers && l->timers->due_ms <= now_ms) {
		struct timer *t = l->timers;
		l->timers = t->next;
		t->armed = false;
		t->fire(t);
	}
}

static int wait_ms(const struct loop *l)
{
	if (!l->timers)
		return -1;
	int64_t left_ms = l->timers->due_ms - clock_mono_ms();
	return left_ms <= 0 ? 0 : (int)MIN(left_ms, INT32_MAX);
}

void loop_run(struct loop *l)
{
	while (!l->stop) {
		if (l->turn_ends)
			l->turn_ends(l->arg);
		if (l->stop)
			break;
		int n = epoll_wait(l->epfd, l->batch, LOOP_BATCH, wait_ms(l));
		l->batch_len = n > 0 ? n : 0;
		for (l->batch_at = 0; l->batch_at < l->batch_len;) {
			struct epoll_event ev = l->batch[l->batch_at++];
			struct source *s = ev.data.ptr;
			if (s)
				s->ready(s, ev.events);
		}
		l->batch_len = 0;
		fire_due(l);
	}
}

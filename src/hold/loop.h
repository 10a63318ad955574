/* A small event loop over epoll: descriptors, time limits and the end of a turn. One thread, no memory of
 * its own beyond a few words, and no wake-up when nothing happens.
 *
 * A source and a timer are embedded in what they belong to. Both may be removed, and their owner freed, from
 * within any callback. */
#ifndef HOLD_LOOP_H
#define HOLD_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct source {
	int fd;          /* -1 while it is not in a loop */
	uint32_t events; /* what is asked of epoll; 0 leaves only EPOLLHUP and EPOLLERR */
	void (*ready)(struct source *s, uint32_t events);
};

struct timer {
	int64_t due_ms; /* on clock_mono_ms() */
	void (*fire)(struct timer *t);
	struct timer *next;
	bool armed;
};

enum { LOOP_BATCH = 32 };

struct loop {
	int epfd;
	bool stop;
	struct timer *timers; /* sorted by due_ms */
	struct epoll_event batch[LOOP_BATCH];
	int batch_at, batch_len;
	void (*turn_ends)(void *arg); /* called before each wait; may be NULL */
	void *arg;
};

#define SOURCE_INIT(fn) ((struct source){.fd = -1, .ready = (fn)})

/* 0 or a negative errno. */
int loop_init(struct loop *l);
void loop_fini(struct loop *l); /* sources and timers are their owners' */

/* Runs until loop->stop is set. */
void loop_run(struct loop *l);

/* Watches fd, which stays the caller's. 0 or a negative errno. */
int loop_add(struct loop *l, struct source *s, int fd, uint32_t events);
void loop_change(struct loop *l, struct source *s, uint32_t events);
/* Forgets the source (fine when it is not watched). Must come before the descriptor is closed. */
void loop_remove(struct loop *l, struct source *s);

/* (Re)arms the timer to fire once, delay_ms from now. */
void loop_arm(struct loop *l, struct timer *t, int64_t delay_ms);
void loop_disarm(struct loop *l, struct timer *t);

#endif

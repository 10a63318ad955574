/* One landing in musterd's memory. Internal to land/lander*.c. */
#ifndef LAND_LANDER_PRIV_H
#define LAND_LANDER_PRIV_H

#include <stdbool.h>

#include "land/land.h"
#include "land/lander.h"
#include "store/landing_row.h"
#include "work/session.h"
#include "work/space.h"

struct lander_waiter {
	struct lander_waiter *next;
	struct call *call;
};

struct landing {
	struct lander *lander;
	struct landing *prev, *next;  /* the queue, in order */
	struct landing_row row;
	struct land_record rec;
	struct session_row session;   /* a copy, as it was when the landing was let in */
	char *repo;                   /* common git folder */
	char *guard;                  /* muster-hold */
	bool outside_ok, no_gate;     /* the lead's words */
	bool active;                  /* let in: the rest is set by its first step */
	bool due;                     /* its next step starts in lander_flush */
	bool open;
	struct space space;
	int lock;
	struct err err;               /* of the step: stopped, or it could not begin */
	struct lander_waiter *waiters;
};

struct lander {
	struct engine *engine;
	struct landing *queue;
	volatile int stop;
	int running; /* threads that have something of ours */
	bool closing;
};

/* lander.c */
struct landing *lander_find(struct lander *l, int64_t id);
/* Puts it at the end of the queue; takes over the row. NULL when its session is not there any more. */
struct landing *lander_add(struct lander *l, struct landing_row *row);
/* Lets in what may start. */
void lander_pump(struct lander *l);
/* Around work on a thread: the lander lives until the last one has returned. */
void lander_thread_begin(struct lander *l);
void lander_thread_end(struct lander *l);

/* review_verbs.c: what the docket says of work to look at is settled */
void lander_reviewed(struct session *s, const char *how);

/* lander_json.c */
struct json_object *lander_landing_json(struct lander *l, const struct landing_row *row);
/* The row's columns after the record, or the lead's words, changed. */
void lander_row_fill(struct landing *g);
/* The record and the lead's words out of the row. */
void lander_row_read(struct landing *g);

/* lander_run.c, on a thread: the first step makes ready */
void lander_run_step(void *landing);
void lander_run_close(struct landing *g);

#endif

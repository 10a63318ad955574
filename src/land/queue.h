/* Which landing is next. Pure: no store, no loop. */
#ifndef LAND_QUEUE_H
#define LAND_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct queue_entry {
	const char *repo; /* common git folder: one landing at a time in each */
	bool active;      /* it has been let in */
};

/* The index of the first entry, in the order of the queue, that may start: its repository has no active one, and fewer than
 * `active_max` are active in all. -1: none. */
ssize_t queue_next(const struct queue_entry *list, size_t n, size_t active_max);

/* How many entries of its repository are before this one. */
size_t queue_position(const struct queue_entry *list, size_t n, size_t index);

#endif

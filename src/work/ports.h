/* Port ranges leased to sessions. A session's range is in its row, so it is held for as long as the session exists,
 * whatever is killed; this is the index over them. */
#ifndef WORK_PORTS_H
#define WORK_PORTS_H

#include <stdbool.h>
#include <stdint.h>

/* Below the range from which the kernel takes ports for outgoing connections (32768 up). */
enum { PORTS_FIRST = 20000, PORTS_LAST = 32000 };

struct ports {
	bool used[PORTS_LAST - PORTS_FIRST];
	int next; /* where the search begins: a range that was given back rests a while */
};

/* The first port of `count` free ones in a row, which are then in use; 0 when count is 0 or there are none. */
int ports_lease(struct ports *p, int count);
/* Marks a range that a row holds; port 0 is none. */
void ports_mark(struct ports *p, int64_t port, int64_t count, bool used);

#endif

#include "work/ports.h"

enum { COUNT = PORTS_LAST - PORTS_FIRST };

/* The first index at or after `from` where `count` ports are free, or -1. */
static int find_free(const struct ports *p, int from, int count)
{
	int run = 0;
	for (int i = from; i < COUNT; i++) {
		run = p->used[i] ? 0 : run + 1;
		if (run == count)
			return i - count + 1;
	}
	return -1;
}

int ports_lease(struct ports *p, int count)
{
	if (count <= 0)
		return 0;
	int at = find_free(p, p->next, count);
	if (at < 0)
		at = find_free(p, 0, count);
	if (at < 0)
		return 0;
	p->next = at + count;
	ports_mark(p, PORTS_FIRST + at, count, true);
	return PORTS_FIRST + at;
}

void ports_mark(struct ports *p, int64_t port, int64_t count, bool used)
{
	for (int64_t i = 0; port && i < count; i++)
		if (port + i >= PORTS_FIRST && port + i < PORTS_LAST)
			p->used[port + i - PORTS_FIRST] = used;
}

/* What waits to be written to the agent: bytes in order, and who wants to know when which of them are through. */
#ifndef HOLD_INPUT_H
#define HOLD_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

enum {
	INPUT_MAX = 4 << 20,    /* bytes that may wait */
	INPUT_MARKS_MAX = 4096, /* requests that may wait */
};

struct input_mark {
	uint64_t end; /* the request is done when this many bytes were written */
	uint64_t client;
	uint32_t id;
};

struct input {
	struct str bytes;
	size_t head;      /* bytes of it that are written */
	uint64_t written; /* ever */
	struct input_mark *marks; /* in order */
	size_t n_marks, cap_marks;
};

void input_fini(struct input *in);

/* Queues bytes for a request of a client (id 0: nobody waits). -ENOBUFS: too much waits already. */
int input_add(struct input *in, uint64_t client, uint32_t id, const void *bytes, size_t len) NODISCARD;

bool input_empty(const struct input *in);

/* Writes what fd takes now. 0 or a negative errno (never -EAGAIN). */
int input_write(struct input *in, int fd) NODISCARD;

/* The next request that is done, or with all = true the next one at all; false: none. */
bool input_next(struct input *in, bool all, struct input_mark *ret);

/* Drops the bytes that wait; the marks stay for input_next(all). */
void input_drop(struct input *in);

#endif

#include "hold/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum { KEEP = 4096 }; /* an empty queue keeps no more memory than this */

void input_fini(struct input *in)
{
	str_fini(&in->bytes);
	free(in->marks);
	*in = (struct input){0};
}

static void add_mark(struct input *in, uint64_t client, uint32_t id)
{
	if (in->n_marks == in->cap_marks) {
		in->cap_marks = in->cap_marks ? 2 * in->cap_marks : 8;
		in->marks = mem_resize(in->marks, in->cap_marks, sizeof *in->marks);
	}
	uint64_t end = in->written + (in->bytes.len - in->head);
	in->marks[in->n_marks++] = (struct input_mark){.end = end, .client = client, .id = id};
}

int input_add(struct input *in, uint64_t client, uint32_t id, const void *bytes, size_t len)
{
	if (in->bytes.len - in->head + len > INPUT_MAX || (id && in->n_marks >= INPUT_MARKS_MAX))
		return -ENOBUFS;
	if (in->head > in->bytes.len / 2) {
		str_consume(&in->bytes, in->head);
		in->head = 0;
	}
	str_add(&in->bytes, bytes, len);
	if (id)
		add_mark(in, client, id);
	return 0;
}

bool input_empty(const struct input *in)
{
	return in->head == in->bytes.len;
}

int input_write(struct input *in, int fd)
{
	while (!input_empty(in)) {
		ssize_t n = write(fd, in->bytes.data + in->head, in->bytes.len - in->head);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		in->head += (size_t)n;
		in->written += (uint64_t)n;
	}
	in->head = 0;
	if (in->bytes.cap > KEEP)
		str_fini(&in->bytes);
	else
		str_reset(&in->bytes);
	return 0;
}

bool input_next(struct input *in, bool all, struct input_mark *ret)
{
	if (in->n_marks == 0 || (!all && in->marks[0].end > in->written))
		return false;
	*ret = in->marks[0];
	in->n_marks--;
	memmove(in->marks, in->marks + 1, in->n_marks * sizeof *in->marks);
	return true;
}

void input_drop(struct input *in)
{
	in->written += in->bytes.len - in->head;
	in->head = 0;
	str_fini(&in->bytes);
}

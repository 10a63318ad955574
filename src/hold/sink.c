#include "hold/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

static void punch(struct sink *s)
{
	if (s->size - s->punched <= SINK_KEEP + SINK_PUNCH)
		return;
	/* Where the file system cannot, the file goes on growing no further: it starts anew. */
	if (fallocate(s->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, s->punched, SINK_PUNCH) == 0)
		s->punched += SINK_PUNCH;
	else if (ftruncate(s->file, 0) == 0)
		s->punched = s->size;
}

/* Reads once. False when there is nothing (more). */
static bool take(struct sink *s)
{
	char buf[16384];
	ssize_t n = read(s->pipe, buf, sizeof buf);
	if (n < 0)
		return errno == EINTR;
	if (n == 0) {
		loop_remove(s->loop, &s->source);
		fd_closep(&s->pipe);
		return false;
	}
	/* With a full disk the text is lost, but the program goes on, and offsets stay true. */
	if (pwrite(s->file, buf, (size_t)n, s->size) > 0)
		s->size += n;
	punch(s);
	return true;
}

static void ready(struct source *source, uint32_t events)
{
	(void)events;
	take(CONTAINER_OF(source, struct sink, source));
}

int sink_open(struct sink *s, struct loop *loop, int dir, const char *name, int *ret_write)
{
	int ends[2];
	int file FD_CLOSE = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	int pipe_end FD_CLOSE = ends[0], write_end FD_CLOSE = ends[1];
	int r = fd_set_nonblock(pipe_end, true);
	*s = (struct sink){.source = SOURCE_INIT(ready), .loop = loop};
	r = r ? r : loop_add(loop, &s->source, pipe_end, EPOLLIN);
	if (r < 0)
		return r;
	s->pipe = FD_TAKE(pipe_end);
	s->file = FD_TAKE(file);
	*ret_write = FD_TAKE(write_end);
	return 0;
}

void sink_drain(struct sink *s)
{
	for (int i = 0; i < 64 && s->pipe >= 0 && take(s); i++)
		;
}

void sink_tail(const struct sink *s, size_t len, struct str *ret)
{
	if (s->file < 0)
		return;
	int64_t from = MAX(s->size - (int64_t)len, s->punched);
	str_reserve(ret, len);
	ssize_t n = pread(s->file, ret->data + ret->len, (size_t)(s->size - from), from);
	if (n > 0)
		ret->len += (size_t)n;
}

void sink_close(struct sink *s)
{
	if (s->loop)
		loop_remove(s->loop, &s->source);
	fd_closep(&s->pipe);
	fd_closep(&s->file);
}

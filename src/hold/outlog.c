#include "hold/outlog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/pack.h"

/* An index entry every so often: the index stays below 1/256 of the log, plus one entry a minute. */
enum { INDEX_BYTES = 4096, INDEX_MS = 1000, INDEX_IDLE_MS = 60000, INDEX_ENTRY = 16 };

static const char index_name[] = "output.index";

struct segment_name {
	char text[32];
};

static struct segment_name segment_name(uint64_t start)
{
	struct segment_name name;
	snprintf(name.text, sizeof name.text, "output.%016llx", (unsigned long long)start);
	return name;
}

static int compare_segments(const void *a, const void *b)
{
	const struct outlog_segment *x = a, *y = b;
	return (x->start > y->start) - (x->start < y->start);
}

static void add_segment(struct outlog *o, uint64_t start, uint64_t end)
{
	o->segments = mem_resize(o->segments, o->n + 1, sizeof *o->segments);
	o->segments[o->n++] = (struct outlog_segment){.start = start, .end = end};
}

/* Finds the segments that an earlier holder of this session left. */
static int find_segments(struct outlog *o)
{
	int fd = openat(o->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		fd_closep(&fd);
		return -errno;
	}
	for (struct dirent *e; (e = readdir(d));) {
		struct stat st;
		char *tail;
		if (strncmp(e->d_name, "output.", 7) != 0 || strlen(e->d_name) != 7 + 16)
			continue;
		uint64_t start = strtoull(e->d_name + 7, &tail, 16);
		if (*tail == '\0' && fstatat(o->dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
			add_segment(o, start, start + (uint64_t)st.st_size);
	}
	closedir(d);
	if (o->n) {
		qsort(o->segments, o->n, sizeof *o->segments, compare_segments);
		o->end = o->segments[o->n - 1].end;
	}
	return 0;
}

int outlog_init(struct outlog *o, int dir, uint64_t limit)
{
	*o = (struct outlog){.dir = dir, .fd = -1, .index_fd = -1, .limit = MAX(limit, 2 * (uint64_t)OUTLOG_SEGMENT)};
	int r = find_segments(o);
	if (r < 0)
		return r;
	o->indexed = o->end;
	o->indexed_ms = clock_mono_ms() - INDEX_IDLE_MS;
	return 0;
}

void outlog_fini(struct outlog *o)
{
	fd_closep(&o->fd);
	fd_closep(&o->index_fd);
	free(o->segments);
	*o = (struct outlog){.dir = -1, .fd = -1, .index_fd = -1};
}

static int open_index(const struct outlog *o)
{
	return openat(o->dir, index_name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The index keeps what the log still has. Failing here only makes it longer than need be. */
static void prune_index(struct outlog *o)
{
	struct stat st;
	fd_closep(&o->index_fd);
	int fd FD_CLOSE = open_index(o);
	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	struct str text STR_FREE = STR_INIT;
	str_reserve(&text, (size_t)st.st_size);
	ssize_t n = pread(fd, text.data, (size_t)st.st_size, 0);
	text.len = n > 0 ? (size_t)n / INDEX_ENTRY * INDEX_ENTRY : 0;
	size_t drop = 0;
	while (drop < text.len) {
		struct unpack u = unpack_init(text.data + drop + 8, 8);
		if (unpack_u64(&u) >= outlog_start(o))
			break;
		drop += INDEX_ENTRY;
	}
	int out FD_CLOSE = openat(o->dir, "output.index.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out >= 0 && fd_write_all(out, text.data + drop, text.len - drop) == 0)
		renameat(o->dir, "output.index.new", o->dir, index_name);
}

static void drop_oldest(struct outlog *o)
{
	size_t drop = 0;
	while (drop + 1 < o->n && o->end - o->segments[drop].start > o->limit)
		unlinkat(o->dir, segment_name(o->segments[drop++].start).text, 0);
	if (drop == 0)
		return;
	o->n -= drop;
	memmove(o->segments, o->segments + drop, o->n * sizeof *o->segments);
	prune_index(o);
}

static bool next_segment(struct outlog *o)
{
	fd_closep(&o->fd);
	o->fd = openat(o->dir, segment_name(o->end).text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (o->fd < 0)
		return false;
	add_segment(o, o->end, o->end);
	drop_oldest(o);
	return true;
}

static void add_index(struct outlog *o)
{
	int64_t now_ms = clock_mono_ms(), age_ms = now_ms - o->indexed_ms;
	if (age_ms < INDEX_MS || (o->end - o->indexed < INDEX_BYTES && age_ms < INDEX_IDLE_MS))
		return;
	o->indexed = o->end;
	o->indexed_ms = now_ms;
	if (o->index_fd < 0)
		o->index_fd = open_index(o);
	struct str entry STR_FREE = STR_INIT;
	pack_u64(&entry, (uint64_t)clock_wall_ms());
	pack_u64(&entry, o->end);
	if (o->index_fd >= 0 && write(o->index_fd, entry.data, entry.len) != INDEX_ENTRY)
		fd_closep(&o->index_fd);
}

/* Bytes without room: the next write starts a segment at its own offset. */
static void lose(struct outlog *o, size_t len)
{
	fd_closep(&o->fd);
	if (o->n && o->segments[o->n - 1].start == o->end) /* nothing came into it */
		unlinkat(o->dir, segment_name(o->segments[--o->n].start).text, 0);
	o->end += len;
}

size_t outlog_write(struct outlog *o, const void *bytes, size_t len)
{
	size_t done = 0;
	add_index(o);
	while (done < len) {
		struct outlog_segment *s = o->n ? &o->segments[o->n - 1] : NULL;
		bool room = o->fd >= 0 && s && s->end == o->end && s->end - s->start < OUTLOG_SEGMENT;
		if (!room && !next_segment(o))
			break;
		s = &o->segments[o->n - 1];
		size_t part = MIN(len - done, (size_t)(OUTLOG_SEGMENT - (s->end - s->start)));
		ssize_t n = write(o->fd, (const char *)bytes + done, part);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
		s->end += (uint64_t)n;
		o->end += (uint64_t)n;
	}
	if (done < len)
		lose(o, len - done);
	return done;
}

uint64_t outlog_start(const struct outlog *o)
{
	return o->n ? o->segments[0].start : o->end;
}

void outlog_reader_fini(struct outlog_reader *r)
{
	fd_closep(&r->fd);
}

/* The first segment that has a byte at or after the offset; they are few, and the last one is asked for most. */
static const struct outlog_segment *find(const struct outlog *o, uint64_t offset)
{
	const struct outlog_segment *best = NULL;
	for (size_t i = o->n; i-- > 0 && o->segments[i].end > offset;)
		best = &o->segments[i];
	return best;
}

long outlog_read(const struct outlog *o, struct outlog_reader *r, uint64_t *offset, void *buf, size_t cap)
{
	const struct outlog_segment *s = find(o, *offset);
	if (!s) {
		*offset = MAX(*offset, o->end);
		outlog_reader_fini(r); /* a segment that goes must free its room */
		return 0;
	}
	if (r->fd < 0 || r->segment != s->start) {
		outlog_reader_fini(r);
		r->fd = openat(o->dir, segment_name(s->start).text, O_RDONLY | O_CLOEXEC);
		if (r->fd < 0)
			return -errno;
		r->segment = s->start;
	}
	uint64_t at = MAX(*offset, s->start);
	ssize_t n = pread(r->fd, buf, MIN(cap, (size_t)(s->end - at)), (off_t)(at - s->start));
	if (n < 0)
		return -errno;
	*offset = at;
	return n;
}

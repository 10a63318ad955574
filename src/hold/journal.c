#include "hold/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/pack.h"
#include "io/frame.h"

enum {
	TYPE_BASE = 0,
	FRAME_HEAD = 5,                     /* u32 length, u8 type */
	BASE_SIZE = FRAME_HEAD + 8,         /* the first frame */
	ENTRY_HEAD = 8 + 8 + 4,             /* number, wall_ms, sum */
	READ_STEP = 4096,                   /* most entries are small */
};

static uint32_t fnv1a(uint32_t sum, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ p[i]) * 16777619u;
	return sum;
}

static uint32_t entry_sum(uint8_t kind, const uint8_t number_and_time[16], const void *rest, size_t len)
{
	uint32_t sum = fnv1a(2166136261u, &kind, 1);
	sum = fnv1a(sum, number_and_time, 16);
	return fnv1a(sum, rest, len);
}

/* Makes sure that the reader's buffer holds `want` bytes of the file from r->at on. Returns what it holds. */
static ssize_t fill(struct journal_reader *r, size_t want)
{
	while (r->buf.len < want) {
		size_t step = MAX(want - r->buf.len, (size_t)READ_STEP);
		str_reserve(&r->buf, step);
		ssize_t n = pread(r->fd, r->buf.data + r->buf.len, step, r->at + (int64_t)r->buf.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		r->buf.len += (size_t)n;
	}
	return (ssize_t)r->buf.len;
}

static void advance(struct journal_reader *r, size_t len)
{
	r->at += (int64_t)len;
	/* A huge entry must not leave a huge buffer behind. */
	if (r->buf.cap > 16 * READ_STEP)
		str_fini(&r->buf);
	else
		str_consume(&r->buf, len);
}

/* Parses the frame at r->at. 1, 0 when it is not whole, or a negative errno. */
static int peek(struct journal_reader *r, struct frame *ret, size_t *ret_size)
{
	ssize_t have = fill(r, FRAME_HEAD);
	if (have < FRAME_HEAD)
		return have < 0 ? (int)have : 0;
	struct unpack u = unpack_init(r->buf.data, 4);
	size_t size = 4 + (size_t)unpack_u32(&u);
	if (size < FRAME_HEAD || size > FRAME_HEAD + FRAME_MAX)
		return 0;
	have = fill(r, size);
	if (have < (ssize_t)size)
		return have < 0 ? (int)have : 0;
	long n = frame_parse(r->buf.data, size, ret);
	*ret_size = size;
	return n > 0;
}

static int read_base(struct journal_reader *r, uint64_t *ret_base)
{
	struct frame f;
	size_t size = 0;
	int n = peek(r, &f, &size);
	if (n < 0)
		return n;
	struct unpack u = unpack_init(f.payload, n ? f.len : 0);
	uint64_t base = unpack_u64(&u);
	if (n == 0 || f.type != TYPE_BASE || !unpack_done(&u))
		return -EBADMSG;
	*ret_base = base;
	advance(r, size);
	return 0;
}

/* 1: a sound entry, *ret_size bytes long; 0: the end. The buffer keeps it. */
static int peek_entry(struct journal_reader *r, struct journal_entry *ret, size_t *ret_size)
{
	struct frame f;
	int n = peek(r, &f, ret_size);
	if (n <= 0)
		return n;
	if (f.type == TYPE_BASE || f.len < ENTRY_HEAD)
		return 0;
	struct unpack u = unpack_init(f.payload, ENTRY_HEAD);
	uint64_t number = unpack_u64(&u);
	int64_t wall_ms = (int64_t)unpack_u64(&u);
	uint32_t sum = unpack_u32(&u);
	const uint8_t *rest = f.payload + ENTRY_HEAD;
	size_t len = f.len - ENTRY_HEAD;
	if (number != r->next || sum != entry_sum(f.type, f.payload, rest, len))
		return 0;
	*ret = (struct journal_entry){.number = number, .wall_ms = wall_ms, .kind = f.type, .payload = rest, .len = len};
	return 1;
}

int journal_read_open(struct journal_reader *r, const char *path, uint64_t after)
{
	*r = (struct journal_reader){.fd = open(path, O_RDONLY | O_CLOEXEC)};
	if (r->fd < 0)
		return -errno;
	uint64_t base;
	int n = read_base(r, &base);
	r->next = n < 0 ? 0 : base + 1;
	while (n >= 0 && r->next <= after) {
		struct journal_entry e;
		size_t size = 0;
		n = peek_entry(r, &e, &size);
		if (n <= 0)
			break;
		advance(r, size);
		r->next++;
	}
	if (n < 0)
		journal_read_close(r);
	return MIN(n, 0);
}

int journal_read(struct journal_reader *r, struct journal_entry *ret)
{
	size_t size = 0;
	struct journal_entry e;
	/* The entry before this one was the caller's until now. */
	if (r->pending)
		advance(r, r->pending);
	r->pending = 0;
	int n = peek_entry(r, &e, &size);
	if (n <= 0) {
		/* What lies beyond the last sound entry may become another one. */
		str_reset(&r->buf);
		return n;
	}
	r->pending = size;
	r->next++;
	*ret = e;
	return 1;
}

void journal_read_close(struct journal_reader *r)
{
	fd_closep(&r->fd);
	str_fini(&r->buf);
	r->pending = 0;
}

static int write_at(int fd, const struct str *s, int64_t at)
{
	for (size_t done = 0; done < s->len;) {
		ssize_t n = pwrite(fd, s->data + done, s->len - done, at + (int64_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

/* Writes at the journal's end, all or nothing. */
static int write_end(struct journal *j, const struct str *s)
{
	int r = write_at(j->fd, s, j->end);
	if (r == 0)
		j->end += (int64_t)s->len;
	else if (ftruncate(j->fd, j->end) < 0)
		return -errno;
	return r;
}

static void add_base(struct str *out, uint64_t base)
{
	struct str payload STR_FREE = STR_INIT;
	pack_u64(&payload, base);
	frame_add(out, TYPE_BASE, payload.data, payload.len);
}

/* Finds the end of the sound entries. */
static int scan(struct journal *j)
{
	struct journal_reader r;
	int n = journal_read_open(&r, j->path, 0);
	if (n < 0)
		return n;
	struct journal_entry e;
	j->base = j->last = j->taken = r.next - 1;
	j->taken_end = BASE_SIZE;
	while ((n = journal_read(&r, &e)) > 0)
		j->last = e.number;
	j->end = r.at;
	journal_read_close(&r);
	return n;
}

static int start_fresh(struct journal *j)
{
	struct str head STR_FREE = STR_INIT;
	int fd FD_CLOSE = open(j->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	add_base(&head, 0);
	j->end = j->taken_end = BASE_SIZE;
	return write_at(fd, &head, 0);
}

int journal_init(struct journal *j, const char *path)
{
	*j = (struct journal){.path = mem_strdup(path), .fd = -1};
	int r = scan(j);
	/* A file whose very first frame was torn has no entry; it cannot have been acknowledged. */
	if (r == -ENOENT || r == -EBADMSG)
		r = start_fresh(j);
	if (r == 0)
		j->fd = open(path, O_RDWR | O_CLOEXEC);
	if (r == 0 && (j->fd < 0 || ftruncate(j->fd, j->end) < 0))
		r = -errno;
	if (r < 0)
		journal_fini(j);
	return r;
}

void journal_fini(struct journal *j)
{
	fd_closep(&j->fd);
	free(j->path);
	str_fini(&j->unwritten);
	*j = (struct journal){.fd = -1};
}

static void add_entry(struct str *out, uint8_t kind, uint64_t number, const struct str *payload)
{
	struct str body STR_FREE = STR_INIT;
	pack_u64(&body, number);
	pack_u64(&body, (uint64_t)clock_wall_ms());
	pack_u32(&body, entry_sum(kind, (const uint8_t *)body.data, payload->data, payload->len));
	str_add(&body, payload->data, payload->len);
	frame_add(out, kind, body.data, body.len);
}

bool journal_retry(struct journal *j)
{
	if (j->unwritten.len == 0)
		return true;
	if (write_end(j, &j->unwritten) < 0)
		return false;
	j->unwritten_count = 0;
	str_fini(&j->unwritten);
	return true;
}

int journal_add(struct journal *j, uint8_t kind, const struct str *payload, bool essential)
{
	int64_t size = FRAME_HEAD + ENTRY_HEAD + (int64_t)payload->len;
	int64_t waiting = j->end - j->taken_end + (int64_t)j->unwritten.len;
	if (waiting + size > JOURNAL_LIMIT + (essential ? JOURNAL_SPARE : 0))
		return -ENOSPC;
	bool behind = !journal_retry(j);
	if (behind && (!essential || j->unwritten.len + (size_t)size > JOURNAL_SPARE))
		return -ENOSPC;
	struct str frame STR_FREE = STR_INIT;
	add_entry(&frame, kind, j->last + 1, payload);
	int r = behind ? -ENOSPC : write_end(j, &frame);
	if (r < 0 && !essential)
		return r;
	j->last++;
	if (r < 0) {
		str_add(&j->unwritten, frame.data, frame.len);
		j->unwritten_count++;
	}
	return 0;
}

uint64_t journal_written(const struct journal *j)
{
	return j->last - j->unwritten_count;
}

/* Copies the entries that nobody has taken to a new file. On failure the old one stays: it is merely longer. */
static void rewrite(struct journal *j)
{
	struct str text STR_FREE = STR_INIT;
	size_t left = (size_t)(j->end - j->taken_end);
	add_base(&text, j->taken);
	str_reserve(&text, left);
	if (pread(j->fd, text.data + text.len, left, j->taken_end) != (ssize_t)left)
		return;
	text.len += left;
	if (file_write_atomic(j->path, 0600, text.data, text.len) < 0)
		return;
	int fd = open(j->path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	close(j->fd);
	j->fd = fd;
	j->base = j->taken;
	j->end = (int64_t)text.len;
	j->taken_end = BASE_SIZE;
	j->rewrites++;
}

void journal_take(struct journal *j, uint64_t up_to)
{
	up_to = MIN(up_to, journal_written(j));
	if (up_to <= j->taken)
		return;
	struct journal_reader r = {.fd = j->fd, .next = j->taken + 1, .at = j->taken_end};
	struct journal_entry e;
	while (r.next <= up_to && journal_read(&r, &e) > 0)
		;
	j->taken = r.next - 1;
	j->taken_end = r.at + (int64_t)r.pending;
	str_fini(&r.buf);
	if (j->taken_end - BASE_SIZE > JOURNAL_KEEP)
		rewrite(j);
}

int journal_follow(const struct journal *j, struct journal_reader *r, struct journal_entry *ret)
{
	if (r->fd >= 0 && r->rewrites != j->rewrites)
		journal_read_close(r);
	if (r->fd < 0) {
		uint64_t next = r->next;
		int n = journal_read_open(r, j->path, next ? next - 1 : 0);
		if (n < 0)
			return n;
		r->rewrites = j->rewrites;
	}
	return r->next > journal_written(j) ? 0 : journal_read(r, ret);
}

/* What the agent wrote, raw: a byte stream with offsets from 0 in segment files, and a coarse index from time to
 * offset (proto.h, OUTPUT and the session's folder).
 *
 * The oldest segments go when the limit is met. Bytes for which the disk has no room are counted but not kept;
 * a segment never has a gap inside, so what is missing lies between segments. */
#ifndef HOLD_OUTLOG_H
#define HOLD_OUTLOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum { OUTLOG_SEGMENT = 8 << 20 };

struct outlog_segment {
	uint64_t start, end; /* offsets */
};

struct outlog {
	int dir;        /* the session's folder */
	int fd;         /* the last segment, -1: the next write makes one */
	int index_fd;   /* -1 when it cannot be written */
	uint64_t end;   /* of the stream */
	uint64_t limit; /* bytes kept, at least two segments; one segment more while the last one grows */
	struct outlog_segment *segments;
	size_t n;
	uint64_t indexed;   /* the offset of the last index entry */
	int64_t indexed_ms; /* and its time, on clock_mono_ms() */
};

/* dir is a descriptor of the session's folder and stays the caller's. The stream goes on where it ended.
 * 0 or a negative errno. */
int outlog_init(struct outlog *o, int dir, uint64_t limit) NODISCARD;
void outlog_fini(struct outlog *o);

/* Appends to the stream. Returns how many of the bytes, from the front, were kept. */
size_t outlog_write(struct outlog *o, const void *bytes, size_t len) NODISCARD;

/* The oldest offset that can be read. */
uint64_t outlog_start(const struct outlog *o);

/* A reader's cached descriptor of one segment. */
struct outlog_reader {
	int fd; /* -1: none */
	uint64_t segment;
};
#define OUTLOG_READER_INIT ((struct outlog_reader){.fd = -1})
void outlog_reader_fini(struct outlog_reader *r);

/* Reads up to cap bytes at *offset, or at the next offset that was kept (*offset is moved there). Returns the
 * count, 0 at the end of the stream, or a negative errno. */
long outlog_read(const struct outlog *o, struct outlog_reader *r, uint64_t *offset, void *buf, size_t cap) NODISCARD;

#endif

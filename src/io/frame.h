/* Framed messages on a byte stream: u32 little-endian length of what follows, u8 type, payload. */
#ifndef IO_FRAME_H
#define IO_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { FRAME_MAX = 1 << 20 }; /* the longest payload, in bytes */

struct frame {
	uint8_t type;
	const uint8_t *payload; /* into the buffer it was parsed from */
	size_t len;
};

/* Appends one frame to out. len is at most FRAME_MAX. */
void frame_add(struct str *out, uint8_t type, const void *payload, size_t len);

/* Parses the frame at the start of the buffer. Returns the number of bytes it takes, 0 when it is not all
 * there yet, or -EPROTO when its length is impossible. */
long frame_parse(const void *bytes, size_t len, struct frame *ret);

#endif

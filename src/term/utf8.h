/* UTF-8, one code point at a time. */
#ifndef TERM_UTF8_H
#define TERM_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Writes the 1 to 4 bytes of a code point; returns how many. */
static inline int utf8_put(uint32_t cp, char *ret)
{
	if (cp < 0x80) {
		ret[0] = (char)cp;
		return 1;
	}
	int n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	for (int i = n - 1; i > 0; i--, cp >>= 6)
		ret[i] = (char)(0x80 | (cp & 0x3f));
	ret[0] = (char)(cp | (n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0));
	return n;
}

/* Reads one code point of text that is known to be well-formed; returns its length. */
static inline int utf8_get(const char *p, uint32_t *ret_cp)
{
	const unsigned char *b = (const unsigned char *)p;
	if (b[0] < 0x80) {
		*ret_cp = b[0];
		return 1;
	}
	int n = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
	uint32_t cp = b[0] & (0xffu >> (n + 1));
	for (int i = 1; i < n; i++)
		cp = cp << 6 | (b[i] & 0x3f);
	*ret_cp = cp;
	return n;
}

/* A decoder whose input may end anywhere. Start with all zeroes. */
struct utf8 {
	uint32_t cp;
	uint8_t need;      /* continuation bytes still to come */
	uint8_t low, high; /* what the next one must lie between (Table 3-7 of the Unicode standard) */
};

enum utf8_step {
	UTF8_MORE,  /* taken, not complete */
	UTF8_DONE,  /* taken, d->cp is a code point */
	UTF8_BAD,   /* taken, malformed: stands for one U+FFFD */
	UTF8_AGAIN, /* not taken: what came before was cut short and stands for one U+FFFD; pass the byte again */
};

/* Takes a byte that is part of a sequence: d->need != 0, or byte >= 0x80. */
enum utf8_step utf8_step(struct utf8 *d, uint8_t byte);

#endif

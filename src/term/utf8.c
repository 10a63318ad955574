#include "term/utf8.h"

static enum utf8_step begin(struct utf8 *d, uint8_t byte)
{
	if (byte < 0xc2 || byte > 0xf4)
		return UTF8_BAD;
	d->need = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
	d->cp = byte & (0xffu >> (d->need + 2));
	d->low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
	d->high = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
	return UTF8_MORE;
}

enum utf8_step utf8_step(struct utf8 *d, uint8_t byte)
{
	if (d->need == 0)
		return begin(d, byte);
	if (byte < d->low || byte > d->high) {
		d->need = 0;
		return UTF8_AGAIN;
	}
	d->cp = d->cp << 6 | (byte & 0x3f);
	d->low = 0x80;
	d->high = 0xbf;
	return --d->need == 0 ? UTF8_DONE : UTF8_MORE;
}

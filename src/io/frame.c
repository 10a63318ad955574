#include "io/frame.h"

#include <assert.h>
#include <errno.h>

#include "base/pack.h"

enum { HEADER = 5 };

void frame_add(struct str *out, uint8_t type, const void *payload, size_t len)
{
	assert(len <= FRAME_MAX);
	str_reserve(out, HEADER + len);
	pack_u32(out, (uint32_t)len + 1);
	pack_u8(out, type);
	str_add(out, payload, len);
}

long frame_parse(const void *bytes, size_t len, struct frame *ret)
{
	if (len < HEADER)
		return 0;
	struct unpack u = unpack_init(bytes, HEADER);
	size_t body = unpack_u32(&u);
	if (body == 0 || body > FRAME_MAX + 1)
		return -EPROTO;
	if (len < 4 + body)
		return 0;
	*ret = (struct frame){.type = unpack_u8(&u), .payload = (const uint8_t *)bytes + HEADER, .len = body - 1};
	return (long)(4 + body);
}

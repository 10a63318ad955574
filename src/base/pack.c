#include "base/pack.h"

#include <string.h>

#include "base/mem.h"

static void put(struct str *s, uint64_t v, size_t bytes)
{
	uint8_t buf[8];
	for (size_t i = 0; i < bytes; i++)
		buf[i] = (uint8_t)(v >> (8 * i));
	str_add(s, buf, bytes);
}

void pack_u8(struct str *s, uint8_t v)
{
	put(s, v, 1);
}

void pack_u16(struct str *s, uint16_t v)
{
	put(s, v, 2);
}

void pack_u32(struct str *s, uint32_t v)
{
	put(s, v, 4);
}

void pack_u64(struct str *s, uint64_t v)
{
	put(s, v, 8);
}

void pack_bytes(struct str *s, const void *bytes, size_t len)
{
	pack_u32(s, (uint32_t)len);
	str_add(s, bytes, len);
}

void pack_text(struct str *s, const char *text)
{
	pack_bytes(s, text, text ? strlen(text) : 0);
}

void pack_strv(struct str *s, const struct strv *v)
{
	pack_u32(s, (uint32_t)v->n);
	for (size_t i = 0; i < v->n; i++)
		pack_text(s, v->v[i]);
}

struct unpack unpack_init(const void *bytes, size_t len)
{
	return (struct unpack){.p = bytes, .end = (const uint8_t *)bytes + len};
}

static uint64_t get(struct unpack *u, size_t bytes)
{
	if (u->bad || (size_t)(u->end - u->p) < bytes) {
		u->bad = true;
		return 0;
	}
	uint64_t v = 0;
	for (size_t i = 0; i < bytes; i++)
		v |= (uint64_t)u->p[i] << (8 * i);
	u->p += bytes;
	return v;
}

uint8_t unpack_u8(struct unpack *u)
{
	return (uint8_t)get(u, 1);
}

uint16_t unpack_u16(struct unpack *u)
{
	return (uint16_t)get(u, 2);
}

uint32_t unpack_u32(struct unpack *u)
{
	return (uint32_t)get(u, 4);
}

uint64_t unpack_u64(struct unpack *u)
{
	return get(u, 8);
}

const uint8_t *unpack_bytes(struct unpack *u, size_t *ret_len)
{
	size_t len = unpack_u32(u);
	if (u->bad || (size_t)(u->end - u->p) < len) {
		u->bad = true;
		*ret_len = 0;
		return (const uint8_t *)"";
	}
	const uint8_t *p = u->p;
	u->p += len;
	*ret_len = len;
	return p;
}

char *unpack_text(struct unpack *u)
{
	size_t len;
	const uint8_t *p = unpack_bytes(u, &len);
	if (memchr(p, 0, len)) {
		u->bad = true;
		len = 0;
	}
	return mem_strndup((const char *)p, len);
}

void unpack_strv(struct unpack *u, struct strv *ret)
{
	uint32_t n = unpack_u32(u);
	for (uint32_t i = 0; i < n && !u->bad; i++) {
		char *text MEM_FREE = unpack_text(u);
		if (!u->bad)
			strv_add(ret, text);
	}
}

bool unpack_done(const struct unpack *u)
{
	return !u->bad && u->p == u->end;
}

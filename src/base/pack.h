/* Little-endian encoding of wire messages. Writing appends to a str; reading never runs past the end: a
 * reader that met its end stays in error and returns zeroes, so one check after the last field is enough. */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strv.h"

void pack_u8(struct str *s, uint8_t v);
void pack_u16(struct str *s, uint16_t v);
void pack_u32(struct str *s, uint32_t v);
void pack_u64(struct str *s, uint64_t v);
void pack_bytes(struct str *s, const void *bytes, size_t len); /* u32 length, bytes */
void pack_text(struct str *s, const char *text);               /* as pack_bytes; NULL is sent as "" */
void pack_strv(struct str *s, const struct strv *v);           /* u32 count, texts */

struct unpack {
	const uint8_t *p, *end;
	bool bad;
};

struct unpack unpack_init(const void *bytes, size_t len);
uint8_t unpack_u8(struct unpack *u);
uint16_t unpack_u16(struct unpack *u);
uint32_t unpack_u32(struct unpack *u);
uint64_t unpack_u64(struct unpack *u);
/* A view into the message; ret_len is its length. */
const uint8_t *unpack_bytes(struct unpack *u, size_t *ret_len);
/* A copy that the caller owns. A text with a NUL byte inside is an error ("" comes back). */
char *unpack_text(struct unpack *u);
void unpack_strv(struct unpack *u, struct strv *ret);
/* True when everything was read, nothing is left over and nothing was malformed. */
bool unpack_done(const struct unpack *u);

#endif

#include "base/id.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

static void random_bytes(uint8_t *buf, size_t len)
{
	if (getrandom(buf, len, 0) != (ssize_t)len) /* never short for fewer than 256 bytes */
		abort();
}

struct id id_new(void)
{
	uint8_t raw[ID_LEN];
	struct id id = {0};
	random_bytes(raw, sizeof raw);
	for (int i = 0; i < ID_LEN; i++)
		id.text[i] = alphabet[raw[i] & 31];
	return id;
}

bool id_valid(const char *text)
{
	return strlen(text) == ID_LEN && strspn(text, alphabet) == ID_LEN;
}

void id_uuid(char ret_uuid[static 37])
{
	uint8_t b[16];
	random_bytes(b, sizeof b);
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(ret_uuid, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
	         b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

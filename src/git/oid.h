/* Names of git objects, as hexadecimal text: 40 characters in a SHA-1 repository, 64 in a SHA-256 one. */
#ifndef GIT_OID_H
#define GIT_OID_H

#include <stdbool.h>
#include <stddef.h>

enum { OID_HEX_MAX = 64 };

struct oid {
	char hex[OID_HEX_MAX + 1]; /* "" is no object */
};

/* True, and *ret filled, when the bytes are exactly one full object name in lower case. */
bool oid_parse(const char *text, size_t len, struct oid *ret);

bool oid_is_set(const struct oid *a);
/* False when either is not set. */
bool oid_equal(const struct oid *a, const struct oid *b);

#endif

#include "git/oid.h"

#include <string.h>

bool oid_parse(const char *text, size_t len, struct oid *ret)
{
	if (len != 40 && len != OID_HEX_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
			return false;
	*ret = (struct oid){0};
	memcpy(ret->hex, text, len);
	return true;
}

bool oid_is_set(const struct oid *a)
{
	return a->hex[0] != '\0';
}

bool oid_equal(const struct oid *a, const struct oid *b)
{
	return oid_is_set(a) && strcmp(a->hex, b->hex) == 0;
}

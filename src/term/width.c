#include "term/width.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct range {
	uint32_t first, last;
};

/* Made by tools/width-table.py from the Unicode character database. */
#include "term/width_table.h"

static bool within(uint32_t cp, const struct range *table, size_t n)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (cp > table[mid].last)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && cp >= table[low].first;
}

int width_of(uint32_t cp)
{
	if (cp < 0x300)
		return cp == 0xad ? 0 : 1; /* soft hyphen */
	if (within(cp, zero_width, ARRAY_LEN(zero_width)))
		return 0;
	return cp >= 0x1100 && within(cp, wide, ARRAY_LEN(wide)) ? 2 : 1;
}

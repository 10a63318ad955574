/* A stream of lines cut in two at any place gives the lines that it gives in one piece. The first byte says where.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/jsonl.h"

enum { LINE_MAX_BYTES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(struct jsonl *j, const uint8_t *data, size_t size, struct str *out)
{
	const char *line, *type;
	size_t len, type_len;
	jsonl_add(j, data, size);
	while (jsonl_next(j, &line, &len)) {
		if (len > LINE_MAX_BYTES || memchr(line, '\n', len))
			abort();
		if (jsonl_type(line, len, &type, &type_len) && (type < line || type + type_len > line + len))
			abort();
		str_add(out, line, len);
		str_addc(out, '\n');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	size_t cut = data[0] % size;
	data++;
	size--;
	cut = cut > size ? size : cut;
	struct jsonl whole, parts;
	struct str a STR_FREE = STR_INIT, b STR_FREE = STR_INIT;
	jsonl_init(&whole, LINE_MAX_BYTES, 0);
	jsonl_init(&parts, LINE_MAX_BYTES, 0);
	feed(&whole, data, size, &a);
	feed(&parts, data, cut, &b);
	feed(&parts, data + cut, size - cut, &b);
	if (a.len != b.len || (a.len && memcmp(a.data, b.data, a.len) != 0) || whole.oversize != parts.oversize ||
	    whole.offset != parts.offset)
		abort();
	jsonl_fini(&whole);
	jsonl_fini(&parts);
	return 0;
}

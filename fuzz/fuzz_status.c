/* libFuzzer: any bytes as an OSC 7501 report. What is accepted keeps every limit. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "term/status.h"

static void must_be_plain(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);
	if (len > max || !text_is_utf8(text, len))
		abort();
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct status_set set = {0};
	for (size_t from = 0; from < size;) { /* a line is a report */
		const uint8_t *end = memchr(data + from, '\n', size - from);
		size_t len = end ? (size_t)(end - data) - from : size - from;
		struct status_report r;
		if (status_parse((const char *)data + from, len, &r) == 0) {
			must_be_plain(r.id, STATUS_ID_MAX);
			must_be_plain(r.app, STATUS_APP_MAX);
			must_be_plain(r.title, STATUS_TITLE_MAX);
			must_be_plain(r.msg, STATUS_MSG_MAX);
			if (r.progress < STATUS_PROGRESS_NONE || r.progress > 100)
				abort();
			status_set_apply(&set, &r);
		}
		from += len + 1;
	}
	if (set.n > STATUS_RECORDS_MAX)
		abort();
	status_set_exited(&set);
	status_set_fini(&set);
	return 0;
}

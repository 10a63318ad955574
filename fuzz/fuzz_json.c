/* JSON from any party: what was parsed can be written on one line and parsed again to the same value. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fmt/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct json_object *obj JSON_FREE = json_parse(data, size, &err);
	if (!obj)
		return 0;
	struct str line STR_FREE = STR_INIT;
	json_add_line(&line, obj);
	if (memchr(line.data, '\n', line.len) || !text_is_utf8(line.data, line.len))
		abort();
	struct json_object *again JSON_FREE = json_parse(line.data, line.len, &err);
	if (!again)
		abort();
	struct strv v STRV_FREE = STRV_INIT;
	json_str(obj, "type");
	json_int_in(obj, "n", 0, 100, -1);
	json_strv(obj, "v", &v);
	return 0;
}

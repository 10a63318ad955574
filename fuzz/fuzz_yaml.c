/* YAML of a repository: errors have a place, values can be written as JSON, every member has a mark. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libfyaml 0.7.12 loses a buffer of its own on a scalar with very many escapes. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:fy_atom_iter_grow_chunk";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml y YAML_FREE = {0};
	struct err err = {0};
	if (yaml_parse(&y, "f", 1, data, size, &err) != 0) {
		if (err.code != ERR_USAGE || strncmp(err.msg, "f:", 2) != 0)
			abort();
		return 0;
	}
	if (!json_object_is_type(y.root, json_type_object))
		return 0;
	json_object_object_foreach(y.root, key, value)
	{
		(void)value;
		if (!yaml_mark(&y, y.root, key, 0))
			abort();
	}
	json_line(y.root);
	return 0;
}

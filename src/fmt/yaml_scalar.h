/* What a plain YAML scalar means (YAML 1.2.2, section 10.3.2: the core schema). */
#ifndef FMT_YAML_SCALAR_H
#define FMT_YAML_SCALAR_H

#include <stddef.h>

#include "fmt/json.h"

/* 0 with *ret (NULL for null); -ERANGE for an integer that 64 bits cannot hold. */
int yaml_scalar(const char *text, size_t len, struct json_object **ret);

#endif

/* Parameters of API methods: a compact schema, the check of a request against it, and its printing.
 *
 * A schema is a list of NAME:TYPE[(MIN..MAX)][!|=DEFAULT], separated by blanks:
 *   s text · i integer · b true or false · o object · S list of texts · ! required · =DEFAULT fills in
 * MIN..MAX limits an integer; either may be left out. null counts as missing. */
#ifndef SERVE_PARAMS_H
#define SERVE_PARAMS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { PARAM_NAME_MAX = 32 };

struct param {
	char name[PARAM_NAME_MAX];
	char type;
	bool required;
	bool has_default;
	int64_t fallback; /* of an integer or a bool */
	int64_t min, max;
};

/* Reads the next parameter of a schema; false at its end. *schema moves on. A malformed one aborts: it is ours. */
bool param_next(const char **schema, struct param *ret);

/* Checks params (an object) and fills in the defaults. ERR_USAGE names the parameter and, for an unknown one, the
 * nearest that exists. Texts with a NUL inside are refused: no C code sees half of one. */
int params_check(const char *schema, struct json_object *params, struct err *err) NODISCARD;

#endif

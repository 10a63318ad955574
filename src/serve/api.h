/* The API table: what musterd can be asked. serve/api.def is the one list; the dispatch, the check of parameters, the
 * command line's `muster api` and the documentation come from it. */
#ifndef SERVE_API_H
#define SERVE_API_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Who may call a method: ACCESS_READ everyone who is let in, ACCESS_SESSION a session about itself, ACCESS_LEAD only
 * the lead. The lead's socket gives all three. */
enum api_access { ACCESS_READ, ACCESS_SESSION, ACCESS_LEAD };

struct api_method {
	const char *name;
	enum api_access access;
	const char *params; /* serve/params.h */
	const char *doc;    /* one line */
	const char *result; /* the form of the result */
};

extern const struct api_method api_methods[];
extern const size_t api_methods_n;

const char *api_access_name(enum api_access access);
/* NULL when there is none. */
const struct api_method *api_find(const char *name);

#endif

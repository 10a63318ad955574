/* The API table: what musterd can be asked. serve/api.def is the one list; the dispatch, the check of parameters,
 * the command line's `muster api` and the documentation come from it. */
#ifndef SERVE_API_H
#define SERVE_API_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/* Who may call a method: everyone who is let in, a session about itself, only the lead. The lead's socket gives
 * all. */
enum api_access { ACCESS_READ, ACCESS_SESSION, ACCESS_LEAD };

struct api_method {
	const char *name;
	enum api_access access;
	bool durable;       /* it carries a word of the lead's */
	const char *params; /* serve/params.h */
	const char *doc;    /* one line */
	const char *result; /* its form */
};

extern const struct api_method api_methods[];
extern const size_t api_methods_n;

const char *api_access_name(enum api_access access);
/* NULL when there is none; ret_nearest (may be NULL) gets the one that may have been meant, or NULL. */
const struct api_method *api_find(const char *name, const char **ret_nearest);

#endif

/* `muster review --repo DIR --range A..B`: a review of plain commits, made here, without musterd. */
#ifndef CLI_REVIEW_RANGE_H
#define CLI_REVIEW_RANGE_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/err.h"

/* What B has since its merge base with A, in the form of review/review.h. repo NULL: the current folder. The caller
 * owns the result; NULL with err. */
struct json_object *review_range(const char *repo, const char *range, bool patch, struct err *err);

#endif

/* A review (result of review.get; review/review.h has its form) in words. */
#ifndef CLI_REVIEW_TEXT_H
#define CLI_REVIEW_TEXT_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/str.h"

void review_text_add(struct str *out, const char *session, struct json_object *review, bool color);

#endif

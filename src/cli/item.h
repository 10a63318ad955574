/* An item of the docket in words. */
#ifndef CLI_ITEM_H
#define CLI_ITEM_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Appends the item: its number, kind, session, age and title, what there is to see, who else asks the same, its
 * options and the command that answers it. Inert. */
void item_add(struct str *out, struct json_object *item, int64_t now_ms, int width, bool color);

/* Whether the word is the key of one of its options, or the place of one, counted from 1. */
bool item_has_option(struct json_object *item, const char *word);

#endif

/* Events in words. */
#ifndef CLI_EVENTS_H
#define CLI_EVENTS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Names of sessions by the ids that events carry. Zero-initialise. */
struct event_names {
	struct json_object *by_id;
};

void event_names_fini(struct event_names *n);
/* The session's name; asks musterd, over a connection of its own, when it is not known yet. The id when there is
 * none. */
const char *event_names_get(struct event_names *n, const char *id);

/* "15:04:05  playback  working → blocked: it asks for a permission\n", inert. */
void events_add_line(struct str *out, struct json_object *event, const char *name, int64_t now_ms, bool color);
/* Only what it tells. */
void events_add_text(struct str *out, struct json_object *event);

/* Of an event that is a part of a conversation: all of it, in lines that begin with the time or with blanks. */
bool events_is_talk(struct json_object *event);
void events_add_talk(struct str *out, struct json_object *event, int64_t now_ms, int width, bool color);

#endif

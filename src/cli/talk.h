/* The conversation of a session without a terminal, as a person reads it: the only place that knows how what an
 * agent says looks (docs/CLI-JSON.md, Conversation). All of it is inert. */
#ifndef CLI_TALK_H
#define CLI_TALK_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/str.h"

/* Appends what the data of an event agent.said tells, in whole lines, each after `indent` blanks and at most
 * `width` columns wide (0: no limit). Nothing for what is not worth a line (a list of commands, a tool that ended
 * well and had nothing to say). Long diffs and outputs are cut, which is said. */
void talk_add(struct str *out, struct json_object *data, int indent, int width, bool color);

/* The same in one line, without an end; at least its kind. */
void talk_add_line(struct str *out, struct json_object *data);

/* "12000 tokens in, 350 out, context 20000 of 200000, 0.25 USD", as far as it is known. */
void talk_add_usage(struct str *out, struct json_object *usage);

#endif

/* How a session looks in a list: which comes first, in which colour. */
#ifndef CLI_LOOK_H
#define CLI_LOOK_H

#include <json-c/json.h>

#include "cli/out.h"

/* The lower, the sooner the lead should see it. */
int look_order(const char *state);
enum paint look_paint(const char *state);

/* How a session's process ended, "exit code 3" or "killed by SIGKILL"; appends nothing when it has not. */
void look_add_exit(struct str *out, struct json_object *session);
/* A command line, its words quoted where a shell needs it. */
void look_add_command(struct str *out, struct json_object *words);
/* The text up to the end of its first line. */
void look_add_first_line(struct str *out, const char *text);

#endif

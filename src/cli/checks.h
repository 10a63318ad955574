/* What `muster doctor` looks at from outside of musterd, together with what musterd says of itself. */
#ifndef CLI_CHECKS_H
#define CLI_CHECKS_H

#include <json-c/json.h>

#include "cli/cli.h"

/* Appends {name, ok, text, fixed} for each check. */
void checks_run(struct cli *c, bool fix, struct json_object *checks);

#endif

/* What of a plan that was run does not get on, whom that holds back, and what to do. */
#ifndef CLI_PLAN_HELD_H
#define CLI_PLAN_HELD_H

#include <json-c/json.h>

#include "work/plan.h"

/* results: the tasks of plan.run, in the plan's order. Adds `held_back`, the names of those that wait for the task, and
 * `stuck`, a line or null, to each of them. Returns how many are stuck. */
size_t plan_held_add(const struct plan *p, struct json_object *results);

#endif

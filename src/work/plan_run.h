/* plan.run: the tasks of a plan become sessions.
 *
 * The tasks come in an order in which each stands behind those that it follows, and are started one by one. What is to be
 * started is in the store before the first one is, so a musterd that is killed between two of them goes on after its
 * restart, whether or not the client is still there. A task is started once: one that has a session of its name in
 * that repository, or had one that was removed, is left as it is, and the result says how it is. */
#ifndef WORK_PLAN_RUN_H
#define WORK_PLAN_RUN_H

#include "work/engine.h"

engine_verb engine_plan_run; /* plan.run */

/* Goes on with the plans that an earlier musterd had not started as a whole. */
void plan_runs_load(struct engine *e);

#endif

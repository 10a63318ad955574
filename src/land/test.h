/* The middle of a landing: the gate on the merged commit. Internal to land. */
#ifndef LAND_TEST_H
#define LAND_TEST_H

#include "base/err.h"
#include "land/land.h"

/* Makes the scratch folder and runs set-up and gate in it; fills rec->commands. -1: one did not pass, or changed
 * tracked files (what the later ones, or the target, would see is not what the earlier ones saw).
 *
 * Commands get the environment of muster without its GIT_*, and MUSTER_LANDING, MUSTER_SESSION_NAME, MUSTER_BRANCH,
 * MUSTER_TARGET, MUSTER_BASE (the target's commit) and MUSTER_COMMIT (the one under test). */
int test_run(const struct land_spec *spec, struct land_record *rec, struct err *err) NODISCARD;

#endif

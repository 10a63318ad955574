/* What is broken in the worktrees of the repositories that sessions are of, and its repair. */
#ifndef WORK_DOCTOR_H
#define WORK_DOCTOR_H

#include <stdbool.h>

#include "base/dirs.h"
#include "fmt/json.h"
#include "store/db.h"

struct doctor;

/* Notes which repositories there are (removed sessions' too). On the thread that owns the store. */
struct doctor *doctor_new(struct db *db, const struct dirs *dirs);
/* Looks, and with `fix` repairs: appends {name, ok, text, fixed} to checks. Blocking, any thread. */
void doctor_run(struct doctor *d, bool fix, struct json_object *checks);
/* What every start of musterd does: takes away what an interrupted one left half-deleted. Blocking, any thread. */
void doctor_sweep(struct doctor *d);
void doctor_free(struct doctor *d);

#endif

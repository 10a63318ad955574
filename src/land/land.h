/* Landing one session's branch: check, merge, test, advance.
 *
 *   queued ─ merging ─ testing ─ advancing ─ landed
 *               ▲ target moved: at most LAND_MOVED_MAX times      failed, refused: from anywhere
 *
 * Nothing of the user's is touched until the gate has passed, and then only the target branch and a clean checkout of it
 * (land/checkout.h). The gate runs on exactly the tree that becomes the target's tip.
 *
 * KILLS. The record (land/record.h) is all the memory there is. It is written down after each step, before the next one;
 * a landing that is killed at any point goes on from the last record that was written, and ends the same, once:
 * `merging` and `testing` are done again, and before `advancing` the commit is on record, so a target that contains it
 * has landed.
 *
 * One landing at a time in a repository, by a lock below muster's state. Blocking; any thread. */
#ifndef LAND_LAND_H
#define LAND_LAND_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "git/oid.h"
#include "git/repo.h"
#include "land/combine.h"
#include "land/record.h"

enum {
	LAND_MOVED_MAX = 5,
	LAND_TIMEOUT_S = 1800, /* of each command, when the spec says 0 */
};

struct land_spec {
	const struct repo *repo;
	const char *landing;      /* names it, the same after a restart; one word */
	const char *session_id, *session_name;
	const char *brief;        /* may be NULL */
	const char *branch;       /* the session's, short */
	const char *target;       /* short */
	struct oid approved;      /* the commit that the lead approved; unset: none */
	const struct strv *scope; /* review/scope.h; may be NULL */
	bool outside_ok;          /* the lead was shown the files outside of the scope, and approved them */
	enum combine_how how;
	const struct strv *setup; /* shell commands before the gate; may be NULL */
	const struct strv *gate;  /* shell commands; none is refused unless no_gate */
	bool no_gate;             /* that there is none is meant (`gate: none`, --no-gate); one that is there runs anyway */
	int timeout_s;            /* of each command; 0: LAND_TIMEOUT_S */
	const char *guard;        /* path of muster-hold */
	const char *log_path;     /* appended to; its folder is made */
	const volatile int *stop; /* non-zero: the step under way ends early, with -1 */
};

/* Takes the repository's landing lock, waiting for it. Returns a descriptor to close, or -1. */
int land_lock(const struct repo *r, const volatile int *stop, struct err *err) NODISCARD;

/* One step, from a record that has not ended to the next one. The caller holds the lock. 0: the record has moved on, to
 * failed or refused as well (`why` says why). -1: stopped; the record is as it was. */
int land_step(const struct land_spec *spec, struct land_record *rec, struct err *err) NODISCARD;

/* All steps, with the lock. `step` (may be NULL) is called after each one, to write the record down; non-zero ends the run with -1. */
int land_run(const struct land_spec *spec, struct land_record *rec,
             int (*step)(void *user, const struct land_record *rec), void *user, struct err *err) NODISCARD;

#endif

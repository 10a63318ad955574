/* Running the commands of the gate, one after the other, in a folder.
 *
 * Each runs as `muster-hold guard --timeout S -- sh -c COMMAND`: the guard ends the whole tree of processes at the time limit
 * (exit code 124, as timeout(1)), when it is told to (SIGTERM), and when this process dies. Standard input is
 * /dev/null; both outputs go to the log. */
#ifndef LAND_GATE_H
#define LAND_GATE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "land/record.h"

enum {
	GATE_TIMED_OUT = 124,
	GATE_LAST_LINES = 20,
	GATE_LAST_BYTES = 4096,
};

struct gate_spec {
	const char *guard;      /* path of muster-hold */
	const char *cwd;
	const struct strv *env; /* the whole environment */
	const char *log_path;   /* appended to; its folder exists */
	int timeout_s;          /* of each command */
	const volatile int *stop;
};

/* Runs one command to its end and fills *ret, whatever its exit code. -1: it could not be run, or was stopped. Blocking,
 * any thread. */
int gate_run(const struct gate_spec *spec, const char *command, bool setup, struct land_command *ret,
             struct err *err) NODISCARD;

#endif

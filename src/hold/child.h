/* Starting the session's processes: each in a session (setsid) of its own, killed by the kernel when the holder
 * is. A failing step of the start is reported by the call itself. */
#ifndef HOLD_CHILD_H
#define HOLD_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/strv.h"

struct child_spec {
	const struct strv *argv; /* argv[0] without a slash is searched in env's PATH */
	const struct strv *env;  /* complete */
	const char *cwd;
	int fds[3];     /* become 0, 1 and 2; -1 is /dev/null */
	bool terminal;  /* fds[0] becomes the controlling terminal */
	bool own_group; /* a process group instead of a session */
};

/* Returns the pid, or a negative errno with *ret_what naming the step (a constant text). */
pid_t child_start(const struct child_spec *spec, const char **ret_what) NODISCARD;

#endif

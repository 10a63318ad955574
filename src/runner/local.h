/* Holders on this machine. */
#ifndef RUNNER_LOCAL_H
#define RUNNER_LOCAL_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#include "base/dirs.h"
#include "base/err.h"

/* Starts the holder of a session. On success *ret_fd is our end of a connection to it (the caller's), usable at
 * once. The process is reaped by the loop; it does not depend on this one. */
int local_start(uv_loop_t *loop, const char *hold_path, const char *session_id, long log_limit_mb, int *ret_fd,
                struct err *err) NODISCARD;

/* Whether the holder that wrote hold.pid in the session's folder lives (the pid with that start time). */
bool local_alive(const char *session_folder);

/* After a holder was killed: ends every process of this user's whose environment says MUSTER_SESSION=<id>, until
 * none is left. Returns how many there were. */
int local_end_orphans(const char *session_id);

#endif

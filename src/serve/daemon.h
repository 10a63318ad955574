/* musterd from its first lock to its last commit. */
#ifndef SERVE_DAEMON_H
#define SERVE_DAEMON_H

#include <stdbool.h>

#include "base/dirs.h"
#include "base/err.h"
#include "serve/instance.h"

struct daemon_setup {
	const struct dirs *dirs;
	const char *bin_dir; /* where muster and muster-hold are */
	/* Called once, when requests are served. */
	void (*ready)(void *arg);
	void *arg;
};

enum daemon_end { DAEMON_ENDED, DAEMON_FAILED, DAEMON_RESTART };

/* Serves until it is told to end (daemon.stop, daemon.restart, SIGTERM, SIGINT) or the store fails: err is filled
 * for DAEMON_FAILED. Sessions run on in any case. The instance stays the caller's, and so does what setup points
 * to: while worker_pending() says that a thread could not be waited for, nothing of it may be released. */
enum daemon_end daemon_run(const struct daemon_setup *setup, const struct instance *instance, struct err *err);

#endif

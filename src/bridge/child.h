/* The bridge's children: Codex's app-server and its interface. Each is killed by the kernel if the bridge dies. */
#ifndef BRIDGE_CHILD_H
#define BRIDGE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/strv.h"

struct child {
	pid_t pid;  /* 0: none */
	int status; /* of the last one, as of waitpid(2) */
};

/* log_fd -1: it gets the bridge's terminal, and stays in its process group; else its output goes there, and it has
 * a process group of its own. A negative errno when it cannot be started. */
int child_start(struct child *c, const struct strv *argv, int log_fd) NODISCARD;
/* Notes that it has ended, if so. */
bool child_ended(struct child *c);
void child_signal(const struct child *c, int signal);
/* Waits so long for its end; true when there is none left. */
bool child_wait(struct child *c, int timeout_ms);

#endif

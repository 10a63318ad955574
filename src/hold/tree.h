/* The processes of a session and whose they are.
 *
 * Everything that descends from the holder belongs to the session, as the holder is a subreaper: not even a
 * process that forks twice and makes a session of its own leaves it. Of these,
 *   - the agent and its descendants in the agent's own session (sid) are the agent's: they end with it;
 *   - what was started as a job, and what descends from it, is that job's;
 *   - everything else was found: it left the agent's session, or its parent is gone. It is a background process
 *     of the agent's and outlives it. (The kernel itself sends HUP to the agent's own foreground process group
 *     when the agent ends: what stays in it, and does not ignore that, goes.) */
#ifndef HOLD_TREE_H
#define HOLD_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "hold/proc.h"

struct hold;

enum kin { KIN_FOUND, KIN_AGENT, KIN_JOB };

struct tree {
	struct procs procs; /* parents before children */
	enum kin *kin;      /* one each */
};

#define TREE_FREE CLEANUP(tree_fini)
void tree_read(struct tree *t, const struct hold *h);
void tree_fini(struct tree *t);

/* True for a found process whose parent is not a found one. */
bool tree_is_found_root(const struct tree *t, size_t i);

/* Stops (SIGSTOP) every descendant of root, also those that are forked meanwhile. */
void tree_freeze(pid_t root);
/* Lets them go on. */
void tree_thaw(pid_t root);

/* Kills every descendant of this process and takes their exit statuses, until there is none, or for at most
 * give_up_ms. For processes that have no loop. */
void tree_destroy(int64_t give_up_ms);

#endif

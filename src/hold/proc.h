/* Processes as /proc shows them. A struct proc names one process for good: the start time tells it from a later
 * one with the same pid, and signals go through a pidfd that was checked against it. */
#ifndef HOLD_PROC_H
#define HOLD_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/str.h"

struct proc {
	pid_t pid, ppid, pgrp, sid;
	char state;           /* of proc(5), its first thread's: 'T' stopped, 'Z' zombie … */
	int threads;
	uint64_t start_ticks; /* since boot */
};

struct procs {
	struct proc *v;
	size_t n;
};

enum { PROCS_MAX = 1 << 16 }; /* more than this are not looked at in one go */

#define PROCS_FREE CLEANUP(procs_fini)
void procs_fini(struct procs *p);
void procs_add(struct procs *p, const struct proc *proc);
const struct proc *procs_find(const struct procs *p, pid_t pid);

/* False when there is no such process. */
bool proc_read(pid_t pid, struct proc *ret);

/* Adds all living descendants of root (not root, no zombies) to an empty list, parents before their children. A tree
 * that forks while it is read may hide some: who must have all of them stops what was found and looks again. */
void proc_descendants(pid_t root, struct procs *ret);

/* Sends the signal if the process is still the same. 0 or a negative errno (-ESRCH: it is gone). */
int proc_signal(const struct proc *p, int signal);

int64_t proc_start_wall_ms(const struct proc *p);

/* Appends the command line, arguments separated by spaces, at most `limit` bytes, inert to show; of a process that is
 * just being replaced by another program, that program's path; of one that is ending, nothing. */
void proc_command(pid_t pid, size_t limit, struct str *ret);

#endif

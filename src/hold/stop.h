/* Ending processes: asked first (TERM, and a little later HUP, which also ends interactive shells), killed after
 * the grace, waited for until they are gone. Before a kill, all are stopped, so that none forks its way out. */
#ifndef HOLD_STOP_H
#define HOLD_STOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "hold/loop.h"
#include "hold/proc.h"

struct hold;

enum stop_scope {
	STOP_AGENT, /* the agent's own processes: its session, less what was found in the background before */
	STOP_ALL,   /* every process of the session */
	STOP_TREE,  /* one process and what descends from it */
};

enum {
	STOPS_MAX = 64,
	STOP_GIVE_UP_MS = 10000, /* after the kill: what is stuck in the kernel, or is another user's, may stay */
};

struct stop {
	struct stop *next;
	struct hold *hold;
	struct timer timer;
	uint64_t client;
	uint32_t id;
	enum stop_scope scope;
	pid_t sid;         /* STOP_AGENT: the agent's session. STOP_TREE: the root's if it leads one, else 0 */
	struct procs set;  /* STOP_AGENT: these stay. STOP_TREE: these go, and grow */
	int64_t hup_ms, kill_ms; /* on clock_mono_ms() */
	int delay_ms;      /* until the next look */
};

struct stops {
	struct hold *hold;
	struct stop *first;
	size_t n;
};

/* Begins; the client's request id is answered when the processes are gone. root is for STOP_TREE. */
int stops_begin(struct stops *s, enum stop_scope scope, pid_t root, int64_t grace_ms, uint64_t client,
                uint32_t id) NODISCARD;

/* Looks whether the processes are gone. After each reaping. */
void stops_check(struct stops *s);

void stops_fini(struct stops *s);

#endif

/* What a session is doing, derived from facts. Nothing here is stored: the facts are, and the same facts always
 * give the same answer. */
#ifndef WORK_STATUS_H
#define WORK_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/agent.h"

/* X(NAME, text, what it means to the lead) */
#define SESSION_STATES(X)                                                                          \
	X(QUEUED, "queued", "waits for a free place")                                              \
	X(PREPARING, "preparing", "its workspace is being made")                                   \
	X(WORKING, "working", "the agent says, or shows, that it works")                           \
	X(QUIET, "quiet", "runs, but has written nothing for a while; that proves nothing")        \
	X(BLOCKED, "blocked", "waits for the lead")                                                \
	X(IDLE, "idle", "its turn ended and nothing of its own runs on")                           \
	X(DONE, "done", "it said that the task is complete, or its command ended well")            \
	X(LANDING, "landing", "in the queue, or being merged and tested")                          \
	X(LANDED, "landed", "its work is on the target branch")                                    \
	X(FAILED, "failed", "it could not start, or ended badly")                                  \
	X(STOPPED, "stopped", "ended by the lead, or by a restart of the machine; can be resumed") \
	X(LOST, "lost", "its holder does not answer; it may still run")                            \
	X(UNKNOWN, "unknown", "runs; nothing says what it is doing")

#define SESSION_ENUM(name, text, meaning) SESSION_##name,
enum session_state { SESSION_STATES(SESSION_ENUM) };
#undef SESSION_ENUM

const char *session_state_name(enum session_state s);
const char *session_state_meaning(enum session_state s);
bool session_state_parse(const char *name, enum session_state *ret);

/* Where a session is in its life, as stored. X(NAME, text) */
#define SESSION_LIFECYCLES(X)    \
	X(QUEUED, "queued")      \
	X(PREPARING, "preparing") \
	X(LIVE, "live")          \
	X(EXITED, "exited")      \
	X(REMOVED, "removed")

#define LIFE_ENUM(name, text) LIFE_##name,
enum session_life { SESSION_LIFECYCLES(LIFE_ENUM) };
#undef LIFE_ENUM

const char *session_life_name(enum session_life l);
bool session_life_parse(const char *name, enum session_life *ret);

/* One piece of evidence: what a source said last. */
struct status_signal {
	const char *source; /* "hook", "osc7501", "stream", "exit", "output"… */
	enum agent_activity activity;
	int confidence; /* 0 to 100 */
	int64_t at_ms;
	const char *detail; /* may be NULL */
};

struct status_facts {
	enum session_life life;
	bool connected;    /* its holder answers */
	bool want_stopped; /* the lead asked it to stop */
	bool failed;       /* it could not be prepared or started */
	bool landing, landed;
	int wait_status;   /* of the last run; -1: none, or not known */
	int open_blocking; /* docket items that the agent stands still for */
	const struct status_signal *signals;
	size_t n_signals;
};

struct status {
	enum session_state state;
	int confidence;                      /* 0 to 100 */
	const struct status_signal *because; /* the signal that decided, or NULL: a fact did */
};

/* Facts of the life come first, then open items, then the signals: the one with the highest confidence, the newest
 * of equals. Sources with little confidence (output and its absence) only count where nothing better has spoken. */
struct status status_derive(const struct status_facts *f);

/* What to note as the time of a signal that comes now: the newest of all is newer than all others, also when two come in
 * one millisecond, or when the clock was set back since. */
int64_t status_signal_time(const struct status_signal *signals, size_t n, int64_t now_ms);

#endif

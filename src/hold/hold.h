/* A holder: one process that keeps one session alive. This header is its inside; proto.h is its outside.
 *
 *   hold      the whole: start, events, output, reaping, the end
 *   fore      the agent in the foreground: its terminal or pipes, its screen
 *   jobs      background processes, started or found
 *   stop      ending, pausing and signalling process trees
 *   client    connections of musterd and of viewers; request: what they ask for
 *   mail      connections of the session's own processes
 *   live      activity, title and progress
 *   chatter   status reports and notifications
 *
 * Everything runs on one thread in hold.loop. What a connection gets is queued during a turn and leaves at its
 * end, after the journal has it. */
#ifndef HOLD_HOLD_H
#define HOLD_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "hold/chatter.h"
#include "hold/client.h"
#include "hold/fore.h"
#include "hold/jobs.h"
#include "hold/journal.h"
#include "hold/live.h"
#include "hold/loop.h"
#include "hold/mail.h"
#include "hold/outlog.h"
#include "hold/proto.h"
#include "hold/stop.h"

struct hold_options {
	const char *folder; /* the session's, which exists */
	const char *hold_socket, *agent_socket;
	uint64_t log_limit; /* bytes of output kept */
	int control;        /* a connected descriptor for the first client, -1: none */
};

struct hold {
	struct loop loop;
	int folder; /* descriptor of the session's folder */
	struct source signals;
	struct journal journal;
	struct timer journal_retry;
	struct outlog log;
	uint64_t lost_from, lost_to; /* output that was lost and not yet journaled */
	struct timer lost_timer;
	struct fore fore;
	struct jobs jobs;
	struct stops stops;
	struct clients clients;
	struct mail mail;
	struct live live;
	struct chatter chatter;
	bool paused;
	bool told_to_end; /* ends when no process is left */
	bool ending;      /* ends with this turn */
};

/* Sets everything up and listens. 0 or a negative errno, with *ret_what naming what failed. */
int hold_init(struct hold *h, const struct hold_options *opt, const char **ret_what) NODISCARD;
void hold_run(struct hold *h);
void hold_fini(struct hold *h, const struct hold_options *opt);

/* Journals an event. 0, or -ENOSPC for a kind that may be refused (never for an essential one). */
int hold_event(struct hold *h, enum hold_event kind, const struct str *payload);

/* The agent wrote these bytes, which the screen has already. */
void hold_output(struct hold *h, const void *bytes, size_t len);

/* Takes the exit statuses of all children that have ended, and looks whether a stop is over with that. */
void hold_reap(struct hold *h);

/* The first half of it. True when there was one. */
bool hold_take_exits(struct hold *h);

#endif

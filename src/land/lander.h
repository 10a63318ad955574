/* Reviews, approvals and the landing queue in musterd: requests in, blocking work on the thread pool, rows and events out.
 *
 * Runs on the loop thread. One landing at a time in a repository, LANDER_ACTIVE_MAX in all, in the order they came. A step
 * of a landing starts in lander_flush(), which is called after the turn's commit: what it goes on from is on record
 * before it does anything (land/land.h, KILLS). lander_new() takes up what a killed musterd left. */
#ifndef LAND_LANDER_H
#define LAND_LANDER_H

#include <json-c/json.h>

#include "work/call.h"
#include "work/engine.h"

/* Each active landing occupies a thread of libuv's pool while its gate runs: fewer than there are. */
enum { LANDER_ACTIVE_MAX = 4 };

struct lander;

/* The engine is borrowed and must outlive it. */
struct lander *lander_new(struct engine *e);
/* Starts the steps whose records are committed. */
void lander_flush(struct lander *l);
/* Stops what runs (it goes on with the next musterd); the memory goes with the last thread's return, on the loop.
 * NULL is fine. */
void lander_free(struct lander *l);

typedef void lander_verb(struct lander *l, struct json_object *params, struct call *call);

/* review.get {session, patch=true}: review/review.h, and session, branch, target_branch, approved, worktree_path */
lander_verb lander_review_get;
/* review.approve {session, tip?, committed_only=false}: {session, approved} */
lander_verb lander_review_approve;
/* review.return {session, text?}: takes the approval back and tells the agent; result of session.tell, or {} */
lander_verb lander_review_return;

/* Landing: {id, session, session_name, state, target, tip, base, merged, gate (land/record.h, land_record_detail), log, why,
 * queued_ms, ended_ms, position}; position counts those before it in its repository, null when it has ended. */

/* land.enqueue {sessions[], outside_ok=false, no_gate=false}: {landings[]}; all or none. A session whose landing is in
 * the queue already gets that one. */
lander_verb lander_land_enqueue;
/* land.queue {all=false}: {landings[]}; all: the newest 100 that have ended as well */
lander_verb lander_land_queue;
/* land.wait {landing}: Landing, when it has ended */
lander_verb lander_land_wait;

#endif

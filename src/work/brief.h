/* What changed in a session since the lead last looked (session.brief): for coming back to it.
 *
 * "Since" is kept with the session (looked_ms, looked_event, looked_oid) and moved by each brief that says so; before the
 * first it is the session's beginning. */
#ifndef WORK_BRIEF_H
#define WORK_BRIEF_H

#include <json-c/json.h>

#include "work/session.h"

enum {
	BRIEF_EVENTS_MAX = 20000, /* the newest since then that are read; `events_cut` tells of more */
	BRIEF_COMMITS_MAX = 50,   /* listed; total_commits counts all */
};

/* What its events say: {times{STATE: ms}, turns, prompts, reports[], jobs[], items[], done, recap, events_cut}. */
void brief_add_events(struct session *s, struct json_object *brief);

#endif

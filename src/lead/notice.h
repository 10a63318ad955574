/* Telling the lead that something needs them: one notice a batch (lead/batch.h), never one an item.
 *
 * An item is told once: by a notice, or by being listed on the docket (item.noticed_ms). A notice is the event
 * docket.notice {text, items[], why, via[]} and goes the ways that the user's own configuration names (muster.yaml(5),
 * notify): a command, the desktop, and through `muster attach` the terminal. What a repository's configuration says of
 * it is not followed. */
#ifndef LEAD_NOTICE_H
#define LEAD_NOTICE_H

#include "store/event.h"
#include "work/engine.h"

struct notice;

/* Begins with what is open and was not told. */
struct notice *notice_new(struct engine *e);
void notice_free(struct notice *n); /* NULL is fine */

/* Every event, as it is appended. */
void notice_event(struct notice *n, const struct event_row *event);

#endif

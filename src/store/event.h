/* Table event: everything that happened, numbered in one sequence. The other tables say how things are, this one
 * how they came to be. */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include <json-c/json.h>

#include "store/row.h"

#define EVENT_COLUMNS(X)                                      \
	X(INT, id)                                            \
	X(INT, at_ms)                                         \
	X(TEXT, session) /* NULL: of musterd itself */        \
	X(TEXT, kind)    /* "session.state", "item.opened"… */ \
	X(TEXT, data)    /* JSON object */

ROW_DECLARE(event, EVENT_COLUMNS);

/* Adds an event to the turn; session and data may be NULL; takes over data. Returns its number (0 in a spoiled
 * turn). */
int64_t event_append(struct db *db, const char *session, const char *kind, struct json_object *data);

/* Called with each event as it is appended, before its turn is committed: what it says must be held until then. */
struct event_listener {
	void (*appended)(struct event_listener *l, const struct event_row *event);
};
/* One listener a database; NULL: none. Borrowed. */
void event_listen(struct db *db, struct event_listener *listener);

/* Number of the newest event, 0 when there is none. */
int64_t event_last(struct db *db);

/* The newest event of a session of that kind; false when there is none. */
bool event_newest(struct db *db, const char *session, const char *kind, struct event_row *ret);

struct event_query {
	int64_t after;       /* only greater numbers */
	int64_t limit;       /* at most so many */
	const char *session; /* NULL: of all */
	bool newest;         /* the last `limit` of them instead of the first */
};

/* In the order of their numbers. */
void event_list(struct db *db, const struct event_query *q, struct event_rows *ret);

#endif

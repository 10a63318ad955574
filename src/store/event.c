#include "store/event.h"

#include <assert.h>

#include "base/clock.h"
#include "store/db_priv.h"
#include "store/row_table.h"

#define ROW_TABLE event
ROW_DEFINE(EVENT_COLUMNS, 1, true);

int64_t event_append(struct db *db, const char *session, const char *kind, struct json_object *data)
{
	/* The row only borrows: it is not released. */
	struct event_row row = {
		.at_ms = clock_wall_ms(),
		.session = (char *)session,
		.kind = (char *)kind,
		.data = (char *)(data ? json_object_to_json_string_ext(data, JSON_C_TO_STRING_PLAIN |
		                                                                     JSON_C_TO_STRING_NOSLASHESCAPE)
		                      : "{}"),
	};
	row.id = row_insert(db, &table, ROW_NEW, &row);
	if (row.id && db->listener)
		db->listener->appended(db->listener, &row);
	json_object_put(data);
	return row.id;
}

void event_listen(struct db *db, struct event_listener *listener)
{
	db->listener = listener;
}

int64_t event_last(struct db *db)
{
	return stmt_number(db, "SELECT max(id) FROM event", 0, STMT_ARGS());
}

bool event_newest(struct db *db, const char *session, const char *kind, struct event_row *ret)
{
	return row_one(db, &table, "WHERE session = ? AND kind = ? ORDER BY id DESC LIMIT 1",
	               STMT_ARGS(STMT_T(session), STMT_T(kind)), ret);
}

static void reverse(struct event_rows *rows)
{
	for (size_t i = 0; i < rows->n / 2; i++) {
		struct event_row row = rows->v[i];
		rows->v[i] = rows->v[rows->n - 1 - i];
		rows->v[rows->n - 1 - i] = row;
	}
}

void event_list(struct db *db, const struct event_query *q, struct event_rows *ret)
{
	/* One text a case, so that each has a plan that fits it. */
	static const char *const tails[2][2] = {
		{"WHERE id > ?1 ORDER BY id LIMIT ?2", "WHERE session = ?3 AND id > ?1 ORDER BY id LIMIT ?2"},
		{"WHERE id > ?1 ORDER BY id DESC LIMIT ?2",
		 "WHERE session = ?3 AND id > ?1 ORDER BY id DESC LIMIT ?2"},
	};
	row_all(db, &table, tails[q->newest][q->session != NULL],
	        STMT_ARGS(STMT_I(q->after), STMT_I(q->limit), STMT_T(q->session)), ret);
	if (q->newest)
		reverse(ret);
}

#include "store/item_row.h"

#include <assert.h>

#include "store/row_table.h"

#define ROW_TABLE item
ROW_DEFINE(ITEM_COLUMNS, 1, true);

/* Said outright, since SQLite would rather walk the whole history than sort three rows. */
#define UNSETTLED "INDEXED BY item_unsettled WHERE session = ? AND state IN ('open', 'answered')"

void item_row_insert(struct db *db, struct item_row *row)
{
	row->id = row_insert(db, &table, ROW_NEW, row);
}

void item_row_save(struct db *db, const struct item_row *row)
{
	row_save(db, &table, row);
}

bool item_row_get(struct db *db, int64_t id, struct item_row *ret)
{
	return row_one(db, &table, "WHERE id = ?", STMT_ARGS(STMT_I(id)), ret);
}

bool item_row_find(struct db *db, const char *session, const char *key, struct item_row *ret)
{
	return row_one(db, &table, UNSETTLED " AND key = ?", STMT_ARGS(STMT_T(session), STMT_T(key)), ret);
}

void item_row_list_open(struct db *db, const char *session, struct item_rows *ret)
{
	if (session)
		row_all(db, &table, UNSETTLED " AND state = 'open' ORDER BY id", STMT_ARGS(STMT_T(session)), ret);
	else
		row_all(db, &table, "INDEXED BY item_open WHERE state = 'open' ORDER BY id", STMT_ARGS(), ret);
}

void item_row_list_kind(struct db *db, const char *kind, struct item_rows *ret)
{
	row_all(db, &table, "INDEXED BY item_open WHERE state = 'open' AND kind = ? ORDER BY id", STMT_ARGS(STMT_T(kind)), ret);
}

#define UNNOTICED "INDEXED BY item_open WHERE state = 'open' AND noticed_ms = 0"

void item_row_list_unnoticed(struct db *db, struct item_rows *ret)
{
	row_all(db, &table, UNNOTICED " ORDER BY id", STMT_ARGS(), ret);
}

void item_row_set_noticed(struct db *db, int64_t now_ms)
{
	if (stmt_number(db, "SELECT EXISTS (SELECT 1 FROM item " UNNOTICED ")", 0, STMT_ARGS()))
		stmt_run(db, "UPDATE item SET noticed_ms = ?1 WHERE id IN (SELECT id FROM item " UNNOTICED ")", STMT_ARGS(STMT_I(now_ms)));
}

void item_row_list_topic(struct db *db, const char *topic, struct item_rows *ret)
{
	row_all(db, &table, "INDEXED BY item_topic WHERE topic = ? AND state = 'open' ORDER BY id", STMT_ARGS(STMT_T(topic)),
	        ret);
}

void item_row_list_request(struct db *db, const char *session, int64_t request, struct item_rows *ret)
{
	row_all(db, &table, UNSETTLED " AND request = ? ORDER BY id", STMT_ARGS(STMT_T(session), STMT_I(request)), ret);
}

void item_row_list_newest(struct db *db, const char *session, int64_t limit, struct item_rows *ret)
{
	if (session)
		row_all(db, &table, "WHERE session = ? ORDER BY id DESC LIMIT ?",
		        STMT_ARGS(STMT_T(session), STMT_I(limit)), ret);
	else
		row_all(db, &table, "ORDER BY id DESC LIMIT ?", STMT_ARGS(STMT_I(limit)), ret);
}

void item_row_list_answered(struct db *db, const char *session, struct item_rows *ret)
{
	row_all(db, &table, UNSETTLED " AND state = 'answered' ORDER BY id", STMT_ARGS(STMT_T(session)), ret);
}

int64_t item_row_count_open(struct db *db, const char *session, int64_t *ret_blocking)
{
	sqlite3_stmt *stmt = stmt_of(db,
	                             "SELECT count(*), coalesce(sum(blocking), 0) FROM item " UNSETTLED
	                             " AND state = 'open'",
	                             STMT_ARGS(STMT_T(session)));
	int64_t n = 0;
	*ret_blocking = 0;
	if (stmt_step(db, stmt)) {
		n = sqlite3_column_int64(stmt, 0);
		*ret_blocking = sqlite3_column_int64(stmt, 1);
		sqlite3_reset(stmt);
	}
	return n;
}

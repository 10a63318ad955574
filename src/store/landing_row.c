#include "store/landing_row.h"

#include <assert.h>

#include "store/row_table.h"

#define ROW_TABLE landing
ROW_DEFINE(LANDING_COLUMNS, 1, true);

void landing_row_insert(struct db *db, struct landing_row *row)
{
	row->id = row_insert(db, &table, ROW_NEW, row);
}

void landing_row_save(struct db *db, const struct landing_row *row)
{
	row_save(db, &table, row);
}

bool landing_row_get(struct db *db, int64_t id, struct landing_row *ret)
{
	return row_one(db, &table, "WHERE id = ?", STMT_ARGS(STMT_I(id)), ret);
}

bool landing_row_find_open(struct db *db, const char *session, struct landing_row *ret)
{
	return row_one(db, &table, "WHERE session = ? AND ended_ms = 0 ORDER BY id LIMIT 1",
		       STMT_ARGS(STMT_T(session)), ret);
}

bool landing_row_find_landed(struct db *db, const char *session, struct landing_row *ret)
{
	return row_one(db, &table, "WHERE session = ? AND state = 'landed' LIMIT 1", STMT_ARGS(STMT_T(session)), ret);
}

void landing_row_list_open(struct db *db, struct landing_rows *ret)
{
	row_all(db, &table, "WHERE ended_ms = 0 ORDER BY id", STMT_ARGS(), ret);
}

void landing_row_list_newest(struct db *db, const char *session, int64_t limit, struct landing_rows *ret)
{
	if (session)
		row_all(db, &table, "WHERE session = ? ORDER BY id DESC LIMIT ?",
		        STMT_ARGS(STMT_T(session), STMT_I(limit)), ret);
	else
		row_all(db, &table, "ORDER BY id DESC LIMIT ?", STMT_ARGS(STMT_I(limit)), ret);
}

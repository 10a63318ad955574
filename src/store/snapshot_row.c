#include "store/snapshot_row.h"

#include <assert.h>

#include "store/row_table.h"

#define ROW_TABLE snapshot
ROW_DEFINE(SNAPSHOT_COLUMNS, 1, true);

void snapshot_row_insert(struct db *db, struct snapshot_row *row)
{
	row->id = row_insert(db, &table, ROW_NEW, row);
}

void snapshot_row_save(struct db *db, const struct snapshot_row *row)
{
	row_save(db, &table, row);
}

bool snapshot_row_get(struct db *db, int64_t id, struct snapshot_row *ret)
{
	return row_one(db, &table, "WHERE id = ?", STMT_ARGS(STMT_I(id)), ret);
}

bool snapshot_row_newest(struct db *db, const char *session, struct snapshot_row *ret)
{
	if (session)
		return row_one(db, &table, "WHERE session = ? AND undone_ms = 0 ORDER BY id DESC LIMIT 1",
		               STMT_ARGS(STMT_T(session)), ret);
	return row_one(db, &table, "WHERE undone_ms = 0 ORDER BY id DESC LIMIT 1", STMT_ARGS(), ret);
}

void snapshot_row_list(struct db *db, const char *session, struct snapshot_rows *ret)
{
	row_all(db, &table, "WHERE session = ? ORDER BY id DESC", STMT_ARGS(STMT_T(session)), ret);
}

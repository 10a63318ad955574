#include "store/session_row.h"

#include <assert.h>

#include "store/row_table.h"

#define ROW_TABLE session
ROW_DEFINE(SESSION_COLUMNS, 1, false);

void session_row_insert(struct db *db, const struct session_row *row)
{
	row_insert(db, &table, ROW_NEW, row);
}

void session_row_save(struct db *db, const struct session_row *row)
{
	row_save(db, &table, row);
}

void session_row_set_position(struct db *db, const char *id, int64_t hold_event, int64_t hold_offset)
{
	stmt_run(db, "UPDATE session SET hold_event = ?, hold_offset = ? WHERE id = ?",
	         STMT_ARGS(STMT_I(hold_event), STMT_I(hold_offset), STMT_T(id)));
}

bool session_row_get(struct db *db, const char *id, struct session_row *ret)
{
	return row_one(db, &table, "WHERE id = ?", STMT_ARGS(STMT_T(id)), ret);
}

bool session_row_find(struct db *db, const char *name, struct session_row *ret)
{
	return row_one(db, &table,
	               "WHERE name = ? ORDER BY lifecycle = 'removed', created_ms DESC, rowid DESC LIMIT 1",
	               STMT_ARGS(STMT_T(name)), ret);
}

void session_row_list(struct db *db, bool all, struct session_rows *ret)
{
	row_all(db, &table,
	        all ? "ORDER BY created_ms, rowid" : "WHERE lifecycle != 'removed' ORDER BY created_ms, rowid",
	        STMT_ARGS(), ret);
}

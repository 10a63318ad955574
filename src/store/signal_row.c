#include "store/signal_row.h"

#include <assert.h>

#include "store/row_table.h"

#define ROW_TABLE signal
ROW_DEFINE(SIGNAL_COLUMNS, 2, false);

void signal_row_put(struct db *db, const struct signal_row *row)
{
	row_insert(db, &table, ROW_REPLACE, row);
}

void signal_row_delete_all(struct db *db, const char *session)
{
	stmt_run(db, "DELETE FROM signal WHERE session = ?", STMT_ARGS(STMT_T(session)));
}

void signal_row_list(struct db *db, const char *session, struct signal_rows *ret)
{
	row_all(db, &table, "WHERE session = ? ORDER BY at_ms DESC, source", STMT_ARGS(STMT_T(session)), ret);
}

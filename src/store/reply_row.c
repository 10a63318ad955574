#include "store/reply_row.h"

#include <assert.h>

#include "store/row_table.h"

#define ROW_TABLE reply
ROW_DEFINE(REPLY_COLUMNS, 2, false);

void reply_row_put(struct db *db, const struct reply_row *row)
{
	row_insert(db, &table, ROW_KEEP, row);
}

void reply_row_delete(struct db *db, const char *session, int64_t request)
{
	stmt_run(db, "DELETE FROM reply WHERE session = ? AND request = ?",
		 STMT_ARGS(STMT_T(session), STMT_I(request)));
}

void reply_row_list(struct db *db, const char *session, struct reply_rows *ret)
{
	row_all(db, &table, "WHERE session = ? ORDER BY request", STMT_ARGS(STMT_T(session)), ret);
}

#include "store/reliance_row.h"

#include <assert.h>

#include "store/row_table.h"

#define ROW_TABLE reliance
ROW_DEFINE(RELIANCE_COLUMNS, 2, false);

void reliance_row_put(struct db *db, const struct reliance_row *row)
{
	row_insert(db, &table, ROW_REPLACE, row);
}

void reliance_row_list(struct db *db, const char *name, struct reliance_rows *ret)
{
	row_all(db, &table, "WHERE name = ? ORDER BY told_ms, session", STMT_ARGS(STMT_T(name)), ret);
}

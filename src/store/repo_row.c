#include "store/repo_row.h"

#include <assert.h>

#include "store/row_table.h"

#define ROW_TABLE repo
ROW_DEFINE(REPO_COLUMNS, 1, false);

void repo_row_put(struct db *db, const struct repo_row *row)
{
	row_insert(db, &table, ROW_REPLACE, row);
}

bool repo_row_get(struct db *db, const char *path, struct repo_row *ret)
{
	return row_one(db, &table, "WHERE path = ?", STMT_ARGS(STMT_T(path)), ret);
}

void repo_row_list(struct db *db, struct repo_rows *ret)
{
	row_all(db, &table, "ORDER BY path", STMT_ARGS(), ret);
}

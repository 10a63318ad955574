#include "store/habit_row.h"

#include <assert.h>

#include "store/row_table.h"

#define ROW_TABLE habit
ROW_DEFINE(HABIT_COLUMNS, 1, false);

void habit_row_put(struct db *db, const struct habit_row *row)
{
	row_insert(db, &table, ROW_REPLACE, row);
}

bool habit_row_get(struct db *db, const char *about, struct habit_row *ret)
{
	return row_one(db, &table, "WHERE about = ?", STMT_ARGS(STMT_T(about)), ret);
}

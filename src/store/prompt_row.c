#include "store/prompt_row.h"

#include <assert.h>

#include "store/row_table.h"

#define ROW_TABLE prompt
ROW_DEFINE(PROMPT_COLUMNS, 1, true);

void prompt_row_insert(struct db *db, struct prompt_row *row)
{
	row->id = row_insert(db, &table, ROW_NEW, row);
}

void prompt_row_save(struct db *db, const struct prompt_row *row)
{
	row_save(db, &table, row);
}

bool prompt_row_get(struct db *db, int64_t id, struct prompt_row *ret)
{
	return row_one(db, &table, "WHERE id = ?", STMT_ARGS(STMT_I(id)), ret);
}

void prompt_row_list_open(struct db *db, const char *session, struct prompt_rows *ret)
{
	row_all(db, &table, "WHERE session = ? AND state IN ('queued', 'sent') ORDER BY id",
		STMT_ARGS(STMT_T(session)), ret);
}

#include "store/decision_row.h"

#include <assert.h>

#include "store/row_table.h"

#define ROW_TABLE decision
ROW_DEFINE(DECISION_COLUMNS, 1, true);

#define HOLDS "INDEXED BY decision_holds WHERE superseded_ms = 0"

void decision_row_insert(struct db *db, struct decision_row *row)
{
	row->id = row_insert(db, &table, ROW_NEW, row);
}

void decision_row_save(struct db *db, const struct decision_row *row)
{
	row_save(db, &table, row);
}

bool decision_row_get(struct db *db, int64_t id, struct decision_row *ret)
{
	return row_one(db, &table, "WHERE id = ?", STMT_ARGS(STMT_I(id)), ret);
}

bool decision_row_current(struct db *db, const char *scope, const char *name, struct decision_row *ret)
{
	return row_one(db, &table, HOLDS " AND name = ? AND scope = ?", STMT_ARGS(STMT_T(name), STMT_T(scope)), ret);
}

bool decision_row_for(struct db *db, const char *scope, const char *name, struct decision_row *ret)
{
	return row_one(db, &table, HOLDS " AND name = ? AND scope IN (?, '') ORDER BY scope DESC LIMIT 1",
	               STMT_ARGS(STMT_T(name), STMT_T(scope)), ret);
}

void decision_row_list(struct db *db, const char *scope, bool history, struct decision_rows *ret)
{
	if (history)
		row_all(db, &table, "WHERE ?1 IS NULL OR scope IN (?1, '') ORDER BY name, scope, version",
		        STMT_ARGS(STMT_T(scope)), ret);
	else
		row_all(db, &table, HOLDS " AND (?1 IS NULL OR scope IN (?1, '')) ORDER BY name, scope",
		        STMT_ARGS(STMT_T(scope)), ret);
}

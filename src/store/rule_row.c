#include "store/rule_row.h"

#include <assert.h>

#include "store/row_table.h"

#define ROW_TABLE rule
ROW_DEFINE(RULE_COLUMNS, 1, true);

void rule_row_insert(struct db *db, struct rule_row *row)
{
	row->id = row_insert(db, &table, ROW_NEW, row);
}

void rule_row_save(struct db *db, const struct rule_row *row)
{
	row_save(db, &table, row);
}

bool rule_row_get(struct db *db, int64_t id, struct rule_row *ret)
{
	return row_one(db, &table, "WHERE id = ?", STMT_ARGS(STMT_I(id)), ret);
}

void rule_row_list(struct db *db, struct rule_rows *ret)
{
	row_all(db, &table, "INDEXED BY rule_counts WHERE removed_ms = 0 ORDER BY id", STMT_ARGS(), ret);
}

void rule_use_add(struct db *db, const char *rule, int64_t now_ms)
{
	stmt_run(db,
	         "INSERT INTO rule_use(rule, used, last_ms) VALUES (?1, 1, ?2)"
	         " ON CONFLICT(rule) DO UPDATE SET used = used + 1, last_ms = ?2",
	         STMT_ARGS(STMT_T(rule), STMT_I(now_ms)));
}

int64_t rule_use_count(struct db *db, const char *rule, int64_t *ret_last_ms)
{
	*ret_last_ms = stmt_number(db, "SELECT last_ms FROM rule_use WHERE rule = ?", 0, STMT_ARGS(STMT_T(rule)));
	return stmt_number(db, "SELECT used FROM rule_use WHERE rule = ?", 0, STMT_ARGS(STMT_T(rule)));
}

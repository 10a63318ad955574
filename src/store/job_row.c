#include "store/job_row.h"

#include <assert.h>

#include "store/row_table.h"

#define ROW_TABLE job
ROW_DEFINE(JOB_COLUMNS, 2, false);

void job_row_put(struct db *db, const struct job_row *row)
{
	row_insert(db, &table, ROW_REPLACE, row);
}

bool job_row_get(struct db *db, const char *session, const char *name, struct job_row *ret)
{
	return row_one(db, &table, "WHERE session = ? AND name = ?", STMT_ARGS(STMT_T(session), STMT_T(name)), ret);
}

void job_row_list(struct db *db, const char *session, struct job_rows *ret)
{
	row_all(db, &table, "WHERE session = ? ORDER BY started_ms, name", STMT_ARGS(STMT_T(session)), ret);
}

int64_t job_row_count_running(struct db *db, const char *session)
{
	return stmt_number(db, "SELECT count(*) FROM job WHERE session = ? AND state = 'running'", 0,
	                   STMT_ARGS(STMT_T(session)));
}

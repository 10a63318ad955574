#include "store/meta.h"

#include "base/mem.h"
#include "store/stmt.h"

char *meta_get(struct db *db, const char *key)
{
	sqlite3_stmt *stmt = stmt_of(db, "SELECT value FROM meta WHERE key = ?", STMT_ARGS(STMT_T(key)));
	if (!stmt_step(db, stmt))
		return NULL;
	char *value = mem_strdup((const char *)sqlite3_column_text(stmt, 0));
	sqlite3_reset(stmt);
	return value;
}

void meta_set(struct db *db, const char *key, const char *value)
{
	if (value)
		stmt_run(db, "INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)",
		         STMT_ARGS(STMT_T(key), STMT_T(value)));
	else
		stmt_run(db, "DELETE FROM meta WHERE key = ?", STMT_ARGS(STMT_T(key)));
}

#include "store/stmt.h"

#include <stdarg.h>
#include <stdio.h>
#include <uthash.h>

#include "base/mem.h"
#include "store/db_priv.h"

struct stmt_slot {
	struct stmt_key key;
	sqlite3_stmt *stmt;
	UT_hash_handle hh;
};

void stmt_spoil(struct db *db, const char *fmt, ...)
{
	if (db->spoiled)
		return;
	char text[sizeof db->why.msg];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	err_set(&db->why, ERR_FAILED, "%s", text);
	db->spoiled = true;
}

static void spoil_by(struct db *db, int rc)
{
	if (db->spoiled)
		return;
	db_explain(&db->why, db->sql, db->path, rc);
	db->spoiled = true;
}

void stmt_begin(struct db *db)
{
	if (db->turn || db->spoiled)
		return;
	int rc = sqlite3_exec(db->sql, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		db->turn = true;
	else
		spoil_by(db, rc);
}

static struct stmt_slot *slot_new(struct db *db, const struct stmt_source *source)
{
	struct str sql STR_FREE = STR_INIT;
	source->make(source, &sql);
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v3(db->sql, str_c(&sql), (int)sql.len, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
	if (rc != SQLITE_OK) {
		spoil_by(db, rc);
		return NULL;
	}
	struct stmt_slot *slot = mem_alloc(sizeof *slot);
	slot->key = source->key;
	slot->stmt = stmt;
	HASH_ADD(hh, db->slots, key, sizeof slot->key, slot);
	return slot;
}

static void bind(sqlite3_stmt *stmt, const struct stmt_arg *args)
{
	/* These fail only for an index that the statement does not have: a value that it does not use. */
	for (int i = 0; args[i].type != STMT_END; i++) {
		if (args[i].type == STMT_INT)
			sqlite3_bind_int64(stmt, i + 1, args[i].number);
		else if (args[i].type == STMT_TEXT && args[i].text)
			sqlite3_bind_text(stmt, i + 1, args[i].text, -1, SQLITE_STATIC);
		else
			sqlite3_bind_null(stmt, i + 1);
	}
}

sqlite3_stmt *stmt_get(struct db *db, const struct stmt_source *source, const struct stmt_arg *args)
{
	if (db->spoiled)
		return NULL;
	struct stmt_slot *slot;
	HASH_FIND(hh, db->slots, &source->key, sizeof source->key, slot);
	if (!slot && !(slot = slot_new(db, source)))
		return NULL;
	sqlite3_reset(slot->stmt);
	if (!sqlite3_stmt_readonly(slot->stmt))
		stmt_begin(db);
	if (db->spoiled)
		return NULL;
	bind(slot->stmt, args);
	return slot->stmt;
}

static void make_constant(const struct stmt_source *source, struct str *ret_sql)
{
	str_adds(ret_sql, source->key.text);
}

sqlite3_stmt *stmt_of(struct db *db, const char *sql, const struct stmt_arg *args)
{
	return stmt_get(db, &(struct stmt_source){.key = {NULL, sql}, .make = make_constant}, args);
}

bool stmt_step(struct db *db, sqlite3_stmt *stmt)
{
	if (!stmt)
		return false;
	int rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		spoil_by(db, rc);
	sqlite3_reset(stmt);
	return false;
}

int64_t stmt_run(struct db *db, const char *sql, const struct stmt_arg *args)
{
	sqlite3_stmt *stmt = stmt_of(db, sql, args);
	stmt_step(db, stmt);
	return stmt ? sqlite3_changes64(db->sql) : 0;
}

int64_t stmt_number(struct db *db, const char *sql, int64_t fallback, const struct stmt_arg *args)
{
	sqlite3_stmt *stmt = stmt_of(db, sql, args);
	if (!stmt_step(db, stmt))
		return fallback;
	int64_t number = sqlite3_column_type(stmt, 0) == SQLITE_NULL ? fallback : sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	return number;
}

int64_t stmt_last_id(const struct db *db)
{
	return sqlite3_last_insert_rowid(db->sql);
}

void stmt_free_all(struct db *db)
{
	struct stmt_slot *slot, *tmp;
	HASH_ITER (hh, db->slots, slot, tmp) {
		HASH_DEL(db->slots, slot);
		sqlite3_finalize(slot->stmt);
		free(slot);
	}
}

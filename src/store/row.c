#include "store/row_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { COLUMNS_MAX = 64 };

static void *field(const struct row_column *c, const void *row)
{
	return (char *)row + c->offset;
}

static char **text_of(const struct row_column *c, const void *row)
{
	return field(c, row);
}

static int64_t *number_of(const struct row_column *c, const void *row)
{
	return field(c, row);
}

void row_init(const struct row_table *t, void *row)
{
	memset(row, 0, t->size);
	for (size_t i = 0; i < t->n_columns; i++)
		if (t->columns[i].kind == ROW_OPT)
			*number_of(&t->columns[i], row) = -1;
}

void row_fini(const struct row_table *t, void *row)
{
	for (size_t i = 0; i < t->n_columns; i++)
		if (t->columns[i].kind == ROW_TEXT)
			free(*text_of(&t->columns[i], row));
	row_init(t, row);
}

void rows_fini(const struct row_table *t, void *rows)
{
	struct rows_any *any = rows;
	for (size_t i = 0; i < any->n; i++)
		row_fini(t, (char *)any->v + i * t->size);
	free(any->v);
	*any = (struct rows_any){0};
}

void row_copy(const struct row_table *t, void *dst, const void *src)
{
	if (dst == src)
		return;
	row_fini(t, dst);
	memcpy(dst, src, t->size);
	for (size_t i = 0; i < t->n_columns; i++)
		if (t->columns[i].kind == ROW_TEXT) {
			char **text = text_of(&t->columns[i], dst);
			*text = *text ? mem_strdup(*text) : NULL;
		}
}

static struct stmt_arg arg_of(const struct row_column *c, const void *row)
{
	switch (c->kind) {
	case ROW_TEXT:
		return (struct stmt_arg)STMT_T(*text_of(c, row));
	case ROW_INT:
		return (struct stmt_arg)STMT_I(*number_of(c, row));
	case ROW_OPT:
		return (struct stmt_arg){.type = *number_of(c, row) == -1 ? STMT_NULL : STMT_INT,
		                         .number = *number_of(c, row)};
	case ROW_BOOL:
		return (struct stmt_arg)STMT_I(*(bool *)field(c, row));
	}
	abort();
}

static void read_column(const struct row_column *c, sqlite3_stmt *stmt, int index, void *row)
{
	bool null = sqlite3_column_type(stmt, index) == SQLITE_NULL;
	switch (c->kind) {
	case ROW_TEXT:
		*text_of(c, row) = null ? NULL : mem_strdup((const char *)sqlite3_column_text(stmt, index));
		break;
	case ROW_INT:
		*number_of(c, row) = sqlite3_column_int64(stmt, index);
		break;
	case ROW_OPT:
		*number_of(c, row) = null ? -1 : sqlite3_column_int64(stmt, index);
		break;
	case ROW_BOOL:
		*(bool *)field(c, row) = sqlite3_column_int64(stmt, index) != 0;
		break;
	}
}

static void add_names(const struct row_table *t, size_t first, size_t end, const char *suffix,
		      const char *separator, struct str *sql)
{
	for (size_t i = first; i < end; i++) {
		str_adds(sql, i > first ? separator : "");
		str_addf(sql, "\"%s\"%s", t->columns[i].name, suffix);
	}
}

static void make_insert(const struct stmt_source *source, struct str *ret_sql)
{
	const struct row_table *t = source->key.owner;
	str_addf(ret_sql, "%s INTO %s(", source->key.text, t->name);
	add_names(t, 0, t->n_columns, "", ", ", ret_sql);
	str_adds(ret_sql, ") VALUES (?");
	for (size_t i = 1; i < t->n_columns; i++)
		str_adds(ret_sql, ", ?");
	str_addc(ret_sql, ')');
}

/* The key's values come last here, so save() binds them last. */
static void make_update(const struct stmt_source *source, struct str *ret_sql)
{
	const struct row_table *t = source->key.owner;
	str_addf(ret_sql, "UPDATE %s SET ", t->name);
	add_names(t, t->n_keys, t->n_columns, " = ?", ", ", ret_sql);
	str_adds(ret_sql, " WHERE ");
	add_names(t, 0, t->n_keys, " = ?", " AND ", ret_sql);
}

static void make_select(const struct stmt_source *source, struct str *ret_sql)
{
	const struct row_table *t = source->key.owner;
	str_adds(ret_sql, "SELECT ");
	add_names(t, 0, t->n_columns, "", ", ", ret_sql);
	str_addf(ret_sql, " FROM %s %s", t->name, source->key.text);
}

int64_t row_insert(struct db *db, const struct row_table *t, enum row_conflict on_conflict, const void *row)
{
	static const char *const verbs[] = {"INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"};
	struct stmt_arg args[COLUMNS_MAX + 1] = {0};
	for (size_t i = 0; i < t->n_columns; i++)
		args[i] = arg_of(&t->columns[i], row);
	if (t->numbered && args[0].number == 0)
		args[0].type = STMT_NULL;
	struct stmt_source source = {{t, verbs[on_conflict]}, make_insert};
	stmt_step(db, stmt_get(db, &source, args));
	return db_spoiled(db) ? 0 : stmt_last_id(db);
}

void row_save(struct db *db, const struct row_table *t, const void *row)
{
	struct stmt_arg args[COLUMNS_MAX + 1] = {0};
	size_t n = 0;
	for (size_t i = t->n_keys; i < t->n_columns; i++)
		args[n++] = arg_of(&t->columns[i], row);
	for (size_t i = 0; i < t->n_keys; i++)
		args[n++] = arg_of(&t->columns[i], row);
	struct stmt_source source = {{t, "UPDATE"}, make_update};
	stmt_step(db, stmt_get(db, &source, args));
}

static void read_row(const struct row_table *t, sqlite3_stmt *stmt, void *row)
{
	for (size_t i = 0; i < t->n_columns; i++)
		read_column(&t->columns[i], stmt, (int)i, row);
}

bool row_one(struct db *db, const struct row_table *t, const char *tail, const struct stmt_arg *args, void *ret_row)
{
	struct stmt_source source = {{t, tail}, make_select};
	sqlite3_stmt *stmt = stmt_get(db, &source, args);
	if (!stmt_step(db, stmt))
		return false;
	row_fini(t, ret_row);
	read_row(t, stmt, ret_row);
	sqlite3_reset(stmt);
	return true;
}

void row_all(struct db *db, const struct row_table *t, const char *tail, const struct stmt_arg *args,
	     void *ret_rows)
{
	struct stmt_source source = {{t, tail}, make_select};
	sqlite3_stmt *stmt = stmt_get(db, &source, args);
	struct rows_any *rows = ret_rows;
	*rows = (struct rows_any){0};
	size_t room = 0;
	while (stmt_step(db, stmt)) {
		if (rows->n == room) {
			room = room ? 2 * room : 16;
			rows->v = mem_resize(rows->v, room, t->size);
		}
		read_row(t, stmt, (char *)rows->v + rows->n++ * t->size);
	}
}

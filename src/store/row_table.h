/* How the rows of store/row.h are read and written: internal to src/store. */
#ifndef STORE_ROW_TABLE_H
#define STORE_ROW_TABLE_H

#include "store/row.h"
#include "store/stmt.h"

enum row_kind { ROW_TEXT, ROW_INT, ROW_OPT, ROW_BOOL };

struct row_column {
	const char *name;
	enum row_kind kind;
	size_t offset;
};

struct row_table {
	const char *name;
	const struct row_column *columns;
	size_t n_columns;
	size_t n_keys; /* the first columns: the primary key */
	size_t size;   /* of the struct */
	bool numbered; /* the key is an integer that the database gives out */
};

/* A file that defines a table says first: #define ROW_TABLE session, and then ROW_DEFINE(SESSION_COLUMNS, 1,
 * false). */
#define ROW_STRUCT_OF(table) struct table##_row
#define ROW_STRUCT(table) ROW_STRUCT_OF(table)
#define ROW_COLUMN(kind_, name_) {#name_, ROW_##kind_, offsetof(ROW_STRUCT(ROW_TABLE), name_)},
#define ROW_DEFINE(COLUMNS, keys, is_numbered) ROW_DEFINE_1(ROW_TABLE, COLUMNS, keys, is_numbered)
#define ROW_DEFINE_1(table, COLUMNS, keys, is_numbered) ROW_DEFINE_2(table, COLUMNS, keys, is_numbered)
#define ROW_DEFINE_2(t, COLUMNS, keys, is_numbered)                                     \
	static const struct row_column columns[] = {COLUMNS(ROW_COLUMN)};               \
	static const struct row_table table = {.name = #t,                              \
	                                       .columns = columns,                      \
	                                       .n_columns = ARRAY_LEN(columns),         \
	                                       .n_keys = (keys),                        \
	                                       .size = sizeof(struct t##_row),          \
	                                       .numbered = (is_numbered)};              \
	void t##_row_init(struct t##_row *row)                                          \
	{                                                                               \
		row_init(&table, row);                                                  \
	}                                                                               \
	void t##_row_fini(struct t##_row *row)                                          \
	{                                                                               \
		row_fini(&table, row);                                                  \
	}                                                                               \
	void t##_rows_fini(struct t##_rows *rows)                                       \
	{                                                                               \
		rows_fini(&table, rows);                                                \
	}                                                                               \
	void t##_row_copy(struct t##_row *dst, const struct t##_row *src)               \
	{                                                                               \
		row_copy(&table, dst, src);                                             \
	}                                                                               \
	static_assert(sizeof(struct t##_rows) == sizeof(struct rows_any), "row.h")

/* Any struct <table>_rows. */
struct rows_any {
	void *v;
	size_t n;
};

void row_init(const struct row_table *t, void *row);
void row_fini(const struct row_table *t, void *row);
void rows_fini(const struct row_table *t, void *rows);
void row_copy(const struct row_table *t, void *dst, const void *src);

enum row_conflict { ROW_NEW, ROW_REPLACE, ROW_KEEP };

/* Inserts the row; a numbered one whose key is 0 gets a number. Returns its number. on_conflict: when the key
 * exists. */
int64_t row_insert(struct db *db, const struct row_table *t, enum row_conflict on_conflict, const void *row);
/* Writes all columns of the row with this key. */
void row_save(struct db *db, const struct row_table *t, const void *row);

/* tail is a constant: what follows SELECT … FROM table. The statement is kept by its address and the table. */
bool row_one(struct db *db, const struct row_table *t, const char *tail, const struct stmt_arg *args,
	     void *ret_row);
/* *ret_rows (struct <table>_rows) is overwritten. */
void row_all(struct db *db, const struct row_table *t, const char *tail, const struct stmt_arg *args,
	     void *ret_rows);

#endif

/* Statements of the store: internal to src/store. */
#ifndef STORE_STMT_H
#define STORE_STMT_H

#include <sqlite3.h>

#include "base/str.h"
#include "store/db.h"

/* A value for a ? of a statement; texts are borrowed until the statement is reset. */
struct stmt_arg {
	enum { STMT_END, STMT_NULL, STMT_INT, STMT_TEXT } type;
	int64_t number;
	const char *text;
};

#define STMT_I(value) {.type = STMT_INT, .number = (value)}
#define STMT_T(value) {.type = STMT_TEXT, .text = (value)} /* NULL becomes NULL */
#define STMT_ARGS(...) ((const struct stmt_arg[]){__VA_ARGS__ __VA_OPT__(, ){.type = STMT_END}})

/* What a statement is kept by: the address of a constant text, which need not be all of it, and of its owner. */
struct stmt_key {
	const void *owner; /* NULL: text is the whole statement */
	const char *text;
};

/* How the text of a statement comes about, once a database. */
struct stmt_source {
	struct stmt_key key;
	void (*make)(const struct stmt_source *source, struct str *ret_sql);
};

/* The prepared statement, reset and with its values bound; NULL when the turn is spoiled. Opens the turn when the
 * statement writes. Valid until the same one is asked for again. */
sqlite3_stmt *stmt_get(struct db *db, const struct stmt_source *source, const struct stmt_arg *args);

/* The same for a constant text, which is kept by its address. */
sqlite3_stmt *stmt_of(struct db *db, const char *sql, const struct stmt_arg *args);

/* True when there is a row, false at the end (the statement is reset then) or when the turn is spoiled. NULL is
 * fine. */
bool stmt_step(struct db *db, sqlite3_stmt *stmt);

/* Runs a constant text to its end. Returns how many rows it changed. */
int64_t stmt_run(struct db *db, const char *sql, const struct stmt_arg *args);

/* The first column of its first row; fallback when there is none, or it is NULL. */
int64_t stmt_number(struct db *db, const char *sql, int64_t fallback, const struct stmt_arg *args);

/* Ends the use of the database: see db.h, FAILURE. */
void stmt_spoil(struct db *db, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Id of the row that was inserted last. */
int64_t stmt_last_id(const struct db *db);

#endif

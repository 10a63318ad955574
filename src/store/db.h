/* The store: one SQLite database, the only truth of musterd.
 *
 * TURNS. The first write opens a transaction; db_turn_commit() ends it. Nobody may be told of a change before the
 * turn that holds it is committed and, when somebody called db_turn_durable(), on the disk (db_sync).
 *
 * FAILURE. Reads and writes have no error result. One that fails (disk full, I/O error, damaged file) spoils the
 * turn: from then on nothing is read or written, and db_turn_commit() rolls back and says why. Memory may be ahead
 * of the store then, so the process answers every caller with that error and ends; its successor starts from what
 * is committed. Code that uses the store therefore has no half-written case to handle.
 *
 * Everything but db_sync and db_checkpoint belongs to one thread. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct db;
struct sqlite3_stmt;

/* Opens the database, makes it when it is missing (mode 0600, as SQLite's files beside it) and brings its schema up
 * to date. ERR_FAILED with what to do when it is damaged, from a newer muster, read-only or not openable. */
int db_open(const char *path, struct db **ret, struct err *err) NODISCARD;
/* Rolls back an open turn. NULL is fine. */
void db_close(struct db *db);

const char *db_path(const struct db *db);

/* True while the turn holds a write that is not committed, or is spoiled. */
bool db_turn_open(const struct db *db);
/* This turn holds words of the lead: it must be on the disk before anyone is told. */
void db_turn_durable(struct db *db);
/* Ends the turn; without a write it does nothing. Returns 0, 1 when db_sync() must succeed before anyone is told, or
 * -1 with err after rolling back. */
int db_turn_commit(struct db *db, struct err *err) NODISCARD;
/* NULL while all is well, else what spoiled the turn. */
const struct err *db_spoiled(const struct db *db);

/* Brings all that was committed before the call to the disk. Slow; may run on any thread while the owner works on. */
int db_sync(struct db *db, struct err *err) NODISCARD;
/* Copying the write-ahead log back into the database is left to whoever has the time: true when it is worth it. */
bool db_checkpoint_due(const struct db *db);
/* Does that. Slow; may run on any thread, one at a time, while the owner works on. */
int db_checkpoint(struct db *db, struct err *err) NODISCARD;

/* --- for the files of src/store: statements --- */

/* A value for a ? of a statement; texts are borrowed until the call returns. */
struct db_arg {
	enum { DB_END, DB_NULL, DB_INT, DB_TEXT } type;
	int64_t number;
	const char *text;
};

#define DB_I(value) ((struct db_arg){.type = DB_INT, .number = (value)})
#define DB_T(value) ((struct db_arg){.type = DB_TEXT, .text = (value)}) /* NULL becomes NULL */
#define DB_ARGS(...) ((const struct db_arg[]){__VA_ARGS__ __VA_OPT__(, ){.type = DB_END}})

/* The prepared statement of a text, reset and with its values bound; NULL when the turn is spoiled. Statements
 * are kept by the text's address, so it must be constant and unique to its statement. Opens the turn when the
 * statement writes. Valid until the same text is asked for again. */
struct sqlite3_stmt *db_prepare(struct db *db, const char *sql, const struct db_arg *args);
/* True when there is a row, false at the end (the statement is reset then). */
bool db_step(struct db *db, struct sqlite3_stmt *stmt);
/* Releases a statement before its end. */
void db_done(struct sqlite3_stmt *stmt);
/* A statement without rows. Returns the number of rows that changed. */
int64_t db_run_args(struct db *db, const char *sql, const struct db_arg *args);
/* The first column of the first row, or fallback when there is none (or it is NULL). */
int64_t db_number_args(struct db *db, const char *sql, int64_t fallback, const struct db_arg *args);
int64_t db_last_id(const struct db *db);

#define db_run(db, sql, ...) db_run_args(db, sql, DB_ARGS(__VA_ARGS__))
#define db_number(db, sql, fallback, ...) db_number_args(db, sql, fallback, DB_ARGS(__VA_ARGS__))

#endif

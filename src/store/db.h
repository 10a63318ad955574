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

/* Opens the database, makes it when it is missing (mode 0600, as SQLite's files beside it) and brings its schema up
 * to date. ERR_FAILED with what to do when it is damaged, from a newer muster, read-only or not openable. */
int db_open(const char *path, struct db **ret, struct err *err) NODISCARD;
/* Rolls back an open turn. NULL is fine. */
void db_close(struct db *db);

const char *db_path(const struct db *db);

/* True while the turn holds a write that is not committed, or is spoiled. */
bool db_turn_open(const struct db *db);
/* What this turn tells anyone of must be on the disk before, with all that was committed earlier: it holds words of
 * the lead, or acknowledges them. */
void db_turn_durable(struct db *db);
/* Ends the turn. Returns 0, 1 when db_sync() must succeed before anyone is told, or -1 with err, rolled back. */
int db_turn_commit(struct db *db, struct err *err) NODISCARD;
/* NULL while all is well, else what spoiled the turn. */
const struct err *db_spoiled(const struct db *db);

/* Brings all that was committed before the call to the disk. Slow; may run on any thread beside the owner. */
int db_sync(struct db *db, struct err *err) NODISCARD;
/* Copying the write-ahead log back into the database is left to whoever has the time: true when it is worth it. */
bool db_checkpoint_due(const struct db *db);
/* Does that. Slow; may run on any thread, one at a time, while the owner works on. */
int db_checkpoint(struct db *db, struct err *err) NODISCARD;
/* The log begins anew only when all of it is copied back, which never happens while it is written to all the time.
 * True after a checkpoint that came too late for the last pages of a long log: db_checkpoint_rest() copies those on
 * the owner's thread, between turns. It is for that once in some 16 MiB of log that the owner waits. */
bool db_checkpoint_rest_due(const struct db *db);
int db_checkpoint_rest(struct db *db, struct err *err) NODISCARD;

/* Reads the whole file for damage: for muster doctor. Slow; any thread. */
int db_check(const char *path, struct err *err) NODISCARD;

#endif

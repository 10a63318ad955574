/* What struct db holds: for db.c, stmt.c and event.c alone. */
#ifndef STORE_DB_PRIV_H
#define STORE_DB_PRIV_H

#include <sqlite3.h>
#include <stdatomic.h>

#include "store/db.h"

struct event_listener;
struct stmt_slot;

struct db {
	sqlite3 *sql;
	char *path;
	int wal_fd;
	struct stmt_slot *slots; /* uthash by key */
	struct event_listener *listener;
	bool turn, durable, spoiled;
	bool unsynced; /* something was committed since the last turn that wanted the disk */
	struct err why; /* spoiled */
	int wal_pages;  /* in the log after the last commit */
	_Atomic int wal_copied; /* of these, back in the database */
};

/* What to tell the person about a result code of this connection. Returns -1. */
int db_explain(struct err *err, sqlite3 *sql, const char *path, int rc);

/* stmt.c */
void stmt_begin(struct db *db);
void stmt_free_all(struct db *db);

#endif

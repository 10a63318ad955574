/* Table snapshot: what was kept before something was destroyed (a workspace, a branch), for undo. */
#ifndef STORE_SNAPSHOT_ROW_H
#define STORE_SNAPSHOT_ROW_H

#include "store/row.h"

#define SNAPSHOT_COLUMNS(X)                                          \
	X(INT, id)                                                   \
	X(TEXT, session)                                             \
	X(TEXT, ref)        /* the hidden ref that holds it */       \
	X(TEXT, commit_oid)                                          \
	X(TEXT, why)        /* "remove", "undo"… */                  \
	X(TEXT, detail)     /* JSON: what it takes to restore it */  \
	X(INT, created_ms)                                           \
	X(INT, undone_ms)   /* 0: can be undone */

ROW_DECLARE(snapshot, SNAPSHOT_COLUMNS);

/* Gives the row its id. */
void snapshot_row_insert(struct db *db, struct snapshot_row *row);
void snapshot_row_save(struct db *db, const struct snapshot_row *row);
bool snapshot_row_get(struct db *db, int64_t id, struct snapshot_row *ret);
/* The newest that is not undone; session NULL: of all. */
bool snapshot_row_newest(struct db *db, const char *session, struct snapshot_row *ret);
/* Newest first. */
void snapshot_row_list(struct db *db, const char *session, struct snapshot_rows *ret);

#endif

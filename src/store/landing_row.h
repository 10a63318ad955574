/* Table landing: one row a passage through the merge queue. */
#ifndef STORE_LANDING_ROW_H
#define STORE_LANDING_ROW_H

#include "store/row.h"

#define LANDING_COLUMNS(X)                                                                     \
	X(INT, id)                                                                             \
	X(TEXT, session)                                                                       \
	X(TEXT, state)   /* queued, merging, testing, advancing, landed, failed, refused */    \
	X(TEXT, target)  /* branch */                                                          \
	X(TEXT, tip)     /* the session's commit that is to land */                            \
	X(TEXT, base)    /* the target's commit it was merged with, or NULL */                 \
	X(TEXT, merged)  /* the commit that was tested and became the target's tip, or NULL */ \
	X(TEXT, gate)    /* JSON: the commands and how each went */                            \
	X(TEXT, log)     /* path of the gate's output */                                       \
	X(TEXT, why)     /* it failed or was refused */                                        \
	X(INT, queued_ms)                                                                      \
	X(INT, ended_ms)

ROW_DECLARE(landing, LANDING_COLUMNS);

/* Gives the row its id. */
void landing_row_insert(struct db *db, struct landing_row *row);
void landing_row_save(struct db *db, const struct landing_row *row);
bool landing_row_get(struct db *db, int64_t id, struct landing_row *ret);
/* The session's landing that has not ended. */
bool landing_row_find_open(struct db *db, const char *session, struct landing_row *ret);
/* One that brought the session's work onto its target. */
bool landing_row_find_landed(struct db *db, const char *session, struct landing_row *ret);
/* Those that have not ended, in the order of the queue. */
void landing_row_list_open(struct db *db, struct landing_rows *ret);
/* Newest first. session NULL: of all sessions. */
void landing_row_list_newest(struct db *db, const char *session, int64_t limit, struct landing_rows *ret);

#endif

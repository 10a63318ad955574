/* Table signal: what each source said last about what a session is doing. */
#ifndef STORE_SIGNAL_ROW_H
#define STORE_SIGNAL_ROW_H

#include "store/row.h"

#define SIGNAL_COLUMNS(X)                                \
	X(TEXT, session)                                 \
	X(TEXT, source)                                  \
	X(INT, activity)   /* enum agent_activity */     \
	X(INT, confidence) /* 0 to 100 */                \
	X(TEXT, detail)                                  \
	X(INT, at_ms)

ROW_DECLARE(signal, SIGNAL_COLUMNS);

/* Replaces what the source said before. */
void signal_row_put(struct db *db, const struct signal_row *row);
void signal_row_delete_all(struct db *db, const char *session);
/* Newest first. */
void signal_row_list(struct db *db, const char *session, struct signal_rows *ret);

#endif

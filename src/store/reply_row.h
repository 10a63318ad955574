/* Table reply: answers to mailbox requests that the holder has not confirmed yet; sent again after a crash. */
#ifndef STORE_REPLY_ROW_H
#define STORE_REPLY_ROW_H

#include "store/row.h"

#define REPLY_COLUMNS(X)                       \
	X(TEXT, session)                       \
	X(INT, request) /* its number */       \
	X(TEXT, answer) /* one line of JSON */ \
	X(INT, created_ms)

ROW_DECLARE(reply, REPLY_COLUMNS);

/* The first answer to a request stays. */
void reply_row_put(struct db *db, const struct reply_row *row);
/* The holder has it, or the request is gone. */
void reply_row_delete(struct db *db, const char *session, int64_t request);
void reply_row_list(struct db *db, const char *session, struct reply_rows *ret);

#endif

/* Table reliance: which version of a decision each session was told, so that it hears of the next one. */
#ifndef STORE_RELIANCE_ROW_H
#define STORE_RELIANCE_ROW_H

#include "store/row.h"

#define RELIANCE_COLUMNS(X)                                       \
	X(TEXT, session)                                          \
	X(TEXT, name)                                             \
	X(INT, decision) /* id of the row that it knows */        \
	X(INT, told_ms)

ROW_DECLARE(reliance, RELIANCE_COLUMNS);

/* Replaces what the session was told of that name before. */
void reliance_row_put(struct db *db, const struct reliance_row *row);
/* Of all sessions, in the order in which they were told. */
void reliance_row_list(struct db *db, const char *name, struct reliance_rows *ret);

#endif

/* Table decision: what the lead has decided, by name. A value is never changed: another version follows it. */
#ifndef STORE_DECISION_ROW_H
#define STORE_DECISION_ROW_H

#include "store/row.h"

#define DECISION_COLUMNS(X)                                                                    \
	X(INT, id)                                                                             \
	X(TEXT, scope)         /* common git folder, or folder, that it is for; "": everywhere */ \
	X(TEXT, name)                                                                          \
	X(INT, version)        /* from 1, within scope and name */                             \
	X(TEXT, value)                                                                         \
	X(TEXT, because)       /* or NULL */                                                   \
	X(INT, item)           /* the docket's item that it answered, or 0 */                  \
	X(INT, made_ms)                                                                        \
	X(INT, superseded_ms)  /* 0: it holds */

ROW_DECLARE(decision, DECISION_COLUMNS);

/* Gives the row its id. */
void decision_row_insert(struct db *db, struct decision_row *row);
void decision_row_save(struct db *db, const struct decision_row *row);
bool decision_row_get(struct db *db, int64_t id, struct decision_row *ret);
/* The one that holds, of exactly that scope. */
bool decision_row_current(struct db *db, const char *scope, const char *name, struct decision_row *ret);
/* The one that holds for who works in that scope: its own, or else that of everywhere. */
bool decision_row_for(struct db *db, const char *scope, const char *name, struct decision_row *ret);
/* By name, then version. scope: that and everywhere, NULL: all; history: superseded ones too. */
void decision_row_list(struct db *db, const char *scope, bool history, struct decision_rows *ret);

#endif

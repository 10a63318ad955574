/* Table item: what needs, or needed, the lead. */
#ifndef STORE_ITEM_ROW_H
#define STORE_ITEM_ROW_H

#include "store/row.h"

#define ITEM_COLUMNS(X)                                                                            \
	X(INT, id)                                                                                 \
	X(TEXT, session)                                                                           \
	X(TEXT, kind)                                                                              \
	X(TEXT, key)      /* names the need within its session: only one of a key is open at a time */ \
	X(INT, request)   /* mailbox request that waits for the answer, or 0 */                    \
	X(BOOL, blocking) /* the agent stands still until it is answered */                        \
	X(TEXT, title)                                                                             \
	X(TEXT, detail)   /* JSON object or NULL */                                                \
	X(TEXT, options)  /* JSON list or NULL */                                                  \
	X(TEXT, topic)    /* open items with the same one are one need to the lead; NULL: it stands alone */ \
	X(TEXT, state)    /* open, answered (the agent does not have it yet), delivered, withdrawn */ \
	X(TEXT, option)   /* the answer */                                                         \
	X(TEXT, text)                                                                              \
	X(TEXT, reason)   /* why it was withdrawn */                                               \
	X(INT, opened_ms)                                                                          \
	X(INT, noticed_ms) /* the lead was told of it, by a notice or on the docket; 0: not yet */  \
	X(INT, closed_ms)

ROW_DECLARE(item, ITEM_COLUMNS);

/* Gives the row its id. */
void item_row_insert(struct db *db, struct item_row *row);
void item_row_save(struct db *db, const struct item_row *row);
bool item_row_get(struct db *db, int64_t id, struct item_row *ret);
/* The session's item of that key that is open or answered. */
bool item_row_find(struct db *db, const char *session, const char *key, struct item_row *ret);
/* Those in state open, oldest first. session NULL: of all sessions. */
void item_row_list_open(struct db *db, const char *session, struct item_rows *ret);
/* Those in state open of that kind, of all sessions, oldest first. */
void item_row_list_kind(struct db *db, const char *kind, struct item_rows *ret);
/* Those in state open that the lead was not told of, oldest first. */
void item_row_list_unnoticed(struct db *db, struct item_rows *ret);
/* The lead is told of all that are open. Writes nothing when there is nothing new. */
void item_row_set_noticed(struct db *db, int64_t now_ms);
/* Those in state open with that topic, of all sessions, oldest first. */
void item_row_list_topic(struct db *db, const char *topic, struct item_rows *ret);
/* In any state, newest first. session NULL: of all sessions. */
void item_row_list_newest(struct db *db, const char *session, int64_t limit, struct item_rows *ret);
/* Those that are open or answered and wait for that request; oldest first. */
void item_row_list_request(struct db *db, const char *session, int64_t request, struct item_rows *ret);
/* Those in state answered, whose answer must still be brought to the agent; oldest first. */
void item_row_list_answered(struct db *db, const char *session, struct item_rows *ret);
/* Number of the session's open items; only the blocking ones in *ret_blocking. */
int64_t item_row_count_open(struct db *db, const char *session, int64_t *ret_blocking);

#endif

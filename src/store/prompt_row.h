/* Table prompt: what the lead told a session. */
#ifndef STORE_PROMPT_ROW_H
#define STORE_PROMPT_ROW_H

#include "store/row.h"

#define PROMPT_COLUMNS(X)                                                             \
	X(INT, id)                                                                    \
	X(TEXT, session)                                                              \
	X(TEXT, text)                                                                 \
	X(TEXT, state)  /* queued, sent (the adapter has it), taken (the agent has), failed */ \
	X(TEXT, why)    /* it failed, or NULL */                                      \
	X(INT, created_ms)                                                            \
	X(INT, settled_ms)

ROW_DECLARE(prompt, PROMPT_COLUMNS);

/* Gives the row its id. */
void prompt_row_insert(struct db *db, struct prompt_row *row);
void prompt_row_save(struct db *db, const struct prompt_row *row);
bool prompt_row_get(struct db *db, int64_t id, struct prompt_row *ret);
/* The session's prompts that are queued or sent, oldest first. */
void prompt_row_list_open(struct db *db, const char *session, struct prompt_rows *ret);

#endif

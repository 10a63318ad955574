/* Table rule: what the lead made policy with an answer. Table rule_use: how often each rule, of any source, was applied. */
#ifndef STORE_RULE_ROW_H
#define STORE_RULE_ROW_H

#include "store/row.h"

#define RULE_COLUMNS(X)                                                   \
	X(INT, id)                                                        \
	X(TEXT, text)       /* JSON object: work/rule.h, rule_parse() */  \
	X(INT, item)        /* whose answer made it */                    \
	X(INT, created_ms)                                                \
	X(INT, removed_ms)  /* 0: it counts */

ROW_DECLARE(rule, RULE_COLUMNS);

/* Gives the row its id. */
void rule_row_insert(struct db *db, struct rule_row *row);
void rule_row_save(struct db *db, const struct rule_row *row);
bool rule_row_get(struct db *db, int64_t id, struct rule_row *ret);
/* Those that count, by number. */
void rule_row_list(struct db *db, struct rule_rows *ret);

/* A rule is named by a text of the caller's. */
void rule_use_add(struct db *db, const char *rule, int64_t now_ms);
int64_t rule_use_count(struct db *db, const char *rule, int64_t *ret_last_ms);

#endif

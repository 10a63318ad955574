/* Table habit: how the lead has answered the same permission so far. A row for each thing that was asked, not for each time:
 * looking it up costs the same whatever the history. */
#ifndef STORE_HABIT_ROW_H
#define STORE_HABIT_ROW_H

#include "store/row.h"

#define HABIT_COLUMNS(X)                                                           \
	X(TEXT, about)  /* the conditions of the narrowest rule: lead/policy_propose.c */ \
	X(TEXT, option) /* the answer */                                           \
	X(INT, times)   /* that it was given */                                    \
	X(BOOL, mixed)  /* another was given too, or it was taken back */

ROW_DECLARE(habit, HABIT_COLUMNS);

/* Inserts or replaces. */
void habit_row_put(struct db *db, const struct habit_row *row);
bool habit_row_get(struct db *db, const char *about, struct habit_row *ret);

#endif

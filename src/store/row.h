/* Rows of tables as structs. One list of columns, X(KIND, name), gives the struct's fields, the statements and the
 * code that reads and writes them:
 *
 *   KIND   field     in the table
 *   TEXT   char *    text; NULL is NULL. The row owns it.
 *   INT    int64_t   integer
 *   OPT    int64_t   integer, or NULL for -1: "none"
 *   BOOL   bool      0 or 1
 *
 * The first columns are the primary key. A zeroed struct is a valid empty row (but for OPT columns:
 * <table>_row_init). A row that a function fills must be a valid one before (it is released); a list is simply
 * overwritten. */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

#define ROW_FIELD_TEXT(name) char *name;
#define ROW_FIELD_INT(name) int64_t name;
#define ROW_FIELD_OPT(name) int64_t name;
#define ROW_FIELD_BOOL(name) bool name;
#define ROW_FIELD(kind, name) ROW_FIELD_##kind(name)

/* struct session_row, struct session_rows {v, n}, and
 *   session_row_init(row)       an empty row: all NULL, 0, none
 *   session_row_fini(row)       releases its texts
 *   session_rows_fini(rows)     releases all rows and the array
 *   session_row_copy(dst, src)  dst is released first */
#define ROW_DECLARE(table, COLUMNS)                                                        \
	struct table##_row {                                                               \
		COLUMNS(ROW_FIELD)                                                         \
	};                                                                                 \
	struct table##_rows {                                                              \
		struct table##_row *v;                                                     \
		size_t n;                                                                  \
	};                                                                                 \
	void table##_row_init(struct table##_row *row);                                    \
	void table##_row_fini(struct table##_row *row);                                    \
	void table##_rows_fini(struct table##_rows *rows);                                 \
	void table##_row_copy(struct table##_row *dst, const struct table##_row *src)

#endif

/* Table repo: the repositories that muster has worked in. */
#ifndef STORE_REPO_ROW_H
#define STORE_REPO_ROW_H

#include "store/row.h"

#define REPO_COLUMNS(X)                                                     \
	X(TEXT, path)    /* top folder of the user's worktree */            \
	X(TEXT, git_dir) /* common git folder */                            \
	X(TEXT, target)  /* branch that work lands on unless said otherwise */ \
	X(INT, config_ms) /* modification time of its config when last read */

ROW_DECLARE(repo, REPO_COLUMNS);

void repo_row_put(struct db *db, const struct repo_row *row);
bool repo_row_get(struct db *db, const char *path, struct repo_row *ret);
void repo_row_list(struct db *db, struct repo_rows *ret);

#endif

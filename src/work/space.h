/* What it takes to work on a session's workspace from a thread: its repository, its configuration and the
 * specification of the workspace, out of the session's row. */
#ifndef WORK_SPACE_H
#define WORK_SPACE_H

#include <stdbool.h>

#include "base/err.h"
#include "store/session_row.h"
#include "work/config.h"
#include "work/workspace.h"

struct engine;

struct space {
	bool has_repo; /* false: a session in a folder that no repository holds; the rest is empty then */
	struct repo repo;
	struct config config;
	struct workspace_spec spec; /* borrows from the space and from the row */
	struct strv env;
	char *log_path;
	char *worktrees;
};

/* Blocking, any thread. The row must live as long as the space. */
int space_open(struct space *ret, const struct engine *e, const struct session_row *row, struct err *err) NODISCARD;
void space_fini(struct space *s);

#endif

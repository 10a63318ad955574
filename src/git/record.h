/* What muster remembers of each worktree that it made, in <state>/worktrees: where its private git folder is and
 * which branch it began on. An agent can rewrite all that git itself says about that. */
#ifndef GIT_RECORD_H
#define GIT_RECORD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/strv.h"
#include "git/repo.h"

struct record {
	bool ready;  /* false: it is being made, or that was interrupted */
	pid_t maker; /* the process that makes or made it */
	char *path;
	char *common_dir; /* of the repository it belongs to */
	char *git_dir;    /* NULL: not known yet */
	char *branch;     /* NULL: detached */
};

/* Replaces the record of rec->path, durably. */
int record_write(const char *state, const struct record *rec, struct err *err) NODISCARD;
/* 0 and *ret; -1 with ERR_USAGE when there is none. */
int record_read(const char *state, const char *path, struct record *ret, struct err *err) NODISCARD;
void record_drop(const char *state, const char *path);
/* The paths of all worktrees that are on record for this repository. */
int record_list(const struct repo *r, struct strv *ret_paths, struct err *err) NODISCARD;
void record_fini(struct record *rec);

#endif

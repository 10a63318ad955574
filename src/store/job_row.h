/* Table job: the background processes that were started for a session by name. Those that were only found live in
 * the holder's answer (READ_JOBS). */
#ifndef STORE_JOB_ROW_H
#define STORE_JOB_ROW_H

#include "store/row.h"

#define JOB_COLUMNS(X)                                                  \
	X(TEXT, session)                                                \
	X(TEXT, name)                                                   \
	X(TEXT, command)    /* JSON list */                             \
	X(TEXT, cwd)                                                    \
	X(INT, pid)                                                     \
	X(TEXT, state)      /* running, exited */                       \
	X(OPT, wait_status) /* -1: still running, or not known */       \
	X(INT, started_ms)                                              \
	X(INT, ended_ms)

ROW_DECLARE(job, JOB_COLUMNS);

/* Inserts, or replaces the ended job of that name. */
void job_row_put(struct db *db, const struct job_row *row);
bool job_row_get(struct db *db, const char *session, const char *name, struct job_row *ret);
/* Oldest first. */
void job_row_list(struct db *db, const char *session, struct job_rows *ret);
int64_t job_row_count_running(struct db *db, const char *session);

#endif

/* Table session: one row a session, for ever (a removed one keeps its row, so that it can be restored). */
#ifndef STORE_SESSION_ROW_H
#define STORE_SESSION_ROW_H

#include "store/row.h"

/* Columns that hold JSON are text. Times are milliseconds since 1970, 0: not yet. */
#define SESSION_COLUMNS(X)                                                                              \
	X(TEXT, id)                                                                                     \
	X(TEXT, name)          /* unique among those that are not removed */                            \
	X(TEXT, repo)          /* top folder of the user's own worktree, or NULL */                     \
	X(TEXT, git_dir)       /* the repository's common git folder, or NULL */                        \
	X(TEXT, workspace)     /* the agent's working folder; NULL until it is known */                 \
	X(BOOL, worktree)      /* the workspace is a worktree that muster made; else the user's folder */ \
	X(BOOL, adopted)       /* taken over from someone else: muster did not make the workspace */    \
	X(TEXT, branch)                                                                                 \
	X(TEXT, base)          /* commit that the branch began at */                                    \
	X(TEXT, target)        /* branch that the work is to land on */                                 \
	X(TEXT, agent)                                                                                  \
	X(TEXT, brief)         /* the first prompt, or NULL */                                          \
	X(TEXT, preface)       /* what muster adds to it: the decisions that hold; NULL: nothing */     \
	X(TEXT, task)          /* JSON: the task's front matter, or NULL */                             \
	X(TEXT, options)       /* JSON: the agent's options, or NULL */                                 \
	X(TEXT, command)       /* JSON list: what came after `--` */                                    \
	X(TEXT, env)           /* JSON object: variables of this session's own */                       \
	X(TEXT, agent_state)   /* JSON: the adapter's own */                                            \
	X(BOOL, headless)                                                                               \
	X(TEXT, lifecycle)     /* work/status.h, SESSION_LIFECYCLES */                                  \
	X(BOOL, want_stop)     /* the lead asked it to stop */                                          \
	X(BOOL, resuming)      /* its next start goes on with the old conversation */                   \
	X(BOOL, paused)                                                                                 \
	X(INT, generation)     /* how often an agent was started in it */                               \
	X(INT, hold_event)     /* last number of the holder's journal that is committed */              \
	X(INT, hold_offset)    /* where the agent's output is to be read on */                          \
	X(TEXT, hold_reason)   /* why the holder ended, as far as it said, or NULL */                   \
	X(INT, log_limit_mb)   /* how much of its output is kept */                                     \
	X(INT, cols)                                                                                    \
	X(INT, rows)                                                                                    \
	X(INT, pid)            /* of the agent; 0: none */                                              \
	X(OPT, wait_status)    /* of its last run; -1: none, or not known */                            \
	X(TEXT, failure)       /* why preparing or starting it failed, or NULL */                       \
	X(OPT, progress)       /* 0 to 100, or -1 */                                                    \
	X(TEXT, progress_text)                                                                          \
	X(TEXT, title)         /* as the agent set its terminal's */                                    \
	X(TEXT, last_words)                                                                             \
	X(TEXT, recap)         /* what the agent last said of its conversation as a whole */            \
	X(INT, port)           /* first of its ports, 0: none */                                        \
	X(INT, ports)          /* how many */                                                           \
	X(INT, looked_ms)      /* when the lead was last briefed; 0: never */                           \
	X(INT, looked_event)   /* the newest event then */                                              \
	X(TEXT, looked_oid)    /* the commit it was at then, or NULL */                                 \
	X(TEXT, approved)      /* commit that the lead approved, or NULL */                             \
	X(TEXT, landed)        /* commit on the target that holds its work, or NULL */                  \
	X(INT, created_ms)                                                                              \
	X(INT, started_ms)     /* its last run */                                                       \
	X(INT, ended_ms)                                                                                \
	X(INT, turn_ended_ms)  /* 0 while a turn runs */                                                \
	X(INT, removed_ms)

ROW_DECLARE(session, SESSION_COLUMNS);

void session_row_insert(struct db *db, const struct session_row *row);
/* Writes every column. */
void session_row_save(struct db *db, const struct session_row *row);
/* Only the position in the holder's stream, which moves often. */
void session_row_set_position(struct db *db, const char *id, int64_t hold_event, int64_t hold_offset);
/* *ret is released and overwritten when found. */
bool session_row_get(struct db *db, const char *id, struct session_row *ret);
/* The newest of that name, removed or not. */
bool session_row_find(struct db *db, const char *name, struct session_row *ret);
/* In the order of creation; all: the removed ones too. */
void session_row_list(struct db *db, bool all, struct session_rows *ret);

#endif

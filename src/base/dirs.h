/* Where muster keeps things. MUSTER_HOME=DIR puts all of it below DIR; otherwise the XDG variables and
 * their defaults decide (muster(1), FILES). */
#ifndef BASE_DIRS_H
#define BASE_DIRS_H

#include "base/err.h"

struct dirs {
	char *state;   /* the database, logs, one folder a session, worktrees */
	char *runtime; /* sockets and the lock */
	char *config;  /* the user's config.yaml */
};

/* Fills *ret with absolute paths; makes no folder. ERR_USAGE when HOME and MUSTER_HOME are both missing or
 * not absolute. */
int dirs_init(struct dirs *ret, struct err *err) NODISCARD;
void dirs_fini(struct dirs *d);

/* Makes the folders with mode 0700. */
int dirs_make(const struct dirs *d, struct err *err) NODISCARD;

/* Paths in them; the caller owns the text. */
char *dirs_lead_socket(const struct dirs *d);                             /* musterd's, for the lead */
char *dirs_lock(const struct dirs *d);                                    /* musterd's single-instance lock */
char *dirs_database(const struct dirs *d);
char *dirs_log(const struct dirs *d);                                     /* musterd's log */
char *dirs_session(const struct dirs *d, const char *session_id);         /* a session's own folder */
char *dirs_hold_socket(const struct dirs *d, const char *session_id);     /* its holder's, for the lead */
char *dirs_agent_socket(const struct dirs *d, const char *session_id);    /* its holder's, for its agent */
char *dirs_worktrees(const struct dirs *d);

#endif

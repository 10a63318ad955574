/* A session's workspace: the checkout it works in, made ready for work, and taken away again without losing
 * anything.
 *
 * All functions block (musterd runs them in its thread pool), may run on any thread, and can be killed at any
 * point: running the same call again gives the right result. -1 and err on failure.
 *
 * Kinds:
 *   WORKSPACE_WORKTREE  a git worktree of our own at <state>/work/<repository>-<hash>/<session name>, branch
 *                       muster/<session name>
 *   WORKSPACE_IN_PLACE  the user's own checkout (--no-worktree)
 *   WORKSPACE_ADOPTED   a worktree that the user made
 * The last two are never deleted, and get no commands, copies or links. A session outside of any repository has a
 * zeroed struct repo and WORKSPACE_IN_PLACE with adopt_path: nothing can be kept of it, and nothing is touched. */
#ifndef WORK_WORKSPACE_H
#define WORK_WORKSPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"
#include "git/oid.h"
#include "git/repo.h"
#include "git/snapshot.h"

enum workspace_kind { WORKSPACE_WORKTREE, WORKSPACE_IN_PLACE, WORKSPACE_ADOPTED };

enum {
	WORKSPACE_SETUP_TIMEOUT_S = 600,      /* of each command, when the spec says 0 */
	WORKSPACE_IGNORED_LIMIT = 64 << 20,   /* bytes of ignored files in the snapshot of a removal */
	WORKSPACE_INCLUDE_FILES_MAX = 100000, /* files that .worktreeinclude may copy */
};

struct workspace_spec {
	enum workspace_kind kind;
	const char *session_id, *session_name;
	const char *worktrees;  /* dirs_worktrees(): <state>/work */
	const char *base;       /* revision to start from; NULL: the user's HEAD. WORKSPACE_WORKTREE only */
	const char *adopt_path; /* WORKSPACE_ADOPTED: the folder; also without a repository */
	const char *hold_path;  /* absolute path of muster-hold, which limits commands' time (`guard`) */
	const char *log_path;   /* output of commands is appended here; its folder exists */
	const struct strv *setup, *teardown; /* shell commands, in order; may be NULL */
	const struct strv *links; /* folders and files, relative to the checkout, that become links to the user's;
				     may be NULL */
	const struct strv *env;   /* the whole environment of the commands without the MUSTER_* of workspace_env;
				     NULL: git_env() */
	int timeout_s;            /* of each command; 0: the default */
	int port, port_end;       /* the session's ports, first and last; 0: none */
	const volatile int *stop; /* non-zero cancels; may be NULL */
};

struct workspace {
	enum workspace_kind kind;
	char *path;    /* the working folder, absolute */
	char *git_dir; /* the worktree's private git folder, as recorded */
	char *branch;  /* short name; NULL: detached (user's own folder) */
	struct oid
		base; /* the commit the work starts from; pinned by refs/muster/base/<session id> until removal */
	struct strv warnings;
};

void workspace_fini(struct workspace *w);

/* Checks what can be known at once, without making anything: a name that git takes, a branch that exists, a base
 * that does not, a repository that cannot be worked in, a missing or foreign folder to adopt. For answering
 * `muster start` before the work is queued; workspace_prepare checks again. */
int workspace_check(const struct repo *r, const struct workspace_spec *spec, struct err *err) NODISCARD;

/* Makes it: worktree, files of .worktreeinclude, links, set-up commands. On failure the worktree stays for a look
 * (the log says what went wrong), and is finished by the next call or taken away by workspace_remove. After a
 * complete run it only fills *ret. */
int workspace_prepare(const struct repo *r, const struct workspace_spec *spec, struct workspace *ret,
		      struct err *err) NODISCARD;

/* MUSTER_SESSION (id), MUSTER_SESSION_NAME, MUSTER_WORKSPACE, MUSTER_REPO (the user's checkout), MUSTER_BRANCH,
 * MUSTER_BASE, MUSTER_PORT, MUSTER_PORT_END are set in env; those without a value are dropped from it. */
void workspace_env(const struct repo *r, const struct workspace_spec *spec, const struct workspace *w,
		   struct strv *env);

/* Teardown commands (a failure is a warning), a snapshot of everything, then the folder, the branch and the pin go.
 * A branch that the user has checked out elsewhere stays, with a warning. WORKSPACE_IN_PLACE and WORKSPACE_ADOPTED:
 * a snapshot only. *ret (may be NULL) is the snapshot; its `ref` is NULL when there was nothing to keep (never
 * made, or removed before without one). */
int workspace_remove(const struct repo *r, const struct workspace_spec *spec, struct snapshot *ret,
		     struct strv *warnings, struct err *err) NODISCARD;

/* Brings a removed workspace back from a snapshot, at its old path; files that set-up commands made come back as
 * far as the snapshot has them, nothing is run. */
int workspace_restore(const struct repo *r, const struct workspace_spec *spec, const char *snapshot_ref,
		      struct workspace *ret, struct err *err) NODISCARD;

/* The folder that WORKSPACE_WORKTREE uses; the caller owns it. */
char *workspace_path(const struct repo *r, const struct workspace_spec *spec);

#endif

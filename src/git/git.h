/* Running the user's own git, hardened. Every git process of muster starts here.
 *
 * The environment is the user's without GIT_* (other than the variables that name their configuration
 * files), with LC_ALL=C, no prompt, no pager, no editor, no replacement objects (an agent can write refs/replace
 * and would choose what a review shows). Hooks, fsmonitor and automatic maintenance are off in all of
 * them.
 *
 * A repository is never looked for in a folder that an agent can write: whoever reads a session's worktree
 * says git_dir, common_dir and work_tree (git/view.h does). */
#ifndef GIT_GIT_H
#define GIT_GIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strv.h"

/* Where a command runs. Zeroed members are not given to git; the strings are borrowed. */
struct git_at {
	const char *cwd;     /* NULL: "/" */
	const char *git_dir; /* NULL: found upwards from cwd; only for folders of the user's own */
	const char *common_dir;
	const char *work_tree;
	const char *index_file;
	const char *object_dir;
	const char *const *config; /* further key=value settings (`git -c`), NULL-terminated; may be NULL */
	const char *const *env;    /* further KEY=VALUE, NULL-terminated; may be NULL */
	bool own_config;           /* neither the user's nor the system's configuration is read */
};

struct git_opt {
	const void *input;
	size_t input_len;
	size_t out_limit;         /* bytes; 0: 64 MiB. More is an error */
	int64_t timeout_ms;       /* 0: GIT_TIMEOUT_MS */
	const volatile int *stop; /* non-zero cancels; may be NULL */
	int *ret_exit;            /* not NULL: any exit code of git's is a success and lands here */
	bool *ret_truncated;      /* not NULL: output beyond out_limit is dropped, and this becomes true */
	bool inert;               /* the command changes nothing: git must not even refresh an index */
};

enum { GIT_TIMEOUT_MS = 10 * 60 * 1000 };

/* An argument list for git_run: GIT_ARGS("rev-parse", "--verify", name). */
#define GIT_ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Runs `git ARGS`, on this thread, to its end; out (may be NULL) is appended to. opt may be NULL. 0, or -1
 * with err: git's own last word ("git rev-parse: fatal: …" shortened to one line). */
int git_run(const struct git_at *at, const char *const *args, const struct git_opt *opt, struct str *out,
	    struct err *err) NODISCARD;

/* The same for an argument list that was built up. */
int git_runv(const struct git_at *at, const struct strv *args, const struct git_opt *opt, struct str *out,
	     struct err *err) NODISCARD;

/* The environment that git_run uses, without the GIT_DIR family: for commands of the user's (set-up, gate)
 * that call git themselves, so that no GIT_* of musterd's own start leaks into them. */
void git_env(struct strv *ret);

/* A part of NUL-separated output: `for (struct git_part p = {0}; git_next(out, &p);)` gives text and len of
 * each record. */
struct git_part {
	const char *text; /* NUL-terminated */
	size_t len, next;
};

bool git_next(const struct str *out, struct git_part *part);

#endif

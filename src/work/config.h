/* Configuration: `.muster/config.yaml` of the repository over `config.yaml` of the user (muster.yaml(5)).
 *
 * What the repository says wins, key by key: it is what the team agreed on and what a landing is tested with. Options of
 * agents are merged member by member. */
#ifndef WORK_CONFIG_H
#define WORK_CONFIG_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"

struct config {
	char *agent;                /* of sessions that name none; NULL: claude */
	struct json_object *agents; /* options by the agent's name; never NULL after config_load */
	struct strv setup, teardown; /* shell commands of a workspace */
	struct strv links;          /* folders of the checkout that become links in a workspace */
	int64_t setup_timeout_s;    /* of each; 0: the default */
	struct strv gate;           /* shell commands that must pass before work lands */
	int64_t gate_timeout_s;     /* of each; 0: the default */
	char *target;               /* branch that work lands on; NULL: the one that is checked out */
	char *land;                 /* how: merge, squash or rebase; NULL: merge */
	int64_t ports_per_session;  /* 0: sessions get none */
	int64_t max_sessions;       /* live at once; 0: the default */
	int64_t log_limit_mb;       /* of a session's output; 0: the default */
	struct strv preview;        /* commands that serve the workspace */
	char *notify_command;       /* shell command for each notice to the lead; the user's own file only */
	struct strv notify_via;     /* desktop, terminal, or none; NULL v: both. The user's own file only */
	bool users_file;            /* while it is read: config_load()'s own */
	struct strv warnings;       /* "FILE:LINE:COLUMN: unknown key …" */
};

/* Reads both files; a missing one is empty. repo NULL: only the user's. ERR_USAGE with file, line and column for what
 * makes no sense. Blocking, any thread. */
int config_load(struct config *ret, const char *repo, const char *config_dir, struct err *err) NODISCARD;
void config_fini(struct config *c);

#endif

/* muster open */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/verbs.h"
#include "fmt/json.h"

static int run(struct cli *c, struct err *err)
{
	struct json_object *s JSON_FREE = NULL;
	struct strv command STRV_FREE = STRV_INIT;
	int r = cli_request(c, "session.get", cli_session_params(c), &s, err);
	if (r <= 0)
		return r;
	const char *workspace = json_str(s, "workspace"), *shell = getenv("SHELL");
	if (!workspace || chdir(workspace) < 0)
		return err_set_errno(err, ERR_FAILED, workspace ? errno : ENOENT, "%s has no workspace now",
				     cli_arg(c, 0));
	strv_copy(&command, &c->opts.command);
	if (!command.n)
		strv_add(&command, shell && *shell ? shell : "/bin/sh");
	setenv("MUSTER_WORKSPACE", workspace, 1);
	setenv("MUSTER_SESSION_NAME", json_str_or(s, "name", ""), 1);
	execvp(command.v[0], strv_argv(&command));
	return err_set_errno(err, ERR_FAILED, errno, "cannot run %s", command.v[0]);
}

const struct verb verb_open = {
	.name = "open",
	.group = VERB_START,
	.args = "SESSION",
	.help = "run a command, or a shell, in the session's workspace",
	.min_args = 1,
	.max_args = 1,
	.takes_command = true,
	.completes = COMPLETE_SESSION,
	.run = run,
};

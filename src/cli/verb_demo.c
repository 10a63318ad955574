/* muster demo */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/launch.h"
#include "cli/verbs.h"

/* Installed, the script is in ../share/muster beside the programs' folder; MUSTER_DEMO names another. */
static char *find_script(struct err *err)
{
	const char *other = getenv("MUSTER_DEMO");
	if (other && *other)
		return mem_strdup(other);
	char *self MEM_FREE = launch_sibling("muster", err);
	if (!self)
		return NULL;
	*strrchr(self, '/') = '\0';
	char *path = mem_printf("%s/../share/muster/demo.sh", self);
	if (access(path, R_OK) == 0)
		return path;
	err_set_errno(err, ERR_FAILED, errno, "the demonstration is not installed (%s); `make demo` runs it from the sources",
	              path);
	free(path);
	return NULL;
}

static int run(struct cli *c, struct err *err)
{
	char *script MEM_FREE = find_script(err);
	if (!script)
		return -1;
	struct strv argv STRV_FREE = STRV_INIT;
	strv_add(&argv, "/bin/sh");
	strv_add(&argv, script);
	for (size_t i = 0; i < c->opts.args.n; i++)
		strv_add(&argv, c->opts.args.v[i]);
	execv(argv.v[0], strv_argv(&argv));
	return err_set_errno(err, ERR_FAILED, errno, "cannot run %s", script);
}

const struct verb verb_demo = {
	.name = "demo",
	.group = VERB_CARE,
	.args = "[ARGUMENTS...]",
	.help = "run the demonstration: four sessions on a small C project, from brief to landed",
	.text = "It works in a folder and with a state of its own. DEMO=auto answers by itself.",
	.max_args = VERB_ARGS_ANY,
	.run = run,
};

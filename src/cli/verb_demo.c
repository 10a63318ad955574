/* muster demo */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/launch.h"
#include "cli/verbs.h"

/* Installed, the script is in ../share/muster beside the programs' folder; MUSTER_DEMO names another. */
static char *find_script(const char *bin, struct err *err)
{
	const char *other = getenv("MUSTER_DEMO");
	if (other && *other)
		return mem_strdup(other);
	char *path = mem_printf("%s/../share/muster/demo.sh", bin);
	if (access(path, R_OK) == 0)
		return path;
	err_set_errno(err, ERR_FAILED, errno,
		      "the demonstration is not installed (%s); `make demo` runs it from the sources", path);
	free(path);
	return NULL;
}

/* It calls `muster`: this one. */
static void put_in_path(const char *bin)
{
	const char *old = getenv("PATH");
	char *path MEM_FREE = mem_printf("%s%s%s", bin, old ? ":" : "", old ? old : "");
	setenv("PATH", path, 1);
}

static int run(struct cli *c, struct err *err)
{
	char *bin MEM_FREE = launch_sibling("muster", err);
	if (!bin)
		return -1;
	*strrchr(bin, '/') = '\0';
	char *script MEM_FREE = find_script(bin, err);
	if (!script)
		return -1;
	put_in_path(bin);
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

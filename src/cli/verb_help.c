/* muster help and muster version */
#include <string.h>

#include "cli/usage.h"
#include "cli/verbs.h"
#include "fmt/json.h"

static int run_help(struct cli *c, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	const char *word = cli_arg(c, 0);
	if (opts_has(&c->opts, "manual")) {
		usage_manual(c->verbs, &out);
	} else if (!word) {
		usage_all(c->verbs, &out);
	} else {
		const struct verb *verb = usage_find(c->verbs, NULL, word, err);
		if (!verb)
			return -1;
		usage_verb(NULL, verb, &out);
	}
	cli_print(&out);
	return 0;
}

static const struct opt options[] = {
	{0, "manual", NULL, "all verbs as a section of the manual, for scdoc", 0},
	{0},
};

const struct verb verb_help = {
	.name = "help",
	.group = VERB_CARE,
	.args = "[VERB]",
	.help = "list the verbs, or explain one",
	.opts = options,
	.max_args = 1,
	.run = run_help,
};

static int run_version(struct cli *c, struct err *err)
{
	struct json_object *o JSON_FREE = json_new();
	(void)err;
	json_add_str(o, "version", MUSTER_VERSION);
	if (c->json)
		cli_print_json(o);
	cli_say(c, "muster %s", MUSTER_VERSION);
	return 0;
}

const struct verb verb_version = {
	.name = "version",
	.group = VERB_CARE,
	.help = "print the version",
	.run = run_version,
};

/* muster rehearse: the rehearsal agent itself. */
#include "agent/rehearse.h"
#include "cli/verbs.h"

static const struct opt options[] = {
	{0, "state", "FILE", "keep the place in the script in this file", COMPLETE_FILE},
	{0, "brief", "FILE", "take the script from this Markdown file, or the file as the first prompt",
	 COMPLETE_FILE},
	{0, "resume", NULL, "go on where the state file says", COMPLETE_NONE},
	{0},
};

static int run(struct cli *c, struct err *err)
{
	struct rehearse_options o = {
		.script = cli_arg(c, 0),
		.brief = opts_get(&c->opts, "brief"),
		.state = opts_get(&c->opts, "state"),
		.resume = opts_has(&c->opts, "resume"),
	};
	return rehearse_run(&o, err);
}

const struct verb verb_rehearse = {
	.name = "rehearse",
	.group = VERB_INSIDE,
	.args = "[SCRIPT.yaml]",
	.help = "play a scripted agent in this terminal",
	.text = "This is the agent `rehearsal` itself: it says, edits, runs, asks and commits what its script "
		"tells, as "
		"an agent would, and takes prompts. Outside of a session only the terminal answers it. "
		"See muster-rehearsal(5).",
	.opts = options,
	.max_args = 1,
	.completes = COMPLETE_FILE,
	.run = run,
};

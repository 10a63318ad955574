/* muster adopt */
#include "base/mem.h"
#include "cli/verbs.h"
#include "fmt/json.h"

static int run(struct cli *c, struct err *err)
{
	static const char *const texts[] = {"agent", "conversation", "name"};
	struct json_object *params JSON_FREE = json_new(), *session JSON_FREE = NULL;
	MEM_FREE char *workspace = cli_absolute(cli_arg(c, 0), err);
	if (!workspace)
		return -1;
	json_add_str(params, "workspace", workspace);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (opts_get(&c->opts, texts[i]))
			json_add_str(params, texts[i], opts_get(&c->opts, texts[i]));
	int r = cli_request(c, "session.adopt", MEM_TAKE(params), &session, err);
	if (r > 0)
		cli_say(c, "%s  %s", json_str_or(session, "name", "?"), json_str_or(session, "state", "?"));
	return r < 0 ? -1 : 0;
}

static const struct opt options[] = {
	{'a', "agent", "AGENT", "the agent to run in it", COMPLETE_AGENT},
	{0, "conversation", "ID", "the agent's own conversation to go on with", 0},
	{'n', "name", "NAME", "the session's name (default: the folder's)", 0},
	{0},
};

const struct verb verb_adopt = {
	.name = "adopt",
	.group = VERB_STEER,
	.args = "FOLDER",
	.help = "take over a worktree, or an agent's conversation, that was started elsewhere",
	.text = "The folder stays the user's own: muster rm leaves it in place.",
	.opts = options,
	.min_args = 1,
	.max_args = 1,
	.completes = COMPLETE_DIR,
	.run = run,
};

/* muster tell */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/verbs.h"
#include "fmt/json.h"

static int run(struct cli *c, struct err *err)
{
	struct json_object *params JSON_FREE = cli_session_params(c), *result JSON_FREE = NULL;
	long long wait_s;
	if (opts_int(&c->opts, "wait", 0, 86400, 60, &wait_s, err) < 0)
		return -1;
	bool from_stdin = c->opts.args.n == 2 && strcmp(cli_arg(c, 1), "-") == 0;
	MEM_FREE char *text = from_stdin ? cli_read_stdin(err) : opts_join(&c->opts, 1);
	if (!text)
		return -1;
	if (!text[strspn(text, " \t\r\n")])
		return err_set(err, ERR_USAGE, "the text is empty");
	json_add_str(params, "text", text);
	json_add_int(params, "wait_ms", wait_s * 1000);
	if (cli_call(c, "session.tell", MEM_TAKE(params), &result, err) < 0)
		return -1;
	bool taken = strcmp(json_str_or(result, "state", ""), "taken") == 0;
	if (c->json)
		cli_print_json(result);
	else if (taken)
		cli_say(c, "%s has taken it", cli_arg(c, 0));
	if (taken || wait_s == 0)
		return 0;
	c->exit_code = ERR_FAILED;
	cli_warn("%s has not taken it within %lld s; it stays queued", cli_arg(c, 0), wait_s);
	return 0;
}

static const struct opt options[] = {
	{'w', "wait", "SECONDS", "how long to wait until the agent has taken it (60); 0: only queue it", 0},
	{0},
};

const struct verb verb_tell = {
	.name = "tell",
	.group = VERB_STEER,
	.args = "SESSION TEXT...",
	.help = "give the agent a prompt; done when the agent has taken it",
	.text = "TEXT - reads standard input. A session that waits for a permission is refused: answer that first. "
		"A prompt that "
		"is not taken in time stays queued, and the exit status is 1.",
	.opts = options,
	.min_args = 2,
	.max_args = VERB_ARGS_ANY,
	.completes = COMPLETE_SESSION,
	.run = run,
};

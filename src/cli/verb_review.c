/* muster review, approve and return */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/pager.h"
#include "cli/review_range.h"
#include "cli/review_text.h"
#include "cli/verbs.h"
#include "fmt/json.h"

static int show(struct cli *c, const char *name, struct json_object *review, struct err *err)
{
	struct str out STR_FREE = STR_INIT;
	review_text_add(&out, name, review, c->color);
	return pager_show(&out, err);
}

static int run_range(struct cli *c, struct err *err)
{
	const char *range = opts_get(&c->opts, "range");
	if (c->opts.args.n)
		return err_set(err, ERR_USAGE, "--range reviews commits, not a session");
	struct json_object *review JSON_FREE =
		review_range(opts_get(&c->opts, "repo"), range, !opts_has(&c->opts, "stat"), err);
	if (!review)
		return -1;
	if (!c->json)
		return show(c, range, review, err);
	cli_print_json(review);
	return 0;
}

static int run_review(struct cli *c, struct err *err)
{
	if (opts_get(&c->opts, "range"))
		return run_range(c, err);
	if (c->opts.args.n == 0 || opts_get(&c->opts, "repo"))
		return err_set(err, ERR_USAGE, "name a session, or commits by --range (and --repo)");
	struct json_object *params = cli_session_params(c), *review JSON_FREE = NULL;
	if (opts_has(&c->opts, "stat"))
		json_add_bool(params, "patch", false);
	int r = cli_request(c, "review.get", params, &review, err);
	if (r <= 0)
		return r;
	return show(c, cli_arg(c, 0), review, err);
}

static int run_approve(struct cli *c, struct err *err)
{
	struct json_object *params = cli_session_params(c), *result JSON_FREE = NULL;
	if (opts_get(&c->opts, "tip"))
		json_add_str(params, "tip", opts_get(&c->opts, "tip"));
	if (opts_has(&c->opts, "committed-only"))
		json_add_bool(params, "committed_only", true);
	int r = cli_request(c, "review.approve", params, &result, err);
	if (r > 0)
		cli_say(c, "%s approved at %.12s; `muster land %s` lands it", cli_arg(c, 0),
			json_str_or(result, "approved", "?"), cli_arg(c, 0));
	return r < 0 ? -1 : 0;
}

static int run_return(struct cli *c, struct err *err)
{
	struct json_object *params JSON_FREE = cli_session_params(c), *result JSON_FREE = NULL;
	bool from_stdin = c->opts.args.n == 2 && strcmp(cli_arg(c, 1), "-") == 0;
	MEM_FREE char *text = from_stdin ? cli_read_stdin(err) : opts_join(&c->opts, 1);
	if (!text)
		return -1;
	json_add_str(params, "text", text);
	int r = cli_request(c, "review.return", MEM_TAKE(params), &result, err);
	if (r > 0)
		cli_say(c, "%s has it back", cli_arg(c, 0));
	return r < 0 ? -1 : 0;
}

static const struct opt review_options[] = {
	{0, "stat", NULL, "without the patch", 0},
	{0, "range", "FROM..TO",
	 "plain commits instead of a session: what TO has since it left FROM; needs no musterd", 0},
	{0, "repo", "DIR", "with --range: the repository; the current one when it is left out", 0},
	{0},
};

const struct verb verb_review = {
	.name = "review",
	.group = VERB_LAND,
	.args = "SESSION | --range FROM..TO",
	.help = "show what a session made: commits, files, the patch against the merge base, uncommitted work",
	.opts = review_options,
	.max_args = 1,
	.completes = COMPLETE_SESSION,
	.run = run_review,
};

static const struct opt approve_options[] = {
	{0, "tip", "COMMIT", "only if the branch is still at this commit", 0},
	{0, "committed-only", NULL, "in spite of uncommitted work, which stays where it is", 0},
	{0},
};

const struct verb verb_approve = {
	.name = "approve",
	.group = VERB_LAND,
	.args = "SESSION",
	.help = "allow exactly the commit that the branch is at to land",
	.opts = approve_options,
	.min_args = 1,
	.max_args = 1,
	.completes = COMPLETE_SESSION,
	.run = run_approve,
};

const struct verb verb_return = {
	.name = "return",
	.group = VERB_LAND,
	.args = "SESSION TEXT...",
	.help = "give the work back to the agent with what is to be changed",
	.text = "TEXT - reads standard input.",
	.min_args = 2,
	.max_args = VERB_ARGS_ANY,
	.completes = COMPLETE_SESSION,
	.run = run_return,
};

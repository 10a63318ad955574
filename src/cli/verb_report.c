/* muster report, muster recap and muster done: inside a session */
#include <string.h>

#include "base/mem.h"
#include "cli/mail.h"
#include "cli/verbs.h"
#include "fmt/json.h"

static void add_text(struct json_object *msg, const struct opts *o, const char *name)
{
	if (opts_get(o, name))
		json_add_str(msg, name, opts_get(o, name));
}

static int send(struct cli *c, struct json_object *msg, struct err *err)
{
	struct json_object *result JSON_FREE = NULL;
	if (mail_call(msg, MAIL_WAIT_MS, &result, err) < 0)
		return -1;
	if (c->json)
		cli_print_json(result);
	return 0;
}

static int run_report(struct cli *c, struct err *err)
{
	struct json_object *msg JSON_FREE = json_new();
	MEM_FREE char *text = opts_join(&c->opts, 0);
	long long percent;
	if (opts_int(&c->opts, "percent", 0, 100, -1, &percent, err) < 0)
		return -1;
	if (!text && percent < 0)
		return err_set(err, ERR_USAGE, "report what? Give a text, --percent, or both");
	json_add_str(msg, "m", "report");
	if (text)
		json_add_str(msg, "text", text);
	if (percent >= 0)
		json_add_int(msg, "percent", percent);
	add_text(msg, &c->opts, "next");
	return send(c, MEM_TAKE(msg), err);
}

static int run_done(struct cli *c, struct err *err)
{
	struct json_object *msg = json_new();
	MEM_FREE char *summary = opts_join(&c->opts, 0);
	json_add_str(msg, "m", "done");
	json_add_str(msg, "summary", summary);
	add_text(msg, &c->opts, "tested");
	add_text(msg, &c->opts, "look");
	return send(c, msg, err);
}

static int run_recap(struct cli *c, struct err *err)
{
	struct json_object *msg = json_new();
	MEM_FREE char *text = opts_join(&c->opts, 0);
	json_add_str(msg, "m", "recap");
	json_add_str(msg, "text", text);
	return send(c, msg, err);
}

static const struct opt report_options[] = {
	{'p', "percent", "N", "how much of the task is done", 0},
	{'n', "next", "TEXT", "what comes next", 0},
	{0},
};

const struct verb verb_report = {
	.name = "report",
	.group = VERB_INSIDE,
	.args = "[TEXT...]",
	.help = "tell the lead how far the work is",
	.opts = report_options,
	.max_args = VERB_ARGS_ANY,
	.run = run_report,
};

static const struct opt done_options[] = {
	{'t', "tested", "TEXT", "what was tested, and how", 0},
	{'l', "look", "TEXT", "where the reviewer should look", 0},
	{0},
};

const struct verb verb_done = {
	.name = "done",
	.group = VERB_INSIDE,
	.args = "SUMMARY...",
	.help = "say that the task is complete and ask for review",
	.opts = done_options,
	.min_args = 1,
	.max_args = VERB_ARGS_ANY,
	.run = run_done,
};

const struct verb verb_recap = {
	.name = "recap",
	.group = VERB_INSIDE,
	.args = "TEXT...",
	.help = "keep in your own words where the work stands, for who comes back to it",
	.min_args = 1,
	.max_args = VERB_ARGS_ANY,
	.run = run_recap,
};

/* muster decide and muster decisions; inside a session: muster await and muster propose */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/adr.h"
#include "cli/mail.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "fmt/json.h"

enum { INDENT = 4 };

static void add_names(struct str *out, const char *before, struct json_object *names)
{
	for (size_t i = 0; i < json_len(names); i++)
		str_addf(out, "%s%s", i ? ", " : before, json_str_at(names, i));
}

/* ---- decide ---- */

static int run_decide(struct cli *c, struct err *err)
{
	struct json_object *params JSON_FREE = json_new(), *result JSON_FREE = NULL;
	MEM_FREE char *value = opts_join(&c->opts, 1), *here = cli_absolute(".", err);
	const char *because = opts_get(&c->opts, "because");
	if (!here)
		return -1;
	json_add_str(params, "name", cli_arg(c, 0));
	json_add_str(params, "value", value);
	if (because)
		json_add_str(params, "because", because);
	if (opts_has(&c->opts, "everywhere"))
		json_add_bool(params, "everywhere", true);
	else
		json_add_str(params, "repo", here);
	int r = cli_request(c, "decision.make", MEM_TAKE(params), &result, err);
	if (r <= 0)
		return r;
	struct str line STR_FREE = STR_INIT;
	str_addf(&line, "%s: %s (version %d)", json_str_or(result, "name", "?"), json_str_or(result, "value", "?"),
	         (int)json_int(result, "version", 0));
	add_names(&line, "; relied on by ", json_arr(result, "relied_on_by"));
	add_names(&line, "; told of the change: ", json_arr(result, "told"));
	add_names(&line, "; NOT told, since it takes no prompts: ", json_arr(result, "untold"));
	cli_say(c, "%s", line.data);
	return 0;
}

static const struct opt decide_options[] = {
	{'b', "because", "TEXT", "why", 0},
	{'e', "everywhere", NULL, "for all repositories, not only this one", 0},
	{0},
};

const struct verb verb_decide = {
	.name = "decide",
	.group = VERB_LEAD,
	.args = "NAME VALUE...",
	.help = "decide something once, for all sessions of this repository",
	.text = "Sessions that await the decision go on with it at once; new ones get it with their first prompt. Deciding a name again "
		"keeps the old value as history and tells every session that was given it.",
	.opts = decide_options,
	.min_args = 2,
	.max_args = VERB_ARGS_ANY,
	.run = run_decide,
};

/* ---- decisions ---- */

static void add_decision(struct str *out, const struct cli *c, struct json_object *d, int64_t now_ms)
{
	struct str line STR_FREE = STR_INIT;
	const char *because = json_str(d, "because");
	out_add(out, PAINT_BOLD, c->color, json_str_or(d, "name", "?"));
	str_addf(out, "  version %d, ", (int)json_int(d, "version", 0));
	when_add_age(out, json_int(d, "decided_ms", 0), now_ms);
	if (!json_str(d, "scope"))
		str_adds(out, ", everywhere");
	if (json_int(d, "superseded_ms", 0))
		str_adds(out, ", superseded");
	str_addc(out, '\n');
	out_add_wrapped(out, json_str_or(d, "value", ""), INDENT, c->width);
	if (because)
		str_addf(&line, "because: %s", because);
	add_names(&line, because ? "\nrelied on by " : "relied on by ", json_arr(d, "relied_on_by"));
	if (line.len)
		out_add_wrapped(out, line.data, INDENT, c->width);
}

static void add_awaited(struct str *out, const struct cli *c, struct json_object *d)
{
	struct str line STR_FREE = STR_INIT;
	out_add(out, PAINT_RED, c->color, json_str_or(d, "name", "?"));
	str_adds(out, "  not decided\n");
	add_names(&line, "asked for by ", json_arr(d, "awaited_by"));
	str_addf(&line, "\nmuster answer %d VALUE", json_object_get_int(json_at(json_arr(d, "items"), 0)));
	out_add_wrapped(out, line.data, INDENT, c->width);
}

static void show(struct cli *c, struct json_object *result)
{
	struct json_object *awaited = json_arr(result, "awaited"), *decided = json_arr(result, "decisions");
	struct str out STR_FREE = STR_INIT;
	for (size_t i = 0; i < json_len(awaited); i++)
		add_awaited(&out, c, json_at(awaited, i));
	for (size_t i = 0; i < json_len(decided); i++)
		add_decision(&out, c, json_at(decided, i), clock_wall_ms());
	if (!out.len)
		str_adds(&out, "nothing is decided or awaited\n");
	cli_print(&out);
}

static int run_decisions(struct cli *c, struct err *err)
{
	struct json_object *params JSON_FREE = json_new(), *result JSON_FREE = NULL;
	MEM_FREE char *here = cli_absolute(".", err);
	const char *adr = opts_get(&c->opts, "adr");
	if (!here)
		return -1;
	if (!opts_has(&c->opts, "all"))
		json_add_str(params, "repo", here);
	json_add_bool(params, "history", adr || opts_has(&c->opts, "history"));
	int r = adr ? cli_call(c, "decision.list", MEM_TAKE(params), &result, err)
	            : cli_request(c, "decision.list", MEM_TAKE(params), &result, err);
	if (r < 0)
		return r;
	if (adr)
		return adr_write(c, adr, json_arr(result, "decisions"), err);
	if (r > 0)
		show(c, result);
	return 0;
}

static const struct opt decisions_options[] = {
	{'a', "all", NULL, "of all repositories", 0},
	{'H', "history", NULL, "superseded values too", 0},
	{0, "adr", "DIR", "write them to DIR as decision records (MADR), one file each", 0},
	{0},
};

const struct verb verb_decisions = {
	.name = "decisions",
	.group = VERB_LEAD,
	.help = "list what is decided for this repository, and what is awaited",
	.text = "With --adr every version becomes a file, NNNN-name.md, numbered in the order in which they were made; writing them "
		"again brings them up to date and touches no other file.",
	.opts = decisions_options,
	.run = run_decisions,
};

/* ---- inside a session ---- */

static void say_decision(const struct cli *c, struct json_object *result)
{
	struct json_object *d = json_obj(result, "decision");
	if (c->json)
		cli_print_json(result);
	else if (d)
		cli_say(c, "%s", json_str_or(d, "value", ""));
	else
		cli_say(c, "proposed; go on, the decision will come as a prompt");
}

static int run_await(struct cli *c, struct err *err)
{
	struct json_object *msg = json_new(), *result JSON_FREE = NULL;
	json_add_str(msg, "m", "await");
	json_add_str(msg, "decision", cli_arg(c, 0));
	if (mail_call(msg, MAIL_WAIT_FOREVER, &result, err) < 0)
		return -1;
	say_decision(c, result);
	return 0;
}

const struct verb verb_await = {
	.name = "await",
	.group = VERB_INSIDE,
	.args = "NAME",
	.help = "wait until the lead has decided NAME and print the value",
	.min_args = 1,
	.max_args = 1,
	.run = run_await,
};

static int run_propose(struct cli *c, struct err *err)
{
	struct json_object *msg JSON_FREE = json_new(), *result JSON_FREE = NULL;
	struct strv others STRV_FREE = STRV_INIT;
	MEM_FREE char *value = opts_join(&c->opts, 1);
	bool waits = opts_has(&c->opts, "wait");
	json_add_str(msg, "m", "propose");
	json_add_str(msg, "decision", cli_arg(c, 0));
	json_add_str(msg, "value", value);
	json_add_bool(msg, "blocking", waits);
	if (opts_get(&c->opts, "because"))
		json_add_str(msg, "because", opts_get(&c->opts, "because"));
	opts_list(&c->opts, "or", &others);
	json_add_strv(msg, "options", &others);
	if (mail_call(MEM_TAKE(msg), waits ? MAIL_WAIT_FOREVER : MAIL_WAIT_MS, &result, err) < 0)
		return -1;
	say_decision(c, result);
	return 0;
}

static const struct opt propose_options[] = {
	{'b', "because", "TEXT", "why", 0},
	{'o', "or", "VALUE", "another value that could be chosen; may be repeated", 0},
	{'w', "wait", NULL, "wait until it is decided, and print the value", 0},
	{0},
};

const struct verb verb_propose = {
	.name = "propose",
	.group = VERB_INSIDE,
	.args = "NAME VALUE...",
	.help = "propose a decision to the lead",
	.opts = propose_options,
	.min_args = 2,
	.max_args = VERB_ARGS_ANY,
	.run = run_propose,
};

/* The command line: finds the verb, reads its options, says what went wrong. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/usage.h"
#include "cli/verbs.h"
#include "fmt/json.h"

static const struct verb *const verbs[] = {
	&verb_init, &verb_start, &verb_ls, &verb_show, &verb_brief, &verb_watch, &verb_attach, &verb_open,
	&verb_docket, &verb_answer, &verb_decide, &verb_decisions, &verb_tell, &verb_clear, &verb_interrupt,
	&verb_mode, &verb_pause, &verb_resume, &verb_job, &verb_stop, &verb_rm, &verb_restore, &verb_undo,
	&verb_adopt, &verb_review, &verb_approve, &verb_return, &verb_land, &verb_queue, &verb_doctor,
	&verb_daemon, &verb_demo, &verb_api, &verb_completion, &verb_help, &verb_version, &verb_ask,
	&verb_await, &verb_propose, &verb_report, &verb_recap, &verb_done, &verb_mcp, &verb_hook, &verb_rehearse,
	&verb_complete, NULL,
};

/* Before the options are read: an error about them is to be told as JSON too. */
static bool wants_json(char **argv)
{
	for (; *argv && strcmp(*argv, "--") != 0; argv++)
		if (strcmp(*argv, "--json") == 0)
			return true;
	return false;
}

static int complain(const struct err *err, bool json)
{
	cli_warn("%s", err->msg);
	if (json) {
		struct json_object *o JSON_FREE = json_new(), *inner = json_new();
		json_add_int(inner, "code", err->code);
		json_add_str(inner, "message", err->msg);
		json_add_obj(o, "error", inner);
		cli_print_json(o);
	}
	return err->code;
}

/* What was printed must have arrived: a full disk is an error. */
static int finish(int code, bool json)
{
	struct err err;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	err_set(&err, ERR_FAILED, "cannot write to standard output");
	return code ? code : complain(&err, json);
}

static int show_help(const struct verb *parent, const struct verb *verb)
{
	struct str out STR_FREE = STR_INIT;
	if (verb)
		usage_verb(parent, verb, &out);
	else
		usage_all(verbs, &out);
	cli_print(&out);
	return finish(0, false);
}

static int run_verb(const struct verb *parent, const struct verb *verb, char **argv)
{
	struct err err = {0};
	struct cli c = {
		.verbs = verbs, .verb = verb, .sub_of = parent ? parent->name : NULL, .json = wants_json(argv)};
	int r = opts_parse(&c.opts, verb->opts, usage_common, verb->takes_command, argv, &err);
	if (r == 0 && opts_has(&c.opts, "help")) {
		opts_fini(&c.opts);
		return show_help(parent, verb);
	}
	if (r == 0)
		r = usage_check_args(parent, verb, &c.opts, &err);
	if (r == 0) {
		c.color = !c.json && out_color(STDOUT_FILENO);
		c.width = c.json ? 0 : out_width();
		r = verb->run(&c, &err);
	}
	if (c.connected)
		client_fini(&c.client);
	opts_fini(&c.opts);
	return finish(r < 0 ? complain(&err, c.json) : r > 0 ? r : c.exit_code, c.json);
}

/* argv: the words after the verb's name. */
static int dispatch(const struct verb *verb, char **argv)
{
	struct err err;
	if (!verb->subs)
		return run_verb(NULL, verb, argv);
	const char *word = *argv;
	if (!word || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		int code = show_help(NULL, verb);
		return word ? code : ERR_USAGE;
	}
	const struct verb *sub = usage_find(verb->subs, verb, word, &err);
	return sub ? run_verb(verb, sub, argv + 1) : complain(&err, wants_json(argv));
}

int main(int argc, char **argv)
{
	static const char *const flags[][2] = {{"--help", "help"}, {"-h", "help"}, {"--version", "version"}};
	struct err err;
	const char *word = argc > 1 ? argv[1] : NULL;
	if (!word) {
		show_help(NULL, NULL);
		return ERR_USAGE;
	}
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (strcmp(word, flags[i][0]) == 0)
			word = flags[i][1];
	const struct verb *verb = usage_find(verbs, NULL, word, &err);
	return verb ? dispatch(verb, argv + 2) : complain(&err, wants_json(argv + 1));
}

/* The verbs that do one thing to one session and show what became of it: clear, interrupt, mode, pause, resume, stop, rm,
 * restore, undo. */
#include <string.h>

#include "cli/verbs.h"
#include "fmt/json.h"

static int report_state(struct cli *c, struct json_object *session)
{
	const char *why = json_str(session, "why");
	cli_say(c, "%s  %s%s%s%s", json_str_or(session, "name", "?"), json_str_or(session, "state", "?"),
		json_flag(session, "paused", false) ? " (paused)" : "", why && *why ? "  " : "", why ? why : "");
	return 0;
}

static int steer(struct cli *c, const char *method, struct json_object *params, struct err *err)
{
	struct json_object *session JSON_FREE = NULL;
	int r = cli_request(c, method, params, &session, err);
	return r <= 0 ? r : report_state(c, session);
}

/* {"session"} alone is all they need. */
static const struct {
	const char *verb, *method;
} plain[] = {
	{"clear", "session.clear"}, {"interrupt", "session.interrupt"},
	{"pause", "session.pause"}, {"restore", "session.restore"},
};

static int run_plain(struct cli *c, struct err *err)
{
	size_t i = 0;
	while (strcmp(plain[i].verb, c->verb->name) != 0)
		i++;
	return steer(c, plain[i].method, cli_session_params(c), err);
}

/* As with start: one that could not be started is not "done". */
static int run_resume(struct cli *c, struct err *err)
{
	struct json_object *session JSON_FREE = NULL;
	if (cli_call(c, "session.resume", cli_session_params(c), &session, err) < 0)
		return -1;
	const char *failure = json_str(session, "failure");
	if (c->json)
		cli_print_json(session);
	else
		report_state(c, session);
	if (strcmp(json_str_or(session, "state", ""), "failed") != 0 || !failure)
		return 0;
	c->exit_code = ERR_FAILED;
	cli_warn("%s failed: %s", json_str_or(session, "name", "?"), failure);
	return 0;
}

static int run_mode(struct cli *c, struct err *err)
{
	struct json_object *params = cli_session_params(c);
	json_add_str(params, "mode", cli_arg(c, 1));
	return steer(c, "session.mode", params, err);
}

static int run_stop(struct cli *c, struct err *err)
{
	struct json_object *params JSON_FREE = cli_session_params(c);
	long long grace_s;
	if (opts_int(&c->opts, "grace", 0, 3600, -1, &grace_s, err) < 0)
		return -1;
	if (grace_s >= 0)
		json_add_int(params, "grace_ms", grace_s * 1000);
	if (opts_has(&c->opts, "jobs"))
		json_add_bool(params, "jobs", true);
	return steer(c, "session.stop", json_object_get(params), err);
}

static int run_rm(struct cli *c, struct err *err)
{
	struct json_object *params = cli_session_params(c), *result JSON_FREE = NULL;
	if (opts_has(&c->opts, "force"))
		json_add_bool(params, "force", true);
	int r = cli_request(c, "session.remove", params, &result, err);
	if (r <= 0)
		return r;
	struct json_object *warnings = json_arr(result, "warnings");
	if (json_str(result, "snapshot"))
		cli_say(c, "%s removed; all it had is kept: `muster restore %s` brings it back", cli_arg(c, 0),
			cli_arg(c, 0));
	else
		cli_say(c, "%s removed", cli_arg(c, 0));
	for (size_t i = 0; i < json_len(warnings); i++)
		cli_warn("%s", json_str_at(warnings, i));
	return 0;
}

static int run_undo(struct cli *c, struct err *err)
{
	return steer(c, "undo", NULL, err);
}

#define STEER_VERB(word, run_it, help_line, long_text)                                                                     \
	const struct verb verb_##word = {                                                                          \
		.name = #word,                                                                                     \
		.group = VERB_STEER,                                                                               \
		.args = "SESSION",                                                                                 \
		.help = (help_line),                                                                               \
		.text = (long_text),                                                                               \
		.min_args = 1,                                                                                     \
		.max_args = 1,                                                                                     \
		.completes = COMPLETE_SESSION,                                                                     \
		.run = (run_it),                                                                                   \
	}

STEER_VERB(clear, run_plain, "begin a new conversation in the same workspace; background jobs live on", NULL);
STEER_VERB(interrupt, run_plain, "stop the agent's present turn", NULL);
STEER_VERB(pause, run_plain, "freeze the session's processes", NULL);
STEER_VERB(resume, run_resume, "let a paused session go on, or start one that has ended again",
	   "An agent that can go on with its own conversation does.");
STEER_VERB(restore, run_plain, "bring a removed session back, byte for byte", NULL);

const struct verb verb_mode = {
	.name = "mode",
	.group = VERB_STEER,
	.args = "SESSION MODE",
	.help = "ask an agent without a terminal to work in another of its modes",
	.text = "The mode is the agent's own name of it, as `muster show` has it: what it may do unasked, or that it only plans.",
	.min_args = 2,
	.max_args = 2,
	.completes = COMPLETE_SESSION,
	.run = run_mode,
};

static const struct opt stop_options[] = {
	{'j', "jobs", NULL, "end its background jobs too", 0},
	{0, "grace", "SECONDS", "how long its processes may take to end before they are killed (5)", 0},
	{0},
};

const struct verb verb_stop = {
	.name = "stop",
	.group = VERB_STEER,
	.args = "SESSION",
	.help = "end the agent; the workspace stays",
	.text = "A session with running jobs is refused, and they are named, unless --jobs is given.",
	.opts = stop_options,
	.min_args = 1,
	.max_args = 1,
	.completes = COMPLETE_SESSION,
	.run = run_stop,
};

static const struct opt rm_options[] = {
	{'f', "force", NULL, "also when it runs: stop it and its jobs first", 0},
	{0},
};

const struct verb verb_rm = {
	.name = "rm",
	.group = VERB_STEER,
	.args = "SESSION",
	.help = "remove a session and its workspace; muster undo brings both back",
	.text = "Everything is kept in a snapshot first: tracked and untracked files and commits that are nowhere "
		"else.",
	.opts = rm_options,
	.min_args = 1,
	.max_args = 1,
	.completes = COMPLETE_SESSION,
	.run = run_rm,
};

const struct verb verb_undo = {
	.name = "undo",
	.group = VERB_STEER,
	.help = "take back the latest removal",
	.run = run_undo,
};

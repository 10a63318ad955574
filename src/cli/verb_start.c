/* muster start */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/attach.h"
#include "cli/verbs.h"
#include "fmt/json.h"

enum { TASK_MAX = 1 << 20, SHOW_AFTER_MS = 1000, WAIT_MS = 24 * 60 * 60 * 1000 };

/* ---- the request ---- */

static int add_task(struct json_object *params, const char *path, struct err *err)
{
	struct str text STR_FREE = STR_INIT;
	int r = file_read(path, TASK_MAX, &text);
	if (r < 0)
		return err_set_errno(err, ERR_USAGE, r, "%s", path);
	json_add_str(params, "task_file", path);
	json_add_strn(params, "task_file_text", str_c(&text), text.len);
	return 0;
}

static int add_env(const struct opts *o, struct json_object *params, struct err *err)
{
	struct strv pairs STRV_FREE = STRV_INIT;
	struct json_object *env JSON_FREE = json_new();
	opts_list(o, "env", &pairs);
	for (size_t i = 0; i < pairs.n; i++) {
		const char *equals = strchr(pairs.v[i], '=');
		if (!equals || equals == pairs.v[i])
			return err_set(err, ERR_USAGE, "--env wants KEY=VALUE, not %s", pairs.v[i]);
		MEM_FREE char *key = mem_strndup(pairs.v[i], (size_t)(equals - pairs.v[i]));
		json_add_str(env, key, equals + 1);
	}
	if (pairs.n)
		json_add_obj(params, "env", json_object_get(env));
	return 0;
}

static int fill(struct cli *c, struct json_object *params, struct err *err)
{
	static const char *const texts[] = {"name", "agent", "base", "target"};
	const struct opts *o = &c->opts;
	const char *task = opts_get(o, "task");
	MEM_FREE char *prompt = opts_join(o, 0), *repo = cli_absolute(opts_get(o, "repo"), err);
	struct strv scope STRV_FREE = STRV_INIT;
	if (!repo)
		return -1;
	if (!prompt && !task && !o->has_command)
		return err_set(err, ERR_USAGE, "what shall it do? Give a prompt, --task FILE, or -- COMMAND");
	if (o->has_command && !o->command.n)
		return err_set(err, ERR_USAGE, "the command after -- is missing");
	json_add_str(params, "repo", repo);
	if (prompt)
		json_add_str(params, "prompt", prompt);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (opts_get(o, texts[i]))
			json_add_str(params, texts[i], opts_get(o, texts[i]));
	opts_list(o, "scope", &scope);
	if (scope.n)
		json_add_strv(params, "scope", &scope);
	if (o->command.n)
		json_add_strv(params, "command", &o->command);
	if (opts_has(o, "no-worktree"))
		json_add_bool(params, "worktree", false);
	if (opts_has(o, "headless"))
		json_add_bool(params, "headless", true);
	if (task && add_task(params, task, err) < 0)
		return -1;
	return add_env(o, params, err);
}

/* ---- waiting until it runs, with the set-up's progress when that takes a while ---- */

struct progress {
	bool quiet;       /* --json */
	int64_t begin_ms; /* monotonic */
	char *phase;      /* the latest line, not shown yet */
};

static void show_phase(void *arg)
{
	struct progress *p = arg;
	if (p->quiet || !p->phase || clock_mono_ms() - p->begin_ms < SHOW_AFTER_MS)
		return;
	struct str line STR_FREE = STR_INIT;
	text_add_inert(&line, p->phase, strlen(p->phase), TEXT_ONE_LINE);
	fprintf(stderr, "  %s\n", str_c(&line));
	mem_replace(&p->phase, NULL);
}

static void on_event(void *arg, struct json_object *event)
{
	struct progress *p = arg;
	const char *kind = json_str_or(event, "kind", "");
	const char *line = strcmp(kind, "session.setup") == 0 ? json_str(json_obj(event, "data"), "line") : NULL;
	if (line)
		mem_replace(&p->phase, line);
	else if (strcmp(kind, "session.preparing") == 0)
		mem_replace(&p->phase, "preparing the workspace");
	show_phase(p);
}

/* Waits until the session has started or failed to; *ret is the session then. */
static int wait_started(struct cli *c, const char *id, struct json_object **ret, struct err *err)
{
	struct progress p = {.quiet = c->json, .begin_ms = clock_mono_ms()};
	struct json_object *wanted = json_new(), *subscribed JSON_FREE = NULL, *params = json_new();
	json_add_str(wanted, "session", id);
	json_add_int(wanted, "after", 0);
	json_add_str(params, "session", id);
	json_add_str(params, "until", "started");
	json_add_int(params, "timeout_ms", WAIT_MS);
	c->client.watch = (struct client_watch){.event = on_event, .tick = show_phase, .arg = &p};
	int r = client_call(&c->client, "events.subscribe", wanted, &subscribed, err);
	if (r == 0)
		r = client_call(&c->client, "session.wait", params, ret, err);
	else
		json_object_put(params);
	c->client.watch = (struct client_watch){0};
	free(p.phase);
	return r;
}

static int show_started(struct cli *c, struct json_object *session, struct err *err)
{
	const char *state = json_str_or(session, "state", "?"), *name = json_str_or(session, "name", "?");
	const char *failure = json_str(session, "failure");
	if (c->json)
		cli_print_json(session);
	else
		cli_say(c, "%s  %s", name, state);
	if (strcmp(state, "failed") == 0 && failure) {
		c->exit_code = ERR_FAILED;
		fprintf(stderr, "muster: %s failed: %s\n", name, failure);
		return 0;
	}
	fflush(stdout);
	return opts_has(&c->opts, "attach") ? attach_run(c, json_str(session, "id"), name, err) : 0;
}

static int run(struct cli *c, struct err *err)
{
	struct json_object *params JSON_FREE = json_new(), *session JSON_FREE = NULL, *started JSON_FREE = NULL;
	if (opts_has(&c->opts, "attach") && c->json)
		return err_set(err, ERR_USAGE, "--attach and --json do not go together");
	if (fill(c, params, err) < 0)
		return -1;
	if (cli_call(c, "session.start", MEM_TAKE(params), &session, err) < 0)
		return -1;
	if (opts_has(&c->opts, "no-wait") && !opts_has(&c->opts, "attach"))
		return show_started(c, session, err);
	if (wait_started(c, json_str_or(session, "id", ""), &started, err) < 0)
		return -1;
	return show_started(c, started, err);
}

static const struct opt options[] = {
	{'t', "task", "FILE", "the brief: Markdown with YAML front matter", COMPLETE_FILE},
	{'n', "name", "NAME", "the session's name (default: from the prompt)", 0},
	{'a', "agent", "AGENT", "which agent to run (default: the configured one)", COMPLETE_AGENT},
	{'s', "scope", "PATHSPEC", "what it may write; may be repeated", COMPLETE_FILE},
	{'b', "base", "REVISION", "what it starts from (default: the target's tip)", 0},
	{0, "target", "BRANCH", "where its work is to land (default: the present branch)", 0},
	{'C', "repo", "FOLDER", "the repository (default: the current folder's)", COMPLETE_DIR},
	{'e', "env", "KEY=VALUE", "for its environment; may be repeated", 0},
	{0, "no-worktree", NULL, "run in the folder itself instead of a worktree of its own", 0},
	{0, "headless", NULL, "without a terminal, by the agent's own protocol", 0},
	{'A', "attach", NULL, "go straight into its terminal", 0},
	{0, "no-wait", NULL, "do not wait until it runs", 0},
	{0},
};

const struct verb verb_start = {
	.name = "start",
	.group = VERB_START,
	.args = "[PROMPT...]",
	.help = "start a session: an agent, or a command, in a worktree of its own",
	.text = "Prints the session's name and state when the agent runs. The branch is muster/NAME.",
	.opts = options,
	.max_args = VERB_ARGS_ANY,
	.takes_command = true,
	.run = run,
};

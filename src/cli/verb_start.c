/* muster start */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/attach.h"
#include "cli/talk_attach.h"
#include "cli/verbs.h"
#include "fmt/json.h"

enum { TASK_MAX = 1 << 20, SHOW_AFTER_MS = 1000, LOG_PIECE = 16 * 1024, WAIT_MS = 24 * 60 * 60 * 1000 };

/* ---- the request ---- */

static int add_task(struct json_object *params, const char *path, struct err *err)
{
	struct str text STR_FREE = STR_INIT;
	int r = file_read_stream(path, TASK_MAX, &text); /* a pipe is fine: --task <(…) */
	if (r < 0)
		return err_set_errno(err, ERR_USAGE, r, "%s", path);
	int line, column;
	if (text_find_foreign(str_c(&text), text.len, &line, &column)) /* JSON would carry it on as something else */
		return err_set(err, ERR_USAGE, "%s:%d:%d: this is no UTF-8 text", path, line, column);
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
	if (o->has_command && (!o->command.n || !*o->command.v[0]))
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

/* ---- waiting until it runs, with the set-up's output when that takes a while ---- */

struct progress {
	bool quiet;       /* --json */
	int64_t begin_ms; /* monotonic */
	char *log_path;   /* where the set-up commands write */
	off_t shown;      /* of the log, in bytes */
};

/* Prints the next whole lines of the log; false when there are none. */
static bool show_piece(struct progress *p, int fd)
{
	char buf[LOG_PIECE];
	struct str text STR_FREE = STR_INIT;
	ssize_t n = pread(fd, buf, sizeof buf, p->shown);
	const char *end = n > 0 ? memrchr(buf, '\n', (size_t)n) : NULL;
	/* A line longer than the piece is shown in parts. */
	size_t len = end ? (size_t)(end - buf) + 1 : n == (ssize_t)sizeof buf ? sizeof buf : 0;
	text_add_inert(&text, buf, len, TEXT_LINES);
	fwrite(str_c(&text), 1, text.len, stderr);
	p->shown += (off_t)len;
	return len > 0;
}

static void show_log(struct progress *p)
{
	int fd FD_CLOSE = open(p->log_path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && show_piece(p, fd))
		;
}

static void on_tick(void *arg)
{
	struct progress *p = arg;
	if (!p->quiet && clock_mono_ms() - p->begin_ms >= SHOW_AFTER_MS)
		show_log(p);
}

static char *setup_log(const struct cli *c, const char *id)
{
	MEM_FREE char *folder = dirs_session(&c->client.dirs, id);
	return mem_printf("%s/setup.log", folder);
}

/* Waits until the session has started or failed to; *ret is the session then. */
static int wait_started(struct cli *c, const char *id, struct json_object **ret, struct err *err)
{
	struct progress p = {.quiet = c->json, .begin_ms = clock_mono_ms(), .log_path = setup_log(c, id)};
	struct json_object *params = json_new();
	json_add_str(params, "session", id);
	json_add_str(params, "until", "started");
	json_add_int(params, "timeout_ms", WAIT_MS);
	c->client.watch = (struct client_watch){.tick = on_tick, .arg = &p};
	int r = client_call(&c->client, "session.wait", params, ret, err);
	c->client.watch = (struct client_watch){0};
	if (p.shown > 0)
		show_log(&p);
	free(p.log_path);
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
		cli_warn("%s failed: %s", name, failure);
		return 0;
	}
	fflush(stdout);
	if (!opts_has(&c->opts, "attach"))
		return 0;
	bool terminal = !json_flag(session, "headless", false);
	return (terminal ? attach_run : talk_attach)(c, json_str_or(session, "id", ""), name, err);
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
	struct json_object *warnings = json_arr(session, "warnings");
	for (size_t i = 0; i < json_len(warnings); i++)
		fprintf(stderr, "muster: warning: %s\n", json_str_at(warnings, i));
	if (opts_has(&c->opts, "no-wait") && !opts_has(&c->opts, "attach"))
		return show_started(c, session, err);
	if (wait_started(c, json_str_or(session, "id", ""), &started, err) < 0)
		return -1;
	return show_started(c, started, err);
}

static const struct opt options[] = {
	{'t', "task", "FILE", "the brief: Markdown with YAML front matter", COMPLETE_FILE},
	{'n', "name", "NAME", "the session's name (default: from the prompt)", 0},
	{'a', "agent", "AGENT", "which agent to run, or acp:COMMAND (default: the configured one)", COMPLETE_AGENT},
	{'s', "scope", "PATHSPEC", "what it may write; may be repeated", COMPLETE_FILE},
	{'b', "base", "REVISION", "what it starts from (default: the target's tip)", 0},
	{0, "target", "BRANCH", "where its work is to land (default: the present branch)", 0},
	{'C', "repo", "FOLDER", "the repository (default: the current folder's)", COMPLETE_DIR},
	{'e', "env", "KEY=VALUE", "for its environment; may be repeated", 0},
	{0, "no-worktree", NULL, "run in the folder itself instead of a worktree of its own", 0},
	{0, "headless", NULL, "without a terminal, by the agent's own protocol", 0},
	{'A', "attach", NULL, "go straight into its terminal, or its conversation", 0},
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

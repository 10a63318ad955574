/* muster job: the background processes of a session, for the lead and, without naming a session, from inside one.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/look.h"
#include "cli/mail.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "fmt/json.h"

enum { LOG_PIECE = 64 * 1024, FOLLOW_MS = 500 };

/* From the lead to musterd, or from inside a session to its mailbox: `session` NULL. */
static int call(struct cli *c, const char *method, const char *session, struct json_object *params,
		struct json_object **ret, struct err *err)
{
	if (session) {
		json_add_str(params, "session", session);
		return cli_call(c, method, params, ret, err);
	}
	json_add_str(params, "m", "job");
	json_add_str(params, "op", strchr(method, '.') + 1);
	return mail_call(params, MAIL_WAIT_MS, ret, err);
}

static void say_job(struct cli *c, struct json_object *job)
{
	if (c->json)
		cli_print_json(job);
	else
		cli_say(c, "%s  %s  process %d", json_str_or(job, "name", "?"), json_str_or(job, "state", "?"),
			(int)json_int(job, "pid", 0));
}

static int run_start(struct cli *c, struct err *err)
{
	struct json_object *params JSON_FREE = json_new(), *job JSON_FREE = NULL;
	if (!c->opts.command.n)
		return err_set(err, ERR_USAGE, "which command? muster job start [SESSION] -- COMMAND");
	json_add_strv(params, "command", &c->opts.command);
	if (opts_get(&c->opts, "name"))
		json_add_str(params, "name", opts_get(&c->opts, "name"));
	if (opts_get(&c->opts, "cwd"))
		json_add_str(params, "cwd", opts_get(&c->opts, "cwd"));
	if (call(c, "job.start", cli_arg(c, 0), MEM_TAKE(params), &job, err) < 0)
		return -1;
	say_job(c, job);
	return 0;
}

static const struct column columns[] = {
	{"JOB", 0, 8, false},    {"STATE", 0, 0, false},    {"FOR", 1, 0, true},
	{"PROCESS", 2, 0, true}, {"COMMAND", 1, 16, false},
};

static void add_row(struct table *t, struct json_object *job)
{
	struct str command STR_FREE = STR_INIT, age STR_FREE = STR_INIT;
	int64_t ended_ms = json_int(job, "ended_ms", 0), code = json_int(job, "exit", -1);
	look_add_command(&command, json_arr(job, "command"));
	when_add_age(&age, ended_ms ? ended_ms : json_int(job, "started_ms", 0), clock_wall_ms());
	table_add(t, PAINT_BOLD, json_str(job, "name"));
	if (code >= 0)
		table_addf(t, code ? PAINT_RED : PAINT_DIM, "exited %d", (int)code);
	else
		table_addf(t, PAINT_NONE, "%s%s", json_str_or(job, "state", "?"),
			   json_flag(job, "found", false) ? " (found)" : "");
	table_add(t, PAINT_NONE, str_c(&age));
	table_addf(t, PAINT_NONE, "%d", (int)json_int(job, "pid", 0));
	table_add(t, PAINT_NONE, str_c(&command));
}

static int run_ls(struct cli *c, struct err *err)
{
	struct json_object *result JSON_FREE = NULL;
	struct table t TABLE_FREE = {0};
	struct str out STR_FREE = STR_INIT;
	if (call(c, "job.list", cli_arg(c, 0), json_new(), &result, err) < 0)
		return -1;
	struct json_object *jobs = json_arr(result, "jobs");
	if (c->json) {
		cli_print_json(result);
		return 0;
	}
	if (json_len(jobs) == 0) {
		cli_say(c, "no jobs");
		return 0;
	}
	table_init(&t, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < json_len(jobs); i++)
		add_row(&t, json_at(jobs, i));
	table_print(&t, &out, c->width, c->color);
	cli_print(&out);
	return 0;
}

/* SESSION JOB, or only JOB from inside a session. */
static struct json_object *job_params(const struct cli *c, const char **ret_session)
{
	struct json_object *params = json_new();
	*ret_session = c->opts.args.n > 1 ? cli_arg(c, 0) : NULL;
	json_add_str(params, "job", cli_arg(c, c->opts.args.n - 1));
	return params;
}

static void print_log(struct cli *c, struct json_object *piece)
{
	const char *text = json_str(piece, "text");
	struct str safe STR_FREE = STR_INIT;
	if (c->json) {
		cli_print_json(piece);
	} else if (text) {
		text_add_inert(&safe, text, strlen(text), TEXT_LINES);
		cli_print(&safe);
	}
	fflush(stdout);
}

/* One piece after the other until there is no more, or, with --follow, until the job has ended. */
static int run_logs(struct cli *c, struct err *err)
{
	bool follow = opts_has(&c->opts, "follow");
	int64_t offset = 0;
	for (;;) {
		const char *session;
		struct json_object *params = job_params(c, &session), *piece JSON_FREE = NULL;
		json_add_int(params, "offset", offset);
		json_add_int(params, "limit", LOG_PIECE);
		if (call(c, "job.logs", session, params, &piece, err) < 0)
			return -1;
		int64_t next = json_int(piece, "next", offset), size = json_int(piece, "size", 0);
		bool running = strcmp(json_str_or(piece, "state", ""), "running") == 0;
		bool more = next < size && next > offset;
		if (next > offset)
			print_log(c, piece);
		offset = next;
		if (more)
			continue;
		if (!follow || !running)
			return 0;
		usleep(FOLLOW_MS * 1000);
	}
}

static int run_stop(struct cli *c, struct err *err)
{
	const char *session;
	struct json_object *params = job_params(c, &session), *job JSON_FREE = NULL;
	if (call(c, "job.stop", session, params, &job, err) < 0)
		return -1;
	say_job(c, job);
	return 0;
}

static const struct opt start_options[] = {
	{'n', "name", "NAME", "the job's name (default: the program's)", 0},
	{0, "cwd", "FOLDER", "where it runs (default: the workspace)", COMPLETE_DIR},
	{0},
};
static const struct opt logs_options[] = {
	{'f', "follow", NULL, "go on until the job has ended", 0},
	{0},
};

static const struct verb job_start = {
	.name = "start",
	.args = "[SESSION]",
	.help = "start a background process that outlives the agent's conversation",
	.opts = start_options,
	.max_args = 1,
	.takes_command = true,
	.completes = COMPLETE_SESSION,
	.run = run_start,
};
static const struct verb job_ls = {
	.name = "ls",
	.args = "[SESSION]",
	.help = "list the jobs, with background processes of the agent's own that were found",
	.max_args = 1,
	.completes = COMPLETE_SESSION,
	.run = run_ls,
};
static const struct verb job_logs = {
	.name = "logs",
	.args = "[SESSION] JOB",
	.help = "print a job's output",
	.opts = logs_options,
	.min_args = 1,
	.max_args = 2,
	.completes = COMPLETE_SESSION,
	.run = run_logs,
};
static const struct verb job_stop = {
	.name = "stop",
	.args = "[SESSION] JOB",
	.help = "end a job and its processes",
	.min_args = 1,
	.max_args = 2,
	.completes = COMPLETE_SESSION,
	.run = run_stop,
};
static const struct verb *const subs[] = {&job_start, &job_ls, &job_logs, &job_stop, NULL};

const struct verb verb_job = {
	.name = "job",
	.group = VERB_STEER,
	.args = "start|ls|logs|stop",
	.help = "background processes of a session: start, list, read, stop",
	.text = "Inside a session SESSION is left out: its own jobs are meant.",
	.subs = subs,
};

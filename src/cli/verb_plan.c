/* muster plan */
#include <string.h>

#include "base/mem.h"
#include "cli/look.h"
#include "cli/plan_held.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "fmt/json.h"
#include "git/repo.h"
#include "work/plan.h"

struct planning {
	struct plan plan;
	struct repo repo;
	struct config config;
	struct strv decided;
};

static void planning_fini(struct planning *w)
{
	plan_fini(&w->plan);
	repo_fini(&w->repo);
	config_fini(&w->config);
	strv_fini(&w->decided);
}

/* ---- looking ---- */

static int open_repository(struct cli *c, struct planning *w, struct err *err)
{
	struct dirs dirs = {0};
	MEM_FREE char *folder = cli_absolute(opts_get(&c->opts, "repo"), err);
	if (!folder || dirs_init(&dirs, err) < 0)
		return -1;
	int r = repo_open(folder, dirs.state, 0, &w->repo, err);
	if (r == 0)
		r = config_load(&w->config, w->repo.toplevel ? w->repo.toplevel : w->repo.common_dir, dirs.config, err);
	dirs_fini(&dirs);
	for (size_t i = 0; r == 0 && i < w->config.warnings.n; i++)
		cli_warn("warning: %s", w->config.warnings.v[i]);
	return r;
}

static struct json_object *repo_params(const struct planning *w)
{
	struct json_object *params = json_new();
	json_add_str(params, "repo", w->repo.toplevel ? w->repo.toplevel : w->repo.common_dir);
	return params;
}

/* Only a plan that awaits decisions needs musterd, which knows them. */
static int ask_decided(struct cli *c, struct planning *w, struct err *err)
{
	struct json_object *result JSON_FREE = NULL;
	bool awaits = false;
	for (size_t i = 0; i < w->plan.n; i++)
		awaits = awaits || w->plan.v[i].task.awaits.n;
	if (!awaits)
		return 0;
	if (cli_call(c, "decision.list", repo_params(w), &result, err) < 0)
		return -1;
	struct json_object *list = json_arr(result, "decisions");
	for (size_t i = 0; i < json_len(list); i++)
		strv_add(&w->decided, json_str_or(json_at(list, i), "name", ""));
	return 0;
}

static int look(struct cli *c, struct planning *w, struct err *err)
{
	if (open_repository(c, w, err) < 0 || plan_read(&w->plan, cli_arg(c, 0), err) < 0 || ask_decided(c, w, err) < 0)
		return -1;
	const struct plan_facts facts = {.config = &w->config, .root = w->repo.toplevel, .decided = &w->decided};
	plan_check(&w->plan, &facts);
	return 0;
}

/* ---- showing ---- */

/* "tasks/b.md:3:9: error: TEXT; HINT" */
static void add_finding(struct str *out, const struct cli *c, const struct plan_finding *f)
{
	bool bad = f->level == PLAN_ERROR;
	out_add(out, PAINT_BOLD, c->color, f->file);
	if (f->line)
		str_addf(out, ":%d:%d", f->line, f->column);
	str_adds(out, ": ");
	out_add(out, bad ? PAINT_RED : PAINT_YELLOW, c->color, bad ? "error: " : "warning: ");
	out_add(out, PAINT_NONE, c->color, f->text);
	str_adds(out, "; ");
	out_add(out, PAINT_NONE, c->color, f->hint);
	str_addc(out, '\n');
}

static void add_count(struct str *out, const char *before, size_t n, const char *what)
{
	str_addf(out, "%s%zu %s%s", before, n, what, n == 1 ? "" : "s");
}

static void add_sum(struct str *out, const struct plan *p)
{
	int steps = 0;
	for (size_t i = 0; i < p->n; i++)
		steps = MAX(steps, p->v[i].wave);
	out_add(out, PAINT_NONE, false, p->dir);
	add_count(out, ": ", p->n, "task");
	add_count(out, " in ", (size_t)steps, "step");
	add_count(out, "; ", p->n_errors, "error");
	add_count(out, ", ", p->n_findings - p->n_errors, "warning");
	for (size_t i = 0; i < p->left_out.n; i++) {
		str_adds(out, i ? ", " : "; not taken, for it has no front matter: ");
		out_add(out, PAINT_NONE, false, p->left_out.v[i]);
	}
	str_addc(out, '\n');
}

static void show_findings(const struct cli *c, const struct plan *p)
{
	struct str out STR_FREE = STR_INIT;
	for (size_t i = 0; i < p->n_findings; i++)
		add_finding(&out, c, &p->findings[i]);
	add_sum(&out, p);
	cli_print(&out);
}

/* ---- check ---- */

static int run_check(struct cli *c, struct err *err)
{
	CLEANUP(planning_fini) struct planning w = {0};
	if (look(c, &w, err) < 0)
		return -1;
	struct json_object *o JSON_FREE = plan_json(&w.plan);
	if (c->json)
		cli_print_json(o);
	else
		show_findings(c, &w.plan);
	c->exit_code = w.plan.n_findings ? ERR_FAILED : 0;
	return 0;
}

/* ---- run ---- */

static bool may_run(const struct cli *c, const struct plan *p)
{
	return p->n_errors == 0 && (p->n_findings == 0 || opts_has(&c->opts, "anyway"));
}

static int refuse(struct cli *c, const struct plan *p)
{
	struct json_object *o JSON_FREE = plan_json(p);
	json_add_null(o, "run");
	if (c->json)
		cli_print_json(o);
	else
		show_findings(c, p);
	cli_warn("nothing was started: %s", p->n_errors ? "the plan has errors" : "--anyway starts it in spite of these warnings");
	c->exit_code = ERR_REFUSED;
	return 0;
}

static struct json_object *run_params(const struct planning *w)
{
	struct json_object *params = repo_params(w), *names = json_new_array();
	struct json_object *files = json_new_array(), *texts = json_new_array();
	for (size_t i = 0; i < w->plan.n_order; i++) {
		const struct plan_task *t = &w->plan.v[w->plan.order[i]];
		json_push_str(names, t->name);
		json_push_str(files, t->file);
		json_push(texts, json_new_strn(str_c(&t->text), t->text.len));
	}
	json_add_obj(params, "names", names);
	json_add_obj(params, "files", files);
	json_add_obj(params, "texts", texts);
	return params;
}

static const struct column columns[] = {{"TASK", 0, 8, false}, {"", 0, 0, false}, {"STATE", 0, 0, false}, {"WHY", 1, 20, false}};

static const struct {
	const char *outcome, *text;
} outcomes[] = {{"started", "new"}, {"there", "there already"}, {"removed", "removed"}, {"failed", "not started"}};

static void show_run(const struct cli *c, struct json_object *results)
{
	struct table t TABLE_FREE = {0};
	struct str out STR_FREE = STR_INIT;
	table_init(&t, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < json_len(results); i++) {
		struct json_object *r = json_at(results, i), *session = json_obj(r, "session");
		const char *state = json_flag(r, "landed", false) ? "landed" : json_str_or(session, "state", "");
		const char *outcome = json_str_or(r, "outcome", "?"), *error = json_str(r, "error");
		for (size_t k = 0; k < ARRAY_LEN(outcomes); k++)
			outcome = strcmp(outcome, outcomes[k].outcome) == 0 ? outcomes[k].text : outcome;
		table_add(&t, PAINT_BOLD, json_str(r, "name"));
		table_add(&t, PAINT_NONE, outcome);
		table_add(&t, look_paint(state), state);
		table_add(&t, PAINT_DIM, error ? error : json_str(session, "why"));
	}
	table_print(&t, &out, c->width, c->color);
	cli_print(&out);
}

static int run_run(struct cli *c, struct err *err)
{
	CLEANUP(planning_fini) struct planning w = {0};
	struct json_object *result JSON_FREE = NULL;
	if (look(c, &w, err) < 0)
		return -1;
	if (!may_run(c, &w.plan))
		return refuse(c, &w.plan);
	if (cli_call(c, "plan.run", run_params(&w), &result, err) < 0)
		return -1;
	struct json_object *results = json_arr(result, "tasks");
	size_t n_stuck = plan_held_add(&w.plan, results);
	if (c->json) {
		struct json_object *o JSON_FREE = plan_json(&w.plan);
		json_add_obj(o, "run", json_object_get(results));
		cli_print_json(o);
	} else {
		show_run(c, results);
	}
	fflush(stdout);
	for (size_t i = 0; i < json_len(results); i++)
		if (json_str(json_at(results, i), "stuck"))
			cli_warn("%s", json_str(json_at(results, i), "stuck"));
	c->exit_code = n_stuck ? ERR_FAILED : 0;
	return 0;
}

static const struct opt check_options[] = {
	{'C', "repo", "FOLDER", "the repository (default: the current folder's)", COMPLETE_DIR},
	{0},
};
static const struct opt run_options[] = {
	{'C', "repo", "FOLDER", "the repository (default: the current folder's)", COMPLETE_DIR},
	{0, "anyway", NULL, "in spite of warnings; errors stay errors", 0},
	{0},
};

static const struct verb plan_check_verb = {
	.name = "check",
	.args = "FOLDER",
	.help = "say what is wrong with a plan, and what to do about it",
	.text = "One line for each finding: FILE:LINE:COLUMN: error or warning: what it is; what to do. Exit status 0 when "
		"nothing was found, 1 when something was, 2 when the folder or the configuration cannot be read.",
	.opts = check_options,
	.min_args = 1,
	.max_args = 1,
	.completes = COMPLETE_DIR,
	.run = run_check,
};
static const struct verb plan_run_verb = {
	.name = "run",
	.args = "FOLDER",
	.help = "start the tasks of a plan, each when those that it follows have landed",
	.text = "The plan is checked first: with an error nothing is started, with a warning only by --anyway (exit status 3). Then "
		"each task becomes a session, which waits for what it follows, for the decisions that it awaits, and for room. "
		"musterd holds it all: nobody has to stay, and it goes on after a restart. Run again, it starts only what "
		"was not started before, and says how the rest is. Exit status 1 when a task failed, was stopped or was "
		"removed before it landed: it holds back those that follow it.",
	.opts = run_options,
	.min_args = 1,
	.max_args = 1,
	.completes = COMPLETE_DIR,
	.run = run_run,
};
static const struct verb *const subs[] = {&plan_check_verb, &plan_run_verb, NULL};

const struct verb verb_plan = {
	.name = "plan",
	.group = VERB_START,
	.args = "check|run",
	.help = "many tasks with what follows what: check the folder of their files, run them",
	.subs = subs,
};

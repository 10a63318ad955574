/* muster brief */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/look.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "fmt/json.h"

enum { INDENT = 4, COMMITS_SHOWN = 10 };

static void add_text(const struct cli *c, struct str *out, const char *label, const char *text)
{
	struct str line STR_FREE = STR_INIT;
	if (!text || !*text)
		return;
	str_addf(&line, "%s%s", label, text);
	out_add_wrapped(out, line.data, INDENT, c->width);
}

static void add_head(const struct cli *c, struct str *out, struct json_object *b, int64_t now_ms)
{
	out_add(out, PAINT_BOLD, c->color, json_str_or(b, "name", "?"));
	str_adds(out, "  ");
	out_add(out, look_paint(json_str(b, "state")), c->color, json_str_or(b, "state", "?"));
	if (json_int(b, "looked_ms", 0)) {
		str_adds(out, "  since you looked at ");
		when_add_clock(out, json_int(b, "looked_ms", 0), now_ms);
		str_addc(out, '\n');
	} else {
		str_adds(out, "  from its beginning\n");
	}
}

/* "worked 12 min, waited for you 3 min" */
static void add_times(const struct cli *c, struct str *out, struct json_object *times)
{
	static const struct {
		const char *state, *words;
	} shown[] = {{"working", "worked"}, {"blocked", "waited for you"}, {"idle", "idle"}, {"quiet", "quiet"}};
	struct str line STR_FREE = STR_INIT;
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		int64_t ms = json_int(times, shown[i].state, 0);
		if (ms < 1000)
			continue;
		str_addf(&line, "%s%s ", line.len ? ", " : "", shown[i].words);
		when_add_duration(&line, ms);
	}
	add_text(c, out, "", str_c(&line));
}

static void add_stat(struct str *line, struct json_object *stat, const char *what)
{
	if (json_int(stat, "files", 0) == 0)
		return;
	int files = (int)json_int(stat, "files", 0);
	str_addf(line, "%s+%d -%d in %d file%s%s", line->len ? ", " : "", (int)json_int(stat, "added", 0),
	         (int)json_int(stat, "removed", 0), files, files == 1 ? "" : "s", what);
}

static void add_work(const struct cli *c, struct str *out, struct json_object *b)
{
	struct str line STR_FREE = STR_INIT;
	struct json_object *commits = json_arr(b, "commits");
	int total = (int)json_int(b, "total_commits", 0);
	if (total)
		str_addf(&line, "%d commit%s", total, total == 1 ? "" : "s");
	add_stat(&line, json_obj(b, "committed"), "");
	add_stat(&line, json_obj(b, "uncommitted"), " not committed");
	add_text(c, out, "", str_c(&line));
	for (size_t i = 0; i < MIN(json_len(commits), (size_t)COMMITS_SHOWN); i++) {
		struct json_object *commit = json_at(commits, i);
		MEM_FREE char *text =
			mem_printf("  %.10s %s", json_str_or(commit, "oid", "?"), json_str_or(commit, "subject", ""));
		add_text(c, out, "", text);
	}
	if (total > COMMITS_SHOWN)
		str_addf(out, "%*s  … and %d before these\n", INDENT, "", total - COMMITS_SHOWN);
	add_text(c, out, "its files could not be looked at: ", json_str(b, "files_failed"));
}

static void add_items(const struct cli *c, struct str *out, struct json_object *items)
{
	for (size_t i = 0; i < json_len(items); i++) {
		struct json_object *item = json_at(items, i);
		const char *state = json_str_or(item, "state", "?"), *option = json_str(item, "option");
		const char *text = json_str(item, "text");
		struct str line STR_FREE = STR_INIT;
		if (strcmp(state, "withdrawn") == 0) /* over without the lead */
			continue;
		str_addf(&line, "#%d %s: %s (%s", (int)json_int(item, "id", 0), json_str_or(item, "kind", "?"),
		         json_str_or(item, "title", ""), state);
		if (option || text)
			str_addf(&line, ": %s%s%s", option ? option : "", option && text ? ", " : "", text ? text : "");
		str_addc(&line, ')');
		add_text(c, out, "", line.data);
	}
}

static void add_rest(const struct cli *c, struct str *out, struct json_object *b)
{
	struct json_object *jobs = json_arr(b, "jobs"), *reports = json_arr(b, "reports"), *done = json_obj(b, "done");
	struct json_object *decisions = json_arr(b, "decisions");
	struct str line STR_FREE = STR_INIT;
	for (size_t i = 0; i < json_len(jobs); i++)
		str_addf(&line, "%s%s %s", line.len ? ", " : "", json_str_or(json_at(jobs, i), "job", "?"),
		         json_str_or(json_at(jobs, i), "what", "?"));
	add_text(c, out, "jobs: ", str_c(&line));
	for (size_t i = 0; i < json_len(decisions); i++) {
		MEM_FREE char *text = mem_printf("decided %s: %s", json_str_or(json_at(decisions, i), "name", "?"),
		                                 json_str_or(json_at(decisions, i), "value", ""));
		add_text(c, out, "", text);
	}
	if (json_len(reports))
		add_text(c, out, "reported: ", json_str_at(reports, json_len(reports) - 1));
	add_text(c, out, "done: ", json_str(done, "summary"));
	add_text(c, out, "tested: ", json_str(done, "tested"));
	add_text(c, out, "look at: ", json_str(done, "look"));
	add_text(c, out, "in its own words: ", json_str(b, "recap"));
	if (json_flag(b, "events_cut", false))
		add_text(c, out, "", "more happened than is read here; muster watch has all of it");
}

/* Did anything happen that the lead has not been told? */
static bool has_news(struct json_object *b)
{
	return json_int(b, "looked_ms", 0) == 0 || json_int(b, "total_commits", 0) || json_int(b, "turns", 0) ||
	       json_int(b, "prompts", 0) || json_len(json_arr(b, "items")) || json_len(json_arr(b, "jobs")) ||
	       json_len(json_arr(b, "reports")) || json_len(json_arr(b, "decisions")) || json_obj(b, "done");
}

static void add_brief(const struct cli *c, struct str *out, struct json_object *b)
{
	if (out->len)
		str_addc(out, '\n');
	add_head(c, out, b, clock_wall_ms());
	add_times(c, out, json_obj(b, "times"));
	add_work(c, out, b);
	add_items(c, out, json_arr(b, "items"));
	add_rest(c, out, b);
}

static int get(struct cli *c, const char *session, struct json_object **ret, struct err *err)
{
	struct json_object *params = json_new();
	json_add_str(params, "session", session);
	json_add_bool(params, "mark", !opts_has(&c->opts, "keep"));
	return cli_call(c, "session.brief", params, ret, err);
}

/* All sessions: those with news in full, the others by name. */
static int get_all(struct cli *c, struct json_object *briefs, struct err *err)
{
	struct json_object *result JSON_FREE = NULL;
	if (cli_call(c, "session.list", NULL, &result, err) < 0)
		return -1;
	struct json_object *sessions = json_arr(result, "sessions");
	for (size_t i = 0; i < json_len(sessions); i++) {
		struct json_object *b = NULL;
		if (get(c, json_str_or(json_at(sessions, i), "id", ""), &b, err) < 0)
			return -1;
		json_push(briefs, b);
	}
	return 0;
}

/* asked: by name, so it is shown whatever it has. */
static void show(const struct cli *c, struct json_object *briefs, bool asked)
{
	struct str out STR_FREE = STR_INIT, quiet STR_FREE = STR_INIT;
	for (size_t i = 0; i < json_len(briefs); i++) {
		struct json_object *b = json_at(briefs, i);
		if (asked || has_news(b))
			add_brief(c, &out, b);
		else
			str_addf(&quiet, "%s%s", quiet.len ? ", " : "", json_str_or(b, "name", "?"));
	}
	if (quiet.len)
		str_addf(&out, "%snothing new from %s\n", out.len ? "\n" : "", quiet.data);
	if (!out.len)
		str_adds(&out, "there are no sessions\n");
	cli_print(&out);
}

static int run(struct cli *c, struct err *err)
{
	struct json_object *briefs = json_new_array(), *o JSON_FREE = json_new(), *one = NULL;
	json_add_obj(o, "briefs", briefs);
	if (cli_arg(c, 0)) {
		if (get(c, cli_arg(c, 0), &one, err) < 0)
			return -1;
		json_push(briefs, one);
	} else if (get_all(c, briefs, err) < 0) {
		return -1;
	}
	if (c->json)
		cli_print_json(o);
	else
		show(c, briefs, cli_arg(c, 0) != NULL);
	return 0;
}

static const struct opt options[] = {
	{'k', "keep", NULL, "do not count as a look: the next brief begins where this one does", 0},
	{0},
};

const struct verb verb_brief = {
	.name = "brief",
	.group = VERB_START,
	.args = "[SESSION]",
	.help = "tell what changed since you last looked",
	.text = "Commits and lines, what is not committed, what was asked and answered, jobs, decisions, reports, how long it worked and "
		"how long it waited for you, and the agent's own recap. Without a session: all of them.",
	.opts = options,
	.max_args = 1,
	.completes = COMPLETE_SESSION,
	.run = run,
};

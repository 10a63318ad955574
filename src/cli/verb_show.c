/* muster show */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/events.h"
#include "cli/look.h"
#include "cli/talk.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "fmt/json.h"

enum { LABEL = 11, TALK_DEFAULT = 12, TALK_EVENTS = 1000 };

/* "label      value", and nothing when there is no value. */
static void add_line(const struct cli *c, struct str *out, const char *label, const char *value)
{
	if (!value || !*value)
		return;
	str_adds(out, out_paint(PAINT_DIM, c->color));
	str_addf(out, "%-*s", LABEL, label);
	str_adds(out, out_paint_end(PAINT_DIM, c->color));
	out_add(out, PAINT_NONE, false, value);
	str_addc(out, '\n');
}

static void add_head(const struct cli *c, struct str *out, struct json_object *s, int64_t now_ms)
{
	struct str age STR_FREE = STR_INIT, state STR_FREE = STR_INIT, exit STR_FREE = STR_INIT;
	when_add_age(&age, json_int(s, "since_ms", 0), now_ms);
	out_add(out, PAINT_BOLD, c->color, json_str_or(s, "name", "?"));
	str_adds(out, "  ");
	out_add(out, look_paint(json_str(s, "state")), c->color, json_str_or(s, "state", "?"));
	str_addf(out, " for %s%s\n", age.data, json_flag(s, "paused", false) ? " (paused)" : "");
	look_add_exit(&exit, s);
	add_line(c, out, "why", json_str(s, "why"));
	add_line(c, out, "failure", json_str(s, "failure"));
	add_line(c, out, "ended", str_c(&exit));
	add_line(c, out, "brief", json_str(s, "brief"));
	if (json_int(s, "progress", -1) >= 0)
		str_addf(&state, "%d %%  ", (int)json_int(s, "progress", 0));
	str_adds(&state, json_str_or(s, "progress_text", ""));
	add_line(c, out, "progress", str_c(&state));
}

static void add_place(const struct cli *c, struct str *out, struct json_object *s)
{
	struct str command STR_FREE = STR_INIT, scope STR_FREE = STR_INIT, branch STR_FREE = STR_INIT;
	struct json_object *patterns = json_arr(s, "scope"), *hold = json_obj(s, "hold");
	const char *base = json_str_or(s, "base", "");
	look_add_command(&command, json_arr(s, "command"));
	for (size_t i = 0; i < json_len(patterns); i++)
		str_addf(&scope, "%s%s", i ? "  " : "", json_str_at(patterns, i));
	if (json_str(s, "branch"))
		str_addf(&branch, "%s from %.12s, to land on %s", json_str(s, "branch"), base,
			 json_str_or(s, "target", "?"));
	add_line(c, out, "agent", json_str(s, "agent"));
	add_line(c, out, "command", str_c(&command));
	add_line(c, out, "mode", json_str(s, "mode"));
	add_line(c, out, "workspace", json_str(s, "workspace"));
	add_line(c, out, "branch", str_c(&branch));
	add_line(c, out, "scope", str_c(&scope));
	add_line(c, out, "approved", json_str(s, "approved"));
	add_line(c, out, "landed", json_str(s, "landed"));
	add_line(c, out, "id", json_str(s, "id"));
	if (json_int(hold, "pid", 0) > 0)
		str_addf(out, "%-*sprocess %d, start %d%s\n", LABEL, "holder", (int)json_int(hold, "pid", 0),
			 (int)json_int(hold, "generation", 0),
			 json_flag(hold, "connected", true) ? "" : ", does not answer");
}

/* "hook says blocked (98 % sure), 4 s ago: PermissionRequest" */
static void add_evidence(const struct cli *c, struct str *out, struct json_object *list, int64_t now_ms)
{
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *e = json_at(list, i);
		struct str line STR_FREE = STR_INIT;
		int64_t at_ms = json_int(e, "at_ms", 0);
		str_addf(&line, "%s says %s (%d %% sure), ", json_str_or(e, "source", "?"),
			 json_str_or(e, "activity", "?"), (int)json_int(e, "confidence", 0));
		when_add_age(&line, at_ms, now_ms);
		str_adds(&line, now_ms - at_ms < 1000 ? "" : " ago");
		if (json_str(e, "detail"))
			str_addf(&line, ": %s", json_str(e, "detail"));
		add_line(c, out, i ? "" : "evidence", line.data);
	}
}

static void add_items(const struct cli *c, struct str *out, struct json_object *list)
{
	bool first = true;
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *item = json_at(list, i);
		if (strcmp(json_str_or(item, "state", "open"), "open") != 0)
			continue;
		MEM_FREE char *line = mem_printf("#%d %s: %s", (int)json_int(item, "id", 0),
						 json_str_or(item, "kind", "?"), json_str_or(item, "title", ""));
		add_line(c, out, first ? "needs you" : "", line);
		first = false;
	}
}

static void add_jobs(const struct cli *c, struct str *out, struct json_object *list)
{
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *job = json_at(list, i);
		struct str line STR_FREE = STR_INIT;
		str_addf(&line, "%s %s: ", json_str_or(job, "name", "?"), json_str_or(job, "state", "?"));
		look_add_command(&line, json_arr(job, "command"));
		add_line(c, out, i ? "" : "jobs", line.data);
	}
}

static void add_landings(const struct cli *c, struct str *out, struct json_object *list)
{
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *l = json_at(list, i);
		const char *why = json_str(l, "why");
		MEM_FREE char *line = mem_printf("#%d %s%s%s", (int)json_int(l, "id", 0),
						 json_str_or(l, "state", "?"), why ? ": " : "", why ? why : "");
		add_line(c, out, i ? "" : "landings", line);
	}
}

/* What its agent said last: the newest of its events hold it, as far as the docket and the rest leave room. */
static int add_talk(struct cli *c, struct str *out, const char *session, long long entries, struct err *err)
{
	struct json_object *params = json_new(), *result JSON_FREE = NULL;
	json_add_str(params, "session", session);
	json_add_int(params, "limit", TALK_EVENTS);
	json_add_bool(params, "newest", true);
	if (cli_call(c, "events.list", params, &result, err) < 0)
		return -1;
	struct json_object *events = json_arr(result, "events");
	size_t first = json_len(events);
	for (long long found = 0; first > 0 && found < entries; first--)
		found += events_is_talk(json_at(events, first - 1));
	bool any = false;
	for (size_t i = first; i < json_len(events); i++) {
		if (!events_is_talk(json_at(events, i)))
			continue;
		if (!any)
			str_addf(out, "\n%sconversation%s\n", out_paint(PAINT_DIM, c->color), out_paint_end(PAINT_DIM, c->color));
		any = true;
		events_add_talk(out, json_at(events, i), clock_wall_ms(), c->width, c->color);
	}
	return any;
}

static void add_usage(const struct cli *c, struct str *out, struct json_object *s)
{
	struct str text STR_FREE = STR_INIT;
	talk_add_usage(&text, json_obj(s, "usage"));
	add_line(c, out, "usage", str_c(&text));
}

/* "brand_new 3": what its agent said that nobody understood. */
static void add_unknown(const struct cli *c, struct str *out, struct json_object *unknown)
{
	struct str text STR_FREE = STR_INIT;
	if (!unknown)
		return;
	json_object_object_foreach(unknown, what, count)
		str_addf(&text, "%s%s: %s", text.len ? ", " : "", what, json_object_get_string(count));
	add_line(c, out, "not known", str_c(&text));
}

static void add_block(const struct cli *c, struct str *out, const char *title, const char *text)
{
	if (!text || !*text)
		return;
	str_addf(out, "\n%s%s%s\n", out_paint(PAINT_DIM, c->color), title, out_paint_end(PAINT_DIM, c->color));
	out_add_wrapped(out, text, 2, c->width);
}

static int run(struct cli *c, struct err *err)
{
	struct json_object *params = cli_session_params(c), *s JSON_FREE = NULL;
	struct str out STR_FREE = STR_INIT;
	long long lines, entries;
	if (opts_int(&c->opts, "screen", 1, 10000, 0, &lines, err) < 0 ||
	    opts_int(&c->opts, "talk", 0, TALK_EVENTS, TALK_DEFAULT, &entries, err) < 0) {
		json_object_put(params);
		return -1;
	}
	if (lines)
		json_add_int(params, "screen_lines", lines);
	int r = cli_request(c, "session.get", params, &s, err);
	if (r <= 0)
		return r;
	int64_t now_ms = clock_wall_ms();
	add_head(c, &out, s, now_ms);
	add_place(c, &out, s);
	add_evidence(c, &out, json_arr(s, "evidence"), now_ms);
	add_items(c, &out, json_arr(s, "items_open"));
	add_jobs(c, &out, json_arr(s, "jobs_list"));
	add_landings(c, &out, json_arr(s, "landings"));
	add_usage(c, &out, s);
	add_unknown(c, &out, json_obj(s, "unknown"));
	int talk = json_flag(s, "headless", false) ? add_talk(c, &out, json_str_or(s, "id", ""), entries, err) : 0;
	if (talk < 0)
		return -1;
	if (!talk || !json_flag(json_obj(s, "hold"), "running", false))
		add_block(c, &out, "last words", json_str(s, "last_words"));
	add_block(c, &out, "screen", json_str(json_obj(s, "screen"), "text"));
	cli_print(&out);
	return 0;
}

static const struct opt options[] = {
	{0, "screen", "N", "with the screen and N lines of what scrolled off it", 0},
	{0, "talk", "N", "the last N entries of the conversation of a session without a terminal (default: 12)", 0},
	{0},
};

const struct verb verb_show = {
	.name = "show",
	.group = VERB_START,
	.args = "SESSION",
	.help = "show one session: its state, the evidence for it, its place, items, jobs, landings, conversation",
	.opts = options,
	.min_args = 1,
	.max_args = 1,
	.completes = COMPLETE_SESSION,
	.run = run,
};

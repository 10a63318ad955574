/* muster policy */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/item.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "fmt/json.h"

static const struct column columns[] = {
	{"RULE", 0, 8, false}, {"EFFECT", 0, 0, false}, {"USED", 1, 0, true}, {"LAST", 2, 0, true}, {"WHEN", 0, 20, false},
};

static enum paint paint_of(const char *effect)
{
	return strcmp(effect, "allow") == 0 ? PAINT_GREEN : strcmp(effect, "deny") == 0 ? PAINT_RED : PAINT_YELLOW;
}

/* The conditions, without the effect that stands before them. */
static const char *when_words(struct json_object *rule)
{
	const char *words = json_str_or(rule, "words", "");
	const char *blank = strchr(words, ' ');
	return blank ? blank + 1 : "anything";
}

static void add_rule(struct table *t, struct json_object *rule, int64_t now_ms)
{
	const char *effect = json_str_or(rule, "effect", "?");
	int64_t used = json_int(rule, "used", 0);
	struct str age STR_FREE = STR_INIT;
	bool idle = strcmp(effect, "allow") == 0 && !json_flag(rule, "may_allow", true);
	if (used)
		when_add_age(&age, json_int(rule, "last_ms", 0), now_ms);
	table_add(t, PAINT_BOLD, json_str(rule, "name"));
	table_add(t, paint_of(effect), effect);
	table_addf(t, PAINT_NONE, "%lld", (long long)used);
	table_add(t, PAINT_NONE, str_c(&age));
	table_addf(t, PAINT_NONE, "%s%s", when_words(rule), idle ? " (does not count: the repository is not trusted)" : "");
}

static int run_ls(struct cli *c, struct err *err)
{
	struct json_object *result JSON_FREE = NULL;
	struct table t TABLE_FREE = {0};
	struct str out STR_FREE = STR_INIT;
	int r = cli_request(c, "policy.list", NULL, &result, err);
	if (r <= 0)
		return r;
	struct json_object *rules = json_arr(result, "rules"), *broken = json_arr(result, "broken");
	for (size_t i = 0; i < json_len(broken); i++)
		cli_warn("nothing is answered by rules: %s", json_str_at(broken, i));
	if (json_len(rules) == 0) {
		cli_say(c, "no rules: everything is asked");
		return 0;
	}
	table_init(&t, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < json_len(rules); i++)
		add_rule(&t, json_at(rules, i), clock_wall_ms());
	table_print(&t, &out, c->width, c->color);
	cli_print(&out);
	return 0;
}

static int item_params(const struct cli *c, const char *what, const char *key, struct json_object **ret, struct err *err)
{
	const char *number = cli_arg(c, 0);
	long long n;
	if (opts_number(what, number + (*number == '#'), 1, INT64_MAX, &n, err) < 0)
		return -1;
	*ret = json_new();
	json_add_int(*ret, key, n);
	return 0;
}

static void add_note(struct str *out, struct json_object *rule, const struct cli *c)
{
	MEM_FREE char *line = mem_printf("%s: %s: %s", json_str_or(rule, "name", "?"), json_str_or(rule, "words", "?"),
	                                 json_str_or(rule, "fate_words", "?"));
	out_add_wrapped(out, line, 4, c->width);
}

/* First those that match, and the one that wins first of all. */
static void add_notes(struct str *out, struct json_object *rules, const struct cli *c)
{
	static const char *const titles[] = {"", "also matched:\n", "did not match:\n"};
	for (size_t round = 0; round < ARRAY_LEN(titles); round++) {
		bool any = false;
		for (size_t i = 0; i < json_len(rules); i++) {
			struct json_object *rule = json_at(rules, i);
			const char *fate = json_str_or(rule, "fate", "");
			size_t kind = strcmp(fate, "wins") == 0 ? 0 : strcmp(fate, "differs") == 0 ? 2 : 1;
			if (kind != round)
				continue;
			if (!any)
				str_adds(out, titles[round]);
			any = true;
			add_note(out, rule, c);
		}
	}
}

static int run_explain(struct cli *c, struct err *err)
{
	struct json_object *params = NULL, *result JSON_FREE = NULL;
	struct str out STR_FREE = STR_INIT;
	if (item_params(c, "ITEM", "item", &params, err) < 0)
		return -1;
	int r = cli_request(c, "policy.explain", params, &result, err);
	if (r <= 0)
		return r;
	struct json_object *item = json_obj(result, "item"), *applied = json_obj(result, "applied");
	MEM_FREE char *head = mem_printf("#%lld %s: %s", (long long)json_int(item, "id", 0), json_str_or(item, "kind", "?"),
	                                 json_str_or(item, "title", ""));
	out_add_wrapped(&out, head, 0, c->width);
	if (applied) {
		MEM_FREE char *line = mem_printf("when it was opened, %s decided: %s", json_str_or(applied, "name", "?"),
		                                 json_str_or(applied, "words", "?"));
		out_add_wrapped(&out, line, 0, c->width);
	}
	str_addf(&out, "as the rules are now: %s%s", json_str_or(result, "effect", "?"),
	         json_obj(result, "rule") ? "" : json_str(result, "guard") ? ", because " : ", because no rule decides");
	out_add(&out, PAINT_NONE, c->color, json_str_or(result, "guard", ""));
	str_addc(&out, '\n');
	add_notes(&out, json_arr(result, "rules"), c);
	cli_print(&out);
	return 0;
}

static int run_rm(struct cli *c, struct err *err)
{
	struct json_object *params = NULL, *result JSON_FREE = NULL;
	if (item_params(c, "N", "number", &params, err) < 0)
		return -1;
	int r = cli_request(c, "policy.remove", params, &result, err);
	if (r <= 0)
		return r;
	cli_say(c, "%s no longer counts: %s", json_str_or(result, "name", "?"), json_str_or(result, "words", "?"));
	return 0;
}

static int run_log(struct cli *c, struct err *err)
{
	struct json_object *result JSON_FREE = NULL;
	struct str out STR_FREE = STR_INIT;
	int r = cli_request(c, "policy.log", NULL, &result, err);
	if (r <= 0)
		return r;
	struct json_object *items = json_arr(result, "items");
	if (json_len(items) == 0)
		str_adds(&out, "no rule has answered or held anything yet\n");
	for (size_t i = 0; i < json_len(items); i++) {
		if (i > 0)
			str_addc(&out, '\n');
		item_add(&out, json_at(items, i), clock_wall_ms(), c->width, c->color);
	}
	cli_print(&out);
	return 0;
}

static int run_reverse(struct cli *c, struct err *err)
{
	struct json_object *params = NULL, *result JSON_FREE = NULL;
	if (item_params(c, "ITEM", "item", &params, err) < 0)
		return -1;
	int r = cli_request(c, "policy.reverse", params, &result, err);
	if (r <= 0)
		return r;
	struct json_object *item = json_obj(result, "item"), *rule = json_obj(item, "rule");
	bool removed = json_obj(result, "removed") != NULL;
	cli_say(c, "#%lld %s: %s is taken back; %s%s", (long long)json_int(item, "id", 0),
	        json_str_or(item, "session_name", "?"), json_str_or(item, "option", "?"), json_str_or(rule, "name", "?"),
	        removed ? " no longer counts" : " still counts: change it where it is written");
	if (!json_flag(result, "told", false))
		cli_warn("%s could not be told", json_str_or(item, "session_name", "?"));
	return 0;
}

static const struct verb policy_ls = {
	.name = "ls",
	.help = "list the rules, and how often each was applied",
	.run = run_ls,
};
static const struct verb policy_explain = {
	.name = "explain",
	.args = "ITEM",
	.help = "say which rule decides an item, and why the others do not",
	.min_args = 1,
	.max_args = 1,
	.completes = COMPLETE_ITEM,
	.run = run_explain,
};
static const struct verb policy_log = {
	.name = "log",
	.help = "list what rules have answered or held, the newest first",
	.run = run_log,
};
static const struct verb policy_rm = {
	.name = "rm",
	.args = "N",
	.help = "remove a stored rule; what it has answered stands",
	.min_args = 1,
	.max_args = 1,
	.run = run_rm,
};
static const struct verb policy_reverse = {
	.name = "reverse",
	.args = "ITEM",
	.help = "take back what a rule has answered: the rule goes, and the session is told",
	.min_args = 1,
	.max_args = 1,
	.run = run_reverse,
};
static const struct verb *const subs[] = {&policy_ls, &policy_explain, &policy_log, &policy_rm, &policy_reverse, NULL};

const struct verb verb_policy = {
	.name = "policy",
	.group = VERB_LEAD,
	.args = "ls|explain|log|rm|reverse",
	.help = "rules that answer for you",
	.text = "Rules stand in the configuration (muster.yaml(5), POLICY) or are stored by `muster answer ITEM OPTION --rule`. "
		"What a rule answers never waits for you, but is on `muster docket --all` and `muster policy log`. A rule of a "
		"file is removed where it is written.",
	.subs = subs,
};

/* From answers to rules: the one that an answer becomes, and the habit that makes it worth one. */
#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "lead/policy_own.h"
#include "store/habit_row.h"

static bool effect_of(const char *option, enum rule_effect *ret)
{
	bool allow = option && strcmp(option, "allow") == 0;
	*ret = allow ? RULE_ALLOW : RULE_DENY;
	return allow || (option && strcmp(option, "deny") == 0);
}

/* The condition that a pattern is about. */
static int subject_of(const struct policy_subject *s, const char *pattern, enum rule_condition *ret, struct err *err)
{
	if (s->command) {
		*ret = RULE_COMMAND;
	} else if (s->paths.n == 1 || (s->paths.n && pattern)) {
		*ret = RULE_PATH;
	} else if (s->paths.n) {
		return err_set(err, ERR_REFUSED, "it is about %zu files: say --pattern for all of them", s->paths.n);
	} else if (pattern) {
		return err_set(err, ERR_USAGE, "it has neither a command nor a file that a pattern could be about");
	} else {
		*ret = RULE_TOOL;
	}
	return 0;
}

int policy_propose(const struct policy_subject *s, enum rule_effect effect, const char *pattern, struct rule *ret,
                   struct err *err)
{
	enum rule_condition about;
	if (strcmp(s->kind, "permission") != 0)
		return err_set(err, ERR_REFUSED, "only a permission can be answered by a rule");
	if (!s->tool || s->beyond)
		return err_set(err, ERR_REFUSED, "no rule can say what this is: %s",
		               s->beyond ? s->beyond : "the agent does not name a tool");
	if (subject_of(s, pattern, &about, err) < 0)
		return -1;
	const char *text = about == RULE_COMMAND ? s->command : about == RULE_PATH ? s->real.v[0] : NULL;
	if (text && !*text && !pattern)
		return err_set(err, ERR_REFUSED, "it cannot be told where %s leads", s->paths.v[0]);
	struct rule r = {.source = RULE_STORED, .effect = effect};
	r.when[RULE_KIND] = mem_strdup(s->kind);
	r.when[RULE_AGENT] = s->agent ? mem_strdup(s->agent) : NULL;
	r.when[RULE_TOOL] = pattern_of(s->tool);
	r.when[RULE_REPO] = s->repo ? mem_strdup(s->repo) : NULL;
	if (text)
		r.when[about] = pattern ? mem_strdup(pattern) : pattern_of(text);
	const struct rules one = {.v = &r, .n = 1};
	struct policy_verdict v;
	policy_judge(&one, s, false, &v);
	bool matches = v.rule != NULL;
	policy_verdict_fini(&v);
	int failed = 0;
	struct strv words STRV_FREE = STRV_INIT;
	if (r.when[about] && strlen(r.when[about]) > RULE_TEXT_MAX)
		failed = err_set(err, ERR_REFUSED, "it is longer than %d bytes: say --pattern", RULE_TEXT_MAX);
	else if (!matches && pattern && s->command && !pattern_command_words(s->command, &words))
		failed = err_set(err, ERR_USAGE, "%s does not match: the command is more than one program with plain words, which "
		                                 "only a rule without a pattern can allow, exactly as it is", pattern);
	else if (!matches)
		failed = err_set(err, ERR_USAGE, "%s does not match what is asked", pattern ? pattern : r.when[about]);
	if (failed)
		rule_fini(&r);
	else
		*ret = r;
	return failed;
}

int policy_rule_from(struct engine *e, struct session *s, const struct item_row *row, const char *option,
                     const char *pattern, struct rule *ret, struct err *err)
{
	struct policy *p = policy_of(e);
	struct policy_case c;
	enum rule_effect effect;
	if (!effect_of(option, &effect))
		return err_set(err, ERR_REFUSED, "only the answers allow and deny can become a rule");
	if (p->stored.n >= RULES_MAX)
		return err_set(err, ERR_REFUSED, "there are %d stored rules already; `muster policy rm` removes one", RULES_MAX);
	policy_case_init(&c, p, s, row);
	int r = policy_propose(&c.subject, effect, pattern, ret, err);
	policy_case_fini(&c);
	return r;
}

/* What the lead's answers to it are counted by; NULL when no rule could be made of them. The caller owns it. */
static char *habit_of(struct engine *e, struct session *s, const struct item_row *row, enum rule_effect effect)
{
	struct policy *p = policy_of(e);
	struct policy_case c;
	struct rule r = {0};
	if (!p || strcmp(row->kind, "permission") != 0)
		return NULL;
	policy_case_init(&c, p, s, row);
	/* Of any other tool the rule would be about all that it can do. */
	bool narrow = c.subject.command || c.subject.paths.n;
	bool any = narrow && policy_propose(&c.subject, effect, NULL, &r, NULL) == 0;
	char *about = any ? rule_about(&r) : NULL;
	rule_fini(&r);
	policy_case_fini(&c);
	return about;
}

void policy_learn(struct engine *e, struct session *s, const struct item_row *row, const char *option)
{
	enum rule_effect effect;
	bool counts = effect_of(option, &effect);
	MEM_FREE char *about = habit_of(e, s, row, effect);
	struct habit_row habit = {0};
	if (!about)
		return;
	if (habit_row_get(e->setup.db, about, &habit)) {
		habit.mixed = habit.mixed || !counts || strcmp(habit.option, option) != 0;
		habit.times++;
	} else {
		habit = (struct habit_row){.about = mem_strdup(about), .option = mem_strdup(option ? option : ""), .times = 1,
		                           .mixed = !counts};
	}
	habit_row_put(e->setup.db, &habit);
	habit_row_fini(&habit);
}

struct json_object *policy_suggestion(struct engine *e, struct session *s, const struct item_row *row)
{
	struct habit_row habit = {0};
	struct json_object *o = NULL;
	MEM_FREE char *about = s && strcmp(row->state, "open") == 0 ? habit_of(e, s, row, RULE_ALLOW) : NULL;
	if (about && habit_row_get(e->setup.db, about, &habit) && !habit.mixed && habit.times >= POLICY_HABIT) {
		MEM_FREE char *command = mem_printf("muster answer %lld %s --rule", (long long)row->id, habit.option);
		o = json_new();
		json_add_str(o, "option", habit.option);
		json_add_int(o, "times", habit.times);
		json_add_str(o, "command", command);
	}
	habit_row_fini(&habit);
	return o;
}

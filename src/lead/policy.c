#include "lead/policy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

/* ---- conditions ---- */

typedef bool holds(const struct rule *r, const struct policy_subject *s, const char *want);

static bool equal(const char *want, const char *is)
{
	return is && strcmp(want, is) == 0;
}

static bool kind_holds(const struct rule *r, const struct policy_subject *s, const char *want)
{
	(void)r;
	return equal(want, s->kind);
}

static bool agent_holds(const struct rule *r, const struct policy_subject *s, const char *want)
{
	(void)r;
	return equal(want, s->agent);
}

static bool tool_holds(const struct rule *r, const struct policy_subject *s, const char *want)
{
	(void)r;
	return s->tool && pattern_text(want, s->tool);
}

static bool command_holds(const struct rule *r, const struct policy_subject *s, const char *want)
{
	if (!s->command)
		return false;
	return r->effect == RULE_ALLOW ? pattern_command_is(want, s->command) : pattern_command_has(want, s->command);
}

/* Folders that decide what others do: nothing is written there because of a wildcard. */
static bool is_guarded(const char *path, const char *pattern)
{
	static const char *const guarded[] = {".git", ".muster"};
	for (const char *p = path; *p; p += strcspn(p, "/"), p += *p == '/') {
		size_t len = strcspn(p, "/");
		for (size_t i = 0; i < ARRAY_LEN(guarded); i++)
			if (len == strlen(guarded[i]) && strncasecmp(p, guarded[i], len) == 0 &&
			    !strcasestr(pattern, guarded[i]))
				return true;
	}
	return false;
}

static bool path_holds(const struct rule *r, const struct policy_subject *s, const char *want)
{
	bool allow = r->effect == RULE_ALLOW, all = s->paths.n > 0, any = false;
	if (allow && s->command)
		return false;
	for (size_t i = 0; i < s->paths.n; i++) {
		const char *real = i < s->real.n ? s->real.v[i] : "";
		bool leads = *real && pattern_path(want, real);
		all = all && leads && !is_guarded(real, want);
		any = any || leads || pattern_path(want, s->paths.v[i]);
	}
	return allow ? all : any;
}

static bool tier_holds(const struct rule *r, const struct policy_subject *s, const char *want)
{
	(void)r;
	return equal(want, s->tier);
}

static bool scope_holds(const struct rule *r, const struct policy_subject *s, const char *want)
{
	if (strcmp(want, "inside") == 0)
		return s->scope == SCOPE_INSIDE;
	return s->scope == SCOPE_OUTSIDE || (s->scope == SCOPE_UNKNOWN && s->paths.n && r->effect != RULE_ALLOW);
}

static bool session_holds(const struct rule *r, const struct policy_subject *s, const char *want)
{
	(void)r;
	return s->session && pattern_text(want, s->session);
}

static bool repo_holds(const struct rule *r, const struct policy_subject *s, const char *want)
{
	(void)r;
	return equal(want, s->repo);
}

static holds *const conditions[RULE_CONDITIONS_N] = {
	[RULE_KIND] = kind_holds,   [RULE_AGENT] = agent_holds, [RULE_TOOL] = tool_holds,
	[RULE_COMMAND] = command_holds, [RULE_PATH] = path_holds, [RULE_TIER] = tier_holds,
	[RULE_SCOPE] = scope_holds, [RULE_SESSION] = session_holds, [RULE_REPO] = repo_holds,
};

/* Do all conditions hold, `except` left out? Those that look into a command come last: they cost most. */
static bool matches(const struct rule *r, const struct policy_subject *s, int except, enum rule_condition *ret_differs)
{
	bool answers = r->effect == RULE_ALLOW || r->effect == RULE_DENY;
	*ret_differs = RULE_KIND;
	if (answers && !equal("permission", s->kind))
		return false;
	for (int pass = 0; pass < 2; pass++) {
		for (int c = 0; c < RULE_CONDITIONS_N; c++) {
			bool last = c == RULE_COMMAND || c == RULE_PATH;
			if (!r->when[c] || c == except || last != (pass == 1) || (conditions[c])(r, s, r->when[c]))
				continue;
			*ret_differs = (enum rule_condition)c;
			return false;
		}
	}
	return true;
}

/* ---- which of them wins ---- */

struct specific {
	int weight, conditions;
};

static struct specific specific_of(const struct rule *r)
{
	struct specific s = {0};
	for (int c = 0; c < RULE_CONDITIONS_N; c++) {
		if (!r->when[c])
			continue;
		s.conditions++;
		if (c == RULE_COMMAND || c == RULE_PATH)
			s.weight += pattern_weight(r->when[c]);
	}
	return s;
}

/* Does b, which stands after a in the list, win? Otherwise *ret_fate is why it loses. */
static bool beats(const struct rule *b, const struct rule *a, enum policy_fate *ret_fate, enum policy_fate *ret_other)
{
	struct specific x = specific_of(a), y = specific_of(b);
	*ret_fate = *ret_other = POLICY_LESS;
	if (x.weight != y.weight)
		return y.weight > x.weight;
	if (x.conditions != y.conditions)
		return y.conditions > x.conditions;
	*ret_fate = *ret_other = POLICY_DENIED;
	if ((a->effect == RULE_DENY) != (b->effect == RULE_DENY))
		return b->effect == RULE_DENY;
	*ret_fate = *ret_other = POLICY_EARLIER;
	return b->source >= a->source;
}

/* The winner among those that are marked POLICY_WINS, which the others are no longer afterwards. -1: none. */
static int contest(const struct rules *rules, struct policy_note *notes, bool of_repo, bool trusted)
{
	int best = -1;
	for (size_t i = 0; i < rules->n; i++) {
		bool apart = rules->v[i].source == RULE_OF_REPO && !trusted;
		enum policy_fate mine, other;
		if (notes[i].fate != POLICY_WINS || apart != of_repo)
			continue;
		if (best < 0) {
			best = (int)i;
		} else if (beats(&rules->v[i], &rules->v[best], &mine, &other)) {
			notes[best].fate = other;
			best = (int)i;
		} else {
			notes[i].fate = mine;
		}
	}
	return best;
}

static int level(enum rule_effect e)
{
	return e == RULE_HOLD ? RULE_ASK : (int)e;
}

/* A repository's winner against the lead's own. */
static int settle(const struct rules *rules, struct policy_note *notes, int own, int repo)
{
	if (own < 0 || repo < 0)
		return own < 0 ? repo : own;
	if (level(rules->v[repo].effect) > level(rules->v[own].effect)) {
		notes[own].fate = POLICY_STRICTER;
		return repo;
	}
	notes[repo].fate = POLICY_NOT_STRICTER;
	return own;
}

/* ---- what speaks against allowing ---- */

static bool command_rule_might_match(const struct rules *rules, const struct policy_subject *s)
{
	enum rule_condition differs;
	for (size_t i = 0; i < rules->n; i++)
		if (rules->v[i].effect != RULE_ALLOW && rules->v[i].when[RULE_COMMAND] &&
		    matches(&rules->v[i], s, RULE_COMMAND, &differs))
			return true;
	return false;
}

static const char *guard(const struct rules *rules, const struct policy_subject *s, const struct rule *winner)
{
	if (s->beyond)
		return s->beyond;
	for (size_t i = 0; i < s->real.n; i++)
		if (is_guarded(s->real.v[i], winner->when[RULE_PATH] ? winner->when[RULE_PATH] : ""))
			return "what is below .git or .muster is only allowed by a rule whose path names it";
	if (s->command && !winner->when[RULE_COMMAND] && pattern_command_opaque(s->command) &&
	    command_rule_might_match(rules, s))
		return "what the command would run cannot be read from it, and a rule that does not allow might be meant";
	return NULL;
}

void policy_judge(const struct rules *rules, const struct policy_subject *subject, bool trusted,
                  struct policy_verdict *ret)
{
	struct policy_verdict v = {.effect = RULE_ASK, .notes = mem_resize(NULL, rules->n + 1, sizeof *v.notes)};
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *r = &rules->v[i];
		struct policy_note *n = &v.notes[i];
		*n = (struct policy_note){0};
		if (matches(r, subject, -1, &n->condition))
			n->fate = r->source == RULE_OF_REPO && !trusted && r->effect == RULE_ALLOW ? POLICY_NO_RIGHT
			                                                                            : POLICY_WINS;
	}
	int own = contest(rules, v.notes, false, trusted), repo = contest(rules, v.notes, true, trusted);
	int best = settle(rules, v.notes, own, repo);
	if (best >= 0) {
		v.rule = &rules->v[best];
		v.effect = v.rule->effect;
	}
	if (v.effect == RULE_ALLOW)
		v.guard = guard(rules, subject, v.rule);
	if (v.guard) {
		v.notes[best].fate = POLICY_GUARDED;
		v.effect = RULE_ASK;
		v.rule = NULL;
	}
	*ret = v;
}

void policy_verdict_fini(struct policy_verdict *v)
{
	free(v->notes);
	*v = (struct policy_verdict){0};
}

void policy_subject_fini(struct policy_subject *s)
{
	strv_fini(&s->paths);
	strv_fini(&s->real);
}

char *policy_note_words(const struct policy_note *n, const struct rule *r)
{
	static const char *const words[] = {
		[POLICY_WINS] = "it decides",
		[POLICY_LESS] = "another rule is more specific",
		[POLICY_EARLIER] = "a later rule is as specific",
		[POLICY_DENIED] = "a rule that is as specific denies",
		[POLICY_NO_RIGHT] = "a repository's rule may not allow (policy-trust)",
		[POLICY_NOT_STRICTER] = "a repository's rule counts only when it is stricter",
		[POLICY_STRICTER] = "the repository's rule is stricter",
		[POLICY_GUARDED] = "it would allow, but you are asked",
	};
	if (n->fate == POLICY_DIFFERS && !r->when[n->condition])
		return mem_printf("only a permission can be answered by a rule");
	if (n->fate == POLICY_DIFFERS)
		return mem_printf("%s does not match", rule_key(n->condition));
	return mem_strdup(words[n->fate]);
}

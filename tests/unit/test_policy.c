/* Rules against items: patterns, shell commands, and which rule wins. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "lead/policy_own.h"

struct match_row {
	const char *pattern, *text;
	bool fits;
};

static void test_texts(void **state)
{
	(void)state;
	static const struct match_row rows[] = {
		{"", "", true},         {"", "a", false},          {"a", "a", true},        {"a", "ab", false},
		{"*", "", true},        {"*", "a/b", true},        {"a*c", "abbc", true},   {"a*c", "abcd", false},
		{"?", "/", true},       {"a?c", "ac", false},      {"\\*", "*", true},      {"\\*", "a", false},
		{"a\\", "a\\", true},   {"*a*b*", "xxaybz", true}, {"*a*b*", "ba", false},  {"\\?x", "ax", false},
		{"mcp__git__*", "mcp__git__push", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (pattern_text(rows[i].pattern, rows[i].text) != rows[i].fits)
			fail_msg("%s on %s", rows[i].pattern, rows[i].text);
}

static void test_paths(void **state)
{
	(void)state;
	static const struct match_row rows[] = {
		{"src/*", "src/a.c", true},      {"src/*", "src/x/a.c", false},    {"src/**", "src/x/a.c", true},
		{"src/**", "src", false},        {"**/a.c", "a.c", true},          {"**/a.c", "x/y/a.c", true},
		{"**/a.c", "xa.c", false},       {"src/**/a.c", "src/a.c", true},  {"src/**/a.c", "src/x/a.c", true},
		{"src/**/a.c", "src/xa.c", false}, {"**", "/etc/passwd", true},    {"*", "/etc", false},
		{"src/?.c", "src//.c", false},   {"src/*.c", "src/a.h", false},    {"s**c", "s/x/c", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (pattern_path(rows[i].pattern, rows[i].text) != rows[i].fits)
			fail_msg("%s on %s", rows[i].pattern, rows[i].text);
}

/* What a rule that allows may be sure of. */
static void test_commands_that_are(void **state)
{
	(void)state;
	static const struct match_row rows[] = {
		{"git status", "git status", true},
		{"git status", "  git   status\t", true},
		{"git status", "git 'status'", true},
		{"git status", "git \"status\"", true},
		{"git status", "git status --short", false},
		{"git status *", "git status", true},
		{"git status *", "git status --short -- 'a b'", true},
		{"git status*", "git status --short", false},
		{"git status *", "git 'status --short'", false}, /* one word is not two */
		{"git * status", "git -C x status", false},
		{"make *", "make check -j4", true},
		{"*", "anything at all", true},
		{"cat src/*", "cat src/a.c", true},
		{"cat src/*", "cat src/../../secret", false},
		{"cat src/*", "cat 'src/../x'", false},
		{"cat src/../*", "cat src/../x", true},
		{"git commit -m *", "git commit -m 'fix; it & that | $x `y`'", true},
		{"npm run test:*", "npm run test:unit", true},
		/* more than one program, or more than a program */
		{"git status *", "git status; rm -rf ~", false},
		{"git status *", "git status;rm -rf x", false},
		{"git status *", "git status && rm x", false},
		{"git status *", "git status || rm x", false},
		{"git status *", "git status | sh", false},
		{"git status *", "git status & rm x", false},
		{"git status *", "git status\nrm x", false},
		{"git status *", "git status\rrm x", false},
		{"git status *", "git status $(rm x)", false},
		{"git status *", "git status `rm x`", false},
		{"git status *", "git status \"$(rm x)\"", false},
		{"git status *", "git status \"`rm x`\"", false},
		{"git status *", "git status <(rm x)", false},
		{"git status *", "git status > ~/.bashrc", false},
		{"git status *", "git status >x", false},
		{"git status *", "git status 2>&1", false},
		{"git status *", "git status < x", false},
		{"git status *", "git status $HOME", false},
		{"git status *", "git status ${x:=y}", false},
		{"git status *", "git status {a,b}", false},
		{"git status *", "git status *", false},
		{"git status *", "git status ~", false},
		{"git status *", "git status # x", false},
		{"git status *", "git status !!", false},
		{"git status *", "git status \"!!\"", false},
		{"git status *", "git status \\\nx", false},
		{"git status *", "git sta\\tus", false},
		{"git status *", "git status 'open", false},
		{"git status *", "git status \"open", false},
		{"git status *", "git status '\n rm x'", false},
		{"git status *", "git status $'\\x3b'", false},
		{"git status *", "GIT_PAGER=evil git status", false},
		{"* git status", "GIT_PAGER=evil git status", false},
		{"*", "A=b", false},
		{"*", "(rm x)", false},
		{"*", "", false},
		{"*", "''", false},
		{"*", "git stat\xc3\xbcs", false},
		{"git status *", "env git status", false},
		{"git status *", "./git status", false},
		{"", "git", false},
		/* read as it is by the lead */
		{"make check && git status", "make check && git status", true},
		{"make check && git status", "make check && git status; rm x", false},
		{"ls \\*.c", "ls *.c", true},
		{"ls \\*.c", "ls a.c", false},
		{"echo \\$HOME", "echo $HOME", true},
		{"make check && *", "make check && git status", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (pattern_command_is(rows[i].pattern, rows[i].text) != rows[i].fits)
			fail_msg("%s on %s", rows[i].pattern, rows[i].text);
}

/* What a rule that refuses must find. */
static void test_commands_that_have(void **state)
{
	(void)state;
	static const struct match_row rows[] = {
		{"git push *", "git push", true},
		{"git push *", "cd x && git push origin", true},
		{"git push *", "true;git push", true},
		{"git push *", "git\tpush", true},
		{"git push *", "echo $(git push origin)", true},
		{"git push *", "echo `git push origin`", true},
		{"git push *", "FOO=1 git push", true},
		{"git push *", "sudo -u x git push", true},
		{"git push *", "xargs git push", true},
		{"git push *", "bash -c 'git push origin'", true},
		{"git push *", "bash -c \"cd x; git push origin\"", true},
		{"git push *", "g'i't pu\\sh", true},
		{"git push *", "\"git\" \"push\"", true},
		{"git push *", "$'git' push", true},
		{"git push *", "/usr/bin/git push", true},
		{"git push *", "git \\\n push", true},
		{"git push *", "gi\\\nt push", true},
		{"git push *", "git >log push origin", true},
		{"git push *", "git 2>/dev/null push", true},
		{"git push *", "git &>log push", true},
		{"git push *", "git push>log", true},
		{"git push *", "cat <(git push)", true},
		{"git push *", "(git push)", true},
		{"git push *", "if true\nthen git push\nfi", true},
		{"git push *", "{ git push; }", true},
		{"git push", "git push # now", true},
		{"git push", "git push origin", false},
		{"git push *", "git pull", false},
		{"git push *", "git commit -m x && git pull", false},
		{"git push *", "git; push", false},
		{"git push *", "cat > git push", false},
		{"rm *", "alarm now", false},
		{"*", "anything", true},
		{"*", "'$'''", true},
		{"git commit -m 'wip'", "git commit -m wip", true},
		{"a && b", "a && b", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (pattern_command_has(rows[i].pattern, rows[i].text) != rows[i].fits)
			fail_msg("%s on %s", rows[i].pattern, rows[i].text);
}

static void test_what_cannot_be_read(void **state)
{
	(void)state;
	static const struct {
		const char *command;
		bool opaque;
	} rows[] = {
		{"git status", false}, {"a && b | c", false}, {"$x push", true},      {"eval 'a b'", true},
		{"g?t push", true},    {"{git,push}", true},  {"echo x | sh", true},  {"`x`", true},
		{". ./x", true},       {"a\x01", true},       {"xargs -n1 rm", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (pattern_command_opaque(rows[i].command) != rows[i].opaque)
			fail_msg("%s", rows[i].command);
	char *big MEM_FREE = mem_alloc(PATTERN_COMMAND_MAX + 2);
	memset(big, 'a', PATTERN_COMMAND_MAX + 1);
	assert_true(pattern_command_opaque(big));
	assert_false(pattern_command_is("*", big));
}

static void test_patterns_of_texts(void **state)
{
	(void)state;
	static const char *const texts[] = {"ls *.c", "a\\b?", "plain", "make check && x", "echo '*'"};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char *p MEM_FREE = pattern_of(texts[i]);
		assert_true(pattern_command_is(p, texts[i]));
		assert_true(pattern_text(p, texts[i]));
		assert_false(pattern_has_wildcard(p));
		assert_false(pattern_command_is(p, "ls a.c"));
	}
	assert_true(pattern_weight("git status") > pattern_weight("git status *"));
	assert_true(pattern_weight("git status") > pattern_weight("git statu?"));
}

static void test_scopes(void **state)
{
	(void)state;
	static const struct {
		const char *scope, *path;
		enum pattern_scope is;
	} rows[] = {
		{"", "a", SCOPE_INSIDE},
		{"src", "src/a", SCOPE_INSIDE},
		{"src/", "srcs/a", SCOPE_OUTSIDE},
		{"src/**|docs", "docs/x", SCOPE_INSIDE},
		{"src/**", "src/x/y", SCOPE_INSIDE},
		{"src/**", "docs/y", SCOPE_OUTSIDE},
		{"src|:!src/api.h", "src/api.h", SCOPE_OUTSIDE},
		{"src|:^src/api.h", "src/a.h", SCOPE_INSIDE},
		{":!secret", "a", SCOPE_INSIDE},
		{":(icase)SRC", "src/a", SCOPE_UNKNOWN},
		{"", "/etc/passwd", SCOPE_OUTSIDE},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct strv scope STRV_FREE = STRV_INIT;
		strv_split(&scope, rows[i].scope, '|');
		if (pattern_scope(&scope, rows[i].path) != rows[i].is)
			fail_msg("%s on %s", rows[i].scope, rows[i].path);
	}
}

/* ---- which rule wins ---- */

/* u: the user's file, r: the repository's, s: stored; then the rule. */
static void add_rule(struct rules *list, const char *text)
{
	struct json_object *o JSON_FREE = json_parse_text(text + 2, NULL);
	struct rule r = {0};
	struct err err = {0};
	const char *key;
	if (rule_parse(o, &r, &key, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	r.source = text[0] == 'u' ? RULE_OF_USER : text[0] == 'r' ? RULE_OF_REPO : RULE_STORED;
	r.number = (int64_t)list->n + 1;
	r.place = r.source == RULE_STORED ? NULL : mem_strdup("f:1");
	rules_add(list, &r);
	rule_fini(&r);
}

enum { ROWS_RULES = 4 };

static const struct verdict_row {
	const char *rules[ROWS_RULES];
	const char *command, *path, *beyond;
	bool trusted;
	enum rule_effect effect;
	int winner; /* -1: none */
} verdicts[] = {
	{{NULL}, "make", NULL, NULL, false, RULE_ASK, -1},
	{{"u {\"effect\":\"allow\",\"command\":\"make *\"}"}, "make x", NULL, NULL, false, RULE_ALLOW, 0},
	{{"u {\"effect\":\"allow\",\"command\":\"make *\"}"}, "make x; rm y", NULL, NULL, false, RULE_ASK, -1},
	{{"u {\"effect\":\"allow\",\"command\":\"make *\"}"}, "make x", NULL, "it wants more", false, RULE_ASK, -1},
	/* the more specific one, wherever it stands */
	{{"u {\"effect\":\"deny\",\"command\":\"git push *\"}", "u {\"effect\":\"allow\",\"command\":\"git *\"}"},
	 "git push", NULL, NULL, false, RULE_DENY, 0},
	{{"u {\"effect\":\"deny\",\"command\":\"git *\"}", "u {\"effect\":\"allow\",\"command\":\"git push *\"}"},
	 "git push", NULL, NULL, false, RULE_ALLOW, 1},
	{{"u {\"effect\":\"allow\",\"command\":\"git push\"}", "u {\"effect\":\"deny\",\"command\":\"git push *\"}"},
	 "git push", NULL, NULL, false, RULE_ALLOW, 0},
	{{"u {\"effect\":\"deny\",\"command\":\"make *\"}", "u {\"effect\":\"allow\",\"agent\":\"claude\",\"tool\":\"Bash\"}"},
	 "make x", NULL, NULL, false, RULE_DENY, 0},
	/* then the one with more conditions */
	{{"u {\"effect\":\"allow\",\"command\":\"make *\",\"agent\":\"claude\"}", "u {\"effect\":\"deny\",\"command\":\"make *\"}"},
	 "make x", NULL, NULL, false, RULE_ALLOW, 0},
	{{"u {\"effect\":\"allow\",\"command\":\"make *\",\"agent\":\"codex\"}", "u {\"effect\":\"ask\",\"command\":\"make *\"}"},
	 "make x", NULL, NULL, false, RULE_ASK, 1},
	/* a tie */
	{{"u {\"effect\":\"deny\",\"command\":\"make *\"}", "u {\"effect\":\"allow\",\"command\":\"make *\"}"},
	 "make x", NULL, NULL, false, RULE_DENY, 0},
	{{"u {\"effect\":\"ask\",\"command\":\"make *\"}", "u {\"effect\":\"allow\",\"command\":\"make *\"}"},
	 "make x", NULL, NULL, false, RULE_ALLOW, 1},
	{{"u {\"effect\":\"allow\",\"command\":\"make *\"}", "s {\"effect\":\"ask\",\"command\":\"make *\"}"},
	 "make x", NULL, NULL, false, RULE_ASK, 1},
	/* the order of the list is not that of the sources */
	{{"r {\"effect\":\"ask\",\"command\":\"make *\"}", "u {\"effect\":\"allow\",\"command\":\"make *\"}"},
	 "make x", NULL, NULL, true, RULE_ASK, 0},
	/* a repository may not allow, nor take back a denial, but may deny, ask and hold */
	{{"r {\"effect\":\"allow\",\"command\":\"make x\"}"}, "make x", NULL, NULL, false, RULE_ASK, -1},
	{{"r {\"effect\":\"allow\",\"command\":\"make x\"}"}, "make x", NULL, NULL, true, RULE_ALLOW, 0},
	{{"u {\"effect\":\"deny\",\"command\":\"make *\"}", "r {\"effect\":\"ask\",\"command\":\"make x\"}"},
	 "make x", NULL, NULL, false, RULE_DENY, 0},
	{{"u {\"effect\":\"allow\",\"command\":\"make x\"}", "r {\"effect\":\"ask\",\"command\":\"m*\"}"},
	 "make x", NULL, NULL, false, RULE_ALLOW, 0},
	{{"u {\"effect\":\"allow\",\"command\":\"make x\"}", "r {\"effect\":\"ask\",\"command\":\"make *\"}"},
	 "make x", NULL, NULL, false, RULE_ASK, 1},
	{{"r {\"effect\":\"hold\"}"}, "make x", NULL, NULL, false, RULE_HOLD, 0},
	{{"u {\"effect\":\"ask\"}", "r {\"effect\":\"hold\",\"command\":\"make x\"}"}, "make x", NULL, NULL, false, RULE_ASK, 0},
	{{"r {\"effect\":\"deny\",\"command\":\"rm *\"}"}, "rm x", NULL, NULL, false, RULE_DENY, 0},
	/* a command that cannot be read, and a rule that might be meant */
	{{"u {\"effect\":\"allow\",\"tool\":\"Bash\"}", "u {\"effect\":\"deny\",\"command\":\"git push *\"}"},
	 "$g push", NULL, NULL, false, RULE_ASK, -1},
	{{"u {\"effect\":\"allow\",\"tool\":\"Bash\"}", "u {\"effect\":\"deny\",\"command\":\"git push *\",\"agent\":\"codex\"}"},
	 "$g push", NULL, NULL, false, RULE_ALLOW, 0},
	{{"u {\"effect\":\"allow\",\"tool\":\"Bash\"}"}, "$g push", NULL, NULL, false, RULE_ALLOW, 0},
	/* paths */
	{{"u {\"effect\":\"allow\",\"agent\":\"claude\"}"}, NULL, ".git/config", NULL, false, RULE_ASK, -1},
	{{"u {\"effect\":\"allow\",\"path\":\"src/**\"}"}, NULL, "src/x/a.c", NULL, false, RULE_ALLOW, 0},
	{{"u {\"effect\":\"allow\",\"path\":\"src/**\"}"}, "make", "src/x/a.c", NULL, false, RULE_ASK, -1},
	{{"u {\"effect\":\"allow\",\"path\":\"**\"}"}, NULL, ".git/hooks/pre-commit", NULL, false, RULE_ASK, -1},
	{{"u {\"effect\":\"allow\",\"path\":\"**\"}"}, NULL, "x/.GIT/config", NULL, false, RULE_ASK, -1},
	{{"u {\"effect\":\"allow\",\"path\":\"**\"}"}, NULL, ".muster/config.yaml", NULL, false, RULE_ASK, -1},
	{{"u {\"effect\":\"allow\",\"path\":\".muster/*\"}"}, NULL, ".muster/config.yaml", NULL, false, RULE_ALLOW, 0},
	{{"u {\"effect\":\"deny\",\"path\":\"**/secret\"}", "u {\"effect\":\"allow\",\"path\":\"**\"}"},
	 NULL, "a/secret", NULL, false, RULE_DENY, 0},
};

static void test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
		const struct verdict_row *row = &verdicts[i];
		struct rules rules = {0};
		struct policy_verdict v;
		struct policy_subject s = {.kind = "permission", .agent = "claude", .tool = "Bash", .command = row->command,
		                           .beyond = row->beyond, .tier = "checkpoint", .session = "one", .repo = "/r"};
		for (size_t k = 0; k < ROWS_RULES && row->rules[k]; k++)
			add_rule(&rules, row->rules[k]);
		if (row->path) {
			strv_add(&s.paths, row->path);
			strv_add(&s.real, row->path);
		}
		policy_judge(&rules, &s, row->trusted, &v);
		if (v.effect != row->effect || v.rule != (row->winner < 0 ? NULL : &rules.v[row->winner]))
			fail_msg("verdict %zu: %s", i, rule_effect_name(v.effect));
		for (size_t k = 0; k < rules.n; k++) {
			char *words MEM_FREE = policy_note_words(&v.notes[k], &rules.v[k]);
			assert_true(*words);
		}
		policy_verdict_fini(&v);
		policy_subject_fini(&s);
		rules_fini(&rules);
	}
}

static enum rule_effect judge_one(const char *rule, struct policy_subject *s)
{
	struct rules rules = {0};
	struct policy_verdict v;
	add_rule(&rules, rule);
	policy_judge(&rules, s, false, &v);
	enum rule_effect effect = v.effect;
	policy_verdict_fini(&v);
	rules_fini(&rules);
	return effect;
}

static void test_conditions(void **state)
{
	(void)state;
	struct policy_subject s = {.kind = "permission", .agent = "claude", .tool = "Edit", .tier = "delegated",
	                           .session = "search-2", .repo = "/r", .scope = SCOPE_INSIDE};
	strv_add(&s.paths, "src/link/a");
	strv_add(&s.real, "/etc/a"); /* where the link leads */
	static const struct {
		const char *rule;
		enum rule_effect effect;
	} rows[] = {
		{"u {\"effect\":\"allow\",\"tier\":\"delegated\"}", RULE_ALLOW},
		{"u {\"effect\":\"allow\",\"tier\":\"hands-on\"}", RULE_ASK},
		{"u {\"effect\":\"allow\",\"session\":\"search-*\"}", RULE_ALLOW},
		{"u {\"effect\":\"allow\",\"repo\":\"/r\"}", RULE_ALLOW},
		{"u {\"effect\":\"allow\",\"repo\":\"/r2\"}", RULE_ASK},
		{"u {\"effect\":\"allow\",\"scope\":\"inside\"}", RULE_ALLOW},
		{"u {\"effect\":\"deny\",\"scope\":\"outside\"}", RULE_ASK},
		{"u {\"effect\":\"allow\",\"path\":\"src/**\"}", RULE_ASK},
		{"u {\"effect\":\"deny\",\"path\":\"src/**\"}", RULE_DENY},
		{"u {\"effect\":\"deny\",\"path\":\"/etc/**\"}", RULE_DENY},
		{"u {\"effect\":\"hold\",\"kind\":\"question\"}", RULE_ASK},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (judge_one(rows[i].rule, &s) != rows[i].effect)
			fail_msg("%s", rows[i].rule);
	s.scope = SCOPE_UNKNOWN;
	assert_int_equal(judge_one("u {\"effect\":\"allow\",\"scope\":\"inside\"}", &s), RULE_ASK);
	assert_int_equal(judge_one("u {\"effect\":\"allow\",\"scope\":\"outside\"}", &s), RULE_ASK);
	assert_int_equal(judge_one("u {\"effect\":\"deny\",\"scope\":\"outside\"}", &s), RULE_DENY);
	s.kind = "question";
	assert_int_equal(judge_one("u {\"effect\":\"allow\"}", &s), RULE_ASK);
	assert_int_equal(judge_one("u {\"effect\":\"deny\"}", &s), RULE_ASK);
	assert_int_equal(judge_one("u {\"effect\":\"hold\",\"kind\":\"question\"}", &s), RULE_HOLD);
	policy_subject_fini(&s);
}

static void test_every_path_counts(void **state)
{
	(void)state;
	struct policy_subject s = {.kind = "permission", .tool = "apply_patch"};
	strv_split(&s.paths, "src/a,docs/b", ',');
	strv_split(&s.real, "src/a,docs/b", ',');
	assert_int_equal(judge_one("u {\"effect\":\"allow\",\"path\":\"src/**\"}", &s), RULE_ASK);
	assert_int_equal(judge_one("u {\"effect\":\"deny\",\"path\":\"docs/**\"}", &s), RULE_DENY);
	assert_int_equal(judge_one("u {\"effect\":\"allow\",\"path\":\"**\"}", &s), RULE_ALLOW);
	strv_fini(&s.real);
	assert_int_equal(judge_one("u {\"effect\":\"allow\",\"path\":\"**\"}", &s), RULE_ASK);
	policy_subject_fini(&s);
}

/* A workspace with links out of it. */
static void test_where_paths_lead(void **state)
{
	(void)state;
	char root[] = "/tmp/muster-policy-XXXXXX";
	assert_non_null(mkdtemp(root));
	char *top MEM_FREE = mem_printf("%s/w", root), *src MEM_FREE = mem_printf("%s/w/src", root);
	char *out MEM_FREE = mem_printf("%s/out", root), *link MEM_FREE = mem_printf("%s/w/src/link", root);
	char *nowhere MEM_FREE = mem_printf("%s/w/src/nowhere", root), *self MEM_FREE = mem_printf("%s/w/me", root);
	char *in_out MEM_FREE = mem_printf("%s/out/x", root), *whole MEM_FREE = mem_printf("%s/w/src/a.c", root);
	assert_int_equal(file_mkdirs(src, 0700) | file_mkdirs(out, 0700), 0);
	assert_int_equal(symlink(out, link) | symlink("../../out/none", nowhere) | symlink(top, self), 0);
	const struct {
		const char *path, *is, *leads;
	} rows[] = {
		{"src/a.c", "src/a.c", "src/a.c"},
		{whole, "src/a.c", "src/a.c"},
		{"./src//b/../a.c", "src/a.c", ""}, /* b is not there: what .. leads to cannot be told */
		{"src/../x/y/z", "x/y/z", "x/y/z"},
		{"src/link/x", "src/link/x", in_out},
		{"src/link/../x", "src/x", NULL},
		{"src/nowhere", "src/nowhere", ""},
		{"me/src/a.c", "me/src/a.c", "src/a.c"},
		{"~/.bashrc", "~/.bashrc", ""},
		{"/", "/", "/"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct policy_subject s = {0};
		policy_add_path(&s, rows[i].path, top);
		if (strcmp(s.paths.v[0], rows[i].is) != 0 || (rows[i].leads && strcmp(s.real.v[0], rows[i].leads) != 0))
			fail_msg("%s: %s, %s", rows[i].path, s.paths.v[0], s.real.v[0]);
		if (!rows[i].leads)
			assert_true(s.real.v[0][0] == '/'); /* out of the workspace */
		policy_subject_fini(&s);
	}
	struct policy_subject none = {0};
	policy_add_path(&none, "a", NULL);
	assert_string_equal(none.real.v[0], "");
	policy_subject_fini(&none);
	assert_int_equal(file_remove_tree(root), 0);
}

static void test_rules_that_make_no_sense(void **state)
{
	(void)state;
	static const struct {
		const char *rule, *says, *key;
	} rows[] = {
		{"3", "a rule is a map", NULL},
		{"{}", "needs an effect", NULL},
		{"{\"effect\":\"permit\"}", "permit is none of allow, deny, ask, hold", "effect"},
		{"{\"effect\":\"allow\",\"comand\":\"x\"}", "did you mean command?", "comand"},
		{"{\"effect\":\"allow\",\"command\":\"\"}", "must be a text", "command"},
		{"{\"effect\":\"allow\",\"command\":[\"x\"]}", "must be a text", "command"},
		{"{\"effect\":\"allow\",\"kind\":\"question\"}", "only a permission", NULL},
		{"{\"effect\":\"hold\",\"kind\":\"quest\"}", "quest is none of permission", "kind"},
		{"{\"effect\":\"hold\",\"scope\":\"in\"}", "in is none of inside, outside", "scope"},
		{"{\"effect\":\"hold\",\"repo\":\"x\"}", "absolute", "repo"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct json_object *o JSON_FREE = json_parse_text(rows[i].rule, NULL);
		struct rule r = {0};
		struct err err = {0};
		const char *key;
		assert_int_equal(rule_parse(o, &r, &key, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		if (!strstr(err.msg, rows[i].says) || (rows[i].key ? !key || strcmp(key, rows[i].key) != 0 : key != NULL))
			fail_msg("%s: %s", rows[i].rule, err.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_commands_that_are),
		cmocka_unit_test(test_commands_that_have),
		cmocka_unit_test(test_what_cannot_be_read),
		cmocka_unit_test(test_patterns_of_texts),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_every_path_counts),
		cmocka_unit_test(test_where_paths_lead),
		cmocka_unit_test(test_rules_that_make_no_sense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

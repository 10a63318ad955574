/* Overlap of pathspecs: by a table, and with git as the yardstick. */
#include "house.h"

#include <string.h>

#include "base/strv.h"
#include "git/git.h"
#include "work/pathspec.h"

static const char *root; /* the checkout that is looked at, or NULL */

static void read_list(const char *text, struct pathspecs *ret)
{
	struct strv words STRV_FREE = STRV_INIT;
	struct err err = {0};
	strv_split(&words, text, ' ');
	for (size_t i = 0; i < words.n; i++)
		if (pathspecs_add(ret, words.v[i], root, &err) < 0)
			fail_msg("%s: %s", words.v[i], err.msg);
}

static bool overlap(const char *a, const char *b)
{
	struct pathspecs x = {0}, y = {0};
	const char *first = NULL, *second = NULL;
	read_list(a, &x);
	read_list(b, &y);
	bool met = pathspecs_overlap(&x, &y, &first, &second);
	assert_int_equal(pathspecs_overlap(&y, &x, NULL, NULL), met);
	if (met) {
		assert_true(first && (!x.any || strstr(a, first)));
		assert_true(second && (!y.any || strstr(b, second)));
	}
	pathspecs_fini(&x);
	pathspecs_fini(&y);
	return met;
}

static void pairs(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool met;
	} cases[] = {
		/* plain: a file, or a folder with all in it */
		{"src", "src", true},
		{"src", "src/a.c", true},
		{"src/a", "src/b", false},
		{"src/a", "src/ab", false},
		{"src/a/", "src/a/x", true},
		{"src/a/", "src/ab", false},
		{"./src//a", "src/x/../a/b", true},
		{".", "x", true},
		{":/", "x", true},
		{"", "x", true},
		/* wildcards: * takes slashes */
		{"src/**", "src", true},
		{"src/**", "src/a/b.c", true},
		{"src/**", "tests/**", false},
		{"src/playback/**", "src/player.c", false},
		{"src/*.c", "src/a/b.c", true},
		{"src/*.c", "src/*.h", false},
		{"src/*.c", "src/*_test.c", true},
		{"src/p*.c", "src/*q.c", true},
		{"src/p*.c", "src/q*.c", false},
		{"*.md", "docs", true},
		{"*.md", "docs/x.c", true}, /* which may be a folder */
		{"src/?.c", "src/ab.c", false},
		{"src/?.c", "src/[a-c].c", true},
		{"src/[!a-c].c", "src/[abc].c", false},
		{"src/[[:digit:]].c", "src/[x5].c", true},
		{"src/[[:digit:]].c", "src/[xyz].c", false},
		{"src/\\*.c", "src/a.c", false},
		{"src/\\*.c", "src/[*].c", true},
		{"src/[a]", "src/[a]/x", true}, /* a folder of that very name */
		{"a*b*c", "axxbxxc", true},
		{"a*b*c", "a?xcxxb", false},
		/* glob: * stays within a folder */
		{":(glob)src/*.c", "src/a/b.c", false},
		{":(glob)src/**/x.c", "src/x.c", true},
		{":(glob)src/**/x.c", "src/a/b/x.c", true},
		{":(glob)**/x.c", ":(glob)src/*", true},
		{":(glob)**/x.c", ":(glob)src/*/y.c", false},
		{":(glob)src/**", "src/a/b", true},
		{":(glob)src/a**b", "src/a/b", false},
		/* other magic */
		{":(icase)SRC/a", "src/A/b", true},
		{"SRC/a", "src/A/b", false},
		{":(icase)SRC/a", "src/a/b", true},
		{":(icase)SRC/[A-C].c", "src/b.c", true},
		{":(literal)src/*.c", "src/a.c", false},
		{":(literal)src/*.c", "src/*.c", true},
		{":(top,attr:text)src", "src/a", true},
		/* what is excluded */
		{"src/** :!src/ui", "src/ui/**", false},
		{"src/** :!src/ui", "src/uix", true},
		{"src/** :(exclude)src/ui/**", "src/ui/a.c src/ui/b", false},
		{"src/** :!src/ui/", "src/ui/*.c", false},
		{"src/** :!src/ui", "src/u*", true},
		{"src :!src/a", "src :!src/b", true},
		{":!src", "src/a", false},
		{":!src", "docs", true},
		{":!src", ":!docs", true},
		{"docs :!*.md", "docs/*.md", true}, /* not decided */
		{"src :(exclude,attr:x)src/ui", "src/ui", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (overlap(cases[i].a, cases[i].b) != cases[i].met || overlap(cases[i].b, cases[i].a) != cases[i].met)
			fail_msg("%s and %s: %s", cases[i].a, cases[i].b, cases[i].met ? "they do overlap" : "they do not overlap");
}

static void a_file_is_no_folder(void **state)
{
	struct house *h = *state;
	MEM_FREE char *checkout = mem_printf("%s/repo", h->dir);
	assert_true(overlap("b/c", "*.md") && overlap("b/c", "b/c/d"));
	root = checkout;
	assert_false(overlap("b/c", "*.md") || overlap("b/c", "b/c/d"));
	assert_true(overlap("b/c", "b/*") && overlap("b", "*.md") && overlap("b/new", "*.md"));
	assert_true(overlap("b/c", "b") && overlap("b/c", "b/c"));
	root = NULL;
}

static void what_git_refuses(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"", "/etc", "../x", "a/../../x", ":(icse)x", ":(glob", ":(glob,literal)x", ":=x", ":(attr:)x",
	};
	char longest[PATHSPEC_MAX + 2];
	struct pathspecs p = {0};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		if (pathspecs_add(&p, cases[i], NULL, &err) == 0)
			fail_msg("it was taken: %s", cases[i]);
		assert_int_equal(err.code, ERR_USAGE);
	}
	memset(longest, '*', sizeof longest);
	longest[PATHSPEC_MAX + 1] = '\0';
	assert_int_equal(pathspecs_add(&p, longest, NULL, NULL), -1);
	longest[PATHSPEC_MAX] = '\0';
	assert_int_equal(pathspecs_add(&p, longest, NULL, NULL), 0);
	memset(longest, 'a', PATHSPEC_MAX);
	assert_int_equal(pathspecs_add(&p, longest, NULL, NULL), 0);
	assert_true(pathspecs_overlap(&p, &p, NULL, NULL));
	pathspecs_fini(&p);
}

/* ---- git ---- */

enum { TREES = 3, PATHS_MAX = 1024, SPECS_MAX = 160, PAIRS = SPECS_MAX * SPECS_MAX };

struct world {
	char *trees[TREES], *empty;
	struct strv specs;
	bool matched[SPECS_MAX][TREES * PATHS_MAX];
};

/* Every path of so many parts over a few names that are easy to confuse: no file is in the way of a folder, and no folder has
 * a star in its name. */
static const char make_trees[] =
	"cd repo; e=$(git hash-object -w --stdin </dev/null);"
	"n='a b ab B a.c [a] * a*b'; f='a b ab B a.c [a]'; set -f; one() { printf '100644 %s\\t%s\\n' $e \"$1\"; };"
	"for d in 1 2 3; do export GIT_INDEX_FILE=$H/index$d; rm -f $GIT_INDEX_FILE;"
	" { case $d in 1) for x in $n; do one \"$x\"; done ;;"
	"  2) for x in $f; do for y in $n; do one \"$x/$y\"; done; done ;;"
	"  3) for x in $f; do for y in $f; do for z in $n; do one \"$x/$y/$z\"; done; done; done ;; esac; } |"
	"  git update-index --index-info;"
	" git write-tree; done; git hash-object -t tree -w /dev/null";

static const char *const fixed[] = {
	"a", "a/", "a/b", "./a//b/", "a/../b", ".", "*", "**", "a/*", "a/**", "a*", "?", "?/?", "a?c", "[ab]", "[ab]/[!a]", "[]a]",
	"[^a]", "[[:upper:]]", "[[:alpha:]]/b", "[[:nope:]]", "[a", "[a-", "[b-a]", "[a-]", "\\[a\\]", "[a]", "[a]/b", "\\*", "a\\*b",
	"a\\", "**/b", "**b", "a/**/b", "*.c", "*/a.c", "a**b",
	":(glob)*", ":(glob)**", ":(glob)a/*", ":(glob)a/**", ":(glob)**/b", ":(glob)a/**/b", ":(glob)**/*/b", ":(glob)*/?", ":(glob)a**b",
	":(glob)**/a/**", ":(glob)[!x]", ":(glob)a[/]b", "a[/]b", ":(icase)A", ":(icase)AB/*", ":(icase)[A]", ":(icase)[!B]",
	":(literal)*", ":(literal)[a]", ":(literal)a*b", ":/a", ":(top)b", "::a", ":a",
};

static unsigned roll(unsigned n)
{
	static uint32_t seed = 12345;
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static void add_random(struct strv *out)
{
	static const char *const bits[] = {"a", "b", "ab", "B", "a.c", "/", "/", "/", "*", "**", "?", "[ab]", "[!a]", "*/", "**/", ".c"};
	static const char *const magics[] = {"", "", "", ":(glob)", ":(glob)", ":(icase)"};
	struct str s STR_FREE = STR_INIT;
	do {
		str_reset(&s);
		str_adds(&s, magics[roll(ARRAY_LEN(magics))]);
		for (unsigned i = 1 + roll(5); i > 0; i--)
			str_adds(&s, bits[roll(ARRAY_LEN(bits))]);
	} while (strchr(s.data, ')') ? strstr(s.data, ")/") != NULL : s.data[0] == '/');
	strv_add(out, s.data);
}

static void match(struct house *h, struct world *w, size_t spec, int tree)
{
	static const char *const patterns[] = {"GIT_LITERAL_PATHSPECS=0", NULL};
	struct git_at at = repo_at(&h->repo);
	struct str out STR_FREE = STR_INIT;
	struct err err = {0};
	at.env = patterns;
	if (git_run(&at, GIT_ARGS("diff-tree", "-r", "--name-only", "--no-renames", "-z", w->empty, w->trees[tree], "--", w->specs.v[spec]),
	            NULL, &out, &err) < 0)
		fail_msg("%s: %s", w->specs.v[spec], err.msg);
	/* The number of a path: its parts as digits. */
	static const char *const names[] = {"a", "b", "ab", "B", "a.c", "[a]", "*", "a*b"};
	for (size_t at_byte = 0; at_byte < out.len; at_byte += strlen(out.data + at_byte) + 1) {
		struct strv parts STRV_FREE = STRV_INIT;
		size_t number = 0;
		strv_split(&parts, out.data + at_byte, '/');
		for (size_t i = 0; i < parts.n; i++)
			for (size_t k = 0; k < ARRAY_LEN(names); k++)
				if (strcmp(parts.v[i], names[k]) == 0)
					number = number * ARRAY_LEN(names) + k;
		w->matched[spec][(size_t)tree * PATHS_MAX + number] = true;
	}
}

static void whatever_git_matches_twice_overlaps(void **state)
{
	struct house *h = *state;
	struct world *w = mem_alloc(sizeof *w);
	struct strv ids STRV_FREE = STRV_INIT;
	char *out MEM_FREE = house_sh(h, make_trees);
	strv_split(&ids, out, '\n');
	assert_int_equal(ids.n, TREES + 1);
	w->empty = ids.v[TREES];
	for (int i = 0; i < TREES; i++)
		w->trees[i] = ids.v[i];
	strv_add_all(&w->specs, (const char *const[]){NULL});
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		strv_add(&w->specs, fixed[i]);
	while (w->specs.n < SPECS_MAX)
		add_random(&w->specs);
	for (size_t i = 0; i < w->specs.n; i++)
		for (int tree = 0; tree < TREES; tree++)
			match(h, w, i, tree);
	int both = 0, found = 0;
	for (size_t i = 0; i < w->specs.n; i++)
		for (size_t k = 0; k < w->specs.n; k++) {
			bool common = false;
			for (size_t p = 0; p < (size_t)TREES * PATHS_MAX && !common; p++)
				common = w->matched[i][p] && w->matched[k][p];
			bool met = overlap(w->specs.v[i], w->specs.v[k]);
			if (common && !met)
				fail_msg("git has a path that both %s and %s match", w->specs.v[i], w->specs.v[k]);
			both += common;
			found += met;
		}
	/* These few names are no proof that an overlap has no path; but of most there must be one here. */
	print_message("of %d pairs %d have a path here, and %d overlap\n", PAIRS, both, found);
	assert_true(both > PAIRS / 5 && found < PAIRS * 2 / 3);
	strv_fini(&w->specs);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs),
		cmocka_unit_test_setup_teardown(a_file_is_no_folder, house_new, house_free),
		cmocka_unit_test(what_git_refuses),
		cmocka_unit_test_setup_teardown(whatever_git_matches_twice_overlaps, house_new, house_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

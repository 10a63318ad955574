/* Which needs are one to the lead. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "unit.h"
#include "work/topic.h"

static char *of(const char *kind, const char *repo, const char *workspace, const char *asked, const char *options)
{
	struct json_object *list JSON_FREE = options ? json_parse_text(options, NULL) : NULL;
	return topic_text(&(struct topic){
		.kind = kind, .repo = repo, .workspace = workspace, .asked = asked, .options = list});
}

static void check(const char *kind, const char *a, const char *b, bool same)
{
	char *x MEM_FREE = of(kind, "/r", "/w/one", a, NULL), *y MEM_FREE = of(kind, "/r", "/w/two", b, NULL);
	if ((strcmp(x, y) == 0) != same)
		fail_msg("%s: \"%s\" and \"%s\" should be %s", kind, a, b, same ? "one" : "two");
}

static void test_questions(void **state)
{
	(void)state;
	check("question", "Which colour?", "  which\tCOLOUR ", true);
	check("question", "Shall I go on?", "Shall I go on...", true);
	check("question", "?", "", true);
	check("question", "Which colour?", "Which number?", false);
	check("question", "Do it?", "Do not do it?", false);
	check("question", "Is a < b?", "Is a > b?", false);
	check("question", "C?", "C++?", false);
	check("question", "ab c", "a bc", false);
	check("question", "Look at /w/one/x?", "Look at /w/two/x?", false);
	check("question", "Stra\xc3\x9f""e?", "stra\xc3\x9f""e", true);
}

static void test_permissions(void **state)
{
	(void)state;
	check("permission", "Bash make test", "Bash make test", true);
	check("permission", "Bash cat /w/one/a /w/one", "Bash cat /w/two/a /w/two", true);
	check("permission", "Edit {\"p\":\"/w/one\"}", "Edit {\"p\":\"/w/two\"}", true);
	check("permission", "Bash cat /w/one2", "Bash cat /w/two2", false); /* no folder of theirs */
	check("permission", "Bash cat /w/two/a", "Bash cat /w/two/a", false); /* one of them reaches into another's */
	check("permission", "Bash rm A", "Bash rm a", false);
	check("permission", "Bash rm a  b", "Bash rm a b", false);
}

static void test_what_else_counts(void **state)
{
	static const char *const yes_no = "[{\"key\":\"y\",\"label\":\"Yes\"},{\"key\":\"n\",\"label\":\"No\"}]";
	static const char *const cased = "[{\"key\":\"Y\",\"label\":\"yes\"},{\"key\":\"N\",\"label\":\"no\"}]";
	static const char *const other = "[{\"key\":\"a\",\"label\":\"Yes\"},{\"key\":\"b\",\"label\":\"No\"}]";
	static const char *const turned = "[{\"key\":\"n\",\"label\":\"No\"},{\"key\":\"y\",\"label\":\"Yes\"}]";
	char *base MEM_FREE = of("question", "/r", NULL, "q", yes_no);
	char *keys MEM_FREE = of("question", "/r", "/w", "q", cased);
	char *others MEM_FREE = of("question", "/r", NULL, "q", other);
	char *order MEM_FREE = of("question", "/r", NULL, "q", turned);
	static const char *const more[] = {
		"[{\"key\":\"y\",\"label\":\"Yes\"},{\"key\":\"n\",\"label\":\"No\"},{\"key\":\"z\",\"as\":\"y\"}]",
		"[{\"key\":\"y\",\"label\":\"Yes\"},{\"key\":\"n\",\"label\":\"No\"},{\"key\":\"z\"}]"};
	char *own MEM_FREE = of("question", "/r", NULL, "q", more[0]);
	char *shared MEM_FREE = of("question", "/r", NULL, "q", more[1]);
	char *none MEM_FREE = of("question", "/r", NULL, "q", NULL);
	char *kind MEM_FREE = of("permission", "/r", NULL, "q", yes_no);
	char *repo MEM_FREE = of("question", "/other", NULL, "q", yes_no);
	char *long_text MEM_FREE = mem_alloc(TOPIC_MAX + 2);
	(void)state;
	assert_string_equal(base, keys);
	assert_string_not_equal(base, others); /* a key may be the answer, and the label only say more of it */
	assert_string_not_equal(base, order); /* an answer goes by its place */
	assert_string_equal(base, own); /* what only one of them offers */
	assert_string_not_equal(base, shared);
	assert_string_not_equal(base, none);
	assert_string_not_equal(base, kind);
	assert_string_not_equal(base, repo);
	memset(long_text, 'x', TOPIC_MAX + 1);
	assert_null(of("question", "/r", NULL, long_text, NULL));
	long_text[TOPIC_MAX] = '\0';
	char *longest MEM_FREE = of("question", "/r", NULL, long_text, NULL);
	assert_non_null(longest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_permissions),
		cmocka_unit_test(test_what_else_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

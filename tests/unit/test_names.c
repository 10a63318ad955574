/* Names of sessions. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "work/names.h"

static void test_good(void **state)
{
	static const char *const good[] = {"a", "A.b_c-9", "x.lockk", "0", "playback-2", "a.b.c"};
	struct err err = {0};
	char longest[NAME_MAX_LEN + 1];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(name_check(good[i], &err), 0);
	memset(longest, 'x', NAME_MAX_LEN);
	longest[NAME_MAX_LEN] = '\0';
	assert_int_equal(name_check(longest, &err), 0);
}

static void test_bad(void **state)
{
	static const struct {
		const char *name, *says;
	} bad[] = {
		{"", "not empty"},          {"a b", "no spaces"},       {"a/b", "no slashes"},
		{"a\nb", "control"},        {".a", "begin with a dot"}, {"-a", "begin with a dash"},
		{"a..b", "two dots"},       {"a.", "end with a dot"},   {"a.lock", "end with .lock"},
		{"caf\xc3\xa9", "letters"}, {"a\x1b[31m", "control"},   {"a~b", "letters"},
	};
	char too_long[301];
	struct err err;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		err = (struct err){0};
		assert_int_equal(name_check(bad[i].name, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		if (!strstr(err.msg, bad[i].says))
			fail_msg("%s: %s", bad[i].name, err.msg);
	}
	memset(too_long, 'x', 300);
	too_long[300] = '\0';
	assert_int_equal(name_check(too_long, &err), -1);
	assert_non_null(strstr(err.msg, "at most 64"));
}

static bool never(const char *name, void *data)
{
	(void)name;
	(void)data;
	return false;
}

static bool first_two(const char *name, void *data)
{
	(void)data;
	return strcmp(name, "fix-player") == 0 || strcmp(name, "fix-player-2") == 0;
}

static void test_slugs(void **state)
{
	static const struct {
		const char *prompt, *name;
	} cases[] = {
		{"Fix the flaky player test!", "fix-flaky-player-test"},
		{"", "session"},
		{"\xf0\x9f\x8e\xac ---", "session"},
		{"Please add a search index to the library, and test it", "add-search-index-library-test"},
		{"/etc/passwd ../x.lock", "etc-passwd-x-lock"},
	};
	struct err err;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *name = name_from_prompt(cases[i].prompt, never, NULL);
		assert_string_equal(name, cases[i].name);
		assert_int_equal(name_check(name, &err), 0);
		free(name);
	}
	char *third = name_from_prompt("fix player", first_two, NULL);
	assert_string_equal(third, "fix-player-3");
	free(third);
	char prompt[500];
	memset(prompt, 'w', sizeof prompt - 1);
	prompt[sizeof prompt - 1] = '\0';
	char *cut = name_from_prompt(prompt, never, NULL);
	assert_int_equal(name_check(cut, &err), 0);
	free(cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad),
					   cmocka_unit_test(test_slugs)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

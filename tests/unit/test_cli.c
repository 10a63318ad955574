/* The parts of the command line that need no musterd: tables, keys of the viewer, options, times. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "cli/item.h"
#include "cli/keys.h"
#include "cli/look.h"
#include "cli/opts.h"
#include "cli/table.h"
#include "cli/when.h"
#include "fmt/json.h"

static const struct column columns[] = {
	{"NAME", 0, 4, false}, {"N", 1, 0, true}, {"EXTRA", 2, 0, false}, {"WHY", 0, 6, false}};

static void fill(struct table *t)
{
	table_init(t, columns, ARRAY_LEN(columns));
	table_add(t, PAINT_NONE, "player");
	table_addf(t, PAINT_NONE, "%d", 12);
	table_add(t, PAINT_NONE, "extra");
	table_add(t, PAINT_NONE, "because of that");
	table_add(t, PAINT_RED, "日本語の名前");
	table_add(t, PAINT_NONE, NULL);
	table_add(t, PAINT_NONE, "x");
	table_add(t, PAINT_NONE, "no\033[31m reason\n at all");
}

static char *printed(int width, bool color)
{
	struct table t TABLE_FREE = {0};
	struct str out = STR_INIT;
	fill(&t);
	table_print(&t, &out, width, color);
	return str_take(&out);
}

static void check_print(int width, bool color, const char *want)
{
	char *got = printed(width, color);
	assert_string_equal(got, want);
	free(got);
}

static void table_is_as_wide_as_it_needs(void **state)
{
	(void)state;
	check_print(0, false,
		    "NAME           N  EXTRA  WHY\n"
		    "player        12  extra  because of that\n"
		    "日本語の名前      x      no reason  at all\n");
}

static void table_shrinks_then_drops(void **state)
{
	(void)state;
	check_print(34, false,
		    "NAME        N  EXTRA  WHY\n"
		    "player     12  extra  because of …\n"
		    "日本語の…      x      no reason  …\n");
	check_print(16, false,
		    "NAME   N  WHY\n"
		    "pla…  12  becau…\n"
		    "日…       no re…\n");
	check_print(12, false,
		    "NAME  WHY\n"
		    "pla…  becau…\n"
		    "日…   no re…\n");
}

static void table_lines_never_exceed_the_width(void **state)
{
	(void)state;
	for (int width = 12; width < 60; width++) {
		char *text = printed(width, false);
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			assert_true(out_text_width(line, strlen(line)) <= width);
		free(text);
	}
}

static void table_colours_end(void **state)
{
	(void)state;
	char *text = printed(0, true);
	assert_non_null(strstr(text, "\033[31m日本語の名前\033[0m"));
	assert_null(strstr(text, "\033[31m reason"));
	free(text);
}

static void empty_rows_keep_their_line(void **state)
{
	(void)state;
	static const struct column one[] = {{"A", 0, 0, false}};
	struct table t TABLE_FREE = {0};
	struct str out STR_FREE = STR_INIT;
	table_init(&t, one, 1);
	table_add(&t, PAINT_NONE, "");
	table_add(&t, PAINT_NONE, "b");
	table_print(&t, &out, 0, false);
	assert_string_equal(out.data, "A\n\nb\n");
}

static bool keys(struct keys *k, const char *typed, const char *want)
{
	struct str out STR_FREE = STR_INIT;
	bool detach = keys_take(k, typed, strlen(typed), &out);
	assert_string_equal(str_c(&out), want);
	return detach;
}

static void keys_detach(void **state)
{
	(void)state;
	struct keys k = {0};
	assert_false(keys(&k, "abc\x1b[A", "abc\x1b[A"));
	assert_true(keys(&k,
			 "x\x1c"
			 "dyz",
			 "x"));
	k = (struct keys){0};
	assert_false(keys(&k, "\x1c", ""));
	assert_true(keys(&k, "d", ""));
	k = (struct keys){0};
	assert_true(keys(&k, "\x1b[92;5ud", ""));
	k = (struct keys){0};
	assert_true(keys(&k, "\x1b[92;5u\x1b[100;5u", ""));
}

static void keys_send_the_prefix(void **state)
{
	(void)state;
	struct keys k = {0};
	assert_false(keys(&k,
			  "\x1c\x1c"
			  "d",
			  "\x1c"
			  "d"));
	assert_false(keys(&k, "\x1cx", "\x1cx"));
	assert_false(keys(&k, "\x1b[92;5u\x1b[92;5u", "\x1b[92;5u"));
}

static const struct opt table_opts[] = {
	{'n', "name", "NAME", "", 0}, {'f', "force", NULL, "", 0}, {0, "scope", "S", "", 0}, {0}};
static const struct opt common_opts[] = {{0, "json", NULL, "", 0}, {0}};

static int parse(struct opts *o, bool command, struct err *err, const char *words)
{
	static char copy[256];
	static char *argv[32];
	size_t n = 0;
	snprintf(copy, sizeof copy, "%s", words);
	for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "))
		argv[n++] = w;
	argv[n] = NULL;
	return opts_parse(o, table_opts, common_opts, command, argv, err);
}

static void options_are_read(void **state)
{
	(void)state;
	struct opts o;
	struct err err;
	struct strv scope STRV_FREE = STRV_INIT;
	assert_int_equal(parse(&o, true, &err, "a --name=x b -fn y --scope p --scope q --json -- cmd --name"), 0);
	assert_string_equal(opts_get(&o, "name"), "y");
	assert_true(opts_has(&o, "force") && opts_has(&o, "json"));
	opts_list(&o, "scope", &scope);
	assert_int_equal(scope.n, 2);
	char *joined = opts_join(&o, 0);
	assert_string_equal(joined, "a b");
	free(joined);
	assert_null(opts_join(&o, 2));
	assert_int_equal(o.command.n, 2);
	opts_fini(&o);
	assert_int_equal(parse(&o, false, &err, "-- -x"), 0);
	assert_string_equal(o.args.v[0], "-x");
	opts_fini(&o);
}

static void wrong_options_are_told(void **state)
{
	(void)state;
	static const struct {
		const char *words, *want;
	} cases[] = {
		{"--nmae x", "no such option: --nmae; did you mean --name?"},
		{"--zzzzzz", "no such option: --zzzzzz"},
		{"--name", "--name needs a value: NAME"},
		{"-n", "-n needs a value: NAME"},
		{"--force=1", "--force takes no value"},
		{"-q", "no such option: -q"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct opts o;
		struct err err;
		assert_int_equal(parse(&o, false, &err, cases[i].words), -1);
		assert_int_equal(err.code, ERR_USAGE);
		assert_string_equal(err.msg, cases[i].want);
	}
}

static void numbers_have_limits(void **state)
{
	(void)state;
	long long n = 7;
	struct err err;
	assert_int_equal(opts_number("N", "42", 0, 100, &n, &err), 0);
	assert_int_equal(n, 42);
	static const char *const bad[] = {"", "x", "4x", "101", "-1", "99999999999999999999"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(opts_number("N", bad[i], 0, 100, &n, &err), -1);
	assert_int_equal(n, 42);
}

static void ages_are_words(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *want;
	} cases[] = {
		{-5000, "now"},      {999, "now"},     {1000, "1 s"},       {59999, "59 s"},    {60000, "1 min"},
		{3599999, "59 min"}, {3600000, "1 h"}, {172799999, "47 h"}, {172800000, "2 d"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str out STR_FREE = STR_INIT;
		when_add_age(&out, 1000000000000, 1000000000000 + cases[i].ms);
		assert_string_equal(out.data, cases[i].want);
	}
	struct str never STR_FREE = STR_INIT;
	when_add_age(&never, 0, 5);
	assert_string_equal(never.data, "-");
}

static void texts_wrap(void **state)
{
	(void)state;
	struct str out STR_FREE = STR_INIT;
	out_add_wrapped(&out, "one two three four five six\n\nse\033[2Jven", 2, 24);
	assert_string_equal(out.data, "  one two three four\n  five six\n  \n  seven\n");
}

static void commands_are_quoted(void **state)
{
	(void)state;
	struct json_object *words JSON_FREE = json_parse_text("[\"sh\",\"-c\",\"echo it's\",\"\"]", NULL);
	struct str out STR_FREE = STR_INIT;
	look_add_command(&out, words);
	assert_string_equal(out.data, "sh -c 'echo it'\\''s' ''");
}

static void items_show_the_answer(void **state)
{
	(void)state;
	struct json_object *item JSON_FREE = json_parse_text(
		"{\"id\":7,\"kind\":\"permission\",\"session_name\":\"play\\u001b[1mback\",\"blocking\":true,"
		"\"state\":\"open\","
		"\"title\":\"Bash: rm x\",\"opened_ms\":1000,\"detail\":{\"command\":\"rm x\"},"
		"\"options\":[{\"key\":\"allow\",\"label\":\"Allow once\"},{\"key\":\"deny\",\"label\":\"Deny\"}]}",
		NULL);
	struct str out STR_FREE = STR_INIT;
	item_add(&out, item, 241000, 0, false);
	assert_string_equal(out.data, "#7 permission  playback  4 min, it waits\n"
				      "    Bash: rm x\n"
				      "    command: rm x\n"
				      "    1 allow  Allow once\n"
				      "    2 deny  Deny\n"
				      "    muster answer 7 allow\n");
	assert_true(item_has_option(item, "deny") && item_has_option(item, "2"));
	assert_false(item_has_option(item, "3") || item_has_option(item, "0") || item_has_option(item, "maybe"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_as_wide_as_it_needs),
		cmocka_unit_test(table_shrinks_then_drops),
		cmocka_unit_test(table_lines_never_exceed_the_width),
		cmocka_unit_test(table_colours_end),
		cmocka_unit_test(empty_rows_keep_their_line),
		cmocka_unit_test(keys_detach),
		cmocka_unit_test(keys_send_the_prefix),
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(wrong_options_are_told),
		cmocka_unit_test(numbers_have_limits),
		cmocka_unit_test(ages_are_words),
		cmocka_unit_test(texts_wrap),
		cmocka_unit_test(commands_are_quoted),
		cmocka_unit_test(items_show_the_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

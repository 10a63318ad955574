#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "fmt/json.h"

static void good_values_come_back(void **state)
{
	(void)state;
	static const struct {
		const char *text, *line;
	} cases[] = {
		{"{\"a\":1}", "{\"a\":1}"},
		{"  [1, 2.5,\n\"x\"] \n", "[1,2.5,\"x\"]"},
		{"12", "12"},
		{"true", "true"},
		{"\"a/b\"", "\"a/b\""},
		{"\"\\ud800\"", "\"\xef\xbf\xbd\""}, /* what Node writes for half of a character */
		{"\"\xff\xc3\"", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\"x\\ny\"", "\"x\\ny\""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		struct json_object *obj JSON_FREE = json_parse_text(cases[i].text, &err);
		assert_string_equal(err.msg, "");
		assert_string_equal(json_line(obj), cases[i].line);
	}
}

static void bad_values_name_the_place(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "byte 0"},
		{"   ", "in the middle"},
		{"[1,2", "in the middle, at byte 4"},
		{"{\"a\":1} x", "byte 8"},
		{"1 2", "byte 2"},
		{"{\"a\":1,}", "byte 7"},
		{"NaN", "out of range"},
		{"[1e999]", "out of range"},
		{"{\"a\":[-Infinity]}", "out of range"},
		{"/* no */ 1", "byte 0"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		assert_null(json_parse_text(cases[i].text, &err));
		assert_int_equal(err.code, ERR_USAGE);
		assert_non_null(strstr(err.msg, cases[i].says));
	}
	struct err err = {0};
	assert_null(json_parse("{}\0", 3, &err));
	assert_int_equal(err.code, ERR_USAGE);
}

static void depth_and_size_are_limited(void **state)
{
	(void)state;
	struct str deep STR_FREE = STR_INIT;
	for (int i = 0; i < JSON_DEPTH_MAX + 1; i++)
		str_addc(&deep, '[');
	struct err err = {0};
	assert_null(json_parse(deep.data, deep.len, &err));
	assert_non_null(strstr(err.msg, "deep"));
	assert_null(json_parse("", (size_t)JSON_BYTES_MAX + 1, &err));
	assert_non_null(strstr(err.msg, "limit"));
}

static void an_object_is_an_object(void **state)
{
	(void)state;
	struct err err = {0};
	assert_null(json_parse_object("[]", 2, &err));
	assert_non_null(strstr(err.msg, "array"));
	assert_null(json_parse_object("null", 4, &err));
	assert_null(json_parse_object("{", 1, &err));
	struct json_object *obj JSON_FREE = json_parse_object("{}", 2, &err);
	assert_non_null(obj);
}

static void getters_check_the_type(void **state)
{
	(void)state;
	struct json_object *obj JSON_FREE =
		json_parse_text("{\"s\":\"x\",\"i\":7,\"b\":true,\"o\":{},\"a\":[\"p\",\"q\"],\"mixed\":[\"p\",1],"
				"\"n\":null,\"nul\":\"a\\u0000b\"}",
				NULL);
	assert_string_equal(json_str(obj, "s"), "x");
	assert_null(json_str(obj, "i"));
	assert_null(json_str(obj, "nul"));
	assert_string_equal(json_str_or(obj, "n", "else"), "else");
	assert_int_equal(json_int(obj, "i", -1), 7);
	assert_int_equal(json_int(obj, "s", -1), -1);
	assert_int_equal(json_int_in(obj, "i", 0, 6, 3), 3);
	assert_true(json_flag(obj, "b", false));
	assert_true(json_flag(obj, "i", true));
	assert_non_null(json_obj(obj, "o"));
	assert_null(json_obj(obj, "a"));
	assert_int_equal(json_len(json_arr(obj, "a")), 2);
	assert_string_equal(json_str_at(json_arr(obj, "a"), 1), "q");
	assert_null(json_at(json_arr(obj, "a"), 2));
	assert_true(json_has(obj, "n"));
	assert_false(json_has(obj, "nothing"));
	assert_null(json_str(NULL, "s"));
	assert_null(json_str(json_arr(obj, "a"), "s"));
	assert_int_equal(json_len(obj), 0);
}

static void lists_of_texts(void **state)
{
	(void)state;
	struct json_object *obj JSON_FREE =
		json_parse_text("{\"one\":\"x\",\"two\":[\"p\",\"q\"],\"bad\":[\"p\",1],\"n\":null}", NULL);
	struct strv v STRV_FREE = STRV_INIT;
	assert_true(json_strv(obj, "one", &v));
	assert_true(json_strv(obj, "two", &v));
	assert_true(json_strv(obj, "missing", &v));
	assert_int_equal(v.n, 3);
	assert_false(json_strv(obj, "bad", &v));
	assert_false(json_strv(obj, "n", &v));
	assert_int_equal(v.n, 3);
}

static void what_is_built_can_be_parsed(void **state)
{
	(void)state;
	struct json_object *obj JSON_FREE = json_new();
	json_add_str(obj, "bad", "a\xff\x1b[0m\n");
	json_add_str(obj, "none", NULL);
	json_add_strn(obj, "nul", "a\0b", 3);
	json_add_int(obj, "i", INT64_MIN);
	json_add_bool(obj, "b", true);
	json_add_null(obj, "null");
	struct strv v STRV_FREE = STRV_INIT;
	strv_add(&v, "x");
	json_add_strv(obj, "v", &v);
	json_add_obj(obj, "o", json_new());
	struct str line STR_FREE = STR_INIT;
	json_add_line(&line, obj);
	assert_null(strchr(line.data, '\n'));
	struct json_object *again JSON_FREE = json_parse(line.data, line.len, NULL);
	assert_true(json_object_equal(obj, again));
	assert_string_equal(json_str(again, "bad"), "a\xef\xbf\xbd\x1b[0m\n");
	struct json_object *copy JSON_FREE = json_copy(obj);
	assert_true(json_object_equal(obj, copy));
	assert_null(json_copy(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_values_come_back),       cmocka_unit_test(bad_values_name_the_place),
		cmocka_unit_test(depth_and_size_are_limited),  cmocka_unit_test(an_object_is_an_object),
		cmocka_unit_test(getters_check_the_type),      cmocka_unit_test(lists_of_texts),
		cmocka_unit_test(what_is_built_can_be_parsed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

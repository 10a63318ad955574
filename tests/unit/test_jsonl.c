#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "fmt/jsonl.h"

/* Feeds the text in pieces of `step` bytes and joins the lines that come out with '|'. */
static void split(const char *text, size_t line_max, size_t step, struct jsonl *j, struct str *ret)
{
	jsonl_init(j, line_max, 100);
	size_t len = strlen(text);
	for (size_t at = 0; at < len; at += step) {
		jsonl_add(j, text + at, MIN(step, len - at));
		const char *line;
		size_t line_len;
		while (jsonl_next(j, &line, &line_len)) {
			str_add(ret, line, line_len);
			str_addc(ret, '|');
		}
	}
}

static void lines_come_out_however_they_are_cut(void **state)
{
	(void)state;
	const char *text = "{\"a\":1}\n\n{\"b\":2}\r\n0123456789\r\n01234567890\n{\"c\":3}\n{\"half";
	for (size_t step = 1; step <= strlen(text); step++) {
		struct jsonl j;
		struct str out STR_FREE = STR_INIT;
		split(text, 10, step, &j, &out);
		assert_string_equal(str_c(&out), "{\"a\":1}|{\"b\":2}|0123456789|{\"c\":3}|");
		assert_int_equal(j.oversize, 1);
		assert_int_equal(j.offset, 100 + strlen(text) - strlen("{\"half"));
		jsonl_fini(&j);
	}
}

static void a_long_line_leaves_no_memory_behind(void **state)
{
	(void)state;
	struct jsonl j;
	jsonl_init(&j, 1 << 20, 0);
	static char piece[4096];
	memset(piece, 'x', sizeof piece);
	for (int i = 0; i < 100; i++)
		jsonl_add(&j, piece, sizeof piece);
	jsonl_add(&j, "\n", 1);
	const char *line;
	size_t len;
	assert_true(jsonl_next(&j, &line, &len));
	assert_int_equal(len, 100 * sizeof piece);
	assert_false(jsonl_next(&j, &line, &len));
	assert_true(j.buf.cap <= 64 * 1024);
	jsonl_add(&j, "{}\n", 3);
	assert_true(jsonl_next(&j, &line, &len));
	assert_int_equal(j.offset, 100 * sizeof piece + 4);
	jsonl_fini(&j);
}

static void a_line_without_end_needs_no_memory(void **state)
{
	(void)state;
	struct jsonl j;
	jsonl_init(&j, 1000, 0);
	static char piece[4096];
	memset(piece, 'x', sizeof piece);
	const char *line;
	size_t len;
	for (int i = 0; i < 10000; i++) {
		jsonl_add(&j, piece, sizeof piece);
		assert_false(jsonl_next(&j, &line, &len));
		assert_true(j.buf.cap <= 4 * sizeof piece);
		assert_int_equal(j.offset, 0); /* a reader that starts again there meets the whole line */
	}
	assert_int_equal(j.oversize, 1);
	jsonl_add(&j, "\nok\n", 4);
	assert_true(jsonl_next(&j, &line, &len));
	assert_int_equal(len, 2);
	assert_int_equal(j.offset, 10000 * sizeof piece + 4);
	jsonl_fini(&j);
}

static void the_type_is_found(void **state)
{
	(void)state;
	static const struct {
		const char *line, *type;
	} cases[] = {
		{"{\"type\":\"user\"}", "user"},
		{" { \"type\" : \"a b\" , \"x\":1}", "a b"},
		{"{\"m\":{\"type\":\"inner\",\"q\":[1,{\"a\":\"}]\"}]},\"s\":\"\\\"type\\\":\",\"n\":-1.5e3,"
		 "\"type\":\"outer\"}",
		 "outer"},
		{"{\"x\":null,\"y\":true,\"type\":\"t\"", "t"},
		{"{\"type\":5}", NULL},
		{"{\"type\":\"a\\u0041\"}", NULL},
		{"{\"typ\":\"x\"}", NULL},
		{"[\"type\",\"x\"]", NULL},
		{"{\"a\":\"unfinished", NULL},
		{"{\"a\":[1,2", NULL},
		{"{\"a\\", NULL},
		{"", NULL},
		{"{", NULL},
		{"nonsense", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *type = NULL;
		size_t len = 0;
		bool found = jsonl_type(cases[i].line, strlen(cases[i].line), &type, &len);
		assert_int_equal(found, cases[i].type != NULL);
		if (found) {
			assert_int_equal(len, strlen(cases[i].type));
			assert_memory_equal(type, cases[i].type, len);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_out_however_they_are_cut),
		cmocka_unit_test(a_long_line_leaves_no_memory_behind),
		cmocka_unit_test(a_line_without_end_needs_no_memory),
		cmocka_unit_test(the_type_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "fmt/front.h"

static void documents_become_values(void **state)
{
	(void)state;
	static const struct {
		const char *text, *line;
	} cases[] = {
		{"a: 1\nb: [x, yes, true, ~, 0x10, 0o17, 1.5, '1', -3]\n",
		 "{\"a\":1,\"b\":[\"x\",\"yes\",true,null,16,15,1.5,\"1\",-3]}"},
		{"c:\n  d: \"q\"\n  e:\n", "{\"c\":{\"d\":\"q\",\"e\":null}}"},
		{"- 1\n- .5\n- 1.\n- 1e3\n- .\n- 1.2.3\n- 0x\n- +\n- 08\n",
		 "[1,0.5,1.0,1000.0,\".\",\"1.2.3\",\"0x\",\"+\",8]"},
		{"a: &x {q: 1}\nb: *x\n", "{\"a\":{\"q\":1},\"b\":{\"q\":1}}"},
		{"a: |\n  x\n  y\n", "{\"a\":\"x\\ny\\n\"}"},
		{"a: .inf\nb: .nan\nc: 1e999\n", "{\"a\":\".inf\",\"b\":\".nan\",\"c\":\"1e999\"}"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct yaml y YAML_FREE = {0};
		struct err err = {0};
		int failed = yaml_parse(&y, "f", 1, cases[i].text, strlen(cases[i].text), &err);
		assert_string_equal(err.msg, "");
		assert_int_equal(failed, 0);
		assert_string_equal(json_line(y.root), cases[i].line);
	}
}

static void empty_documents_are_nothing(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "# only a comment\n", "---\n", "~\n"};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct yaml y YAML_FREE = {0};
		assert_int_equal(yaml_parse(&y, "f", 1, texts[i], strlen(texts[i]), NULL), 0);
		assert_null(y.root);
	}
}

static void errors_name_line_and_column(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"a: 1\na: 2\n", "f:11:1: \"a\" is there twice"},
		{"a: b: c\n", "f:10:5: "},
		{"\ta: 1\n", "f:10:1: "},
		{"b: *x\n", "f:10:5: no anchor &x"},
		{"a: !!str 1\n", "tags are not supported"},
		{"a: 1\n---\nb: 2\n", "f:11:1: only one document"},
		{"a: 99999999999999999999\n", "f:10:4: 99999999999999999999 does not fit"},
		{"? [a]\n: b\n", "a key is a plain text"},
		{"a: 'x\n", "f:10:5: "},
		{"a: &x [*x]\n", "no anchor &x before"},
		{"a: \xff\n", "f:10:4: this is no UTF-8"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct yaml y = {0};
		struct err err = {0};
		assert_int_equal(yaml_parse(&y, "f", 10, cases[i].text, strlen(cases[i].text), &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		assert_non_null(strstr(err.msg, cases[i].says));
		assert_null(y.file);
	}
}

static void a_billion_laughs_are_refused(void **state)
{
	(void)state;
	struct str s STR_FREE = STR_INIT;
	str_adds(&s, "a: &a [x,x,x,x,x,x,x,x,x]\n");
	for (char c = 'b'; c < 'l'; c++) {
		str_addf(&s, "%c: &%c [", c, c);
		for (int i = 0; i < 9; i++)
			str_addf(&s, "*%c,", c - 1);
		str_adds(&s, "]\n");
	}
	struct yaml y;
	struct err err = {0};
	assert_int_equal(yaml_parse(&y, "f", 1, s.data, s.len, &err), -1);
	assert_non_null(strstr(err.msg, "more than"));
	str_reset(&s);
	for (int i = 0; i < 1000; i++)
		str_addc(&s, '[');
	assert_int_equal(yaml_parse(&y, "f", 1, s.data, s.len, &err), -1);
	assert_int_equal(yaml_parse(&y, "f", 1, s.data, (size_t)YAML_BYTES_MAX + 1, &err), -1);
	assert_non_null(strstr(err.msg, "larger"));
}

static void members_know_their_place(void **state)
{
	(void)state;
	const char *text = "gate:\n- make\n- 5\nports:\n  base: x\n";
	struct yaml y YAML_FREE = {0};
	struct err err = {0};
	assert_int_equal(yaml_parse(&y, "f", 1, text, strlen(text), &err), 0);
	const struct yaml_mark *m = yaml_mark(&y, json_arr(y.root, "gate"), NULL, 1);
	assert_int_equal(m->value.line, 3);
	assert_int_equal(m->value.column, 3);
	m = yaml_mark(&y, y.root, "ports", 0);
	assert_int_equal(m->name.line, 4);
	assert_int_equal(m->value.line, 5);
	assert_int_equal(yaml_err(&y, json_obj(y.root, "ports"), "base", 0, &err, "a number, not %s", "x"), -1);
	assert_string_equal(err.msg, "f:5:9: a number, not x");
	assert_null(yaml_mark(&y, y.root, "missing", 0));
}

static void front_matter_is_parted_from_the_body(void **state)
{
	(void)state;
	static const struct {
		const char *text, *meta, *body;
		int line;
	} cases[] = {
		{"---\nname: x\n---\n\nHello\n\nyou \n", "{\"name\":\"x\"}", "Hello\n\nyou", 5},
		{"\xef\xbb\xbf---\r\nname: x\r\n---\r\nHello\r\n", "{\"name\":\"x\"}", "Hello", 4},
		{"---\n---\nBody", NULL, "Body", 3},
		{"Only a body\n---\nx\n", NULL, "Only a body\n---\nx", 1},
		{"", NULL, "", 1},
		{"---\na: 1\n...\n", "{\"a\":1}", "", 4},
		{"----\nx\n", NULL, "----\nx", 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct front f FRONT_FREE = {0};
		assert_int_equal(front_parse(&f, "t.md", cases[i].text, strlen(cases[i].text), NULL), 0);
		assert_string_equal(f.body, cases[i].body);
		assert_int_equal(f.body_line, cases[i].line);
		if (cases[i].meta)
			assert_string_equal(json_line(f.meta.root), cases[i].meta);
		else
			assert_null(f.meta.root);
	}
}

static void bad_front_matter_is_an_error(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"---\nname: x\n", "t.md:1:1: the front matter"},
		{"---\nx\n---\n", "t.md:2:1: "},
		{"---\nok: 1\na: b: c\n---\n", "t.md:3:5: "},
		{"one\n\303\244 \xff", "2:3: this is no UTF-8"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct front f;
		struct err err = {0};
		assert_int_equal(front_parse(&f, "t.md", cases[i].text, strlen(cases[i].text), &err), -1);
		assert_non_null(strstr(err.msg, cases[i].says));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_become_values),
		cmocka_unit_test(empty_documents_are_nothing),
		cmocka_unit_test(errors_name_line_and_column),
		cmocka_unit_test(a_billion_laughs_are_refused),
		cmocka_unit_test(members_know_their_place),
		cmocka_unit_test(front_matter_is_parted_from_the_body),
		cmocka_unit_test(bad_front_matter_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

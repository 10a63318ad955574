#include "unit.h"

#include <string.h>

#include "fmt/json.h"
#include "work/task.h"

static int parse(const char *text, struct task *ret, struct err *err)
{
	return task_parse(text, strlen(text), "t.md", ret, err);
}

static void every_key_is_read_and_written(void **state)
{
	(void)state;
	const char *text =
		"---\nname: playback\nagent: rehearsal\nscope: [src/playback/**, tests/**]\nstop-for: the API\n"
		"awaits: [error-model]\nafter: [search]\ntier: hands-on\nvalue: 2\ngate:\n- make check\n"
		"options: {script: x.yaml}\n---\n\nDo it.\n\nWell.\n";
	struct task t = {0};
	struct err err = {0};
	int failed = parse(text, &t, &err);
	assert_string_equal(err.msg, "");
	assert_int_equal(failed, 0);
	assert_string_equal(t.name, "playback");
	assert_string_equal(t.agent, "rehearsal");
	assert_int_equal(t.scope.n, 2);
	assert_string_equal(t.stop_for.v[0], "the API");
	assert_string_equal(t.awaits.v[0], "error-model");
	assert_string_equal(t.after.v[0], "search");
	assert_string_equal(t.tier, "hands-on");
	assert_int_equal(t.value, 2);
	assert_string_equal(t.gate.v[0], "make check");
	assert_string_equal(json_str(t.options, "script"), "x.yaml");
	assert_string_equal(t.body, "Do it.\n\nWell.");
	struct json_object *o JSON_FREE = task_json(&t);
	assert_string_equal(json_str(o, "tier"), "hands-on");
	assert_int_equal(json_len(json_arr(o, "scope")), 2);
	assert_int_equal(json_int(o, "value", 0), 2);
	task_fini(&t);
}

static void a_plain_text_is_all_body(void **state)
{
	(void)state;
	struct task t = {0};
	assert_int_equal(parse("Fix the flaky test.\n", &t, NULL), 0);
	assert_string_equal(t.body, "Fix the flaky test.");
	assert_null(t.name);
	assert_int_equal(t.scope.n, 0);
	struct json_object *o JSON_FREE = task_json(&t);
	assert_string_equal(json_line(o), "{}");
	task_fini(&t);
}

static void errors_name_the_place(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"---\nname: x\nscpoe: [a]\n---\n", "t.md:3:1: unknown key scpoe; did you mean scope?"},
		{"---\nname: a/b\n---\n", "t.md:2:7: "},
		{"---\nname: [a]\n---\n", "t.md:2:7: name must be a text"},
		{"---\nscope: {a: b}\n---\n", "t.md:2:8: scope must be a list"},
		{"---\nscope: [a, 1]\n---\n", "t.md:2:8: scope must be a list"},
		{"---\ntier: often\n---\n", "t.md:2:7: tier must be"},
		{"---\nvalue: 0\n---\n", "t.md:2:8: value must be a number"},
		{"---\nname: x\n", "t.md:1:1: the front matter"},
		{"---\na: b: c\n---\n", "t.md:2:5: "},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct task t = {0};
		struct err err = {0};
		assert_int_equal(parse(cases[i].text, &t, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		if (!strstr(err.msg, cases[i].says))
			fail_msg("%s: %s", cases[i].text, err.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_read_and_written),
		cmocka_unit_test(a_plain_text_is_all_body),
		cmocka_unit_test(errors_name_the_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "fmt/json.h"
#include "serve/api.h"
#include "serve/params.h"

static const char schema[] = "session:s! wait_ms:i(0..100)=60 all:b=true scope:S env:o from:i(..-1)";

/* Expects the words in the refusal, or acceptance when words is NULL. The result is what became of the parameters.
 */
static struct json_object *check(const char *text, const char *words)
{
	struct err err = {0};
	struct json_object *params = json_parse_text(text, NULL);
	assert_non_null(params);
	int r = params_check(schema, params, &err);
	if (!words) {
		if (r < 0)
			fail_msg("%s: %s", text, err.msg);
		return params;
	}
	assert_int_equal(r, -1);
	assert_int_equal(err.code, ERR_USAGE);
	if (!strstr(err.msg, words))
		fail_msg("%s: \"%s\" lacks \"%s\"", text, err.msg, words);
	json_object_put(params);
	return NULL;
}

static void defaults_are_filled_in(void **state)
{
	(void)state;
	struct json_object *p JSON_FREE = check("{\"session\":\"a\",\"scope\":null}", NULL);
	assert_int_equal(json_int(p, "wait_ms", 0), 60);
	assert_true(json_flag(p, "all", false));
	assert_false(json_has(p, "env"));
	struct json_object *q JSON_FREE = check(
		"{\"session\":\"a\",\"wait_ms\":0,\"all\":false,\"scope\":[\"x\"],\"env\":{},\"from\":-5}", NULL);
	assert_int_equal(json_int(q, "wait_ms", 1), 0);
	assert_false(json_flag(q, "all", true));
}

static void what_is_wrong_is_named(void **state)
{
	(void)state;
	check("{}", "session is missing");
	check("{\"session\":null}", "session is missing");
	check("{\"session\":5}", "session must be a text");
	check("{\"session\":\"a\\u0000b\"}", "NUL");
	check("{\"session\":\"a\",\"wait_ms\":101}", "at most 100");
	check("{\"session\":\"a\",\"wait_ms\":-1}", "at least 0");
	check("{\"session\":\"a\",\"wait_ms\":1.5}", "whole number");
	check("{\"session\":\"a\",\"all\":1}", "true or false");
	check("{\"session\":\"a\",\"scope\":\"x\"}", "list of texts");
	check("{\"session\":\"a\",\"scope\":[\"x\",1]}", "list of texts");
	check("{\"session\":\"a\",\"env\":[]}", "an object");
	check("{\"session\":\"a\",\"from\":0}", "at most -1");
}

static void the_nearest_name_is_offered(void **state)
{
	(void)state;
	check("{\"sesion\":\"a\"}", "did you mean session?");
	check("{\"session\":\"a\",\"wait-ms\":1}", "did you mean wait_ms?");
	check("{\"session\":\"a\",\"unheard\":1}", "there is no parameter unheard");
}

/* Every schema of the table can be read, and no name of a method or a parameter stands twice. */
static void the_table_is_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < api_methods_n; i++) {
		const struct api_method *m = &api_methods[i];
		assert_ptr_equal(api_find(m->name, NULL), m);
		assert_true(*m->doc && *m->result);
		char seen[32][PARAM_NAME_MAX];
		size_t n = 0;
		struct param p;
		for (const char *s = m->params; param_next(&s, &p);) {
			for (size_t k = 0; k < n; k++)
				assert_string_not_equal(seen[k], p.name);
			assert_true(n < ARRAY_LEN(seen));
			strcpy(seen[n++], p.name);
		}
	}
	const char *nearest;
	assert_null(api_find("sesion.list", &nearest));
	assert_string_equal(nearest, "session.list");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_filled_in),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(the_nearest_name_is_offered),
		cmocka_unit_test(the_table_is_sound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

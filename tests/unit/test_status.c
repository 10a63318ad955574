/* The Program Status Protocol: what is a report, what is not, and the records that come of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "term/status.h"

static int parse(const char *pairs, struct status_report *ret)
{
	return status_parse(pairs, strlen(pairs), ret);
}

static struct status_report report(const char *pairs)
{
	struct status_report r;
	assert_int_equal(parse(pairs, &r), 0);
	return r;
}

static void test_whole_report(void **state UNUSED)
{
	struct status_report r = report("state=blocked:kind=permission:app=claude:id=main/worker-1:progress=40:"
					"title=UnVuIHRlc3Rz:msg=TWF5IEkgcnVuIGBtYWtlYD8=");
	assert_int_equal(r.state, STATUS_BLOCKED);
	assert_int_equal(r.kind, STATUS_KIND_PERMISSION);
	assert_string_equal(r.app, "claude");
	assert_string_equal(r.id, "main/worker-1");
	assert_int_equal(r.progress, 40);
	assert_string_equal(r.title, "Run tests");
	assert_string_equal(r.msg, "May I run `make`?");
	r = report("state=idle");
	assert_int_equal(r.progress, STATUS_PROGRESS_NONE);
	assert_string_equal(r.id, "");
}

static void test_every_word(void **state UNUSED)
{
#define CHECK_STATE(name, word)                                                                                    \
	assert_int_equal(report("state=" word).state, STATUS_##name);                                              \
	assert_string_equal(status_state_name(STATUS_##name), word);
	STATUS_STATES(CHECK_STATE)
	assert_int_equal(report("state=blocked:kind=question").kind, STATUS_KIND_QUESTION);
	assert_int_equal(report("kind=auth:state=blocked").kind, STATUS_KIND_AUTH);
	assert_int_equal(report("state=working:kind=auth").kind, STATUS_KIND_NONE);
}

static void test_accepted(void **state UNUSED)
{
	assert_int_equal(report("state=idle:colour=blue").state, STATUS_IDLE); /* keys of the future */
	assert_string_equal(report("state=idle:title=").title, "");
	assert_string_equal(report("state=idle:title=w6k").title, "\xc3\xa9"); /* no padding */
	assert_string_equal(report("state=idle:title=Pz8_").title, "???");     /* the other alphabet */
}

static void test_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		"",
		"kind=auth",
		"state",
		"state=",
		"state=busy",
		"state=idle:state=idle",
		"state=idle::app=x",
		"state=blocked:kind=",
		"state=blocked:kind=coffee",
		"state=idle:progress=",
		"state=idle:progress=101",
		"state=idle:progress=-1",
		"state=idle:progress=0005",
		"state=idle:id=/a",
		"state=idle:id=a//b",
		"state=idle:id=a/",
		"state=idle:id=../b",
		"state=idle:id=1/2/3/4/5/6/7/8/9",
		"state=idle:app=a\001b",
		"state=idle:app=a\xff",
		"state=idle:title=YQ==YQ==",
		"state=idle:title=Y",
		"state=idle:title=Y Q=",
		"state=idle:title=Gw==", /* ESC */
		"state=idle:title=woA=", /* U+0080, a C1 control */
		"state=idle:msg=YQpi",   /* a newline */
		"state=idle:msg=/w==",   /* not UTF-8 */
		"state=idle:title=AA==", /* NUL */
	};
	struct status_report r = {.progress = 77};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (parse(bad[i], &r) != -EBADMSG)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(r.progress, 77);
	}
}

/* "state=idle:KEY=" and a value of so many bytes that decode, for the base64 keys, to three quarters. */
static int parse_long(const char *key, char fill, size_t len)
{
	STR_FREE struct str s = STR_INIT;
	str_addf(&s, "state=idle:%s=", key);
	for (size_t i = 0; i < len; i++)
		str_addc(&s, fill);
	struct status_report r;
	return status_parse(s.data, s.len, &r);
}

static void test_limits(void **state UNUSED)
{
	assert_int_equal(parse_long("id", 'a', STATUS_ID_MAX), 0);
	assert_int_equal(parse_long("id", 'a', STATUS_ID_MAX + 1), -EBADMSG);
	assert_int_equal(parse_long("app", 'a', STATUS_APP_MAX), 0);
	assert_int_equal(parse_long("app", 'a', STATUS_APP_MAX + 1), -EBADMSG);
	assert_int_equal(parse_long("title", 'V', STATUS_TITLE_MAX / 3 * 4), 0); /* "VVVV" is "UUU" */
	assert_int_equal(parse_long("title", 'V', STATUS_TITLE_MAX / 3 * 4 + 4), -EBADMSG);
	assert_int_equal(parse_long("msg", 'V', STATUS_MSG_MAX / 3 * 4), 0);
	assert_int_equal(parse_long("msg", 'V', STATUS_MSG_MAX / 3 * 4 + 8), -EBADMSG);
	assert_int_equal(parse_long("future", 'a', STATUS_BYTES_MAX), -EBADMSG);
	assert_int_equal(parse("state=idle:id=1/2/3/4/5/6/7/8", &(struct status_report){0}), 0);
}

static bool apply(struct status_set *s, const char *pairs)
{
	struct status_report r = report(pairs);
	return status_set_apply(s, &r);
}

static void test_records(void **state UNUSED)
{
	struct status_set s = {0};
	assert_true(apply(&s, "state=working:msg=YQ=="));
	assert_false(apply(&s, "state=working:msg=Yg=="));
	assert_string_equal(status_set_find(&s, "")->msg, "b");
	assert_false(apply(&s, "state=working"));
	assert_string_equal(status_set_find(&s, "")->msg, ""); /* each report replaces all of it */
	assert_true(apply(&s, "state=blocked:kind=question"));
	assert_true(apply(&s, "state=blocked:kind=permission"));
	assert_true(apply(&s, "state=working:id=main/child"));
	assert_int_equal(s.n, 2);
	assert_true(apply(&s, "state=clear"));
	assert_false(apply(&s, "state=clear"));
	assert_null(status_set_find(&s, ""));
	assert_int_equal(s.n, 1);
	status_set_fini(&s);
}

static void test_records_are_bounded(void **state UNUSED)
{
	struct status_set s = {0};
	char pairs[64];
	for (int i = 0; i < STATUS_RECORDS_MAX; i++) {
		snprintf(pairs, sizeof(pairs), "state=working:id=%d", i);
		assert_true(apply(&s, pairs));
	}
	assert_false(apply(&s, "state=working:id=more"));
	assert_int_equal(s.n, STATUS_RECORDS_MAX);
	assert_true(apply(&s, "state=done:id=7")); /* those that are known still change */
	assert_true(apply(&s, "state=clear:id=8"));
	assert_true(apply(&s, "state=working:id=more"));
	status_set_fini(&s);
}

static void test_exit_settles(void **state UNUSED)
{
	struct status_set s = {0};
	apply(&s, "state=working:id=a");
	apply(&s, "state=done:id=b");
	apply(&s, "state=blocked:kind=auth:id=c");
	apply(&s, "state=error:id=d");
	apply(&s, "state=idle:id=e");
	status_set_exited(&s);
	assert_int_equal(s.n, 3);
	assert_non_null(status_set_find(&s, "b"));
	assert_non_null(status_set_find(&s, "d"));
	assert_non_null(status_set_find(&s, "e"));
	status_set_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_report),
		cmocka_unit_test(test_every_word),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_records_are_bounded),
		cmocka_unit_test(test_exit_settles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

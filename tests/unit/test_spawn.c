#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "io/frame.h"
#include "io/spawn.h"

static int run(const char *script, const struct spawn_capture *opt, struct str *out, struct str *errout)
{
	struct strv argv STRV_FREE = STRV_INIT;
	strv_add(&argv, "sh");
	strv_add(&argv, "-c");
	strv_add(&argv, script);
	struct spawn sp = {.argv = &argv, .cwd = "/"};
	return spawn_run(&sp, opt, out, errout);
}

static void test_output_and_exit_code(void **state)
{
	(void)state;
	struct str out STR_FREE = STR_INIT, err STR_FREE = STR_INIT;
	assert_int_equal(run("pwd; echo oops >&2; exit 7", NULL, &out, &err), 7);
	assert_string_equal(out.data, "/\n");
	assert_string_equal(err.data, "oops\n");
	assert_int_equal(run("kill -9 $$", NULL, NULL, NULL), 137);
}

static void test_input_larger_than_a_pipe(void **state)
{
	(void)state;
	struct str in STR_FREE = STR_INIT, out STR_FREE = STR_INIT;
	for (int i = 0; i < 300000; i++)
		str_addc(&in, (char)('a' + i % 26));
	struct spawn_capture opt = {.input = in.data, .input_len = in.len};
	assert_int_equal(run("cat", &opt, &out, NULL), 0);
	assert_int_equal(out.len, in.len);
	assert_memory_equal(out.data, in.data, in.len);
	/* A reader that does not want it all is no error of ours. */
	assert_int_equal(run("head -c 1 >/dev/null", &opt, NULL, NULL), 0);
}

static void test_limits(void **state)
{
	(void)state;
	struct str out STR_FREE = STR_INIT;
	assert_int_equal(run("yes", &(struct spawn_capture){.out_limit = 4096}, &out, NULL), -EFBIG);
	assert_int_equal(run("sleep 100", &(struct spawn_capture){.timeout_ms = 30}, NULL, NULL), -ETIMEDOUT);
	volatile int stop = 1;
	assert_int_equal(run("sleep 100", &(struct spawn_capture){.stop = &stop}, NULL, NULL), -ECANCELED);
}

static void test_missing_program_is_told_by_the_call(void **state)
{
	(void)state;
	struct strv argv STRV_FREE = STRV_INIT;
	strv_add(&argv, "/nonexistent/program");
	assert_int_equal(spawn_run(&(struct spawn){.argv = &argv}, NULL, NULL, NULL), -ENOENT);
	struct strv sh STRV_FREE = STRV_INIT;
	strv_add(&sh, "true");
	assert_int_equal(spawn_run(&(struct spawn){.argv = &sh, .cwd = "/nonexistent"}, NULL, NULL, NULL), -ENOENT);
}

static void test_a_grandchild_that_keeps_the_pipe_is_not_waited_for(void **state)
{
	(void)state;
	struct str out STR_FREE = STR_INIT;
	assert_int_equal(run("echo done; sleep 3 & exit 0", NULL, &out, NULL), 0);
	assert_string_equal(out.data, "done\n");
}

static void test_frames(void **state)
{
	(void)state;
	struct str s STR_FREE = STR_INIT;
	struct frame f;
	frame_add(&s, 9, "payload", 7);
	frame_add(&s, 10, NULL, 0);
	for (size_t cut = 0; cut < 12; cut++)
		assert_int_equal(frame_parse(s.data, cut, &f), 0);
	assert_int_equal(frame_parse(s.data, s.len, &f), 12);
	assert_int_equal(f.type, 9);
	assert_memory_equal(f.payload, "payload", 7);
	assert_int_equal(frame_parse(s.data + 12, s.len - 12, &f), 5);
	assert_int_equal(f.len, 0);
	assert_int_equal(frame_parse("\0\0\0\0\1", 5, &f), -EPROTO);
	assert_int_equal(frame_parse("\xff\xff\xff\x7f\1", 5, &f), -EPROTO);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_and_exit_code),
		cmocka_unit_test(test_input_larger_than_a_pipe),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_missing_program_is_told_by_the_call),
		cmocka_unit_test(test_a_grandchild_that_keeps_the_pipe_is_not_waited_for),
		cmocka_unit_test(test_frames),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

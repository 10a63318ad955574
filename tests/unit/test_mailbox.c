#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "io/mailbox.h"

struct pair {
	struct mailbox box;
	int holder;
};

static int set_up(void **state)
{
	static struct pair p;
	int fds[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	p = (struct pair){.box = {.fd = fds[0]}, .holder = fds[1]};
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *p = *state;
	mailbox_fini(&p->box);
	fd_closep(&p->holder);
	return 0;
}

static void say(struct pair *p, const char *text)
{
	assert_int_equal(fd_write_all(p->holder, text, strlen(text)), 0);
}

static void a_request_is_numbered_and_answered(void **state)
{
	struct pair *p = *state;
	struct str answer STR_FREE = STR_INIT;
	say(p, "+7\n=7 {\"ok\":true}\n");
	assert_int_equal(mailbox_call(&p->box, "{\"m\":\"report\"}", 1000, &answer, NULL), 0);
	assert_string_equal(str_c(&answer), "{\"ok\":true}");
	char sent[64] = {0};
	assert_int_equal(read(p->holder, sent, sizeof sent), 15);
	assert_string_equal(sent, "{\"m\":\"report\"}\n");
}

static void answers_come_in_any_order(void **state)
{
	struct pair *p = *state;
	uint64_t first, second;
	say(p, "+1\n");
	assert_int_equal(mailbox_send(&p->box, "{}", 2, &first, NULL), 0);
	say(p, "=1 {\"a\":1}\n+12\n=12 {\"b\":2}\n");
	assert_int_equal(mailbox_send(&p->box, "{}", 2, &second, NULL), 0);
	assert_int_equal(first, 1);
	assert_int_equal(second, 12);
	struct str answer STR_FREE = STR_INIT;
	assert_int_equal(mailbox_wait(&p->box, second, 0, &answer, NULL), 1);
	assert_string_equal(str_c(&answer), "{\"b\":2}");
	str_reset(&answer);
	assert_int_equal(mailbox_wait(&p->box, first, 0, &answer, NULL), 1);
	assert_string_equal(str_c(&answer), "{\"a\":1}");
}

static void half_a_line_is_not_an_answer(void **state)
{
	struct pair *p = *state;
	struct str answer STR_FREE = STR_INIT;
	say(p, "=3 {\"a\"");
	assert_int_equal(mailbox_wait(&p->box, 3, 0, &answer, NULL), 0);
	assert_int_equal(mailbox_wait(&p->box, 3, 5, &answer, NULL), 0);
	say(p, ":1}\n");
	assert_int_equal(mailbox_wait(&p->box, 3, -1, &answer, NULL), 1);
	assert_string_equal(str_c(&answer), "{\"a\":1}");
}

static void a_refusal_is_an_error(void **state)
{
	struct pair *p = *state;
	struct err err = {0};
	uint64_t request = 5;
	say(p, "-journal full\n");
	assert_int_equal(mailbox_send(&p->box, "{}", 2, &request, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	assert_non_null(strstr(err.msg, "journal full"));
	assert_int_equal(request, 5);
	assert_int_equal(mailbox_send(&p->box, "{}\n{}", 5, &request, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
}

static void nonsense_from_the_holder_is_an_error(void **state)
{
	struct pair *p = *state;
	static const char *const lines[] = {"+\n+x\n", "+0\n", "+99999999999999999999999\n", "+1x\n"};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct err err = {0};
		uint64_t request;
		say(p, lines[i]);
		assert_int_equal(mailbox_send(&p->box, "{}", 2, &request, &err), -1);
		assert_int_equal(err.code, ERR_FAILED);
		str_reset(&p->box.in);
	}
}

static void a_holder_that_goes_is_an_error(void **state)
{
	struct pair *p = *state;
	struct err err = {0};
	struct str answer STR_FREE = STR_INIT;
	say(p, "+1\n");
	fd_closep(&p->holder);
	assert_int_equal(mailbox_wait(&p->box, 1, -1, &answer, &err), -1);
	assert_int_equal(err.code, ERR_FAILED);
	uint64_t request;
	assert_int_equal(mailbox_send(&p->box, "{}", 2, &request, &err), -1);
}

static void outside_a_session_it_says_so(void **state)
{
	(void)state;
	struct mailbox m;
	struct err err = {0};
	unsetenv("MUSTER_SOCKET");
	assert_int_equal(mailbox_init(&m, NULL, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_int_equal(mailbox_init(&m, "/nonexistent/socket", &err), -1);
	assert_int_equal(err.code, ERR_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_request_is_numbered_and_answered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers_come_in_any_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(half_a_line_is_not_an_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_refusal_is_an_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nonsense_from_the_holder_is_an_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_holder_that_goes_is_an_error, set_up, tear_down),
		cmocka_unit_test(outside_a_session_it_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

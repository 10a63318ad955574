#include "unit.h"

#include "work/status.h"

static struct status_facts live(const struct status_signal *signals, size_t n)
{
	return (struct status_facts){
		.life = LIFE_LIVE, .connected = true, .wait_status = -1, .signals = signals, .n_signals = n};
}

static void test_life_decides_before_signals(void **state)
{
	(void)state;
	const struct status_signal working = {"hook", AGENT_WORKING, 100, 5, NULL};
	static const struct {
		enum session_life life;
		enum session_state expected;
	} rows[] = {
		{LIFE_QUEUED, SESSION_QUEUED},
		{LIFE_PREPARING, SESSION_PREPARING},
		{LIFE_LIVE, SESSION_WORKING},
		{LIFE_EXITED, SESSION_STOPPED},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct status_facts f = live(&working, 1);
		f.life = rows[i].life;
		assert_int_equal(status_derive(&f).state, rows[i].expected);
	}
}

static void test_confidence_then_time(void **state)
{
	(void)state;
	const struct status_signal signals[] = {
		{"output", AGENT_WORKING, 40, 900, NULL},
		{"hook", AGENT_BLOCKED, 95, 100, NULL},
		{"osc7501", AGENT_IDLE, 95, 200, NULL},
	};
	struct status_facts f = live(signals, 3);
	struct status s = status_derive(&f);
	assert_int_equal(s.state, SESSION_IDLE);
	assert_ptr_equal(s.because, &signals[2]);
	assert_int_equal(s.confidence, 95);
}

/* The clock was set back by a day: what is said now counts all the same, and not what was said "tomorrow". */
static void test_the_clock_may_jump(void **state)
{
	(void)state;
	enum { DAY_MS = 86400000, NOW_MS = 1000 };
	struct status_signal signals[] = {
		{"hook", AGENT_WORKING, 95, NOW_MS + DAY_MS, NULL},
		{"osc7501", AGENT_WORKING, 95, NOW_MS, NULL},
	};
	struct status_facts f = live(signals, 2);
	assert_int_equal(status_derive(&f).state, SESSION_WORKING);
	signals[1].activity = AGENT_IDLE;
	signals[1].at_ms = status_signal_time(signals, 2, NOW_MS);
	assert_int_equal(status_derive(&f).state, SESSION_IDLE);
	/* And the same in one millisecond, whichever comes first in the table. */
	signals[0].activity = AGENT_BLOCKED;
	signals[0].at_ms = status_signal_time(signals, 2, signals[1].at_ms);
	assert_int_equal(status_derive(&f).state, SESSION_BLOCKED);
	assert_int_equal(status_signal_time(signals, 2, NOW_MS + 2 * DAY_MS), NOW_MS + 2 * DAY_MS);
	assert_int_equal(status_signal_time(NULL, 0, NOW_MS), NOW_MS);
}

static void test_silence_is_never_done(void **state)
{
	(void)state;
	const struct status_signal quiet = {"output", AGENT_QUIET, 60, 10, NULL};
	struct status_facts f = live(&quiet, 1);
	assert_int_equal(status_derive(&f).state, SESSION_QUIET);
	f = live(NULL, 0);
	assert_int_equal(status_derive(&f).state, SESSION_UNKNOWN);
	assert_int_equal(status_derive(&f).confidence, 0);
}

static void test_unreachable_is_lost_not_dead(void **state)
{
	(void)state;
	const struct status_signal idle = {"hook", AGENT_IDLE, 95, 10, NULL};
	struct status_facts f = live(&idle, 1);
	f.connected = false;
	f.open_blocking = 1;
	assert_int_equal(status_derive(&f).state, SESSION_LOST);
}

static void test_open_items_block(void **state)
{
	(void)state;
	const struct status_signal working = {"hook", AGENT_WORKING, 95, 10, NULL};
	struct status_facts f = live(&working, 1);
	f.open_blocking = 1;
	assert_int_equal(status_derive(&f).state, SESSION_BLOCKED);
}

static void test_how_it_ended(void **state)
{
	(void)state;
	const struct status_signal done = {"done", AGENT_DONE, 98, 10, NULL};
	struct status_facts f = {.life = LIFE_EXITED, .wait_status = 3 << 8};
	assert_int_equal(status_derive(&f).state, SESSION_FAILED);
	f.want_stopped = true;
	assert_int_equal(status_derive(&f).state, SESSION_STOPPED);
	f.want_stopped = false;
	f.wait_status = -1; /* nobody saw it: a reboot */
	assert_int_equal(status_derive(&f).state, SESSION_STOPPED);
	f.wait_status = 9; /* SIGKILL */
	assert_int_equal(status_derive(&f).state, SESSION_FAILED);
	f.signals = &done;
	f.n_signals = 1;
	assert_int_equal(status_derive(&f).state, SESSION_DONE);
	f.failed = true;
	assert_int_equal(status_derive(&f).state, SESSION_FAILED);
	f.landed = true;
	assert_int_equal(status_derive(&f).state, SESSION_LANDED);
	f.landing = true;
	assert_int_equal(status_derive(&f).state, SESSION_LANDING);
}

static void test_landed_until_it_works_again(void **state)
{
	(void)state;
	struct status_signal s = {"hook", AGENT_IDLE, 95, 10, NULL};
	struct status_facts f = live(&s, 1);
	f.landed = true;
	assert_int_equal(status_derive(&f).state, SESSION_LANDED);
	s.activity = AGENT_WORKING;
	assert_int_equal(status_derive(&f).state, SESSION_WORKING);
}

static void test_names_round_trip(void **state)
{
	(void)state;
	for (int i = 0; i <= SESSION_UNKNOWN; i++) {
		enum session_state parsed;
		assert_true(session_state_parse(session_state_name((enum session_state)i), &parsed));
		assert_int_equal(parsed, i);
	}
	enum session_life life;
	assert_false(session_life_parse("dead", &life));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life_decides_before_signals), cmocka_unit_test(test_confidence_then_time),
		cmocka_unit_test(test_silence_is_never_done),       cmocka_unit_test(test_unreachable_is_lost_not_dead),
		cmocka_unit_test(test_open_items_block),            cmocka_unit_test(test_how_it_ended),
		cmocka_unit_test(test_the_clock_may_jump),
		cmocka_unit_test(test_names_round_trip),            cmocka_unit_test(test_landed_until_it_works_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/attr.h"
#include "lead/batch.h"

enum { T0 = 1000000000, MIN_MS = 60000 };

static const struct batch_lead lead = {
	.switch_min = 1, .mid_extra_min = 0.5, .breakpoint_min = 5, .arrivals = 0.1};

static struct batch_item open_at(bool blocking, double holding, int64_t at_ms)
{
	return (struct batch_item){.blocking = blocking, .holding = holding, .opened_ms = at_ms};
}

static void expect(struct batch_due due, enum batch_why why, double at_ms)
{
	assert_int_equal(due.why, why);
	assert_true(fabs((double)due.at_ms - at_ms) <= 1);
}

static void test_nothing(void **state)
{
	(void)state;
	assert_int_equal(batch_due(NULL, 0, &lead).why, BATCH_NONE);
	const struct batch_item sure = open_at(false, 0, T0); /* whatever comes, it is right */
	assert_int_equal(batch_due(&sure, 1, &lead).why, BATCH_NONE);
}

static void test_blocking(void **state)
{
	(void)state;
	const struct batch_item item = open_at(true, 1, T0);
	expect(batch_due(&item, 1, &lead), BATCH_BLOCKED, T0); /* 1 · 5 > 0.5 */
	struct batch_lead busy = lead;
	busy.breakpoint_min = 0.4; /* the next breakpoint is cheaper */
	expect(batch_due(&item, 1, &busy), BATCH_COST, T0 + MIN_MS);
	const struct batch_item cheap = open_at(true, 0.1, T0); /* 0.1 · 5 = 0.5: no gain */
	expect(batch_due(&cheap, 1, &lead), BATCH_COST, T0 + 10.0 * MIN_MS);
}

static void test_cost(void **state)
{
	(void)state;
	/* 0.5·t + 0.5·(t - 2) = 1 at t = 2 minutes. */
	const struct batch_item two[] = {open_at(false, 0.5, T0), open_at(false, 0.5, T0 + 2 * MIN_MS)};
	expect(batch_due(two, 2, &lead), BATCH_COST, T0 + 2.0 * MIN_MS);
	struct batch_item many[10];
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = open_at(false, 0.3, T0);
	expect(batch_due(many, 10, &lead), BATCH_COST, T0 + MIN_MS / 3.0);
}

static void test_window(void **state)
{
	(void)state;
	/* Many more are on their way: T* = sqrt(2·1 / (10·0.3)) = 0.816 minutes, before 0.3·t = 1. */
	struct batch_lead flooded = lead;
	flooded.arrivals = 10;
	const struct batch_item item = open_at(false, 0.3, T0);
	expect(batch_due(&item, 1, &flooded), BATCH_WINDOW, T0 + sqrt(2.0 / 3.0) * MIN_MS);
	expect(batch_due(&item, 1, &lead), BATCH_COST, T0 + MIN_MS / 0.3);
}

static void test_means(void **state)
{
	(void)state;
	assert_true(fabs(batch_wrong(-1) - 0.3) < 1e-9);
	assert_true(fabs(batch_wrong(100)) < 1e-9 && fabs(batch_wrong(0) - 1) < 1e-9 && fabs(batch_wrong(80) - 0.2) < 1e-9);
	assert_true(fabs(batch_shrunk(5, 0, 0) - 5) < 1e-9);
	assert_true(fabs(batch_shrunk(5, 5, 5) - 3) < 1e-9); /* (5·5 + 5) / 10 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing), cmocka_unit_test(test_blocking), cmocka_unit_test(test_cost),
		cmocka_unit_test(test_window),  cmocka_unit_test(test_means),
	};
	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}

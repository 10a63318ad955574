#include "unit.h"

#include "work/ports.h"

static struct ports ports;

static int set_up(void **state)
{
	(void)state;
	ports = (struct ports){0};
	return 0;
}

static void test_ranges_never_overlap(void **state)
{
	(void)state;
	int first = ports_lease(&ports, 10), second = ports_lease(&ports, 10);
	assert_int_equal(first, PORTS_FIRST);
	assert_int_equal(second, PORTS_FIRST + 10);
	ports_mark(&ports, first, 10, false);
	/* What was given back rests until the search comes round. */
	assert_int_equal(ports_lease(&ports, 10), PORTS_FIRST + 20);
}

static void test_all_of_them_then_none(void **state)
{
	(void)state;
	int n = 0;
	while (ports_lease(&ports, 7))
		n++;
	assert_int_equal(n, (PORTS_LAST - PORTS_FIRST) / 7);
	ports_mark(&ports, PORTS_FIRST + 70, 7, false);
	assert_int_equal(ports_lease(&ports, 7), PORTS_FIRST + 70);
	assert_int_equal(ports_lease(&ports, 7), 0);
	assert_int_equal(ports_lease(&ports, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_ranges_never_overlap, set_up),
		cmocka_unit_test_setup(test_all_of_them_then_none, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

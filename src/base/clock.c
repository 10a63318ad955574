#include "base/clock.h"

#include <stdbool.h>
#include <time.h>

static bool faked;
static int64_t fake_wall_ms, fake_mono_ms;

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
	return faked ? fake_wall_ms : read_clock(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
	return faked ? fake_mono_ms : read_clock(CLOCK_BOOTTIME);
}

void clock_fake(int64_t wall_ms, int64_t mono_ms)
{
	faked = true;
	fake_wall_ms = wall_ms;
	fake_mono_ms = mono_ms;
}

void clock_real(void)
{
	faked = false;
}

#include "cli/when.h"

#include <time.h>

static const struct {
	int64_t below_ms, unit_ms;
	const char *name;
} units[] = {
	{60 * 1000, 1000, "s"},
	{60 * 60 * 1000, 60 * 1000, "min"},
	{48LL * 60 * 60 * 1000, 60 * 60 * 1000, "h"},
	{INT64_MAX, 24LL * 60 * 60 * 1000, "d"},
};

void when_add_duration(struct str *out, int64_t ms)
{
	size_t i = 0;
	if (ms < 1000) {
		str_adds(out, "now");
		return;
	}
	while (ms >= units[i].below_ms && i + 1 < ARRAY_LEN(units))
		i++;
	str_addf(out, "%lld %s", (long long)(ms / units[i].unit_ms), units[i].name);
}

void when_add_age(struct str *out, int64_t wall_ms, int64_t now_ms)
{
	if (wall_ms <= 0)
		str_addc(out, '-');
	else
		when_add_duration(out, now_ms - wall_ms);
}

void when_add_clock(struct str *out, int64_t wall_ms, int64_t now_ms)
{
	time_t t = (time_t)(wall_ms / 1000), now = (time_t)(now_ms / 1000);
	struct tm tm, today;
	char buf[64];
	if (!localtime_r(&t, &tm) || !localtime_r(&now, &today)) {
		str_addc(out, '-');
		return;
	}
	bool same_day = tm.tm_yday == today.tm_yday && tm.tm_year == today.tm_year;
	strftime(buf, sizeof buf, same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm);
	str_adds(out, buf);
}

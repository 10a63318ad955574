#include "lead/rank.h"

#include "base/attr.h"
#include "base/mem.h"

enum { BLOCKING_BONUS = 1000, AGEING_MS = 600000, AGEING_WEIGHT = 10 };

double rank_index(const struct rank_terms *t)
{
	double age = (double)MAX(t->age_ms, 0) / AGEING_MS * AGEING_WEIGHT;
	return (t->blocking ? BLOCKING_BONUS : 0) + (double)t->weight * t->waiting + age;
}

char *rank_words(const struct rank_terms *t)
{
	int minutes = (int)(MAX(t->age_ms, 0) / 60000);
	const char *who = t->blocking ? "a session stands still for it" : "nothing waits for it";
	if (minutes == 0)
		return mem_printf("%s, just now", who);
	return mem_printf("%s, for %d min", who, minutes);
}

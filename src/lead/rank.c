#include "lead/rank.h"

#include "base/attr.h"
#include "base/mem.h"
#include "base/str.h"

enum { BLOCKING_BONUS = 1000, AGEING_MS = 600000, AGEING_WEIGHT = 10 };

double rank_index(const struct rank_terms *t)
{
	double age = (double)MAX(t->age_ms, 0) / AGEING_MS * AGEING_WEIGHT;
	return (t->blocked ? BLOCKING_BONUS : 0) + (double)t->weight * t->asking + age;
}

char *rank_words(const struct rank_terms *t)
{
	int minutes = (int)(MAX(t->age_ms, 0) / 60000);
	struct str words = STR_INIT;
	if (t->blocked == 0)
		str_adds(&words, "nothing waits for it");
	else if (t->blocked == 1)
		str_adds(&words, "a session stands still for it");
	else
		str_addf(&words, "%d sessions stand still for it", t->blocked);
	if (t->asking > MAX(t->blocked, 1))
		str_addf(&words, ", %d ask it", t->asking);
	if (minutes == 0)
		str_adds(&words, ", just now");
	else
		str_addf(&words, ", for %d min", minutes);
	return str_take(&words);
}

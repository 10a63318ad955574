#include "base/nearest.h"

#include <string.h>

#include "base/attr.h"

enum { LONGEST = 64 };

/* Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, substitutions and swaps of neighbours. */
static unsigned distance(const char *a, const char *b)
{
	size_t m = strlen(a), n = strlen(b);
	unsigned row[3][LONGEST + 1];
	if (m > LONGEST || n > LONGEST)
		return LONGEST;
	unsigned *before = row[0], *last = row[1], *now = row[2];
	for (size_t j = 0; j <= n; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= m; i++) {
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= n; j++) {
			unsigned cost = a[i - 1] != b[j - 1];
			unsigned d = MIN(MIN(last[j] + 1, now[j - 1] + 1), last[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d = MIN(d, before[j - 2] + 1);
			now[j] = d;
		}
		unsigned *reuse = before;
		before = last;
		last = now;
		now = reuse;
	}
	return last[n];
}

struct nearest nearest_init(const char *word)
{
	return (struct nearest){.word = word, .distance = (unsigned)(strlen(word) + 2) / 3 + 1};
}

void nearest_offer(struct nearest *n, const char *known)
{
	unsigned d = distance(n->word, known);
	if (d < n->distance && d < strlen(n->word)) { /* with no letter in common it is no likeness */
		n->distance = d;
		n->best = known;
	}
}

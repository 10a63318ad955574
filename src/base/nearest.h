/* "Did you mean …?": the known word that a mistyped one is nearest to. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

/* Offer the known words one by one; best is the nearest of them that is near enough to be worth a hint (a third of
 * the word's letters wrong at most), or NULL. Words are borrowed. */
struct nearest {
	const char *word;
	const char *best;
	unsigned distance;
};

struct nearest nearest_init(const char *word);
void nearest_offer(struct nearest *n, const char *known);

#endif

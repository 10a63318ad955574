/* The order of the docket. */
#ifndef LEAD_RANK_H
#define LEAD_RANK_H

#include <stdint.h>

struct rank_terms {
	int weight;     /* of its kind */
	int asking;     /* sessions that ask it */
	int blocked;    /* of them, those that stand still until it is answered */
	int64_t age_ms; /* since the first of them asked */
};

/* Higher is sooner. Until the lead's own times are measured, the terms of ATTENTION's index are ordinal: what a session
 * stands still for comes before what it does not, then the weight of the kind times the sessions that ask, and age
 * adds a weight's worth every ten minutes so that nothing starves (generalised c-mu: Van Mieghem 1995). */
double rank_index(const struct rank_terms *t);

/* The same in words: "2 sessions stand still for it, for 14 min". The caller owns it. */
char *rank_words(const struct rank_terms *t);

#endif

/* The order of the docket. */
#ifndef LEAD_RANK_H
#define LEAD_RANK_H

#include <stdbool.h>
#include <stdint.h>

struct rank_terms {
	int weight;     /* of its kind */
	bool blocking;  /* a session stands still for it */
	int64_t age_ms; /* how long it has been open */
	int waiting;    /* sessions that wait for it, itself included */
};

/* Higher is sooner. Until the lead's own times are measured, the terms of ATTENTION's index are ordinal: what a session
 * stands still for comes before what it does not, then the weight of the kind times the sessions that wait, and age
 * adds a weight's worth every ten minutes so that nothing starves (generalised c-mu: Van Mieghem 1995). */
double rank_index(const struct rank_terms *t);

/* The same in words: "a session waits, 14 min". The caller owns it. */
char *rank_words(const struct rank_terms *t);

#endif

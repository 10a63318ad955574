/* Open items that are one to the lead (work/topic.h), gathered. */
#ifndef LEAD_GROUP_H
#define LEAD_GROUP_H

#include "lead/rank.h"
#include "store/item_row.h"

struct group {
	const struct item_row **items; /* the oldest first */
	size_t n;
};

struct groups {
	struct group *v; /* by their oldest item */
	size_t n;
};

/* The items are borrowed, in any order. */
void groups_of(const struct item_rows *rows, struct groups *ret);
void groups_fini(struct groups *g);

/* The item that stands for all: the first that offers options, else the oldest. */
const struct item_row *group_head(const struct group *g);

/* What ranks it: the need of all who ask. */
struct rank_terms group_terms(const struct group *g, int weight, int64_t now_ms);

#endif

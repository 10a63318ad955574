#include "lead/batch.h"

#include <math.h>

#include "base/attr.h"

enum { MINUTE_MS = 60000, PRIOR_WEIGHT = 5 };

static const double WRONG_UNSAID = 0.3;

double batch_wrong(int64_t sure)
{
	return sure < 0 ? WRONG_UNSAID : 1.0 - (double)MIN(sure, 100) / 100.0;
}

double batch_shrunk(double prior, double sum, size_t n)
{
	return (PRIOR_WEIGHT * prior + sum) / (double)(PRIOR_WEIGHT + n);
}

static bool interrupts(const struct batch_item *item, const struct batch_lead *lead)
{
	return item->blocking && item->holding * lead->breakpoint_min > lead->mid_extra_min;
}

static void earlier(struct batch_due *due, double at_ms, enum batch_why why)
{
	if (due->why == BATCH_NONE || at_ms < (double)due->at_ms)
		*due = (struct batch_due){.at_ms = (int64_t)ceil(at_ms), .why = why};
}

struct batch_due batch_due(const struct batch_item *items, size_t n, const struct batch_lead *lead)
{
	struct batch_due due = {0};
	double holding = 0, weighted = 0, oldest = INFINITY;
	for (size_t i = 0; i < n; i++) {
		double opened = (double)items[i].opened_ms;
		if (interrupts(&items[i], lead))
			earlier(&due, opened, BATCH_BLOCKED);
		holding += items[i].holding;
		weighted += items[i].holding * opened;
		oldest = MIN(oldest, opened);
	}
	if (holding <= 0) /* nothing is lost by waiting */
		return due;
	/* Σ h·(t - opened) = K, solved for t. */
	earlier(&due, (lead->switch_min * MINUTE_MS + weighted) / holding, BATCH_COST);
	double window_min = sqrt(2 * lead->switch_min / (lead->arrivals * holding / (double)n));
	earlier(&due, oldest + window_min * MINUTE_MS, BATCH_WINDOW);
	return due;
}

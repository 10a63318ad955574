/* When to interrupt the lead: what does not stand still is held and told together. Pure.
 *
 * A need that a session stands still for interrupts now only if waiting for the lead's next breakpoint costs more than the
 * interruption itself: h · E[time to next breakpoint] > c_mid - c_breakpoint. All others are held until one of these
 * holds (the lead's looking at the docket, and a breakpoint, are not foreseen here):
 *
 *     the cost that has added up        Σ h_i · age_i ≥ K,    K: the cost of one switch
 *     the window that is worth waiting  T* = sqrt(2c / (λ·h)) since the oldest
 *
 * T* balances c / T (one switch a window) against λ·h·T / 2 (what λ needs a minute wait on average); Fitz et al. 2019 and
 * Kushlev & Dunn 2015 for what batching does to people. All times in minutes, h in minutes of work a minute. */
#ifndef LEAD_BATCH_H
#define LEAD_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch_item {
	bool blocking;   /* its session stands still */
	double holding;  /* h: what a minute of waiting costs */
	int64_t opened_ms;
};

/* What is known of the lead. */
struct batch_lead {
	double switch_min;     /* c: what an interruption costs */
	double mid_extra_min;  /* c_mid - c_breakpoint: how much more in the middle of something */
	double breakpoint_min; /* E[time to the next breakpoint] */
	double arrivals;       /* λ: needs that can wait, a minute */
};

enum batch_why { BATCH_NONE, BATCH_BLOCKED, BATCH_COST, BATCH_WINDOW };

struct batch_due {
	int64_t at_ms; /* may be past */
	enum batch_why why; /* BATCH_NONE: nothing is held */
};

struct batch_due batch_due(const struct batch_item *items, size_t n, const struct batch_lead *lead);

/* The probability that what the agent assumes is wrong: of how sure it is (0 to 100), or -1 when it did not say. */
double batch_wrong(int64_t sure);

/* The mean of n values with that sum, shrunk toward a prior that counts like n0 = 5 of them. */
double batch_shrunk(double prior, double sum, size_t n);

#endif

/* plan_problem - cases for the planner: made by hand, or at random and the same everywhere */
#ifndef WAYBILL_PLAN_PROBLEM_H
#define WAYBILL_PLAN_PROBLEM_H

#include "core/domain/plan.h"

enum { PROBLEM_ITEMS = 64, PROBLEM_LOCATIONS = 512 };

struct problem {
	struct plan_input in;
	struct plan_item items[PROBLEM_ITEMS];
	struct plan_location locations[PROBLEM_LOCATIONS];
	int64_t available[PROBLEM_LOCATIONS][PROBLEM_ITEMS];
	int64_t unit_cost[PROBLEM_LOCATIONS][PROBLEM_ITEMS];
};

/* random_start - what random_below() will say from now on. */
void random_start(uint64_t seed);
int64_t random_below(int64_t limit);

/* problem_init - one unit of each item, no stock, no costs, ids from 1; the planner's input. */
struct plan_input *problem_init(struct problem *p, size_t items, size_t locations);

/* problem_random - small numbers on purpose: ties of every sort are the hard part. */
void problem_random(struct problem *p, size_t items, size_t locations, int64_t units);

/* problem_available - what location l can ship of item i; INT64_MAX: without limit. */
int64_t problem_available(const struct problem *p, size_t l, size_t i);

#endif

/*
 * plan_oracle - the best plan, found by trying everything, and what every plan must be
 *
 * One oracle assigns every unit in every way and knows nothing of sets or of an order of filling;
 * the other tries every set of locations, for cases that are too large for the first. Ids must rise
 * with the index of a location, and an unsigned must hold the set of all.
 */
#ifndef WAYBILL_PLAN_ORACLE_H
#define WAYBILL_PLAN_ORACLE_H

#include "tests/unit/plan_problem.h"

/* Starts as {.p = problem}. */
struct oracle {
	const struct problem *p;
	int64_t units[PROBLEM_LOCATIONS]; /* shipped by the location in the plan being built */
	struct plan_value now, best;
	unsigned best_set;
	int has_best;
};

void oracle_assign_all(struct oracle *o);
void oracle_try_all_sets(struct oracle *o);
void oracle_try_all_plans_with(struct oracle *o, size_t l); /* only those in which l ships */

/* Checks; of_case, the seed, is told when they fail. */
void assert_same_value(const struct plan_value *got, const struct plan_value *want,
		       uint64_t of_case);

/* assert_plan_is_sound - the picks are a plan, in their order, and worth what the plan says. */
void assert_plan_is_sound(const struct problem *p, const struct plan *plan, uint64_t of_case);

/* assert_best - the planner's plan is the oracle's. */
void assert_best(const struct oracle *o, uint64_t of_case);

#endif

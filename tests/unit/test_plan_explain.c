/* The planner's explanations: why a location was chosen or not, and what it would have cost */
#include "tests/unit/plan_oracle.h"
#include "tests/unit/unit.h"

static struct problem problem;

/*
 * Taking the location that covers most of the order, then the next, needs three. B with C would do
 * as well: the id decides.
 */
static void two_locations_beat_three(void **state)
{
	static const int64_t stock[3][6] = {
		{1, 1, 1, 1, 0, 0},
		{1, 1, 1, 0, 1, 0},
		{0, 0, 0, 1, 1, 1},
	};
	struct arena *a = arena_new();
	struct plan_input *in = problem_init(&problem, 6, 3);
	struct plan plan;

	(void)state;
	for (size_t l = 0; l < 3; l++)
		for (size_t i = 0; i < 6; i++)
			problem.available[l][i] = stock[l][i];
	plan_make(a, in, &plan);
	assert_true(plan.is_optimal);
	assert_int_equal(plan.value.shipments, 2);
	assert_int_equal(plan.candidates[0].reason, PLAN_CHOSEN);
	assert_int_equal(plan.candidates[1].reason, PLAN_DEARER);
	assert_int_equal(plan.candidates[1].shipments_more, 0);
	assert_int_equal(plan.candidates[2].reason, PLAN_CHOSEN);
	arena_free(a);
}

static void reasons_are_told(void **state)
{
	struct arena *a = arena_new();
	struct plan_input *in = problem_init(&problem, 1, 5);
	struct plan plan;

	(void)state;
	problem.items[0].quantity = 3;
	for (size_t l = 0; l < 5; l++)
		problem.available[l][0] = 3;
	problem.available[1][0] = 0;
	problem.locations[2].excluded = "closed until May";
	problem.locations[3].shipment_cost = 50000;
	problem.locations[4].kind = LOCATION_DROPSHIP;
	plan_make(a, in, &plan);
	assert_int_equal(plan.candidates[0].reason, PLAN_CHOSEN);
	assert_int_equal(plan.candidates[1].reason, PLAN_NO_STOCK);
	assert_int_equal(plan.candidates[2].reason, PLAN_EXCLUDED);
	assert_int_equal(plan.candidates[3].reason, PLAN_DEARER);
	assert_int_equal(plan.candidates[3].cost_more, 50000);
	assert_int_equal(plan.candidates[4].reason, PLAN_NOT_NEEDED);
	assert_int_equal(plan.candidates[4].shipments_more, 1);
	arena_free(a);
}

/* Every explanation against the oracle that leaves out all sets without the location. */
static void explanations_are_exact(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 3000; n++) {
		struct arena *a = arena_new();
		struct plan plan;

		random_start(4000000 + n);
		problem_random(&problem, (size_t)(1 + random_below(3)),
			       (size_t)(2 + random_below(4)), 4);
		plan_make(a, &problem.in, &plan);
		for (size_t l = 0; l < problem.in.location_count; l++) {
			const struct plan_candidate *c = &plan.candidates[l];
			struct oracle o = {.p = &problem};
			struct plan_value with = plan.value;
			int has_stock = 0;

			for (size_t i = 0; i < problem.in.item_count; i++)
				has_stock |= problem.available[l][i] != 0;
			if (problem.locations[l].excluded) {
				assert_int_equal(c->reason, PLAN_EXCLUDED);
				continue;
			}
			assert_int_equal(c->reason == PLAN_NO_STOCK, !has_stock);
			if (c->reason != PLAN_DEARER && c->reason != PLAN_NOT_NEEDED)
				continue;
			oracle_try_all_plans_with(&o, l);
			with.unshipped += c->units_less;
			with.dropship_units += c->dropship_more;
			with.third_party_units += c->third_party_more;
			with.shipments += c->shipments_more;
			with.cost += c->cost_more;
			with.priority_sum = o.best.priority_sum;
			if (c->reason == PLAN_DEARER)
				assert_same_value(&with, &o.best, 4000000 + n);
			else if (o.has_best)
				assert_true(plan_value_compare(&with, &o.best) <= 0);
		}
		arena_free(a);
	}
}

/*
 * Beside the nearest few, the others are said to need a shipment more, or not: against the oracle
 * that leaves out all sets without the location.
 */
static void others_need_a_shipment_more_or_not(void **state)
{
	int said = 0;

	(void)state;
	for (uint64_t n = 0; n < 400; n++) {
		struct arena *a = arena_new();
		struct plan plan;
		size_t unpriced = 0, searched = 0;

		random_start(6000000 + n);
		problem_random(&problem, (size_t)(1 + random_below(4)),
			       (size_t)(8 + random_below(3)), 3);
		plan_make(a, &problem.in, &plan);
		for (size_t l = 0; l < problem.in.location_count; l++) {
			const struct plan_candidate *c = &plan.candidates[l];
			struct oracle o = {.p = &problem};

			searched += c->reason == PLAN_DEARER || c->reason == PLAN_NOT_NEEDED;
			if (c->reason != PLAN_UNPRICED)
				continue;
			unpriced++;
			assert_in_range(c->shipments_more, 0, 1);
			said += c->shipments_more > 0;
			oracle_try_all_plans_with(&o, l);
			if (c->shipments_more && o.has_best)
				assert_false(o.best.unshipped == plan.value.unshipped &&
					     o.best.dropship_units == plan.value.dropship_units &&
					     o.best.third_party_units ==
						     plan.value.third_party_units &&
					     o.best.shipments <= plan.value.shipments);
		}
		assert_true(searched <= PLAN_PRICED_MAX);
		assert_true(!unpriced || searched == PLAN_PRICED_MAX);
		arena_free(a);
	}
	assert_true(said > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_locations_beat_three),
		cmocka_unit_test(reasons_are_told),
		cmocka_unit_test(explanations_are_exact),
		cmocka_unit_test(others_need_a_shipment_more_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

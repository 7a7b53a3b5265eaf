/* The planner: as good as trying everything, and honest about when it is not sure */
#include "tests/unit/plan_oracle.h"
#include "tests/unit/unit.h"

static struct problem problem, shuffled;

static void nothing_to_plan_is_a_plan(void **state)
{
	struct arena *a = arena_new();
	struct plan plan;

	(void)state;
	plan_make(a, problem_init(&problem, 0, 0), &plan);
	assert_true(plan.is_optimal);
	assert_int_equal(plan.pick_count, 0);
	plan_make(a, problem_init(&problem, 2, 0), &plan);
	assert_true(plan.is_optimal);
	assert_int_equal(plan.value.unshipped, 2);
	plan_make(a, problem_init(&problem, 0, 2), &plan);
	assert_true(plan.is_optimal);
	assert_int_equal(plan.candidates[1].reason, PLAN_NO_STOCK);
	arena_free(a);
}

static void enormous_costs_do_not_overflow(void **state)
{
	struct arena *a = arena_new();
	struct plan_input *in = problem_init(&problem, 2, 2);
	struct plan plan;

	(void)state;
	for (size_t l = 0; l < 2; l++) {
		problem.locations[l].shipment_cost = INT64_MAX;
		problem.locations[l].priority = INT64_MAX;
		problem.available[l][l] = PLAN_UNTRACKED;
		problem.unit_cost[l][l] = INT64_MAX;
		problem.items[l].quantity = 1000000000;
	}
	plan_make(a, in, &plan);
	assert_true(plan.is_optimal);
	assert_int_equal(plan.value.unshipped, 0);
	assert_true(plan.value.cost == INT64_MAX);
	arena_free(a);
}

static void no_assignment_of_units_is_better(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 20000; n++) {
		struct oracle o = {.p = &problem};
		size_t items, locations;

		random_start(n);
		items = (size_t)(1 + random_below(3));
		locations = (size_t)(1 + random_below(items == 3 ? 3 : 4));
		problem_random(&problem, items, locations, items == 1 ? 6 : 2);
		oracle_assign_all(&o);
		assert_best(&o, n);
	}
}

static void no_set_of_locations_is_better(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 20000; n++) {
		struct oracle o = {.p = &problem};
		size_t items;

		random_start(1000000 + n);
		items = (size_t)(1 + random_below(6));
		problem_random(&problem, items, (size_t)(1 + random_below(7)), 5);
		oracle_try_all_sets(&o);
		assert_best(&o, 1000000 + n);
	}
}

/*
 * With few nodes the plan may be worse, but it says so, and never claims a bound that the optimum
 * beats.
 */
static void a_short_search_is_honest(void **state)
{
	int inexact = 0;

	(void)state;
	for (uint64_t n = 0; n < 6000; n++) {
		struct oracle o = {.p = &problem};
		struct arena *a = arena_new();
		struct plan plan;

		random_start(2000000 + n);
		problem_random(&problem, (size_t)(2 + random_below(5)),
			       (size_t)(3 + random_below(5)), 5);
		problem.in.node_budget = 1 + random_below(4);
		oracle_try_all_sets(&o);
		plan_make(a, &problem.in, &plan);
		assert_plan_is_sound(&problem, &plan, 2000000 + n);
		assert_true(plan.nodes <= problem.in.node_budget);
		assert_true(plan_value_compare(&plan.bound, &o.best) <= 0);
		assert_true(plan_value_compare(&o.best, &plan.value) <= 0);
		if (plan.is_optimal)
			assert_same_value(&plan.value, &o.best, 2000000 + n);
		else
			inexact++;
		/* Cutting the search short leaves nothing unshipped that could go out. */
		if (!problem.in.shipments_max)
			assert_true(plan.value.unshipped == o.best.unshipped);
		arena_free(a);
	}
	assert_true(inexact > 100);
}

/* A permutation of 0 .. count - 1. */
static void shuffle(size_t *list, size_t count)
{
	for (size_t n = 0; n < count; n++) {
		size_t other = (size_t)random_below((int64_t)n + 1);

		list[n] = list[other];
		list[other] = n;
	}
}

static void the_order_of_the_input_decides_nothing(void **state)
{
	size_t item_at[PROBLEM_ITEMS], location_at[PROBLEM_LOCATIONS];

	(void)state;
	for (uint64_t n = 0; n < 4000; n++) {
		struct arena *a = arena_new();
		struct plan one, two;

		random_start(3000000 + n);
		problem_random(&problem, (size_t)(1 + random_below(8)),
			       (size_t)(1 + random_below(9)), 4);
		if (n % 2)
			problem.in.node_budget = 1 + random_below(6);
		shuffled = problem;
		shuffled.in.items = shuffled.items;
		shuffled.in.locations = shuffled.locations;
		shuffle(item_at, problem.in.item_count);
		shuffle(location_at, problem.in.location_count);
		for (size_t i = 0; i < problem.in.item_count; i++)
			shuffled.items[i] = problem.items[item_at[i]];
		for (size_t l = 0; l < problem.in.location_count; l++) {
			size_t from = location_at[l];

			shuffled.locations[l] = problem.locations[from];
			shuffled.locations[l].available = shuffled.available[l];
			shuffled.locations[l].unit_cost = shuffled.unit_cost[l];
			for (size_t i = 0; i < problem.in.item_count; i++) {
				shuffled.available[l][i] = problem.available[from][item_at[i]];
				shuffled.unit_cost[l][i] = problem.unit_cost[from][item_at[i]];
			}
		}
		plan_make(a, &problem.in, &one);
		plan_make(a, &shuffled.in, &two);
		assert_int_equal(one.pick_count, two.pick_count);
		for (size_t k = 0; k < one.pick_count; k++) {
			assert_int_equal(one.picks[k].item, item_at[two.picks[k].item]);
			assert_int_equal(one.picks[k].location, location_at[two.picks[k].location]);
			assert_int_equal(one.picks[k].quantity, two.picks[k].quantity);
		}
		assert_int_equal(one.is_optimal, two.is_optimal);
		assert_int_equal(one.nodes, two.nodes);
		for (size_t l = 0; l < problem.in.location_count; l++)
			assert_memory_equal(&one.candidates[location_at[l]], &two.candidates[l],
					    sizeof *two.candidates);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_plan_is_a_plan),
		cmocka_unit_test(enormous_costs_do_not_overflow),
		cmocka_unit_test(no_assignment_of_units_is_better),
		cmocka_unit_test(no_set_of_locations_is_better),
		cmocka_unit_test(a_short_search_is_honest),
		cmocka_unit_test(the_order_of_the_input_decides_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

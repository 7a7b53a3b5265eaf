/* The planner with large orders: sound plans within its nodes; how long they take is printed */
#include <time.h>

#include "tests/unit/plan_oracle.h"
#include "tests/unit/unit.h"

static struct problem problem;

static double milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Like a merchant: most locations have most of the items, some short; costs by distance. */
static void problem_large(size_t items, size_t locations, int64_t percent)
{
	problem_init(&problem, items, locations);
	for (size_t i = 0; i < items; i++)
		problem.items[i].quantity = 1 + random_below(4);
	for (size_t l = 0; l < locations; l++) {
		problem.locations[l].kind =
			random_below(10) ? LOCATION_WAREHOUSE
					 : (enum location_kind)random_below(LOCATION_KIND_COUNT);
		problem.locations[l].shipment_cost = 40000 + random_below(80000);
		problem.locations[l].priority = random_below(10);
		for (size_t i = 0; i < items; i++) {
			problem.available[l][i] =
				random_below(100) < percent ? 1 + random_below(8) : 0;
			problem.unit_cost[l][i] = random_below(3000);
		}
	}
}

static void large_orders_are_planned_in_time(void **state)
{
	static const struct {
		size_t items, locations;
		int64_t percent, shipments_max;
	} sizes[] = {
		{3, 5, 60, 0},	 {60, 30, 80, 0},  {60, 30, 60, 0},  {60, 30, 40, 0},
		{60, 30, 60, 3}, {20, 500, 80, 0}, {20, 500, 40, 0}, {20, 500, 40, 2},
	};

	(void)state;
	for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++) {
		double worst = 0, sum = 0;
		int optimal = 0, runs = sizes[n].locations > 100 ? 2 : 5;

		for (int run = 0; run < runs; run++) {
			struct arena *a = arena_new();
			struct plan plan;
			uint64_t seed = 5000000 + (uint64_t)run;
			double started, took;

			random_start(seed);
			problem_large(sizes[n].items, sizes[n].locations, sizes[n].percent);
			problem.in.shipments_max = sizes[n].shipments_max;
			started = milliseconds();
			plan_make(a, &problem.in, &plan);
			took = milliseconds() - started;
			sum += took;
			worst = took > worst ? took : worst;
			optimal += plan.is_optimal;
			assert_plan_is_sound(&problem, &plan, seed);
			assert_true(plan.nodes <= 200000);
			arena_free(a);
		}
		print_message("%2zu items x %3zu locations, %2d%% stocked, at most %d shipments: "
			      "%d of %d optimal, mean %.2f ms, worst %.2f ms\n",
			      sizes[n].items, sizes[n].locations, (int)sizes[n].percent,
			      (int)sizes[n].shipments_max, optimal, runs, sum / runs, worst);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_orders_are_planned_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The planner with large orders: sound plans within its nodes and steps; how long they take is printed */
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

/* ---- worst shapes, as large as a caller may give ---- */

enum { ITEMS = 2000, LOCATIONS = 512, STEPS_ENOUGH = 36 * 1000 * 1000 };

struct shape {
	const char *name;
	size_t items, locations;
	int64_t quantity, available, shipments_max;
	int64_t percent; /* stocked */
	int has_unit_costs, lacks_last_item;
};

static int64_t available[LOCATIONS][ITEMS], unit_cost[LOCATIONS][ITEMS];

/* Units that no plan can ship, without a limit on shipments. */
static int64_t shape_make(const struct shape *h, struct plan_item *items,
			  struct plan_location *locations)
{
	int64_t missing = 0;

	for (size_t l = 0; l < h->locations; l++) {
		locations[l] = (struct plan_location){
			.location = (int64_t)l + 1,
			.shipment_cost = 40000 + random_below(80000),
			.available = available[l],
			.unit_cost = unit_cost[l],
		};
		for (size_t i = 0; i < h->items; i++) {
			int is_there = random_below(100) < h->percent;

			if (h->lacks_last_item && i + 1 == h->items)
				is_there = 0;
			available[l][i] = is_there ? h->available : 0;
			unit_cost[l][i] = h->has_unit_costs ? random_below(3000) : 0;
		}
	}
	for (size_t i = 0; i < h->items; i++) {
		int64_t left = h->quantity;

		items[i] = (struct plan_item){.item = (int64_t)i + 1, .quantity = h->quantity};
		for (size_t l = 0; l < h->locations && left > 0; l++)
			left -= available[l][i];
		missing += left > 0 ? left : 0;
	}
	return missing;
}

static void every_shape_ends_after_counted_steps(void **state)
{
	static const struct shape shapes[] = {
		{"a merchant's", 2000, 200, 2, 5, 0, 70, 0, 0},
		{"the largest", 1000, 512, 2, 5, 0, 70, 1, 0},
		{"half of the locations needed", 1000, 512, 1000, 4, 0, 100, 0, 0},
		{"the same, and not so many allowed", 1000, 512, 1000, 4, 200, 100, 0, 0},
		{"a limit that binds", 300, 500, 1000, 4, 200, 100, 0, 0},
		{"all alike but for one item", 2000, 256, 2, 5, 0, 100, 0, 1},
		{"one item at all locations", 1, 500, 1000, 4, 0, 100, 0, 0},
		{"a random cover", 60, 200, 1, 1, 0, 15, 0, 0},
	};
	static struct plan_item items[ITEMS];
	static struct plan_location locations[LOCATIONS];

	(void)state;
	for (size_t n = 0; n < sizeof shapes / sizeof *shapes; n++) {
		const struct shape *h = shapes + n;
		struct arena *a = arena_new();
		struct plan_input in = {
			.items = items,
			.item_count = h->items,
			.locations = locations,
			.location_count = h->locations,
			.shipments_max = h->shipments_max,
		};
		struct plan plan, again;
		double started;

		random_start(n);
		int64_t missing = shape_make(h, items, locations);

		started = milliseconds();
		plan_make(a, &in, &plan);
		print_message("%s: %lld steps, %lld nodes, %lld shipments, %.2f ms\n", h->name,
			      (long long)plan.steps, (long long)plan.nodes,
			      (long long)plan.value.shipments, milliseconds() - started);
		assert_true(plan.steps <= STEPS_ENOUGH);
		assert_true(plan.nodes > 0 && plan_value_compare(&plan.bound, &plan.value) <= 0);
		if (h->shipments_max)
			assert_true(plan.value.shipments <= h->shipments_max);
		else
			assert_true(plan.value.unshipped == missing);
		plan_make(a, &in, &again);
		assert_int_equal(plan.steps, again.steps);
		assert_int_equal(plan_value_compare(&plan.value, &again.value), 0);
		assert_int_equal(plan.pick_count, again.pick_count);
		assert_memory_equal(plan.picks, again.picks, plan.pick_count * sizeof *plan.picks);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_ends_after_counted_steps),
		cmocka_unit_test(large_orders_are_planned_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

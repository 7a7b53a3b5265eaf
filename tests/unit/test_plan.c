/*
 * The planner: as good as trying everything, and honest about when it is not sure
 *
 * The first oracle assigns every unit in every way and knows nothing of sets or of an order of
 * filling; the second tries every set of locations, for cases that are too large for the first.
 */
#include "core/domain/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/unit.h"

enum { ITEMS = 64, LOCATIONS = 512 };

/* splitmix64: the same cases everywhere */
static uint64_t seed;

static int64_t random_below(int64_t limit)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (int64_t)((z ^ (z >> 31)) % (uint64_t)limit);
}

struct problem {
	struct plan_input in;
	struct plan_item items[ITEMS];
	struct plan_location locations[LOCATIONS];
	int64_t available[LOCATIONS][ITEMS], unit_cost[LOCATIONS][ITEMS];
};

static struct problem problem, shuffled;

static struct plan_input *problem_init(struct problem *p, size_t items, size_t locations)
{
	memset(p, 0, sizeof *p);
	p->in.items = p->items;
	p->in.item_count = items;
	p->in.locations = p->locations;
	p->in.location_count = locations;
	for (size_t i = 0; i < items; i++)
		p->items[i] = (struct plan_item){.item = (int64_t)i + 1, .quantity = 1};
	for (size_t l = 0; l < locations; l++)
		p->locations[l] = (struct plan_location){
			.location = (int64_t)l + 1,
			.available = p->available[l],
			.unit_cost = p->unit_cost[l],
		};
	return &p->in;
}

/* Small numbers on purpose: ties of every sort are the hard part. */
static void problem_random(struct problem *p, size_t items, size_t locations, int64_t units)
{
	int64_t kinds = 1 + random_below(LOCATION_KIND_COUNT), costs = 1 + random_below(4);
	int64_t kit = random_below(4) ? 1 : 2, scarcity = 1 + random_below(4);

	problem_init(p, items, locations);
	for (size_t i = 0; i < items; i++) {
		p->items[i].item = (int64_t)i * 7 + 1;
		p->items[i].quantity = kit * (1 + random_below(units));
	}
	for (size_t l = 0; l < locations; l++) {
		struct plan_location *loc = &p->locations[l];

		loc->location = (int64_t)l * 3 + 2;
		loc->kind = (enum location_kind)random_below(kinds);
		loc->priority = random_below(costs);
		loc->shipment_cost = random_below(costs) * 10;
		loc->excluded = random_below(12) ? NULL : "closed";
		for (size_t i = 0; i < items; i++) {
			p->available[l][i] =
				random_below(scarcity + 1) ? random_below(kit * units + 2) : 0;
			if (!random_below(15))
				p->available[l][i] = PLAN_UNTRACKED;
			p->unit_cost[l][i] = random_below(costs);
		}
	}
	if (!random_below(3))
		p->in.shipments_max = 1 + random_below((int64_t)locations);
}

static int64_t available(const struct problem *p, size_t l, size_t i)
{
	int64_t units = p->available[l][i];

	if (p->locations[l].excluded)
		return 0;
	return units == PLAN_UNTRACKED ? INT64_MAX : units;
}

/* ---- the oracles ---- */

struct oracle {
	const struct problem *p;
	int64_t units[LOCATIONS]; /* shipped by the location in the plan being built */
	struct plan_value now, best;
	unsigned best_set;
	int has_best;
};

/* Of two sets of the same size: whether a's sorted ids come first. Ids rise with the index here. */
static int is_lower_set(unsigned a, unsigned b)
{
	unsigned differ = a ^ b;

	return (a & differ & (~differ + 1)) != 0;
}

static void oracle_take(struct oracle *o)
{
	struct plan_value v = o->now;
	unsigned set = 0;
	int order;

	for (size_t l = 0; l < o->p->in.location_count; l++)
		if (o->units[l]) {
			set |= 1u << l;
			v.shipments++;
			v.cost += o->p->locations[l].shipment_cost;
			v.priority_sum += o->p->locations[l].priority;
		}
	if (o->p->in.shipments_max && v.shipments > o->p->in.shipments_max)
		return;
	order = o->has_best ? plan_value_compare(&v, &o->best) : -1;
	if (order > 0 || (order == 0 && !is_lower_set(set, o->best_set)))
		return;
	o->has_best = 1;
	o->best = v;
	o->best_set = set;
}

static void oracle_ship(struct oracle *o, size_t l, size_t i, int64_t units)
{
	o->units[l] += units;
	o->now.cost += units * o->p->unit_cost[l][i];
	if (o->p->locations[l].kind == LOCATION_DROPSHIP)
		o->now.dropship_units += units;
	if (o->p->locations[l].kind == LOCATION_3PL)
		o->now.third_party_units += units;
}

/* Every number of units of item i from location l on, `left` of them not yet assigned. */
static void assign_all(struct oracle *o, size_t i, size_t l, int64_t left)
{
	if (i == o->p->in.item_count) {
		oracle_take(o);
		return;
	}
	if (l == o->p->in.location_count) {
		o->now.unshipped += left;
		assign_all(o, i + 1, 0,
			   i + 1 < o->p->in.item_count ? o->p->items[i + 1].quantity : 0);
		o->now.unshipped -= left;
		return;
	}
	for (int64_t units = 0; units <= left && units <= available(o->p, l, i); units++) {
		oracle_ship(o, l, i, units);
		assign_all(o, i, l + 1, left - units);
		oracle_ship(o, l, i, -units);
	}
}

/*
 * The cheapest way to ship item i from a set: again and again one unit from the best location that
 * has one.
 */
static void ship_from_set(struct oracle *o, unsigned set, size_t i)
{
	int64_t taken[LOCATIONS] = {0};

	for (int64_t unit = 0; unit < o->p->items[i].quantity; unit++) {
		size_t best = LOCATIONS;

		for (size_t l = 0; l < o->p->in.location_count; l++) {
			const struct plan_location *a = &o->p->locations[l], *b;

			if (!(set >> l & 1) || taken[l] >= available(o->p, l, i))
				continue;
			b = best < LOCATIONS ? &o->p->locations[best] : NULL;
			if (!b || a->kind < b->kind ||
			    (a->kind == b->kind &&
			     (a->unit_cost[i] < b->unit_cost[i] ||
			      (a->unit_cost[i] == b->unit_cost[i] && a->priority < b->priority))))
				best = l;
		}
		if (best == LOCATIONS) {
			o->now.unshipped += o->p->items[i].quantity - unit;
			return;
		}
		taken[best]++;
		oracle_ship(o, best, i, 1);
	}
}

static void try_all_sets(struct oracle *o)
{
	for (unsigned set = 0; set < 1u << o->p->in.location_count; set++) {
		memset(o->units, 0, sizeof o->units);
		o->now = (struct plan_value){0};
		for (size_t i = 0; i < o->p->in.item_count; i++)
			ship_from_set(o, set, i);
		oracle_take(o);
	}
}

/* ---- checks ---- */

static void print_value(const char *what, const struct plan_value *v)
{
	print_error("%s: unshipped %lld dropship %lld 3pl %lld shipments %lld cost %lld priority "
		    "%lld\n",
		    what, (long long)v->unshipped, (long long)v->dropship_units,
		    (long long)v->third_party_units, (long long)v->shipments, (long long)v->cost,
		    (long long)v->priority_sum);
}

static void assert_same_value(const struct plan_value *got, const struct plan_value *want,
			      uint64_t of_case)
{
	if (plan_value_compare(got, want) == 0)
		return;
	print_value("got", got);
	print_value("want", want);
	fail_msg("another value in the case of seed %llu", (unsigned long long)of_case);
}

/* The picks are a plan, in their order, and worth what the plan says. */
static void assert_plan_is_sound(const struct problem *p, const struct plan *plan)
{
	struct oracle o = {.p = p};
	int64_t shipped[ITEMS] = {0};

	for (size_t n = 0; n < plan->pick_count; n++) {
		const struct plan_pick *pick = &plan->picks[n], *last = n ? pick - 1 : NULL;

		assert_true(pick->quantity > 0);
		assert_true(pick->quantity <= available(p, pick->location, pick->item));
		shipped[pick->item] += pick->quantity;
		oracle_ship(&o, pick->location, pick->item, pick->quantity);
		assert_int_equal(plan->candidates[pick->location].reason, PLAN_CHOSEN);
		if (!last)
			continue;
		if (last->location == pick->location)
			assert_true(p->items[last->item].item < p->items[pick->item].item);
		else
			assert_true(p->locations[last->location].location <
				    p->locations[pick->location].location);
	}
	for (size_t i = 0; i < p->in.item_count; i++) {
		assert_true(shipped[i] <= p->items[i].quantity);
		o.now.unshipped += p->items[i].quantity - shipped[i];
	}
	for (size_t l = 0; l < p->in.location_count; l++) {
		if (!o.units[l]) {
			assert_int_not_equal(plan->candidates[l].reason, PLAN_CHOSEN);
			continue;
		}
		o.now.shipments++;
		o.now.cost += p->locations[l].shipment_cost;
		o.now.priority_sum += p->locations[l].priority;
	}
	assert_same_value(&plan->value, &o.now, 0);
	if (p->in.shipments_max)
		assert_true(plan->value.shipments <= p->in.shipments_max);
	assert_true(plan_value_compare(&plan->bound, &plan->value) <= 0);
	if (plan->is_optimal)
		assert_int_equal(plan_value_compare(&plan->bound, &plan->value), 0);
}

static unsigned used_set(const struct plan *plan)
{
	unsigned set = 0;

	for (size_t n = 0; n < plan->pick_count; n++)
		set |= 1u << plan->picks[n].location;
	return set;
}

static void assert_best(const struct problem *p, const struct oracle *o, uint64_t of_case)
{
	struct arena *a = arena_new();
	struct plan plan;

	plan_make(a, &p->in, &plan);
	assert_plan_is_sound(p, &plan);
	assert_true(plan.is_optimal);
	assert_same_value(&plan.value, &o->best, of_case);
	if (used_set(&plan) != o->best_set)
		fail_msg("another set of locations in the case of seed %llu",
			 (unsigned long long)of_case);
	arena_free(a);
}

/* ---- tests ---- */

static void no_assignment_of_units_is_better(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 20000; n++) {
		struct oracle o = {.p = &problem};
		size_t items, locations;

		seed = n;
		items = (size_t)(1 + random_below(3));
		locations = (size_t)(1 + random_below(items == 3 ? 3 : 4));
		problem_random(&problem, items, locations, items == 1 ? 6 : 2);
		assign_all(&o, 0, 0, problem.items[0].quantity);
		assert_best(&problem, &o, n);
	}
}

static void no_set_of_locations_is_better(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 20000; n++) {
		struct oracle o = {.p = &problem};
		size_t items;

		seed = 1000000 + n;
		items = (size_t)(1 + random_below(6));
		problem_random(&problem, items, (size_t)(1 + random_below(7)), 5);
		try_all_sets(&o);
		assert_best(&problem, &o, 1000000 + n);
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

		seed = 2000000 + n;
		problem_random(&problem, (size_t)(2 + random_below(5)),
			       (size_t)(3 + random_below(5)), 5);
		problem.in.node_budget = 1 + random_below(4);
		try_all_sets(&o);
		plan_make(a, &problem.in, &plan);
		assert_plan_is_sound(&problem, &plan);
		assert_true(plan.nodes <= problem.in.node_budget);
		assert_true(plan_value_compare(&plan.bound, &o.best) <= 0);
		assert_true(plan_value_compare(&o.best, &plan.value) <= 0);
		if (plan.is_optimal)
			assert_same_value(&plan.value, &o.best, seed);
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
	size_t item_at[ITEMS], location_at[LOCATIONS];

	(void)state;
	for (uint64_t n = 0; n < 4000; n++) {
		struct arena *a = arena_new();
		struct plan one, two;

		seed = 3000000 + n;
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

/* Every explanation against the oracle that leaves out all sets without the location. */
static void explanations_are_exact(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 3000; n++) {
		struct arena *a = arena_new();
		struct plan plan;

		seed = 4000000 + n;
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
			for (unsigned set = 0; set < 1u << problem.in.location_count; set++) {
				memset(o.units, 0, sizeof o.units);
				o.now = (struct plan_value){0};
				for (size_t i = 0; i < problem.in.item_count; i++)
					ship_from_set(&o, set, i);
				if (o.units[l])
					oracle_take(&o);
			}
			with.unshipped += c->units_less;
			with.dropship_units += c->dropship_more;
			with.third_party_units += c->third_party_more;
			with.shipments += c->shipments_more;
			with.cost += c->cost_more;
			with.priority_sum = o.best.priority_sum;
			if (c->reason == PLAN_DEARER)
				assert_same_value(&with, &o.best, seed);
			else if (o.has_best)
				assert_true(plan_value_compare(&with, &o.best) <= 0);
		}
		arena_free(a);
	}
}

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
			double started, took;

			seed = 5000000 + (uint64_t)run;
			problem_large(sizes[n].items, sizes[n].locations, sizes[n].percent);
			problem.in.shipments_max = sizes[n].shipments_max;
			started = milliseconds();
			plan_make(a, &problem.in, &plan);
			took = milliseconds() - started;
			sum += took;
			worst = took > worst ? took : worst;
			optimal += plan.is_optimal;
			assert_plan_is_sound(&problem, &plan);
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
		cmocka_unit_test(two_locations_beat_three),
		cmocka_unit_test(reasons_are_told),
		cmocka_unit_test(nothing_to_plan_is_a_plan),
		cmocka_unit_test(enormous_costs_do_not_overflow),
		cmocka_unit_test(no_assignment_of_units_is_better),
		cmocka_unit_test(no_set_of_locations_is_better),
		cmocka_unit_test(a_short_search_is_honest),
		cmocka_unit_test(the_order_of_the_input_decides_nothing),
		cmocka_unit_test(explanations_are_exact),
		cmocka_unit_test(large_orders_are_planned_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* plan_oracle - the best plan, found by trying everything */
#include "tests/unit/plan_oracle.h"

#include <string.h>

#include "tests/unit/unit.h"

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
	for (int64_t units = 0; units <= left && units <= problem_available(o->p, l, i); units++) {
		oracle_ship(o, l, i, units);
		assign_all(o, i, l + 1, left - units);
		oracle_ship(o, l, i, -units);
	}
}

void oracle_assign_all(struct oracle *o)
{
	assign_all(o, 0, 0, o->p->items[0].quantity);
}

/*
 * The cheapest way to ship item i from a set: again and again one unit from the best location that
 * has one.
 */
static void ship_from_set(struct oracle *o, unsigned set, size_t i)
{
	int64_t taken[PROBLEM_LOCATIONS] = {0};

	for (int64_t unit = 0; unit < o->p->items[i].quantity; unit++) {
		size_t best = PROBLEM_LOCATIONS;

		for (size_t l = 0; l < o->p->in.location_count; l++) {
			const struct plan_location *a = &o->p->locations[l], *b;

			if (!(set >> l & 1) || taken[l] >= problem_available(o->p, l, i))
				continue;
			b = best < PROBLEM_LOCATIONS ? &o->p->locations[best] : NULL;
			if (!b || a->kind < b->kind ||
			    (a->kind == b->kind &&
			     (a->unit_cost[i] < b->unit_cost[i] ||
			      (a->unit_cost[i] == b->unit_cost[i] && a->priority < b->priority))))
				best = l;
		}
		if (best == PROBLEM_LOCATIONS) {
			o->now.unshipped += o->p->items[i].quantity - unit;
			return;
		}
		taken[best]++;
		oracle_ship(o, best, i, 1);
	}
}

static void ship_all_from_set(struct oracle *o, unsigned set)
{
	memset(o->units, 0, sizeof o->units);
	o->now = (struct plan_value){0};
	for (size_t i = 0; i < o->p->in.item_count; i++)
		ship_from_set(o, set, i);
}

void oracle_try_all_sets(struct oracle *o)
{
	for (unsigned set = 0; set < 1u << o->p->in.location_count; set++) {
		ship_all_from_set(o, set);
		oracle_take(o);
	}
}

void oracle_try_all_plans_with(struct oracle *o, size_t l)
{
	for (unsigned set = 0; set < 1u << o->p->in.location_count; set++) {
		ship_all_from_set(o, set);
		if (o->units[l])
			oracle_take(o);
	}
}

static void print_value(const char *what, const struct plan_value *v)
{
	print_error("%s: unshipped %lld dropship %lld 3pl %lld shipments %lld cost %lld priority "
		    "%lld\n",
		    what, (long long)v->unshipped, (long long)v->dropship_units,
		    (long long)v->third_party_units, (long long)v->shipments, (long long)v->cost,
		    (long long)v->priority_sum);
}

void assert_same_value(const struct plan_value *got, const struct plan_value *want,
		       uint64_t of_case)
{
	if (plan_value_compare(got, want) == 0)
		return;
	print_value("got", got);
	print_value("want", want);
	fail_msg("another value in the case of seed %llu", (unsigned long long)of_case);
}

void assert_plan_is_sound(const struct problem *p, const struct plan *plan, uint64_t of_case)
{
	struct oracle o = {.p = p};
	int64_t shipped[PROBLEM_ITEMS] = {0};

	for (size_t n = 0; n < plan->pick_count; n++) {
		const struct plan_pick *pick = &plan->picks[n], *last = n ? pick - 1 : NULL;

		assert_true(pick->quantity > 0);
		assert_true(pick->quantity <= problem_available(p, pick->location, pick->item));
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
	assert_same_value(&plan->value, &o.now, of_case);
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

void assert_best(const struct oracle *o, uint64_t of_case)
{
	struct arena *a = arena_new();
	struct plan plan;

	plan_make(a, &o->p->in, &plan);
	assert_plan_is_sound(o->p, &plan, of_case);
	assert_true(plan.is_optimal);
	assert_same_value(&plan.value, &o->best, of_case);
	if (used_set(&plan) != o->best_set)
		fail_msg("another set of locations in the case of seed %llu",
			 (unsigned long long)of_case);
	arena_free(a);
}

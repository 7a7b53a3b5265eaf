/*
 * plan_bound - what no plan below a node of the search can beat
 *
 * A node has open, free and closed places; below it are the plans that use a part of open and free.
 * Each field of the bound holds for the plans that equal the bound in all fields before it, which
 * is all a lexicographic comparison needs.
 *
 * When every plan that matches the bound must reach all that open and free places reach (is_tight;
 * always so without a limit on shipments), each item needs a known number of units of each kind.
 * Then the kinds are separate covering problems, and linear programming duality bounds the places
 * that must still be opened: prices on needs, such that no place earns more than its weight, are
 * worth no more than any cover weighs. With weight 1 they count shipments, with a place's cost they
 * bound the cost.
 */
#include <math.h>
#include <stdlib.h>

#include "core/domain/plan_internal.h"

/* Rounding errors of the prices are far below this, relatively. */
static const double TOLERANCE = 1e-6;

enum { SORT_STEPS = 24 }; /* what sorting costs per place */

/* Where the node stands in units and needs. */
static void levels(struct search *s)
{
	s->need_count = 0;
	s->steps += (int64_t)s->item_count;
	for (int k = 0; k < LOCATION_KIND_COUNT; k++)
		s->covered[k] = s->reachable[k] = 0;
	for (size_t i = 0; i < s->item_count; i++) {
		int64_t open_left = s->wanted[i], left = s->wanted[i];

		for (int k = 0; k < LOCATION_KIND_COUNT; k++) {
			int64_t target = least(left, s->left_stock[k][i]);

			s->need[k][i] =
				target > s->open_stock[k][i] ? target - s->open_stock[k][i] : 0;
			s->need_count += s->need[k][i] > 0;
			left -= target;
			open_left -= least(open_left, s->open_stock[k][i]);
			s->reachable[k] += s->wanted[i] - left;
			s->covered[k] += s->wanted[i] - open_left;
		}
	}
}

int64_t search_gain(struct search *s, size_t l)
{
	const struct place *place = &s->places[l];
	int64_t sum = 0;

	s->steps += (int64_t)s->item_count;
	for (int k = 0; k < LOCATION_KIND_COUNT; k++)
		s->units_gain[k][l] = 0;
	for (size_t i = 0; i < s->item_count; i++) {
		int64_t room = s->wanted[i];

		if (!place->stock[i])
			continue;
		for (int k = 0; k < LOCATION_KIND_COUNT && room > 0; k++) {
			room -= s->open_stock[k][i];
			if (k >= (int)place->kind && room > 0)
				s->units_gain[k][l] += least(room, place->stock[i]);
		}
	}
	for (int k = 0; k < LOCATION_KIND_COUNT; k++)
		sum += s->units_gain[k][l];
	return sum;
}

void search_gains(struct search *s)
{
	for (size_t l = 0; l < s->place_count; l++)
		if (s->state[l] == PLACE_FREE)
			search_gain(s, l);
}

static int compare_down(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a < b) - (a > b);
}

/*
 * With room for fewer places than are free: no choice of `room` places adds more to g_k than the
 * `room` largest gains, since g_k is submodular. Lowers upper[] to that, and returns the least
 * number of places whose largest gains reach upper[].
 */
static size_t bound_by_largest_gains(struct search *s, size_t room, int64_t *upper)
{
	size_t places_needed = 0;

	search_gains(s);
	for (int k = LOCATION_KIND_COUNT - 1; k >= 0; k--) {
		int64_t sum = s->covered[k];
		size_t count = 0;

		for (size_t l = 0; l < s->place_count; l++)
			if (s->state[l] == PLACE_FREE)
				s->sorted[count++] = s->units_gain[k][l];
		qsort(s->sorted, count, sizeof *s->sorted, compare_down);
		s->steps += SORT_STEPS * (int64_t)count;
		if (k < LOCATION_KIND_COUNT - 1)
			upper[k] = least(upper[k], upper[k + 1]);
		for (count = 0; count < room && sum < upper[k]; count++)
			sum += s->sorted[count];
		upper[k] = least(upper[k], sum);
		if (count > places_needed)
			places_needed = count;
	}
	return places_needed;
}

/*
 * Raise an item's price to the least its places offer: even, or as far as their slack goes. Returns
 * by how much.
 */
static double raise_price(const double *share, size_t place_count, const double *even,
			  double *slack)
{
	double price = INFINITY;

	for (size_t n = 0; n < place_count; n++)
		if (share[n] > 0) {
			double most = even ? even[n] : slack[n] / share[n];

			price = most < price ? most : price;
		}
	if (!isfinite(price) || price <= 0)
		return 0;
	for (size_t n = 0; n < place_count; n++)
		slack[n] -= price * share[n];
	return price;
}

/*
 * The least weight of free places that cover the needs of a kind, from below; weights are in
 * s->weight.
 *
 * A first price for each item divides each place's weight evenly over what it covers, each need
 * counting as one; then each price in turn is raised as far as the slack of the item's places
 * allows.
 */
static double cover_weight(struct search *s, int kind)
{
	const int64_t *need = s->need[kind];
	size_t place_count = 0;
	double total = 0;

	for (size_t l = 0; l < s->place_count; l++)
		if (s->state[l] == PLACE_FREE && (int)s->places[l].kind == kind) {
			s->gain[l] = 0;
			s->cover_places[place_count++] = l;
		}
	for (size_t i = 0; i < s->item_count; i++) {
		double *share = s->share + i * s->place_count;

		s->steps += need[i] ? 3 * (int64_t)place_count : 1; /* with the rounds below */
		for (size_t n = 0; n < place_count && need[i]; n++) {
			size_t l = s->cover_places[n];

			share[n] = (double)least(s->places[l].stock[i], need[i]) / (double)need[i];
			s->gain[l] += share[n];
		}
	}
	for (size_t n = 0; n < place_count; n++) {
		size_t l = s->cover_places[n];

		s->even_price[n] = s->gain[l] > 0 ? s->weight[l] / s->gain[l] : 0;
		s->slack[n] = s->weight[l];
	}
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < s->item_count; i++)
			if (need[i])
				total += raise_price(s->share + i * s->place_count, place_count,
						     round ? NULL : s->even_price, s->slack);
	return total;
}

/*
 * Whether place l is open or, places being asked for in some order, one of the first free ones that
 * fill the quota. taken starts as zeros.
 */
static int is_in_quota(const struct search *s, size_t l, size_t *taken)
{
	int pool = s->is_tight ? (int)s->places[l].kind : 0;

	if (s->state[l] == PLACE_FREE && taken[pool] < s->quota[pool])
		return ++taken[pool] > 0;
	return s->state[l] == PLACE_OPEN;
}

/* What the open places and the cheapest quota of free ones cost for their shipments. */
static int64_t shipments_cost(const struct search *s)
{
	size_t taken[LOCATION_KIND_COUNT] = {0};
	int64_t cost = 0;

	for (size_t n = 0; n < s->place_count; n++)
		if (is_in_quota(s, s->by_cost[n], taken))
			cost = cost_add(cost, s->places[s->by_cost[n]].shipment_cost);
	return cost;
}

/* The priorities of the open places and of the quota of free ones with the lowest. */
static int64_t priorities(const struct search *s)
{
	size_t taken[LOCATION_KIND_COUNT] = {0};
	int64_t sum = 0;

	for (size_t n = 0; n < s->place_count; n++)
		if (is_in_quota(s, s->by_priority[n], taken))
			sum = cost_add(sum, s->places[s->by_priority[n]].priority);
	return sum;
}

/*
 * Whether the open places with the quota of lowest ids come before the best plan's set. Both sets
 * have the same size.
 */
static int has_lower_ids(const struct search *s)
{
	size_t taken[LOCATION_KIND_COUNT] = {0};

	for (size_t l = 0; l < s->place_count; l++) {
		int is_member = is_in_quota(s, l, taken);

		if (is_member != s->best_used[l])
			return is_member;
	}
	return 0;
}

/*
 * Each unit at the cheapest place of its kind that is open or free. Only when is_tight: then the
 * kinds are known.
 */
static int64_t units_cost(struct search *s)
{
	int64_t cost = 0;

	for (size_t i = 0; i < s->item_count; i++) {
		const size_t *order = s->fill_order[i];
		int64_t left = s->wanted[i];
		size_t n;

		for (n = 0; n < s->place_count && left > 0; n++) {
			const struct place *place = &s->places[order[n]];
			int64_t units = least(left, place->stock[i]);

			if (s->state[order[n]] == PLACE_CLOSED || !units)
				continue;
			cost = cost_add(cost, cost_times(place->unit_cost[i], units));
			left -= units;
		}
		s->steps += (int64_t)n;
	}
	return cost;
}

/*
 * The cost of opening the quota at least, from prices. Each shipment's weight is its cost plus a
 * constant, which is taken off again for each shipment: it makes the prices cover the number of
 * shipments, too.
 */
static int64_t cover_cost(struct search *s, int64_t open_cost)
{
	double total = 0, constant = 0;
	size_t count = 0;

	for (size_t l = 0; l < s->place_count; l++)
		if (s->state[l] == PLACE_FREE)
			constant = fmax(constant, (double)s->places[l].shipment_cost);
	for (size_t l = 0; l < s->place_count; l++)
		s->weight[l] = (double)s->places[l].shipment_cost + constant;
	for (int k = 0; k < LOCATION_KIND_COUNT; k++) {
		total += cover_weight(s, k);
		count += s->quota[k];
	}
	total = total * (1 - TOLERANCE) - constant * (double)count;
	if (total <= 0)
		return open_cost;
	return total < 1e18 ? cost_add(open_cost, (int64_t)total) : open_cost;
}

static size_t count_shipments(struct search *s)
{
	size_t count = 0;

	for (size_t l = 0; l < s->place_count; l++)
		s->weight[l] = 1;
	for (int k = 0; k < LOCATION_KIND_COUNT; k++) {
		s->quota[k] = (size_t)ceil(cover_weight(s, k) * (1 - TOLERANCE));
		count += s->quota[k];
	}
	return count;
}

static void bound_cost(struct search *s, struct plan_value *bound)
{
	s->steps += 4 * (int64_t)s->place_count;
	bound->cost = shipments_cost(s);
	if (s->is_tight) {
		int64_t open_cost = 0, by_prices;

		for (size_t l = 0; l < s->place_count; l++)
			if (s->state[l] == PLACE_OPEN)
				open_cost = cost_add(open_cost, s->places[l].shipment_cost);
		by_prices = cover_cost(s, open_cost);
		if (by_prices > bound->cost)
			bound->cost = by_prices;
		bound->cost = cost_add(bound->cost, units_cost(s));
	}
	bound->priority_sum = priorities(s);
}

/* Units, kinds and number of shipments. */
static void bound_coverage(struct search *s, struct plan_value *bound)
{
	size_t room = s->limit - s->open_count, places_needed = 0;
	int64_t upper[LOCATION_KIND_COUNT];

	levels(s);
	for (int k = 0; k < LOCATION_KIND_COUNT; k++) {
		upper[k] = s->reachable[k];
		s->quota[k] = 0;
	}
	if (room < s->free_count)
		places_needed = bound_by_largest_gains(s, room, upper);
	s->is_tight = 1;
	for (int k = 0; k < LOCATION_KIND_COUNT; k++)
		s->is_tight = s->is_tight && upper[k] == s->reachable[k];
	if (s->is_tight)
		places_needed = count_shipments(s);
	else
		s->quota[0] = places_needed;
	*bound = (struct plan_value){
		.unshipped = s->wanted_units - upper[LOCATION_DROPSHIP],
		.dropship_units = upper[LOCATION_DROPSHIP] - upper[LOCATION_3PL],
		.third_party_units = upper[LOCATION_3PL] - upper[LOCATION_WAREHOUSE],
		.shipments = (int64_t)(s->open_count + places_needed),
	};
}

int search_is_promising(struct search *s)
{
	struct plan_value bound;
	int is_root = s->nodes == 1, order;

	bound_coverage(s, &bound);
	bound.cost = s->best.cost;
	bound.priority_sum = s->best.priority_sum;
	order = plan_value_compare(&bound, &s->best);
	if (order == 0 || is_root) {
		bound_cost(s, &bound);
		order = plan_value_compare(&bound, &s->best);
	}
	if (is_root)
		s->bound = bound;
	return order < 0 || (order == 0 && has_lower_ids(s));
}

/* plan_search - branch and bound over sets of places, with a greedy plan as the first incumbent */
#include <stdlib.h>
#include <string.h>

#include "core/domain/plan_internal.h"

size_t search_fill(struct search *s, const unsigned char *open, unsigned char *used,
		   struct plan_value *value, struct plan_pick *picks)
{
	size_t count = 0;

	s->steps += (int64_t)s->place_count;
	memset(used, 0, s->place_count);
	*value = (struct plan_value){0};
	for (size_t i = 0; i < s->item_count; i++) {
		const size_t *order = s->fill_order[i];
		int64_t left = s->wanted[i];
		size_t n;

		for (n = 0; n < s->place_count && left > 0; n++) {
			const struct place *place = &s->places[order[n]];
			int64_t units = least(left, place->stock[i]);

			if (open[order[n]] != PLACE_OPEN || !units)
				continue;
			left -= units;
			used[order[n]] = 1;
			value->cost = cost_add(value->cost, cost_times(place->unit_cost[i], units));
			value->dropship_units += place->kind == LOCATION_DROPSHIP ? units : 0;
			value->third_party_units += place->kind == LOCATION_3PL ? units : 0;
			if (picks)
				picks[count++] = (struct plan_pick){i, order[n], units};
		}
		s->steps += (int64_t)n;
		value->unshipped += left;
	}
	if (s->forced != PLACE_NONE)
		used[s->forced] = 1;
	for (size_t l = 0; l < s->place_count; l++)
		if (used[l]) {
			value->shipments++;
			value->cost = cost_add(value->cost, s->places[l].shipment_cost);
			value->priority_sum = cost_add(value->priority_sum, s->places[l].priority);
		}
	return count;
}

/* Take the plan that ships from the places marked open, if it beats the best one so far. */
static void consider(struct search *s, const unsigned char *open)
{
	struct plan_value value;
	int order;

	search_fill(s, open, s->used, &value, /* picks= */ NULL);
	order = s->has_best ? plan_value_compare(&value, &s->best) : -1;
	/* Of equals, the set that has the lowest id which is in only one of them. */
	for (size_t l = 0; l < s->place_count && !order; l++)
		order = s->best_used[l] - s->used[l];
	if (order >= 0)
		return;
	s->has_best = 1;
	s->best = value;
	memcpy(s->best_used, s->used, s->place_count);
}

static void stock_change(struct search *s, int64_t **stock, size_t l, int64_t sign)
{
	const struct place *place = &s->places[l];

	s->steps += (int64_t)s->item_count;
	for (size_t i = 0; i < s->item_count; i++)
		stock[place->kind][i] += sign * place->stock[i];
}

static void place_open(struct search *s, size_t l)
{
	s->state[l] = PLACE_OPEN;
	s->open_count++;
	s->free_count--;
	stock_change(s, s->open_stock, l, 1);
}

static void place_unopen(struct search *s, size_t l)
{
	s->state[l] = PLACE_FREE;
	s->open_count--;
	s->free_count++;
	stock_change(s, s->open_stock, l, -1);
}

static void place_close(struct search *s, size_t l)
{
	s->state[l] = PLACE_CLOSED;
	s->free_count--;
	stock_change(s, s->left_stock, l, -1);
}

static void place_unclose(struct search *s, size_t l)
{
	s->state[l] = PLACE_FREE;
	s->free_count++;
	stock_change(s, s->left_stock, l, 1);
}

/*
 * Whether opening place l adds more than opening m: units, then units of better kinds; then the
 * cheaper one.
 */
static int gains_more(const struct search *s, size_t l, size_t m)
{
	for (int k = LOCATION_KIND_COUNT - 1; k >= 0; k--)
		if (s->units_gain[k][l] != s->units_gain[k][m])
			return s->units_gain[k][l] > s->units_gain[k][m];
	if (s->places[l].shipment_cost != s->places[m].shipment_cost)
		return s->places[l].shipment_cost < s->places[m].shipment_cost;
	return s->places[l].priority < s->places[m].priority;
}

/* The free place that adds most; PLACE_NONE when none adds anything. */
static size_t largest_gain(struct search *s)
{
	size_t best = PLACE_NONE;

	search_gains(s);
	for (size_t l = 0; l < s->place_count; l++) {
		int64_t gain = 0;

		if (s->state[l] != PLACE_FREE)
			continue;
		for (int k = 0; k < LOCATION_KIND_COUNT; k++)
			gain += s->units_gain[k][l];
		if (gain && (best == PLACE_NONE || gains_more(s, l, best)))
			best = l;
	}
	return best;
}

/*
 * For the need with the fewest places to choose from: the one of them that covers most, then the
 * cheapest.
 */
static size_t scarcest_need(struct search *s)
{
	size_t best = PLACE_NONE, fewest = SIZE_MAX;

	for (int k = 0; k < LOCATION_KIND_COUNT && best == PLACE_NONE; k++)
		for (size_t i = 0; i < s->item_count; i++) {
			size_t count = 0, candidate = PLACE_NONE;

			if (!s->need[k][i])
				continue;
			s->steps += (int64_t)s->place_count;
			for (size_t l = 0; l < s->place_count; l++) {
				if (s->state[l] != PLACE_FREE || (int)s->places[l].kind != k ||
				    !s->places[l].stock[i])
					continue;
				count++;
				if (candidate == PLACE_NONE || s->gain[l] > s->gain[candidate] ||
				    (s->gain[l] >= s->gain[candidate] &&
				     s->places[l].shipment_cost <
					     s->places[candidate].shipment_cost))
					candidate = l;
			}
			if (count < fewest) {
				fewest = count;
				best = candidate;
			}
		}
	return best;
}

/*
 * Look at the node and, while it could lead to something better, at what opening or closing one
 * more place leads to.
 */
static void visit(struct search *s)
{
	size_t l;

	/* The first node is looked at in any case: it gives the bound. */
	if (s->nodes && (s->nodes >= s->budget || s->steps >= s->steps_max)) {
		s->is_complete = 0;
		return;
	}
	s->nodes++;
	if (!search_is_promising(s))
		return;
	if (!s->need_count || s->limit < s->place_count)
		consider(s, s->state);
	if (!s->need_count || s->open_count == s->limit)
		return;
	l = s->is_tight ? scarcest_need(s) : largest_gain(s);
	if (l == PLACE_NONE)
		return;
	place_open(s, l);
	visit(s);
	place_unopen(s, l);
	place_close(s, l);
	visit(s);
	place_unclose(s, l);
}

static void start(struct search *s, size_t forced)
{
	for (int k = 0; k < LOCATION_KIND_COUNT; k++) {
		memset(s->open_stock[k], 0, s->item_count * sizeof *s->open_stock[k]);
		memset(s->left_stock[k], 0, s->item_count * sizeof *s->left_stock[k]);
	}
	memset(s->state, PLACE_FREE, s->place_count);
	s->open_count = 0;
	s->free_count = s->place_count;
	for (size_t l = 0; l < s->place_count; l++)
		stock_change(s, s->left_stock, l, 1);
	s->forced = forced;
	if (forced != PLACE_NONE)
		place_open(s, forced);
	for (size_t l = 0; l < s->place_count; l++)
		if (s->places[l].is_dominated && l != forced)
			place_close(s, l);
}

static int compare_gains(const void *x, const void *y, void *arg)
{
	size_t l = *(const size_t *)x, m = *(const size_t *)y;

	return gains_more(arg, m, l) - gains_more(arg, l, m);
}

/*
 * Open every place that adds something, in the order of what they would add now: one look at each.
 * Afterwards no free place adds anything, since what a place adds never grows.
 */
static void open_at_once(struct search *s)
{
	size_t count = 0;

	search_gains(s);
	for (size_t l = 0; l < s->place_count; l++)
		if (s->state[l] == PLACE_FREE)
			s->cover_places[count++] = l;
	qsort_r(s->cover_places, count, sizeof *s->cover_places, compare_gains, s);
	for (size_t n = 0; n < count && s->open_count < s->limit; n++)
		if (search_gain(s, s->cover_places[n]))
			place_open(s, s->cover_places[n]);
}

/*
 * Open what adds most until nothing adds anything, then leave out, dearest first, what the others
 * make superfluous. Each half may take a quarter of the steps; what is left then is opened at once,
 * and nothing more is left out.
 */
static void greedy(struct search *s)
{
	int64_t quarter = (s->steps_max - s->steps) / 4, half_way = s->steps + quarter, end;
	size_t l = PLACE_NONE;

	while (s->open_count < s->limit && s->steps < half_way &&
	       (l = largest_gain(s)) != PLACE_NONE)
		place_open(s, l);
	if (l != PLACE_NONE)
		open_at_once(s);
	consider(s, s->state);
	end = s->steps + quarter;
	for (size_t n = s->place_count; n-- > 0 && s->steps < end;) {
		struct plan_value before = s->best;

		l = s->by_cost[n];
		if (s->state[l] != PLACE_OPEN || l == s->forced)
			continue;
		s->state[l] = PLACE_CLOSED;
		consider(s, s->state);
		if (plan_value_compare(&s->best, &before) >= 0)
			s->state[l] = PLACE_OPEN;
	}
}

void search_run(struct search *s, size_t forced, const unsigned char *hint, int64_t nodes,
		int64_t steps)
{
	s->nodes = 0;
	s->budget = nodes;
	s->steps_max = s->steps + steps;
	s->is_complete = 1;
	s->has_best = 0;
	start(s, forced);
	if (hint) {
		consider(s, hint);
	} else {
		greedy(s);
		start(s, forced);
	}
	visit(s);
}

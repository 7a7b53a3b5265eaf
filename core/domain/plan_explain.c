/*
 * plan_explain - of each location, why it was chosen or what it would have cost to use it
 *
 * For the nearest few the same search answers it, with the location opened beforehand and the
 * chosen plan plus this location as first incumbent. When the best such plan leaves the location
 * idle, it could only add a shipment.
 *
 * Of the others it is only said whether they need a shipment more. Opened beside the chosen places
 * such a location needs one more and changes nothing else, so it is that or none, when the chosen
 * plan is proven and there is room for one more. None would mean a plan of n places with this one
 * among them; it needs n - 1 others that bring what is missing, and the sum of the n - 1 largest
 * contributions is more than any others bring.
 */
#include <stdlib.h>
#include <string.h>

#include "core/domain/plan_internal.h"

/* All searches for prices together may look at this many nodes, and at a fraction of what the plan may. */
enum { EXPLAIN_NODES = 600, EXPLAIN_FRACTION = 4, EXPLAIN_STEPS = 4 * 1000 * 1000 };

static int is_idle(struct search *s, size_t l)
{
	struct plan_value value;

	s->forced = PLACE_NONE;
	search_fill(s, s->best_used, s->used, &value, /* picks= */ NULL);
	return !s->used[l];
}

/* The chosen places with l; where there is room for no more, without their dearest. */
static void hint_with(const struct search *s, size_t l, const unsigned char *chosen,
		      unsigned char *hint)
{
	size_t count = 0, n = s->place_count;

	memcpy(hint, chosen, s->place_count);
	for (size_t m = 0; m < s->place_count; m++)
		count += chosen[m];
	while (count >= s->limit && n > 0)
		if (hint[s->by_cost[--n]]) {
			hint[s->by_cost[n]] = 0;
			count--;
		}
	hint[l] = 1;
}

static void compare_with_forced(struct search *s, size_t l, const struct plan *p,
				const unsigned char *hint, int64_t nodes, int64_t steps)
{
	struct plan_candidate *c = &p->candidates[s->places[l].index];

	search_run(s, l, hint, nodes, steps);
	*c = (struct plan_candidate){
		.units_less = s->best.unshipped - p->value.unshipped,
		.dropship_more = s->best.dropship_units - p->value.dropship_units,
		.third_party_more = s->best.third_party_units - p->value.third_party_units,
		.shipments_more = s->best.shipments - p->value.shipments,
		.cost_more = s->best.cost - p->value.cost,
	};
	c->reason = is_idle(s, l) ? PLAN_NOT_NEEDED : PLAN_DEARER;
}

static int compare_down(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a < b) - (a > b);
}

/*
 * How many units of kinds up to k place l must bring at least to be one of the chosen plan's number
 * of places; INT64_MIN: nothing is known.
 */
static void least_to_bring(struct search *s, const struct plan *p, int64_t *least_units)
{
	int64_t reach[LOCATION_KIND_COUNT] = {[LOCATION_DROPSHIP] =
						      s->wanted_units - p->value.unshipped};

	reach[LOCATION_3PL] = reach[LOCATION_DROPSHIP] - p->value.dropship_units;
	reach[LOCATION_WAREHOUSE] = reach[LOCATION_3PL] - p->value.third_party_units;
	for (int k = 0; k < LOCATION_KIND_COUNT; k++) {
		least_units[k] = INT64_MIN;
		if (!p->is_optimal || p->value.shipments >= (int64_t)s->limit)
			continue;
		memcpy(s->sorted, s->units_gain[k], s->place_count * sizeof *s->sorted);
		qsort(s->sorted, s->place_count, sizeof *s->sorted, compare_down);
		least_units[k] = reach[k];
		for (int64_t n = 0; n + 1 < p->value.shipments; n++)
			least_units[k] -= s->sorted[n];
	}
}

static void bound_others(struct search *s, const struct plan *p, const size_t *others, size_t count)
{
	int64_t least_units[LOCATION_KIND_COUNT];

	for (size_t l = 0; l < s->place_count; l++) {
		int64_t units = 0;

		for (size_t i = 0; i < s->item_count; i++)
			units += s->places[l].stock[i];
		for (int k = 0; k < LOCATION_KIND_COUNT; k++)
			s->units_gain[k][l] = k < (int)s->places[l].kind ? 0 : units;
	}
	least_to_bring(s, p, least_units);
	for (size_t n = 0; n < count; n++) {
		struct plan_candidate *c = &p->candidates[s->places[others[n]].index];

		c->reason = PLAN_UNPRICED;
		for (int k = 0; k < LOCATION_KIND_COUNT; k++)
			c->shipments_more |= s->units_gain[k][others[n]] < least_units[k];
	}
}

static int compare_nearness(const void *x, const void *y, void *arg)
{
	const struct place *a = (struct place *)arg + *(const size_t *)x;
	const struct place *b = (struct place *)arg + *(const size_t *)y;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->shipment_cost != b->shipment_cost)
		return a->shipment_cost < b->shipment_cost ? -1 : 1;
	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return a->id < b->id ? -1 : 1;
}

void search_explain(struct arena *a, struct search *s, const struct plan_input *in, struct plan *p)
{
	unsigned char *chosen = ARENA_ARRAY(a, unsigned char, s->place_count);
	unsigned char *hint = ARENA_ARRAY(a, unsigned char, s->place_count);
	size_t *others = ARENA_ARRAY(a, size_t, s->place_count);
	int64_t nodes = least(s->budget / EXPLAIN_FRACTION, EXPLAIN_NODES);
	int64_t end;
	size_t count = 0, priced = 0;

	memcpy(chosen, s->best_used, s->place_count);
	p->candidates = ARENA_ARRAY(a, struct plan_candidate, in->location_count);
	for (size_t l = 0; l < in->location_count; l++)
		p->candidates[l].reason = in->locations[l].excluded ? PLAN_EXCLUDED : PLAN_NO_STOCK;
	for (size_t l = 0; l < s->place_count; l++)
		if (chosen[l])
			p->candidates[s->places[l].index].reason = PLAN_CHOSEN;
		else
			others[count++] = l;
	if (count > PLAN_PRICED_MAX)
		qsort_r(others, count, sizeof *others, compare_nearness, s->places);
	end = s->steps + EXPLAIN_STEPS;
	for (; priced < count && priced < PLAN_PRICED_MAX && s->steps < end; priced++) {
		int64_t left = least((int64_t)count, PLAN_PRICED_MAX) - (int64_t)priced;

		hint_with(s, others[priced], chosen, hint);
		compare_with_forced(s, others[priced], p, hint, nodes / left,
				    (end - s->steps) / left);
		nodes -= s->nodes;
	}
	if (count > priced)
		bound_others(s, p, others + priced, count - priced);
}

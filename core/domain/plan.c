/* plan - preparing the search and writing down its result */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain/plan_internal.h"

enum {
	NODES_DEFAULT = 200 * 1000,
	STEPS_MAX = 24 * 1000 * 1000, /* before the explanations; one to three nanoseconds each */
	CELL_STEPS = 24,	      /* what preparing costs for each item of a location */
	DOMINATED_STEPS_MAX = 4 * 1000 * 1000,
};

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int plan_value_compare(const struct plan_value *a, const struct plan_value *b)
{
	int order = compare(a->unshipped, b->unshipped);

	if (!order)
		order = compare(a->dropship_units, b->dropship_units);
	if (!order)
		order = compare(a->third_party_units, b->third_party_units);
	if (!order)
		order = compare(a->shipments, b->shipments);
	if (!order)
		order = compare(a->cost, b->cost);
	if (!order)
		order = compare(a->priority_sum, b->priority_sum);
	return order;
}

static int compare_items(const void *x, const void *y, void *arg)
{
	const struct plan_item *items = arg;

	return compare(items[*(const size_t *)x].item, items[*(const size_t *)y].item);
}

static int compare_places(const void *x, const void *y)
{
	return compare(((const struct place *)x)->id, ((const struct place *)y)->id);
}

static int compare_cost(const void *x, const void *y, void *arg)
{
	const struct place *a = (struct place *)arg + *(const size_t *)x;
	const struct place *b = (struct place *)arg + *(const size_t *)y;

	return compare(a->shipment_cost, b->shipment_cost);
}

static int compare_priority(const void *x, const void *y, void *arg)
{
	const struct place *a = (struct place *)arg + *(const size_t *)x;
	const struct place *b = (struct place *)arg + *(const size_t *)y;

	return compare(a->priority, b->priority);
}

struct fill_key {
	const struct place *places;
	size_t item;
};

static int compare_fill(const void *x, const void *y, void *arg)
{
	const struct fill_key *key = arg;
	const struct place *a = key->places + *(const size_t *)x;
	const struct place *b = key->places + *(const size_t *)y;
	int order = compare(a->kind, b->kind);

	if (!order)
		order = compare(a->unit_cost[key->item], b->unit_cost[key->item]);
	if (!order)
		order = compare(a->priority, b->priority);
	return order ? order : compare(a->id, b->id);
}

static size_t *ranks(struct arena *a, size_t count)
{
	size_t *list = ARENA_ARRAY(a, size_t, count);

	for (size_t i = 0; i < count; i++)
		list[i] = i;
	return list;
}

/* A candidate with the stock of it that could be of use; 0 when there is none. */
static int place_take(struct arena *a, const struct search *s, const struct plan_location *from,
		      struct place *to)
{
	int is_useful = 0;

	assert(from->kind < LOCATION_KIND_COUNT && from->priority >= 0 && from->shipment_cost >= 0);
	for (size_t i = 0; i < s->item_count && !is_useful; i++)
		is_useful = from->available[i] != 0;
	if (!is_useful || from->excluded)
		return 0;
	*to = (struct place){
		.id = from->location,
		.kind = from->kind,
		.priority = from->priority,
		.shipment_cost = from->shipment_cost,
		.stock = ARENA_ARRAY(a, int64_t, s->item_count),
		.unit_cost = ARENA_ARRAY(a, int64_t, s->item_count),
	};
	for (size_t i = 0; i < s->item_count; i++) {
		int64_t available = from->available[s->items[i]];

		assert(available >= PLAN_UNTRACKED && from->unit_cost[s->items[i]] >= 0);
		to->stock[i] =
			available == PLAN_UNTRACKED ? s->wanted[i] : least(available, s->wanted[i]);
		to->unit_cost[i] = from->unit_cost[s->items[i]];
	}
	return 1;
}

/*
 * Whether no best plan uses l because m could do all of l's work at once. In such a plan let m ship
 * what l ships (m has all that is wanted, so there is room even when m is in use already): when m
 * was in use there is a shipment less; when it was not, either m's kind is better, or the cost, or
 * the priority, or else the id.
 */
static int is_dominated_by(struct search *s, const struct place *l, const struct place *m)
{
	size_t i;

	s->steps++;
	if (m->kind > l->kind)
		return 0;
	if (m->kind == l->kind) {
		int order = compare(m->shipment_cost, l->shipment_cost);

		if (!order)
			order = compare(m->priority, l->priority);
		if (!order)
			order = compare(m->id, l->id);
		if (order >= 0)
			return 0;
	}
	for (i = 0; i < s->item_count; i++)
		if (l->stock[i] && (m->stock[i] < s->wanted[i] ||
				    (m->kind == l->kind && m->unit_cost[i] > l->unit_cost[i])))
			break;
	s->steps += (int64_t)i;
	return i == s->item_count;
}

/* Leaving some undiscovered, when this takes long, only makes the search larger. */
static void find_dominated(struct search *s)
{
	int64_t end = s->steps + DOMINATED_STEPS_MAX;

	for (size_t l = 0; l < s->place_count; l++)
		for (size_t m = 0;
		     m < s->place_count && !s->places[l].is_dominated && s->steps < end; m++)
			s->places[l].is_dominated =
				is_dominated_by(s, &s->places[l], &s->places[m]);
}

/* Where unit costs do not say otherwise, an item's places stand as those of the item before. */
static void sort_for_filling(struct arena *a, struct search *s)
{
	const size_t *last = ranks(a, s->place_count);

	s->fill_order = ARENA_ARRAY(a, const size_t *, s->item_count);
	for (size_t i = 0; i < s->item_count; i++) {
		struct fill_key key = {.places = s->places, .item = i};
		int is_sorted = 1;

		for (size_t n = 1; n < s->place_count && is_sorted; n++)
			is_sorted = compare_fill(last + n - 1, last + n, &key) < 0;
		if (!is_sorted) {
			size_t *order = ranks(a, s->place_count);

			qsort_r(order, s->place_count, sizeof *order, compare_fill, &key);
			last = order;
		}
		s->fill_order[i] = last;
	}
}

static void scratch_init(struct arena *a, struct search *s)
{
	for (int k = 0; k < LOCATION_KIND_COUNT; k++) {
		s->open_stock[k] = ARENA_ARRAY(a, int64_t, s->item_count);
		s->left_stock[k] = ARENA_ARRAY(a, int64_t, s->item_count);
		s->need[k] = ARENA_ARRAY(a, int64_t, s->item_count);
		s->units_gain[k] = ARENA_ARRAY(a, int64_t, s->place_count);
	}
	s->state = ARENA_ARRAY(a, unsigned char, s->place_count);
	s->used = ARENA_ARRAY(a, unsigned char, s->place_count);
	s->best_used = ARENA_ARRAY(a, unsigned char, s->place_count);
	s->sorted = ARENA_ARRAY(a, int64_t, s->place_count);
	s->cover_places = ARENA_ARRAY(a, size_t, s->place_count);
	s->even_price = ARENA_ARRAY(a, double, s->place_count);
	s->share = ARENA_ARRAY(a, double, s->item_count * s->place_count);
	s->gain = ARENA_ARRAY(a, double, s->place_count);
	s->slack = ARENA_ARRAY(a, double, s->place_count);
	s->weight = ARENA_ARRAY(a, double, s->place_count);
}

struct search *search_new(struct arena *a, const struct plan_input *in)
{
	struct search *s = ARENA_NEW(a, struct search);

	s->item_count = in->item_count;
	s->items = ranks(a, s->item_count);
	qsort_r(s->items, s->item_count, sizeof *s->items, compare_items,
		(void *)(uintptr_t)in->items);
	s->wanted = ARENA_ARRAY(a, int64_t, s->item_count);
	for (size_t i = 0; i < s->item_count; i++) {
		s->wanted[i] = in->items[s->items[i]].quantity;
		assert(s->wanted[i] > 0);
		s->wanted_units += s->wanted[i];
	}
	s->places = ARENA_ARRAY(a, struct place, in->location_count);
	for (size_t l = 0; l < in->location_count; l++)
		if (place_take(a, s, &in->locations[l], &s->places[s->place_count]))
			s->places[s->place_count++].index = l;
	qsort(s->places, s->place_count, sizeof *s->places, compare_places);

	sort_for_filling(a, s);
	s->by_cost = ranks(a, s->place_count);
	qsort_r(s->by_cost, s->place_count, sizeof *s->by_cost, compare_cost, s->places);
	s->by_priority = ranks(a, s->place_count);
	qsort_r(s->by_priority, s->place_count, sizeof *s->by_priority, compare_priority,
		s->places);
	s->steps = CELL_STEPS * (int64_t)(s->item_count * s->place_count);
	find_dominated(s);
	s->limit = s->place_count;
	if (in->shipments_max > 0 && (uint64_t)in->shipments_max < s->limit)
		s->limit = (size_t)in->shipments_max;
	scratch_init(a, s);
	return s;
}

static int compare_picks(const void *x, const void *y)
{
	const struct plan_pick *a = x, *b = y;

	if (a->location != b->location)
		return a->location < b->location ? -1 : 1;
	return (a->item > b->item) - (a->item < b->item);
}

/* The picks of the best set, by location id and item id, told in indexes of the input. */
static void write_picks(struct arena *a, struct search *s, struct plan *out)
{
	struct plan_value value;
	size_t room = 0;

	for (size_t l = 0; l < s->place_count; l++)
		room += s->best_used[l] ? s->item_count : 0;
	out->picks = ARENA_ARRAY(a, struct plan_pick, room);
	out->pick_count = search_fill(s, s->best_used, s->used, &value, out->picks);
	qsort(out->picks, out->pick_count, sizeof *out->picks, compare_picks);
	for (size_t n = 0; n < out->pick_count; n++) {
		out->picks[n].item = s->items[out->picks[n].item];
		out->picks[n].location = s->places[out->picks[n].location].index;
	}
}

void plan_make(struct arena *a, const struct plan_input *in, struct plan *out)
{
	struct search *s = search_new(a, in);

	search_run(s, PLACE_NONE, /* hint= */ NULL,
		   in->node_budget > 0 ? in->node_budget : NODES_DEFAULT, STEPS_MAX - s->steps);
	*out = (struct plan){.value = s->best, .bound = s->bound, .nodes = s->nodes};
	out->is_optimal = s->is_complete || plan_value_compare(&s->best, &s->bound) == 0;
	if (out->is_optimal)
		out->bound = out->value;
	write_picks(a, s, out);
	search_explain(a, s, in, out);
	out->steps = s->steps;
}

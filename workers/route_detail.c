/*
 * route_detail - why a group was planned as it was, as people will read it
 *
 * A record stays small however large the order and however many the places: what matters most comes first, and what
 * has no room is counted. Where each unit ships from is in the allocations, whatever is left out here.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "workers/route.h"

enum { ITEMS_SHOWN = 40, CANDIDATES_SHOWN = 24 };

static json_t *value_json(const struct plan_value *v)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "unshipped", (json_int_t)v->unshipped,
			 "dropship_units", (json_int_t)v->dropship_units, "third_party_units",
			 (json_int_t)v->third_party_units, "shipments", (json_int_t)v->shipments,
			 "cost", (json_int_t)v->cost);
}

static json_t *candidate_json(const struct plan_location *l, const struct plan_candidate *c)
{
	static const char *const reasons[] = {
		[PLAN_CHOSEN] = "chosen",	  [PLAN_NO_STOCK] = "no_stock",
		[PLAN_EXCLUDED] = "excluded",	  [PLAN_DEARER] = "dearer",
		[PLAN_NOT_NEEDED] = "not_needed", [PLAN_UNPRICED] = "unpriced",
	};
	json_t *one = json_pack("{s:I, s:s, s:s*}", "location", (json_int_t)l->location, "reason",
				reasons[c->reason], "why", l->excluded);

	if (c->reason == PLAN_DEARER || c->reason == PLAN_NOT_NEEDED)
		json_object_set_new(one, "more",
				    json_pack("{s:I, s:I, s:I, s:I, s:I}", "unshipped",
					      (json_int_t)c->units_less, "dropship_units",
					      (json_int_t)c->dropship_more, "third_party_units",
					      (json_int_t)c->third_party_more, "shipments",
					      (json_int_t)c->shipments_more, "cost",
					      (json_int_t)c->cost_more));
	else if (c->reason == PLAN_UNPRICED && c->shipments_more)
		json_object_set_new(one, "more",
				    json_pack("{s:I}", "shipments", (json_int_t)c->shipments_more));
	return one;
}

/* The chosen first, then those that have a price. */
static json_t *candidates_json(const struct plan_input *in, const struct plan *plan, size_t most)
{
	static const enum plan_reason order[] = {PLAN_CHOSEN,	PLAN_DEARER,   PLAN_NOT_NEEDED,
						 PLAN_EXCLUDED, PLAN_UNPRICED, PLAN_NO_STOCK};
	json_t *list = json_array();

	for (size_t n = 0; n < sizeof order / sizeof *order; n++)
		for (size_t l = 0; l < in->location_count && json_array_size(list) < most; l++)
			if (plan->candidates[l].reason == order[n])
				json_array_append_new(list, candidate_json(in->locations + l,
									   plan->candidates + l));
	return list;
}

static json_t *items_json(const struct routing *r, const struct route_group *g, size_t most)
{
	json_t *list = json_array();

	for (size_t i = 0; i < g->part_count && i < most; i++) {
		const struct route_part *p = r->parts.items + g->first_part + i;

		json_array_append_new(
			list, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "part", (json_int_t)p->id,
					"item", (json_int_t)r->items.items[p->item].id, "wanted",
					(json_int_t)(p->open + p->waiting), "shipped_now",
					(json_int_t)p->taken, "waits", (json_int_t)newly_waiting(p),
					"filled", (json_int_t)newly_filled(p)));
	}
	return list;
}

static void count_left_out(json_t *detail, const char *key, size_t all, size_t shown)
{
	if (all > shown)
		json_object_set_new(detail, key, json_integer((json_int_t)(all - shown)));
}

/* NULL: too long. */
static const char *text_of(struct arena *a, json_t *detail)
{
	char *text = json_dumps(detail, 0); /* with blanks, as PostgreSQL shows it */
	const char *copy = strlen(text) <= DECISION_BYTES_MAX ? arena_strdup(a, text) : NULL;

	free(text);
	json_decref(detail);
	return copy;
}

const char *route_detail(struct arena *a, const struct routing *r, const struct route_group *g,
			 const struct plan_input *in, const struct plan *plan)
{
	size_t items = ITEMS_SHOWN, candidates = CANDIDATES_SHOWN;
	const char *text;

	do {
		json_t *detail = json_pack("{s:o, s:o, s:o}", "value", value_json(&plan->value),
					   "items", items_json(r, g, items), "candidates",
					   candidates_json(in, plan, candidates));

		count_left_out(detail, "items_left_out", g->part_count, items);
		count_left_out(detail, "candidates_left_out", in->location_count, candidates);
		if (!plan->is_optimal)
			json_object_set_new(detail, "bound", value_json(&plan->bound));
		text = text_of(a, detail);
		items = items * 3 / 4;
		candidates = candidates * 3 / 4;
	} while (!text);
	return text;
}

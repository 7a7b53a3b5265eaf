/*
 * plan_explain - of each location, why it was chosen or what it would have cost to use it
 *
 * The same search answers it, with the location opened beforehand and the chosen plan plus this
 * location as first incumbent. When the best such plan leaves the location idle, it could only add
 * a shipment.
 */
#include <string.h>

#include "core/domain/plan_internal.h"

/*
 * All explanations together may look at this many nodes, and at a fraction of what the plan itself
 * may.
 */
enum { EXPLAIN_NODES = 600, EXPLAIN_FRACTION = 4 };

static int is_idle(struct search *s, size_t l)
{
	struct plan_value value;

	s->forced = PLACE_NONE;
	search_fill(s, s->best_used, s->used, &value, /* picks= */ NULL);
	return !s->used[l];
}

static void compare_with_forced(struct search *s, size_t l, const unsigned char *chosen,
				const struct plan *p, int64_t budget, unsigned char *hint)
{
	struct plan_candidate *c = &p->candidates[s->places[l].index];
	size_t count = 1;

	memcpy(hint, chosen, s->place_count);
	hint[l] = 1;
	for (size_t m = 0; m < s->place_count; m++)
		count += chosen[m];
	search_run(s, l, count <= s->limit ? hint : NULL, budget);
	*c = (struct plan_candidate){
		.units_less = s->best.unshipped - p->value.unshipped,
		.dropship_more = s->best.dropship_units - p->value.dropship_units,
		.third_party_more = s->best.third_party_units - p->value.third_party_units,
		.shipments_more = s->best.shipments - p->value.shipments,
		.cost_more = s->best.cost - p->value.cost,
	};
	c->reason = is_idle(s, l) ? PLAN_NOT_NEEDED : PLAN_DEARER;
}

void search_explain(struct arena *a, struct search *s, const struct plan_input *in, struct plan *p)
{
	unsigned char *chosen = ARENA_ARRAY(a, unsigned char, s->place_count);
	unsigned char *hint = ARENA_ARRAY(a, unsigned char, s->place_count);
	int64_t budget = least(s->budget / EXPLAIN_FRACTION, EXPLAIN_NODES);

	memcpy(chosen, s->best_used, s->place_count);
	p->candidates = ARENA_ARRAY(a, struct plan_candidate, in->location_count);
	for (size_t l = 0; l < in->location_count; l++)
		p->candidates[l].reason = in->locations[l].excluded ? PLAN_EXCLUDED : PLAN_NO_STOCK;
	for (size_t l = 0; l < s->place_count; l++)
		if (chosen[l])
			p->candidates[s->places[l].index].reason = PLAN_CHOSEN;
	for (size_t l = 0; l < s->place_count; l++)
		if (!chosen[l]) {
			int64_t share = budget / (int64_t)(s->place_count - l);

			compare_with_forced(s, l, chosen, p, share, hint);
			budget -= s->nodes;
		}
}

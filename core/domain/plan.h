/*
 * plan - which location ships which unit: the exact planner
 *
 * A pure function of (open quantities, candidate locations with stock and costs, policy).
 * Objective, each before the next:
 *
 *   1. most units shipped now
 *   2. cheapest kinds of location: fewest units from dropship suppliers, then fewest from 3PLs
 *   3. fewest shipments (locations used)
 *   4. lowest cost: per shipment and location, plus per unit and location (distance is folded into
 *      both by the caller)
 *   5. lowest sum of the priorities of the used locations, then the lexicographically smallest set
 *      of location ids, then for each item the lowest priority and location id first, so that
 *      the same input gives the same plan
 *
 * Once the set of open locations is fixed the items separate: each is filled from the open
 * locations in the order kind, unit cost, priority, id. So the search is over sets of locations, by
 * branch and bound, with a greedy plan as the first incumbent (Erlenkotter 1978 for the bound; the
 * proof is in plan_internal.h). No I/O, no clock, no randomness.
 */
#ifndef WAYBILL_PLAN_H
#define WAYBILL_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "core/runtime/arena.h"

enum location_kind { LOCATION_WAREHOUSE, LOCATION_3PL, LOCATION_DROPSHIP, LOCATION_KIND_COUNT };

enum {
	PLAN_LOCATIONS_MAX = 512,    /* of a merchant; whoever adds one asks */
	PLAN_CELLS_MAX = 512 * 1000, /* items x locations; whoever plans asks */
	PLAN_PRICED_MAX = 5,	     /* candidates that are searched for what they would cost */
	PLAN_UNTRACKED = -1,	     /* available: without limit */
};

struct plan_item {
	int64_t item;	  /* distinct; parts of the same item are merged by the caller */
	int64_t quantity; /* wanted now, > 0 (what the queue of backorders leaves) */
};

struct plan_location {
	int64_t location;
	enum location_kind kind;
	int64_t priority;	  /* lower is better, >= 0 */
	int64_t shipment_cost;	  /* ten-thousandths, >= 0 */
	const int64_t *available; /* per item, as in plan_input.items; PLAN_UNTRACKED or >= 0 */
	const int64_t *unit_cost; /* per item, >= 0 */
	const char
		*excluded; /* why it cannot be used at all ("closed until ..."); NULL: candidate */
};

struct plan_input {
	const struct plan_item *items;
	size_t item_count;
	const struct plan_location *locations;
	size_t location_count;
	int64_t node_budget;   /* nodes of the search; 0: 200 000 */
	int64_t shipments_max; /* at most so many; 0: no limit */
};

struct plan_pick {
	size_t item, location; /* indexes into the input */
	int64_t quantity;
};

enum plan_reason {
	PLAN_CHOSEN,
	PLAN_NO_STOCK, /* has none of the items */
	PLAN_EXCLUDED, /* by the caller's rule */
	PLAN_DEARER,   /* the best plan that uses it is worse; see candidate.cost_difference etc. */
	PLAN_NOT_NEEDED, /* opened as well it stays idle: it could only add shipments */
	PLAN_UNPRICED,	 /* nearer ones were asked; it takes shipments_more at least, 0 or 1 */
};

/* What was found out about one candidate location. */
struct plan_candidate {
	enum plan_reason reason;
	/*
	 * For PLAN_DEARER and PLAN_NOT_NEEDED, against the chosen plan, of the best plan found that
	 * opens this one as well: fewer units shipped, more dropship units, more 3PL units, more
	 * shipments, more cost. All 0: as good, but later by priority or id.
	 */
	int64_t units_less, dropship_more, third_party_more, shipments_more, cost_more;
};

struct plan_value { /* the objective, smaller is better in each field, compared in this order */
	int64_t unshipped, dropship_units, third_party_units, shipments, cost, priority_sum;
};

struct plan {
	struct plan_pick *picks; /* by location id, then item id */
	size_t pick_count;
	struct plan_candidate *candidates; /* as in plan_input.locations */
	struct plan_value value;
	struct plan_value bound; /* no plan can be better than this; equals value when optimal */
	int is_optimal;
	int64_t nodes;
	int64_t steps; /* looks at an item of a location, all in all */
};

/*
 * plan_make - the best plan; the result is owned by a
 *
 * Input is trusted: checked by assertions. A sum of costs or priorities that would overflow stays
 * at INT64_MAX.
 *
 * It ends after a counted number of steps, never by a clock, so that the same input gives the same
 * plan everywhere: some 50 ms, and about twice that for PLAN_CELLS_MAX. Then it says how far from
 * the best its plan is at most.
 */
void plan_make(struct arena *a, const struct plan_input *in, struct plan *out);

/* plan_value_compare - <0, 0, >0 */
int plan_value_compare(const struct plan_value *a, const struct plan_value *b);

#endif

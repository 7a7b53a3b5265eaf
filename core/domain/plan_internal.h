/*
 * plan_internal - what plan.c, plan_search.c and plan_explain.c share
 *
 * Why searching over sets of locations is exact. Let g_k be the units shipped from locations of
 * kind k or a cheaper one. "Fewest unshipped, then fewest dropship, then fewest 3PL units" is "most
 * g_DROPSHIP, then most g_3PL, then most g_WAREHOUSE". For a set S of open locations let fill(S)
 * fill each item from S in the order kind, unit cost, priority, id.
 *
 *   - fill(S) reaches the most of all three g_k that S allows, at once and item by item: an item's
 *     units from kinds up to k are min(wanted, what S has of it in those kinds), which is the
 *     ceiling for any plan on S.
 *   - Let P be a best plan and S the locations it uses. fill(S) is a plan too (it opens no other
 *     location), so it is no worse in the g_k, hence equal in each of them, for each item. So each
 *     item takes the same number of units from each kind in both. fill(S) uses a part of S, and
 *     cannot use less than all of it: it would have fewer shipments than the best. So both pay the
 *     same for shipments, and within a kind fill(S) takes the cheapest units: its cost is no
 *     higher, hence equal. The rest of the objective looks at S only. So fill(S) is a best plan.
 *   - A set whose fill leaves a location T idle has the same fill as the set without T, so counting
 *     only the used locations gives the value of a real plan, and the smaller set is in the search
 *     as well.
 *
 * So the best plan is the best fill(S) over the sets within shipments_max, and nothing but S needs
 * searching. Adding a location never lowers any g_k, which the bounds rest on.
 */
#ifndef WAYBILL_PLAN_INTERNAL_H
#define WAYBILL_PLAN_INTERNAL_H

#include "core/domain/plan.h"

enum place_state { PLACE_FREE, PLACE_OPEN, PLACE_CLOSED };

#define PLACE_NONE SIZE_MAX

/*
 * A location that has something to give. Sorted by id, and its items by id: the order of the input
 * decides nothing.
 */
struct place {
	size_t index; /* in plan_input.locations */
	int64_t id, priority, shipment_cost;
	enum location_kind kind;
	int is_dominated;   /* no best plan uses it unless it is told to */
	int64_t *stock;	    /* per item, at most what is wanted */
	int64_t *unit_cost; /* per item */
};

struct search {
	struct place *places;
	size_t place_count;
	size_t *items;	 /* indexes into the input, by item id */
	int64_t *wanted; /* per item */
	size_t item_count;
	int64_t wanted_units;
	const size_t **fill_order;     /* per item the places by kind, unit cost, priority, id */
	size_t *by_cost, *by_priority; /* places */
	size_t limit;		       /* open places at most */

	/* the node being looked at */
	unsigned char *state; /* per place: enum place_state */
	size_t open_count, free_count;
	int64_t *open_stock[LOCATION_KIND_COUNT]; /* per item: what open places have */
	int64_t *left_stock[LOCATION_KIND_COUNT]; /* the same for open and free places */
	int64_t *need
		[LOCATION_KIND_COUNT]; /* per item: missing in open places to match open and free */
	size_t need_count;
	int64_t covered[LOCATION_KIND_COUNT];	  /* g_k of the open places */
	int64_t reachable[LOCATION_KIND_COUNT];	  /* g_k of open and free ones */
	int64_t *units_gain[LOCATION_KIND_COUNT]; /* per place: what opening it adds to g_k */
	int64_t *sorted;			  /* scratch of plan_bound */
	size_t *cover_places; /* scratch of the covering bound, as the next line */
	double *share, *gain, *slack, *weight, *even_price;
	size_t quota
		[LOCATION_KIND_COUNT]; /* places that must be opened yet, by kind or all in [0] */
	int is_tight; /* only plans that reach all of reachable can match the bound */

	/* the search */
	size_t forced; /* a place that is open and counted even when idle, or PLACE_NONE */
	int64_t nodes, budget;
	int64_t steps, steps_max; /* places looked at for an item, or items for a place */
	int is_complete;
	int has_best;
	struct plan_value best, bound;
	unsigned char *best_used, *used; /* per place */
};

/* search_new - the candidates of the input, sorted, without those that no plan can use */
struct search *search_new(struct arena *a, const struct plan_input *in);

/*
 * search_run - find the best set of places
 *
 * forced is opened first. The first incumbent is hint (per place), or the greedy plan when hint is
 * NULL. It ends after so many nodes, or after so many steps more. The result is in best, best_used,
 * bound, is_complete and nodes.
 */
void search_run(struct search *s, size_t forced, const unsigned char *hint, int64_t nodes,
		int64_t steps);

/*
 * search_fill - ship from the places marked open
 *
 * Fills used and value; picks, when not NULL, has room for item_count x place_count and carries
 * ranks of s instead of indexes of the input. The number of picks is returned.
 */
size_t search_fill(struct search *s, const unsigned char *open, unsigned char *used,
		   struct plan_value *value, struct plan_pick *picks);

/* search_is_promising - bound the node; 0 when nothing below it can beat the best plan so far */
int search_is_promising(struct search *s);

/* search_gain - fill units_gain of place l, which is free; the sum of it */
int64_t search_gain(struct search *s, size_t l);

/* search_gains - fill units_gain for the free places */
void search_gains(struct search *s);

/* search_explain - say of each location why it was chosen or not; uses s up */
void search_explain(struct arena *a, struct search *s, const struct plan_input *in, struct plan *p);

/*
 * cost_add, cost_times - sums of amounts >= 0 that stop at the largest number instead of
 * overflowing
 */
static inline int64_t cost_add(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static inline int64_t cost_times(int64_t amount, int64_t times)
{
	int64_t product;

	return __builtin_mul_overflow(amount, times, &product) ? INT64_MAX : product;
}

static inline int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

#endif

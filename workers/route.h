/*
 * route - what its files share: one batch's orders, stock and decisions
 *
 * Rows are looked up by their index in these lists, never by walking them: planning a batch takes lines x places steps.
 */
#ifndef WAYBILL_ROUTE_H
#define WAYBILL_ROUTE_H

#include "core/domain/plan.h"
#include "core/runtime/idmap.h"
#include "core/runtime/role.h"

#define ROUTE_NONE IDMAP_NONE

struct route_location {
	int64_t id, merchant_id, priority, shipment_cost, unit_cost;
	enum location_kind kind;
	int buys_label;
	const char *closed; /* why it cannot be used now; NULL: open */
};

struct route_merchant {
	size_t first, count; /* its locations stand one behind the other */
};

struct route_item {
	int64_t id;
	int is_tracked;
	size_t merchant; /* whose locations free is about */
	int64_t *free;	 /* per location; falls as the batch's orders take from it; NULL: nowhere */
	size_t first_wait, last_wait;	     /* its queue */
	const struct route_group *wanted_by; /* the group that is being decided has a want of it */
	size_t want;
};

/* One who waits for an item, in the order of the queue; orders that are not in the batch and stand together are one. */
struct route_wait {
	int64_t order, quantity; /* order 0: not in the batch */
	size_t next;
};

struct route_zone {
	size_t location;
	int64_t shipment_cost;
	size_t next; /* of the group */
};

struct route_exclusion {
	size_t location;
	const char *reason;
	size_t next; /* of the part */
};

/* A part with units to plan, and what was decided about them. Parts of a group, and in it of a line, stand together. */
struct route_part {
	int64_t id, order, group, line, per_unit;
	size_t item;
	int64_t open, waiting, backorder;
	size_t first_exclusion;
	size_t next; /* of the group and the same item */
	int is_decided;
	int64_t planned; /* given to the planner */
	int64_t taken;	 /* allocated by it */
};

struct route_group {
	int64_t id, order;
	const char *country, *zip;
	const char *lacks; /* of its address; NULL: nothing */
	int is_held;
	int is_pickup;	       /* and nobody has decided yet that it is to be shipped */
	int64_t not_before_us; /* 0: at once */
	size_t first_part, part_count, first_zone;
};

struct route_order {
	struct job *job;
	size_t merchant;
	size_t part_count, first_group, group_count;
	int64_t again_us; /* when to plan again because a group must not ship yet; 0: not at all */
};

struct route_allocation {
	int64_t part, shipment, quantity;
};

struct route_shipment {
	int64_t id, order, group, location;
	const char *state, *step;
};

struct route_decision {
	int64_t id, order, group, nodes;
	int is_optimal;
	const char *detail;
	int has_filled, has_backordered; /* waiting units were filled; units wait from now on */
};

struct routing {
	struct batch *b;
	LIST(struct route_order) orders; /* as b->jobs */
	LIST(struct route_merchant) merchants;
	LIST(struct route_location) locations;
	LIST(struct route_item) items;
	LIST(struct route_wait) queue;
	LIST(struct route_zone) zones;
	LIST(struct route_exclusion) exclusions;
	LIST(struct route_part) parts;
	LIST(struct route_group) groups;
	/* decided; shipments and decisions are numbered from 1 until they get their ids */
	LIST(struct route_allocation) allocations;
	LIST(struct route_shipment) shipments;
	LIST(struct route_decision) decisions;
	struct idmap order_at, merchant_at, location_at, item_at, group_at, part_at;
	int64_t steps;	       /* of work since the locks; one takes a nanosecond or two */
	int64_t steps_in_turn; /* in this turn of the loop */
};

/*
 * route_read - everything planning needs, under the items' locks
 *
 * What is more than one batch should hold locks for is left to the next: b->count shrinks.
 */
YIELDS
int route_read(struct routing *r, struct err *e);

/* route_leave - the batch's jobs from this one on are for the next batch, but for those that have failed */
void route_leave(struct routing *r, size_t from);

/* route_wait - somebody more waits for an item, behind everybody */
void route_wait(struct routing *r, struct route_item *item, int64_t order, int64_t quantity);

/*
 * route_decide - plan one order against what is left, and take it from there
 *
 * No I/O. job_fail()s the order's job when the order cannot be planned as it is (a hold).
 */
YIELDS
void route_decide(struct routing *r, struct route_order *order);

/*
 * route_detail - why a group was planned as it was, as JSON of at most DECISION_BYTES_MAX; what has no room is
 * counted
 */
enum { DECISION_BYTES_MAX = 4096 };
const char *route_detail(struct arena *a, const struct routing *r, const struct route_group *g,
			 const struct plan_input *in, const struct plan *plan);

/* route_write - the decisions as rows, and what is due next */
YIELDS
int route_write(struct routing *r, struct err *e);

/* route_worked - count work that was done, and let the loop have its turn when this one is becoming long */
YIELDS
void route_worked(struct routing *r, int64_t steps);

/* How many of a part's units its plan makes wait, and how many it spares further waiting. */
static inline int64_t newly_waiting(const struct route_part *p)
{
	int64_t rest = p->open + p->waiting - p->taken;

	return rest > p->waiting ? rest - p->waiting : 0;
}

static inline int64_t newly_filled(const struct route_part *p)
{
	int64_t rest = p->open + p->waiting - p->taken;

	return rest < p->waiting ? p->waiting - rest : 0;
}

#endif

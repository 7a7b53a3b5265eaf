/*
 * route - what its files share: one batch's orders, stock and decisions
 */
#ifndef WAYBILL_ROUTE_H
#define WAYBILL_ROUTE_H

#include "core/domain/plan.h"
#include "core/runtime/role.h"

struct route_location {
	int64_t id, merchant_id, priority, shipment_cost, unit_cost;
	enum location_kind kind;
	int buys_label;
	const char *closed; /* why it cannot be used now; NULL: open */
};

struct route_item {
	int64_t id;
	int is_tracked;
};

struct route_stock { /* of one item at one location; falls as the batch's orders take from it */
	int64_t item, location, free;
};

struct route_wait { /* one who waits for an item, in the order of the queue */
	int64_t item, order, quantity;
};

struct route_zone {
	int64_t group, location, shipment_cost;
};

struct route_exclusion {
	int64_t part, location;
	const char *reason;
};

/* A part with units to plan, and what was decided about them. */
struct route_part {
	int64_t id, order, group, line, item, per_unit;
	int64_t open, waiting, backorder;
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
	LIST(struct route_location) locations;
	LIST(struct route_item) items;
	LIST(struct route_stock) stock;
	LIST(struct route_wait) queue;
	LIST(struct route_zone) zones;
	LIST(struct route_exclusion) exclusions;
	LIST(struct route_part) parts;
	LIST(struct route_group) groups;
	/* decided; shipments and decisions are numbered from 1 until they get their ids */
	LIST(struct route_allocation) allocations;
	LIST(struct route_shipment) shipments;
	LIST(struct route_decision) decisions;
};

/* route_read - everything planning needs, under the items' locks */
YIELDS
int route_read(struct routing *r, struct err *e);

/*
 * route_decide - plan one order against what is left, and take it from there
 *
 * No I/O. job_fail()s the job when the order cannot be planned as it is (a hold). *again_us is when to plan again because a
 * group must not ship yet; 0: not at all.
 */
void route_decide(struct routing *r, struct job *job, int64_t merchant_id, int64_t *again_us);

/* route_write - the decisions as rows, and what is due next */
YIELDS
int route_write(struct routing *r, struct err *e);

#endif

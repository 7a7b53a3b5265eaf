/*
 * route_decide - plan one order against what is left
 *
 * Those who wait come first: of an item an order may take only what is left after everybody who stands before it in the
 * queue has been served, whoever is planned first. A kit is planned whole or waits whole.
 */
#include <string.h>

#include "workers/route.h"

enum { CELL_STEPS = 16 }; /* what preparing the planner's input takes for an item of a place */

/* One item of one group: the planner's item, and the parts it stands for. */
struct want {
	size_t item;
	size_t first_part, last_part; /* linked by their next */
	const char **excluded;	      /* per place the reason; NULL: from nowhere */
	int64_t left; /* of it this order may take and has not given to a part yet */
	int64_t planned;
};

/* One group being decided. Its places are its merchant's locations; what is made on the way dies with a. */
struct deciding {
	struct routing *r;
	const struct route_group *g;
	struct arena *a;
	size_t merchant, place_count;
	const struct route_location *places;
	LIST(struct want) wants;
	size_t *shipment_at; /* per place, from 1 */
};

static int64_t sum(int64_t a, int64_t b)
{
	int64_t result;

	return __builtin_add_overflow(a, b, &result) ? INT64_MAX : result;
}

static struct route_item *item_of(const struct deciding *d, const struct want *w)
{
	return d->r->items.items + w->item;
}

/* Free units per place; NULL: nowhere. */
static int64_t *free_of(const struct deciding *d, const struct want *w)
{
	const struct route_item *item = item_of(d, w);

	return item->merchant == d->merchant ? item->free : NULL;
}

/* ---- what the group wants ---- */

static struct want *want_of(struct deciding *d, size_t item_at)
{
	struct route_item *item = d->r->items.items + item_at;

	if (item->wanted_by == d->g)
		return d->wants.items + item->want;
	item->wanted_by = d->g;
	item->want = d->wants.count;
	struct want *w = LIST_PUSH(d->a, &d->wants);

	*w = (struct want){.item = item_at, .first_part = ROUTE_NONE, .last_part = ROUTE_NONE};
	return w;
}

static void exclude(struct deciding *d, struct want *w, const struct route_part *p)
{
	size_t first = (size_t)(d->places - d->r->locations.items);

	for (size_t n = p->first_exclusion; n != ROUTE_NONE; n = d->r->exclusions.items[n].next) {
		const struct route_exclusion *x = d->r->exclusions.items + n;

		if (x->location - first >= d->place_count)
			continue;
		if (!w->excluded)
			w->excluded = ARENA_ARRAY(d->a, const char *, d->place_count);
		w->excluded[x->location - first] = x->reason;
	}
}

static void find_wants(struct deciding *d)
{
	for (size_t i = 0; i < d->g->part_count; i++) {
		size_t at = d->g->first_part + i;
		struct route_part *p = d->r->parts.items + at;
		struct want *w = want_of(d, p->item);

		p->next = ROUTE_NONE;
		if (w->first_part == ROUTE_NONE)
			w->first_part = at;
		else
			d->r->parts.items[w->last_part].next = at;
		w->last_part = at;
		exclude(d, w, p);
	}
}

/* ---- what of an item this order may have ---- */

static int64_t may_take(const struct deciding *d, const struct want *w)
{
	const struct route_item *item = item_of(d, w);
	const int64_t *free_units = free_of(d, w);
	int64_t all = 0, ahead = 0;

	if (!item->is_tracked)
		return INT64_MAX;
	for (size_t l = 0; l < d->place_count && free_units; l++)
		if (!d->places[l].closed && !(w->excluded && w->excluded[l]))
			all = sum(all, free_units[l]);
	for (size_t n = item->first_wait; n != ROUTE_NONE; n = d->r->queue.items[n].next) {
		if (d->r->queue.items[n].order == d->g->order)
			break;
		ahead = sum(ahead, d->r->queue.items[n].quantity);
	}
	return all > ahead ? all - ahead : 0;
}

/* Whole units of one line, as many as all of its parts can have. Returns where its parts end. */
static size_t plan_line(struct deciding *d, size_t first, size_t last)
{
	struct route_part *parts = d->r->parts.items;
	size_t end = first;
	int64_t units = INT64_MAX;

	for (; end < last && parts[end].line == parts[first].line; end++) {
		int64_t wanted = parts[end].open + parts[end].waiting;
		int64_t left = want_of(d, parts[end].item)->left;
		int64_t have = (wanted < left ? wanted : left) / parts[end].per_unit;

		if (have < units)
			units = have;
	}
	for (size_t i = first; i < end; i++) {
		struct want *w = want_of(d, parts[i].item);

		parts[i].is_decided = 1;
		parts[i].planned = units * parts[i].per_unit;
		w->planned += parts[i].planned;
		if (item_of(d, w)->is_tracked)
			w->left -= parts[i].planned;
	}
	return end;
}

/* ---- the planner's input ---- */

static int64_t free_at(const struct deciding *d, const struct want *w, size_t place)
{
	const int64_t *free_units = free_of(d, w);

	if (w->excluded && w->excluded[place])
		return 0;
	if (!item_of(d, w)->is_tracked)
		return PLAN_UNTRACKED;
	return free_units ? free_units[place] : 0;
}

static struct plan_location candidate(const struct deciding *d, size_t place,
				      const struct want *const *planned, size_t count)
{
	const struct route_location *l = d->places + place;
	int64_t *available = ARENA_ARRAY(d->a, int64_t, count);
	int64_t *unit_cost = ARENA_ARRAY(d->a, int64_t, count);

	for (size_t n = 0; n < count; n++) {
		available[n] = free_at(d, planned[n], place);
		unit_cost[n] = l->unit_cost;
	}
	return (struct plan_location){
		.location = l->id,
		.kind = l->kind,
		.priority = l->priority,
		.shipment_cost = l->shipment_cost,
		.available = available,
		.unit_cost = unit_cost,
		.excluded = l->closed,
	};
}

static struct plan_input planner_input(const struct deciding *d)
{
	struct plan_item *items = ARENA_ARRAY(d->a, struct plan_item, d->wants.count);
	struct plan_location *locations = ARENA_ARRAY(d->a, struct plan_location, d->place_count);
	const struct want **planned = ARENA_ARRAY(d->a, const struct want *, d->wants.count);
	size_t first = (size_t)(d->places - d->r->locations.items), count = 0;

	for (size_t i = 0; i < d->wants.count; i++) {
		const struct want *w = d->wants.items + i;

		if (!w->planned)
			continue;
		planned[count] = w;
		items[count++] = (struct plan_item){item_of(d, w)->id, w->planned};
	}
	for (size_t l = 0; l < d->place_count; l++)
		locations[l] = candidate(d, l, planned, count);
	for (size_t n = d->g->first_zone; n != ROUTE_NONE; n = d->r->zones.items[n].next) {
		const struct route_zone *z = d->r->zones.items + n;

		if (z->location - first < d->place_count)
			locations[z->location - first].shipment_cost = z->shipment_cost;
	}
	return (struct plan_input){
		.items = items,
		.item_count = count,
		.locations = locations,
		.location_count = d->place_count,
	};
}

/* ---- taking what the plan says ---- */

static int64_t shipment_at(struct deciding *d, size_t place)
{
	const struct route_location *l = d->places + place;

	if (!d->shipment_at[place]) {
		*LIST_PUSH(d->r->b->arena, &d->r->shipments) = (struct route_shipment){
			.order = d->g->order,
			.group = d->g->id,
			.location = l->id,
			.state = l->buys_label ? "planned" : "released",
			.step = l->buys_label ? "rate" : NULL,
		};
		d->shipment_at[place] = d->r->shipments.count;
	}
	return (int64_t)d->shipment_at[place];
}

/* Units of a pick go to the group's parts of that item, in the order of the lines. A part that is full is done with. */
static void take_pick(struct deciding *d, struct want *w, size_t place, int64_t quantity)
{
	int64_t shipment = shipment_at(d, place);

	if (item_of(d, w)->is_tracked)
		free_of(d, w)[place] -= quantity;
	while (quantity > 0) {
		struct route_part *p = d->r->parts.items + w->first_part;
		int64_t room = p->planned - p->taken;
		int64_t n = room < quantity ? room : quantity;

		if (room == 0) {
			w->first_part = p->next;
			continue;
		}
		p->taken += n;
		quantity -= n;
		*LIST_PUSH(d->r->b->arena, &d->r->allocations) =
			(struct route_allocation){p->id, shipment, n};
	}
}

/* The queue after this order: what it got is no longer waited for, what it did not get waits behind everybody. */
static void update_queue(struct deciding *d, struct route_item *item, int64_t filled,
			 int64_t waiting)
{
	struct routing *r = d->r;

	for (size_t n = item->first_wait; n != ROUTE_NONE && filled > 0;
	     n = r->queue.items[n].next) {
		struct route_wait *wait = r->queue.items + n;
		int64_t units = wait->quantity < filled ? wait->quantity : filled;

		if (wait->order != d->g->order)
			continue;
		wait->quantity -= units;
		filled -= units;
	}
	if (waiting)
		route_wait(r, item, d->g->order, waiting);
}

static void update_queues(struct deciding *d)
{
	int64_t *filled = ARENA_ARRAY(d->a, int64_t, d->wants.count);
	int64_t *waiting = ARENA_ARRAY(d->a, int64_t, d->wants.count);

	for (size_t i = 0; i < d->g->part_count; i++) {
		const struct route_part *p = d->r->parts.items + d->g->first_part + i;
		size_t want = d->r->items.items[p->item].want;

		filled[want] += newly_filled(p);
		waiting[want] += newly_waiting(p);
	}
	for (size_t i = 0; i < d->wants.count; i++) {
		struct route_item *item = item_of(d, d->wants.items + i);

		if (item->is_tracked)
			update_queue(d, item, filled[i], waiting[i]);
	}
}

static void add_decision(struct deciding *d, const struct plan_input *in, const struct plan *plan)
{
	struct routing *r = d->r;
	struct route_decision *decision = LIST_PUSH(r->b->arena, &r->decisions);

	decision->order = d->g->order;
	decision->group = d->g->id;
	decision->is_optimal = plan->is_optimal;
	decision->nodes = plan->nodes;
	decision->detail = route_detail(r->b->arena, r, d->g, in, plan);
	for (size_t i = 0; i < d->g->part_count; i++) {
		const struct route_part *p = r->parts.items + d->g->first_part + i;

		decision->has_filled |= newly_filled(p) > 0;
		decision->has_backordered |= newly_waiting(p) > 0;
	}
}

static void decide_group(struct routing *r, const struct route_order *order,
			 const struct route_group *g)
{
	const struct route_merchant *m = r->merchants.items + order->merchant;
	struct deciding d = {
		.r = r,
		.g = g,
		.a = arena_new(),
		.merchant = order->merchant,
		.place_count = m->count,
		.places = r->locations.items + m->first,
	};
	size_t end = g->first_part + g->part_count;
	struct plan plan;

	d.shipment_at = ARENA_ARRAY(d.a, size_t, d.place_count);
	find_wants(&d);
	for (size_t i = 0; i < d.wants.count; i++)
		d.wants.items[i].left = may_take(&d, d.wants.items + i);
	for (size_t i = g->first_part; i < end;)
		i = plan_line(&d, i, end);
	struct plan_input in = planner_input(&d);

	route_worked(r, CELL_STEPS * (int64_t)(d.wants.count * d.place_count));
	plan_make(d.a, &in, &plan);
	route_worked(r, plan.steps);
	for (size_t i = 0; i < plan.pick_count; i++) {
		const struct plan_pick *pick = plan.picks + i;
		size_t item = idmap_find(&r->item_at, in.items[pick->item].item);

		take_pick(&d, want_of(&d, item), pick->location, pick->quantity);
	}
	update_queues(&d);
	add_decision(&d, &in, &plan);
	arena_free(d.a);
}

static int refuse(struct job *job, const char *kind, const char *reason)
{
	struct err e = {0};

	err_set(&e, ERR_FINAL, ERR_CODE_HELD, "%s", reason);
	job->hold_kind = kind;
	job_fail(job, &e);
	return -1;
}

/* A group that people have to look at stops its order. */
static int check_group(struct job *job, const struct route_group *g)
{
	if (g->is_pickup)
		return refuse(
			job, "pickup",
			"the customer picks this up; hand it out and say so in the store, or clear the "
			"hold to ship it");
	if (g->lacks)
		return refuse(job, "no_address",
			      arena_printf(job->arena,
					   "the address lacks %s; correct it in the store",
					   g->lacks));
	return 0;
}

void route_decide(struct routing *r, struct route_order *order)
{
	const struct route_group *groups = r->groups.items + order->first_group;

	for (size_t i = 0; i < order->group_count; i++)
		if (groups[i].part_count && !groups[i].is_held &&
		    check_group(order->job, groups + i))
			return;
	for (size_t i = 0; i < order->group_count; i++) {
		const struct route_group *g = groups + i;

		if (g->is_held || !g->part_count)
			continue;
		if (!g->not_before_us)
			decide_group(r, order, g);
		else if (!order->again_us || g->not_before_us < order->again_us)
			order->again_us = g->not_before_us;
	}
}

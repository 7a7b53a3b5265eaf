/*
 * route_decide - plan one order against what is left
 *
 * Those who wait come first: of an item an order may take only what is left after everybody who stands before it in the
 * queue has been served, whoever is planned first. A kit is planned whole or waits whole.
 */
#include <jansson.h>
#include <stdlib.h>

#include "workers/route.h"

/* One item of one group: the planner's item, and the parts it stands for. */
struct want {
	int64_t item;
	int is_tracked;
	int64_t left; /* of it this order may take and has not given to a part yet */
	int64_t planned;
};

struct wants {
	LIST(struct want) list;
};

static int is_tracked(const struct routing *r, int64_t item)
{
	for (size_t i = 0; i < r->items.count; i++)
		if (r->items.items[i].id == item)
			return r->items.items[i].is_tracked;
	return 1;
}

/* ---- what of an item this order may have ---- */

static const char *excluded_for(const struct routing *r, int64_t group, int64_t item,
				int64_t location)
{
	for (size_t x = 0; x < r->exclusions.count; x++) {
		const struct route_exclusion *ex = r->exclusions.items + x;

		if (ex->location != location)
			continue;
		for (size_t p = 0; p < r->parts.count; p++)
			if (r->parts.items[p].id == ex->part && r->parts.items[p].item == item &&
			    r->parts.items[p].group == group)
				return ex->reason;
	}
	return NULL;
}

static const struct route_location *location_of(const struct routing *r, int64_t id)
{
	for (size_t i = 0; i < r->locations.count; i++)
		if (r->locations.items[i].id == id)
			return r->locations.items + i;
	return NULL;
}

static int64_t may_take(const struct routing *r, const struct route_group *g, int64_t item)
{
	int64_t free_units = 0, ahead = 0;

	for (size_t i = 0; i < r->stock.count; i++) {
		const struct route_stock *s = r->stock.items + i;
		const struct route_location *l = location_of(r, s->location);

		if (s->item == item && l && !l->closed &&
		    !excluded_for(r, g->id, item, s->location))
			free_units += s->free;
	}
	for (size_t i = 0; i < r->queue.count; i++) {
		const struct route_wait *w = r->queue.items + i;

		if (w->item != item)
			continue;
		if (w->order == g->order)
			break;
		ahead += w->quantity;
	}
	return free_units > ahead ? free_units - ahead : 0;
}

static struct want *want_of(struct routing *r, struct wants *wants, const struct route_group *g,
			    int64_t item)
{
	for (size_t i = 0; i < wants->list.count; i++)
		if (wants->list.items[i].item == item)
			return wants->list.items + i;
	struct want *w = LIST_PUSH(r->b->arena, &wants->list);

	w->item = item;
	w->is_tracked = is_tracked(r, item);
	w->left = w->is_tracked ? may_take(r, g, item) : INT64_MAX;
	return w;
}

/* Whole units of one line, as many as all of its parts can have. Parts of a line stand one behind the other. */
static size_t plan_line(struct routing *r, struct wants *wants, const struct route_group *g,
			size_t first)
{
	struct route_part *parts = r->parts.items;
	size_t end = first;
	int64_t units = INT64_MAX;

	for (; end < r->parts.count && parts[end].line == parts[first].line; end++) {
		int64_t wanted = parts[end].open + parts[end].waiting;
		int64_t left = want_of(r, wants, g, parts[end].item)->left;
		int64_t have = (wanted < left ? wanted : left) / parts[end].per_unit;

		if (have < units)
			units = have;
	}
	for (size_t i = first; i < end; i++) {
		struct want *w = want_of(r, wants, g, parts[i].item);

		parts[i].is_decided = 1;
		parts[i].planned = units * parts[i].per_unit;
		w->planned += parts[i].planned;
		if (w->is_tracked)
			w->left -= parts[i].planned;
	}
	return end;
}

/* ---- the planner's input ---- */

static int64_t free_at(const struct routing *r, const struct route_group *g, const struct want *w,
		       const struct route_location *l)
{
	if (excluded_for(r, g->id, w->item, l->id))
		return 0;
	if (!w->is_tracked)
		return PLAN_UNTRACKED;
	for (size_t i = 0; i < r->stock.count; i++)
		if (r->stock.items[i].item == w->item && r->stock.items[i].location == l->id)
			return r->stock.items[i].free;
	return 0;
}

static int64_t shipment_cost(const struct routing *r, const struct route_group *g,
			     const struct route_location *l)
{
	for (size_t i = 0; i < r->zones.count; i++)
		if (r->zones.items[i].group == g->id && r->zones.items[i].location == l->id)
			return r->zones.items[i].shipment_cost;
	return l->shipment_cost;
}

static struct plan_input planner_input(const struct routing *r, const struct route_group *g,
				       const struct wants *wants, int64_t merchant_id)
{
	struct arena *a = r->b->arena;
	struct plan_item *items = ARENA_ARRAY(a, struct plan_item, wants->list.count);
	struct plan_location *locations = ARENA_ARRAY(a, struct plan_location, r->locations.count);
	size_t item_count = 0, location_count = 0;
	const struct want **planned = ARENA_ARRAY(a, const struct want *, wants->list.count);

	for (size_t i = 0; i < wants->list.count; i++)
		if (wants->list.items[i].planned) {
			planned[item_count] = wants->list.items + i;
			items[item_count++] = (struct plan_item){wants->list.items[i].item,
								 wants->list.items[i].planned};
		}
	for (size_t i = 0; i < r->locations.count; i++) {
		const struct route_location *l = r->locations.items + i;
		int64_t *available = ARENA_ARRAY(a, int64_t, item_count);
		int64_t *unit_cost = ARENA_ARRAY(a, int64_t, item_count);

		if (l->merchant_id != merchant_id)
			continue;
		for (size_t n = 0; n < item_count; n++) {
			available[n] = free_at(r, g, planned[n], l);
			unit_cost[n] = l->unit_cost;
		}
		locations[location_count++] = (struct plan_location){
			.location = l->id,
			.kind = l->kind,
			.priority = l->priority,
			.shipment_cost = shipment_cost(r, g, l),
			.available = available,
			.unit_cost = unit_cost,
			.excluded = l->closed,
		};
	}
	return (struct plan_input){
		.items = items,
		.item_count = item_count,
		.locations = locations,
		.location_count = location_count,
	};
}

/* ---- taking what the plan says ---- */

static int64_t shipment_at(struct routing *r, const struct route_group *g, int64_t location)
{
	for (size_t i = 0; i < r->shipments.count; i++)
		if (r->shipments.items[i].group == g->id &&
		    r->shipments.items[i].location == location)
			return (int64_t)i + 1;
	const struct route_location *l = location_of(r, location);

	if (!l)
		die("a plan names location %lld, which it was not given", (long long)location);
	*LIST_PUSH(r->b->arena, &r->shipments) = (struct route_shipment){
		.order = g->order,
		.group = g->id,
		.location = location,
		.state = l->buys_label ? "planned" : "released",
		.step = l->buys_label ? "rate" : NULL,
	};
	return (int64_t)r->shipments.count;
}

static void take_stock(struct routing *r, int64_t item, int64_t location, int64_t quantity)
{
	for (size_t i = 0; i < r->stock.count; i++)
		if (r->stock.items[i].item == item && r->stock.items[i].location == location)
			r->stock.items[i].free -= quantity;
}

/* Units of a pick go to the group's parts of that item, in the order of the lines. */
static void take_pick(struct routing *r, const struct route_group *g, int64_t item,
		      int64_t location, int64_t quantity)
{
	int64_t shipment = shipment_at(r, g, location);

	if (is_tracked(r, item))
		take_stock(r, item, location, quantity);
	for (size_t i = 0; i < r->parts.count && quantity > 0; i++) {
		struct route_part *p = r->parts.items + i;
		int64_t room = p->planned - p->taken;
		int64_t n = room < quantity ? room : quantity;

		if (p->group != g->id || p->item != item || n <= 0)
			continue;
		p->taken += n;
		quantity -= n;
		*LIST_PUSH(r->b->arena, &r->allocations) =
			(struct route_allocation){p->id, shipment, n};
	}
}

/* How many of a part's units this plan makes wait, and how many it spares further waiting. */
static int64_t newly_waiting(const struct route_part *p)
{
	int64_t rest = p->open + p->waiting - p->taken;

	return rest > p->waiting ? rest - p->waiting : 0;
}

static int64_t newly_filled(const struct route_part *p)
{
	int64_t rest = p->open + p->waiting - p->taken;

	return rest < p->waiting ? p->waiting - rest : 0;
}

/* The queue after this order: what it got is no longer waited for, what it did not get waits behind everybody. */
static void update_queue(struct routing *r, const struct route_group *g)
{
	for (size_t i = 0; i < r->parts.count; i++) {
		const struct route_part *p = r->parts.items + i;
		int64_t filled = newly_filled(p);

		if (p->group != g->id || !is_tracked(r, p->item))
			continue;
		for (size_t w = 0; w < r->queue.count && filled > 0; w++) {
			struct route_wait *wait = r->queue.items + w;
			int64_t n = wait->quantity < filled ? wait->quantity : filled;

			if (wait->item != p->item || wait->order != g->order)
				continue;
			wait->quantity -= n;
			filled -= n;
		}
		if (newly_waiting(p))
			*LIST_PUSH(r->b->arena, &r->queue) =
				(struct route_wait){p->item, g->order, newly_waiting(p)};
	}
}

/* ---- the reasons ---- */

static json_t *value_json(const struct plan_value *v)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "unshipped", (json_int_t)v->unshipped,
			 "dropship_units", (json_int_t)v->dropship_units, "third_party_units",
			 (json_int_t)v->third_party_units, "shipments", (json_int_t)v->shipments,
			 "cost", (json_int_t)v->cost);
}

static json_t *candidates_json(const struct plan_input *in, const struct plan *plan)
{
	static const char *const reasons[] = {
		[PLAN_CHOSEN] = "chosen",	  [PLAN_NO_STOCK] = "no_stock",
		[PLAN_EXCLUDED] = "excluded",	  [PLAN_DEARER] = "dearer",
		[PLAN_NOT_NEEDED] = "not_needed",
	};
	json_t *list = json_array();

	for (size_t i = 0; i < in->location_count; i++) {
		const struct plan_candidate *c = plan->candidates + i;
		json_t *one = json_pack("{s:I, s:s, s:s*}", "location",
					(json_int_t)in->locations[i].location, "reason",
					reasons[c->reason], "why", in->locations[i].excluded);

		if (c->reason == PLAN_DEARER || c->reason == PLAN_NOT_NEEDED)
			json_object_set_new(one, "more",
					    json_pack("{s:I, s:I, s:I, s:I, s:I}", "unshipped",
						      (json_int_t)c->units_less, "dropship_units",
						      (json_int_t)c->dropship_more,
						      "third_party_units",
						      (json_int_t)c->third_party_more, "shipments",
						      (json_int_t)c->shipments_more, "cost",
						      (json_int_t)c->cost_more));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *items_json(const struct routing *r, const struct route_group *g)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->parts.count; i++) {
		const struct route_part *p = r->parts.items + i;

		if (p->group == g->id)
			json_array_append_new(
				list, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "part",
						(json_int_t)p->id, "item", (json_int_t)p->item,
						"wanted", (json_int_t)(p->open + p->waiting),
						"shipped_now", (json_int_t)p->taken, "waits",
						(json_int_t)newly_waiting(p), "filled",
						(json_int_t)newly_filled(p)));
	}
	return list;
}

static const char *detail_text(struct arena *a, json_t *detail)
{
	char *text = json_dumps(detail, JSON_COMPACT);
	const char *copy = arena_strdup(a, text);

	free(text);
	json_decref(detail);
	return copy;
}

static void add_decision(struct routing *r, const struct route_group *g,
			 const struct plan_input *in, const struct plan *plan)
{
	struct route_decision *d = LIST_PUSH(r->b->arena, &r->decisions);
	json_t *detail = json_pack("{s:o, s:o, s:o}", "value", value_json(&plan->value), "items",
				   items_json(r, g), "candidates", candidates_json(in, plan));

	if (!plan->is_optimal)
		json_object_set_new(detail, "bound", value_json(&plan->bound));
	d->order = g->order;
	d->group = g->id;
	d->is_optimal = plan->is_optimal;
	d->nodes = plan->nodes;
	d->detail = detail_text(r->b->arena, detail);
	for (size_t i = 0; i < r->parts.count; i++) {
		const struct route_part *p = r->parts.items + i;

		if (p->group != g->id)
			continue;
		d->has_filled |= newly_filled(p) > 0;
		d->has_backordered |= newly_waiting(p) > 0;
	}
}

static void decide_group(struct routing *r, const struct route_group *g, int64_t merchant_id)
{
	struct wants wants = {0};
	struct plan plan;

	for (size_t i = 0; i < r->parts.count;)
		if (r->parts.items[i].group == g->id)
			i = plan_line(r, &wants, g, i);
		else
			i++;
	if (wants.list.count == 0)
		return;
	struct plan_input in = planner_input(r, g, &wants, merchant_id);

	plan_make(r->b->arena, &in, &plan);
	for (size_t i = 0; i < plan.pick_count; i++)
		take_pick(r, g, in.items[plan.picks[i].item].item,
			  in.locations[plan.picks[i].location].location, plan.picks[i].quantity);
	update_queue(r, g);
	add_decision(r, g, &in, &plan);
}

static int has_parts(const struct routing *r, const struct route_group *g)
{
	for (size_t i = 0; i < r->parts.count; i++)
		if (r->parts.items[i].group == g->id)
			return 1;
	return 0;
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
			"the customer picks this up; hand it out, or clear the hold to ship it");
	if (g->lacks)
		return refuse(job, "no_address",
			      arena_printf(job->arena,
					   "the address lacks %s; correct it in the store",
					   g->lacks));
	return 0;
}

void route_decide(struct routing *r, struct job *job, int64_t merchant_id, int64_t *again_us)
{
	*again_us = 0;
	for (size_t i = 0; i < r->groups.count; i++) {
		const struct route_group *g = r->groups.items + i;

		if (g->order == job->id && has_parts(r, g) && !g->is_held && check_group(job, g))
			return;
	}
	for (size_t i = 0; i < r->groups.count; i++) {
		const struct route_group *g = r->groups.items + i;

		if (g->order != job->id || g->is_held || !has_parts(r, g))
			continue;
		if (g->not_before_us) {
			if (!*again_us || g->not_before_us < *again_us)
				*again_us = g->not_before_us;
			continue;
		}
		decide_group(r, g, merchant_id);
	}
}

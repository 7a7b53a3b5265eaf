/*
 * decision - what a store's fulfillment orders mean for a shipment of ours
 *
 * Pure functions over what work.c has read: the veto before money is spent, and the choice of
 * fulfillment order lines afterwards. Lines are matched by the order line's id; fulfillment order
 * ids change with every move, split and hold, and the first fulfillment order of an order may be a
 * closed one.
 */
#include <inttypes.h>
#include <string.h>

#include "connectors/shopify/shopify_internal.h"

/* Shopify takes 512 lines of a fulfillment order in a call. */
enum { GROUP_PICKS_MAX = 500 };

/*
 * How a fulfillment order stands towards shipping by us; the later, the less it says about why not.
 */
enum standing {
	STANDS_READY,
	STANDS_HELD,	   /* by a person or an app at the store */
	STANDS_AT_SERVICE, /* a 3PL has it; since 2024-10 nobody else may fulfill it */
	STANDS_COLLECTED,  /* pick-up, local delivery, sold over the counter */
	STANDS_ELSEWHERE,  /* at another location, and the store does not let it move */
	STANDS_BLOCKED,	   /* the store lists no action that would let us */
	STANDS_SCHEDULED,
	STANDS_CLOSED,
	STANDS_COUNT,
};

static int is_one_of(const char *text, const char *const *list)
{
	for (; text && *list; list++)
		if (strcmp(text, *list) == 0)
			return 1;
	return 0;
}

static int is_elsewhere(const struct work_order *order, const char *location_id)
{
	return location_id && order->location_id && strcmp(order->location_id, location_id) != 0;
}

static enum standing standing_of(const struct work_order *order)
{
	static const char *const closed[] = {"CLOSED", "CANCELLED", NULL};
	static const char *const open[] = {"OPEN", "IN_PROGRESS", NULL};
	static const char *const given_away[] = {"SUBMITTED", "ACCEPTED", "CANCELLATION_REQUESTED",
						 "CANCELLATION_REJECTED", NULL};
	static const char *const collected[] = {"PICK_UP", "LOCAL", "RETAIL", NULL};

	if (is_one_of(order->status, closed))
		return STANDS_CLOSED;
	if (strcmp(order->status, "ON_HOLD") == 0)
		return STANDS_HELD;
	if (order->is_at_service || is_one_of(order->request_status, given_away))
		return STANDS_AT_SERVICE;
	if (is_one_of(order->method, collected))
		return STANDS_COLLECTED;
	if (strcmp(order->status, "SCHEDULED") == 0)
		return STANDS_SCHEDULED;
	if (!is_one_of(order->status, open) || !order->can_fulfill)
		return STANDS_BLOCKED;
	return STANDS_READY;
}

/* ---- the veto ---- */

/* One line over all fulfillment orders. */
struct tally {
	int is_known; /* some fulfillment order names it, be it a closed one */
	int64_t left;
	int64_t units[STANDS_COUNT];
	const struct work_order *last[STANDS_COUNT];
	int64_t fulfill_at_us; /* the latest */
};

static void tally_line(const struct work *work, const char *location_id, const char *line_id,
		       struct tally *out)
{
	for (size_t i = 0; i < work->order_count; i++) {
		const struct work_order *order = &work->orders[i];
		enum standing standing = standing_of(order);

		if (standing == STANDS_READY && is_elsewhere(order, location_id) &&
		    !order->can_move)
			standing = STANDS_ELSEWHERE;
		for (size_t j = 0; j < order->line_count; j++) {
			const struct work_line *line = &order->lines[j];

			if (strcmp(line->line_id, line_id) != 0)
				continue;
			out->is_known = 1;
			if (standing == STANDS_CLOSED || line->remaining == 0)
				continue;
			out->left += line->remaining;
			out->units[standing] += line->remaining;
			out->last[standing] = order;
			if (standing == STANDS_SCHEDULED &&
			    order->fulfill_at_us > out->fulfill_at_us)
				out->fulfill_at_us = order->fulfill_at_us;
		}
	}
}

static const char *or_unnamed(const char *text)
{
	return text ? text : "without a name";
}

static const char *why(struct arena *a, enum standing standing, const struct work_order *order)
{
	switch (standing) {
	case STANDS_HELD:
		return arena_printf(a, "on hold at the store: %s",
				    order->holds ? order->holds : "no reason given");
	case STANDS_AT_SERVICE:
		return arena_printf(a, "the store has given it to the fulfillment service %s",
				    or_unnamed(order->location_name));
	case STANDS_COLLECTED:
		return arena_printf(a, "the store does not ship it: delivery method %s",
				    order->method);
	case STANDS_ELSEWHERE:
		return arena_printf(a,
				    "the store has it at location %s and does not let it be moved",
				    or_unnamed(order->location_name));
	case STANDS_BLOCKED:
		return arena_printf(a, "the store does not let it be fulfilled: status %s",
				    order->status);
	case STANDS_SCHEDULED:
		return "scheduled for later at the store";
	case STANDS_READY:
	case STANDS_CLOSED:
	case STANDS_COUNT:
		break;
	}
	return NULL;
}

/* Does the store say that nothing of this line is to be shipped? */
static int is_done(const struct work *work, const char *line_id)
{
	for (size_t i = 0; i < work->unfulfilled_count; i++)
		if (strcmp(work->unfulfilled[i].line_source_id, line_id) == 0)
			return work->unfulfilled[i].quantity <= 0;
	return 0;
}

static int is_picked_up(enum standing standing, const struct work_order *order)
{
	return standing == STANDS_COLLECTED && strcmp(order->method, "LOCAL") != 0;
}

static struct veto veto_line(struct arena *a, const struct work *work, const char *location_id,
			     const struct ship_line *line)
{
	const char *id = line->line_source_id;
	struct tally t = {0};

	tally_line(work, location_id, id, &t);
	if (t.units[STANDS_READY] >= line->quantity)
		return (struct veto){.kind = VETO_NONE};
	if (t.left == 0 && !t.is_known && !is_done(work, id))
		return (struct veto){.kind = VETO_NOT_YET,
				     .reason = "the store has not routed the line yet"};
	if (t.left == 0)
		return (struct veto){
			.kind = VETO_CANCELLED,
			.reason = arena_printf(a, "nothing is left to ship of line %s", id)};
	if (t.left < line->quantity)
		return (struct veto){.kind = VETO_HOLD,
				     .reason = arena_printf(a,
							    "only %" PRId64 " of %" PRId64
							    " are left to ship of line %s",
							    t.left, line->quantity, id)};
	if (t.units[STANDS_READY] + t.units[STANDS_SCHEDULED] >= line->quantity)
		return (struct veto){.kind = VETO_NOT_YET,
				     .retry_at_us = t.fulfill_at_us,
				     .reason = why(a, STANDS_SCHEDULED, NULL)};
	enum standing standing = STANDS_HELD;

	while (t.units[standing] == 0)
		standing++;
	return (struct veto){
		.kind = is_picked_up(standing, t.last[standing]) ? VETO_PICKUP : VETO_HOLD,
		.reason = why(a, standing, t.last[standing]),
	};
}

void decision_veto(struct arena *a, const struct work *work, const char *location_id,
		   const struct ship_line *lines, size_t line_count, struct veto *out)
{
	*out = (struct veto){.kind = VETO_NONE};
	if (work->is_cancelled) {
		*out = (struct veto){.kind = VETO_CANCELLED, .reason = "the order is cancelled"};
		return;
	}
	if (work->order_count == 0) {
		*out = (struct veto){.kind = VETO_NOT_YET,
				     .reason = "the store has not routed the order yet"};
		return;
	}
	/* The gravest wins; of two that wait, the longer. */
	for (size_t i = 0; i < line_count; i++) {
		struct veto veto = veto_line(a, work, location_id, &lines[i]);

		if (veto.kind > out->kind ||
		    (veto.kind == out->kind && veto.retry_at_us > out->retry_at_us))
			*out = veto;
	}
}

/* ---- recognising what is ours ---- */

int decision_is_ours(const struct work_fulfillment *f, const char *tracking_number,
		     const char *reference)
{
	static const char *const undone[] = {"CANCELLED", "ERROR", "FAILURE", NULL};
	const struct work_tracking *tracking = f->tracking.items;

	if (is_one_of(f->status, undone))
		return 0;
	for (size_t i = 0; i < f->tracking.count; i++) {
		const char *number = tracking[i].number;

		if (!number || !*number)
			continue;
		if ((tracking_number && strcmp(number, tracking_number) == 0) ||
		    (reference && strcmp(number, reference) == 0))
			return 1;
	}
	return 0;
}

/* ---- the choice of lines ---- */

/* At our location; elsewhere, but it may move; elsewhere for good. The best come first. */
static int rank_of(const struct work_order *order, const char *location_id)
{
	if (!is_elsewhere(order, location_id))
		return 0;
	return order->can_move ? 1 : 2;
}

static size_t pick_line(struct arena *a, const struct work *work, const char *location_id,
			const struct ship_line *wanted, struct work_plan *out, size_t capacity)
{
	int64_t open = wanted->quantity;

	for (int rank = 0; rank < 3; rank++) {
		for (size_t i = 0; i < work->order_count; i++) {
			const struct work_order *order = &work->orders[i];

			if (standing_of(order) != STANDS_READY ||
			    rank_of(order, location_id) != rank)
				continue;
			for (size_t j = 0; j < order->line_count && open > 0; j++) {
				const struct work_line *line = &order->lines[j];

				if (line->remaining == 0 ||
				    strcmp(line->line_id, wanted->line_source_id) != 0)
					continue;
				struct work_pick *pick =
					ARENA_PUSH(a, out->picks, out->pick_count, capacity);

				pick->order = order;
				pick->line = line;
				pick->quantity = line->remaining < open ? line->remaining : open;
				pick->must_move = rank > 0;
				open -= pick->quantity;
				out->must_move |= pick->must_move;
			}
		}
	}
	out->is_short |= open > 0;
	return capacity;
}

static int same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static int belong_together(const struct work_order *a, const struct work_order *b)
{
	return a == b ||
	       (same_text(a->location_id, b->location_id) &&
		same_text(a->location_name, b->location_name) && same_text(a->method, b->method));
}

static void group_picks(struct arena *a, struct work_plan *plan)
{
	size_t *members = ARENA_ARRAY(a, size_t, plan->pick_count);

	for (size_t i = 0; i < plan->pick_count; i++) {
		struct work_pick *pick = &plan->picks[i];

		pick->group = plan->group_count;
		for (size_t j = 0; j < i; j++) {
			if (members[plan->picks[j].group] < GROUP_PICKS_MAX &&
			    belong_together(pick->order, plan->picks[j].order)) {
				pick->group = plan->picks[j].group;
				break;
			}
		}
		members[pick->group]++;
		if (pick->group == plan->group_count)
			plan->group_count++;
	}
}

void decision_plan(struct arena *a, const struct work *work, const char *location_id,
		   const struct ship_line *lines, size_t line_count, struct work_plan *out)
{
	size_t capacity = 0;

	*out = (struct work_plan){0};
	for (size_t i = 0; i < line_count; i++)
		capacity = pick_line(a, work, location_id, &lines[i], out, capacity);
	group_picks(a, out);
}

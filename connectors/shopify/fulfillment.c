/*
 * fulfillment - the store's veto before a shipment, and the store's record after it
 *
 * Nothing Shopify offers makes fulfillmentCreate repeatable, so every attempt begins by looking: a
 * fulfillment that carries our tracking number (our reference, where there is no number) is ours,
 * whoever saw its answer. What it does not cover yet is moved to our location where it lies at
 * another, and created: one call per location and delivery method.
 */
#include <string.h>

#include "connectors/shopify/shopify_internal.h"
#include "gen/graphql.h"

/* A move makes new fulfillment orders, so each is followed by another look. */
enum { ROUNDS_MAX = 10, MOVE_LINES_MAX = 250, REFUSALS_MAX = 2 };

static const struct shopify_operation move = {"FoMove", GQL_SHOPIFY_MOVE, API_EFFECT};
static const struct shopify_operation create = {"FulfillmentCreate", GQL_SHOPIFY_FULFILL,
						API_EFFECT};

/* ---- lines: each once, with what is wanted of it ---- */

struct wanted {
	struct ship_line *lines;
	size_t count;
};

static struct wanted merge_lines(struct arena *a, const struct ship_line *lines, size_t count)
{
	struct wanted w = {.lines = ARENA_ARRAY(a, struct ship_line, count)};

	for (size_t i = 0; i < count; i++) {
		size_t j = 0;

		while (j < w.count &&
		       strcmp(w.lines[j].line_source_id, lines[i].line_source_id) != 0)
			j++;
		if (j == w.count && lines[i].quantity > 0)
			w.lines[w.count++] = lines[i];
		else if (lines[i].quantity > 0)
			w.lines[j].quantity += lines[i].quantity;
	}
	return w;
}

static void subtract_lines(struct wanted *w, const struct ship_line *done, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->count; i++) {
		for (size_t j = 0; j < count; j++)
			if (strcmp(w->lines[i].line_source_id, done[j].line_source_id) == 0)
				w->lines[i].quantity -= done[j].quantity;
		if (w->lines[i].quantity > 0)
			w->lines[kept++] = w->lines[i];
	}
	w->count = kept;
}

/* ---- the veto ---- */

int shopify_may_ship(struct api *api, const struct ship_question *q, struct veto *out,
		     struct err *e)
{
	struct wanted wanted = merge_lines(api->arena, q->lines, q->line_count);
	struct work work;

	if (work_read(api, q->order_source_id, wanted.lines, wanted.count, &work, e))
		return -1;
	decision_veto(api->arena, &work, q->location_source_id, wanted.lines, wanted.count, out);
	return 0;
}

/* ---- fulfilling ---- */

/* One call of shopify_fulfill. */
struct attempt {
	struct api *api;
	const struct fulfillment *f;
	struct work work;
	struct wanted open; /* what no fulfillment of ours covers yet */
	const char *ids;    /* of the fulfillments that are ours, joined; NULL: none */
	int has_created;
	const char *refusal; /* what the store said to the last attempt to create; NULL: nothing */
};

static void add_id(struct attempt *t, const char *gid)
{
	const char *id = shopify_id(t->api->arena, gid);

	t->ids = t->ids ? arena_printf(t->api->arena, "%s,%s", t->ids, id) : id;
}

/* The store as it is now, and what is still to be done. */
static int look(struct attempt *t, struct err *e)
{
	const struct fulfillment *f = t->f;

	t->ids = NULL;
	t->open = merge_lines(t->api->arena, f->lines, f->line_count);
	if (work_read(t->api, f->order_source_id, t->open.lines, t->open.count, &t->work, e))
		return -1;
	for (size_t i = 0; i < t->work.fulfillment_count; i++) {
		const struct work_fulfillment *each = &t->work.fulfillments[i];
		struct ship_line *done;
		size_t count;

		if (!decision_is_ours(each, f->tracking_number, f->reference))
			continue;
		if (work_fulfillment_lines(t->api, each->id, &done, &count, e))
			return -1;
		subtract_lines(&t->open, done, count);
		add_id(t, each->id);
	}
	return 0;
}

static int hold(struct err *e, const char *reason)
{
	return err_set(e, ERR_FINAL, ERR_CODE_HELD, "the store refuses: %s", reason);
}

/* The goods have left, and the store has less open than they are. */
static int explain_shortage(struct attempt *t, struct err *e)
{
	struct veto veto;

	decision_veto(t->api->arena, &t->work, t->f->location_source_id, t->open.lines,
		      t->open.count, &veto);
	if (veto.kind == VETO_NOT_YET && veto.retry_at_us == 0)
		return err_retry(e, "could not fulfill: %s", veto.reason);
	return hold(e, veto.reason ? veto.reason : "less is open than has shipped");
}

/* A payload that says neither yes nor no. */
static int no_answer(const struct shopify_operation *operation, struct err *e)
{
	return err_set(e, ERR_RETRY, ERR_CODE_UNKNOWN, "%s: neither a result nor an error",
		       operation->name);
}

static json_t *line_input(const struct work_pick *pick)
{
	return json_pack("{s:s, s:I}", "id", pick->line->id, "quantity",
			 (json_int_t)pick->quantity);
}

/* ---- moving ---- */

static int move_lines(struct attempt *t, const struct work_plan *plan,
		      const struct work_order *order, struct err *e)
{
	json_t *lines = json_array(), *data = NULL;
	const char *location = shopify_gid(t->api->arena, "Location", t->f->location_source_id);

	for (size_t i = 0; i < plan->pick_count && json_array_size(lines) < MOVE_LINES_MAX; i++)
		if (plan->picks[i].order == order)
			json_array_append_new(lines, line_input(&plan->picks[i]));
	if (shopify_call(t->api, &move,
			 json_pack("{s:s, s:s, s:o}", "id", order->id, "location", location,
				   "lines", lines),
			 &data, e))
		return -1;
	json_t *payload = jmap_at(data, "fulfillmentOrderMove");
	const char *refusal = shopify_user_errors(t->api->arena, payload);

	if (refusal)
		return hold(e, refusal);
	return jmap_at(payload, "movedFulfillmentOrder") ? 0 : no_answer(&move, e);
}

static int move_orders(struct attempt *t, const struct work_plan *plan, struct err *e)
{
	for (size_t i = 0; i < t->work.order_count; i++) {
		const struct work_order *order = &t->work.orders[i];
		size_t j = 0;

		while (j < plan->pick_count &&
		       (plan->picks[j].order != order || !plan->picks[j].must_move))
			j++;
		if (j == plan->pick_count)
			continue;
		if (!order->can_move)
			return hold(e, arena_printf(t->api->arena,
						    "it is at location %s and cannot be moved",
						    order->location_name ? order->location_name
									 : "without a name"));
		if (move_lines(t, plan, order, e))
			return -1;
	}
	return 0;
}

/* ---- creating ---- */

static json_t *orders_input(const struct attempt *t, const struct work_plan *plan, size_t group)
{
	json_t *orders = json_array();

	for (size_t i = 0; i < t->work.order_count; i++) {
		json_t *lines = json_array();

		for (size_t j = 0; j < plan->pick_count; j++)
			if (plan->picks[j].group == group &&
			    plan->picks[j].order == &t->work.orders[i])
				json_array_append_new(lines, line_input(&plan->picks[j]));
		if (json_array_size(lines) > 0)
			json_array_append_new(orders,
					      json_pack("{s:s, s:O}", "fulfillmentOrderId",
							t->work.orders[i].id,
							"fulfillmentOrderLineItems", lines));
		json_decref(lines);
	}
	return orders;
}

static json_t *tracking_input(const struct fulfillment *f)
{
	const char *number = f->tracking_number ? f->tracking_number : f->reference;
	json_t *tracking = json_pack("{s:s}", "number", number);

	if (f->carrier)
		json_object_set_new(tracking, "company", json_string(f->carrier));
	if (f->tracking_url)
		json_object_set_new(tracking, "url", json_string(f->tracking_url));
	return tracking;
}

/* One group. The store's refusal is success with t->refusal set. */
static int create_group(struct attempt *t, const struct work_plan *plan, size_t group,
			struct err *e)
{
	const struct fulfillment *f = t->f;
	/*
	 * One mail per shipment, however many groups. Shopify fulfills no unit twice: a call that
	 * succeeds is the first for its units, whatever became of earlier ones.
	 */
	int notify = f->notify_customer && !t->ids;
	json_t *data = NULL;

	if (shopify_call(t->api, &create,
			 json_pack("{s:{s:o, s:o, s:b}, s:s}", "fulfillment",
				   "lineItemsByFulfillmentOrder", orders_input(t, plan, group),
				   "trackingInfo", tracking_input(f), "notifyCustomer", notify,
				   "message", f->reference),
			 &data, e))
		return -1;
	json_t *payload = jmap_at(data, "fulfillmentCreate");
	const char *id = json_string_value(jmap_at(payload, "fulfillment.id"));

	if (id && shopify_id(t->api->arena, id)) {
		t->has_created = 1;
		add_id(t, id);
		return 0;
	}
	t->refusal = shopify_user_errors(t->api->arena, payload);
	return t->refusal ? 0 : no_answer(&create, e);
}

static int create_groups(struct attempt *t, const struct work_plan *plan, struct err *e)
{
	t->refusal = NULL;
	for (size_t group = 0; group < plan->group_count && !t->refusal; group++)
		if (create_group(t, plan, group, e))
			return -1;
	return 0;
}

int shopify_fulfill(struct api *api, const struct fulfillment *f, struct fulfilled *out,
		    struct err *e)
{
	struct attempt t = {.api = api, .f = f};
	int refusals = 0;

	if (!f->reference || f->line_count == 0)
		return err_bug(e, "a fulfillment needs lines and our reference");
	for (int round = 0; round < ROUNDS_MAX; round++) {
		struct work_plan plan;

		if (look(&t, e))
			return -1;
		if (t.open.count > 0) {
			decision_plan(api->arena, &t.work, f->location_source_id, t.open.lines,
				      t.open.count, &plan);
			if (plan.is_short)
				return explain_shortage(&t, e);
			if (plan.must_move) {
				if (move_orders(&t, &plan, e))
					return -1;
				continue;
			}
			if (create_groups(&t, &plan, e))
				return -1;
			if (t.refusal) {
				/* Quantities may have changed between the look and the call. */
				if (++refusals == REFUSALS_MAX)
					return hold(e, t.refusal);
				continue;
			}
		}
		*out = (struct fulfilled){.source_id = t.ids, .was_adopted = !t.has_created};
		return 0;
	}
	return hold(e, "its fulfillment orders do not stay where they are moved to");
}

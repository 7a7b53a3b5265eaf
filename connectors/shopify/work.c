/*
 * work - reads the store's own plan of who ships what: fulfillment orders, and the fulfillments
 * made so far
 */
#include <string.h>

#include "connectors/shopify/shopify_internal.h"
#include "gen/graphql.h"

/* An input list takes 250 elements. */
enum { PAGES_MAX = 100, LINES_MAX = 250 };

static const struct shopify_operation read_work = {"OrderFulfillmentOrders", GQL_SHOPIFY_WORK,
						   API_READ};
static const struct shopify_operation read_work_lines = {"FulfillmentOrderLines",
							 GQL_SHOPIFY_WORK_LINES, API_READ};
static const struct shopify_operation read_fulfillment_lines = {
	"FulfillmentLines", GQL_SHOPIFY_FULFILLMENT_LINES, API_READ};

/* ---- tables ---- */

struct word {
	const char *text;
};

static const struct jmap_field line_item_fields[] = {
	JMAP_NEED(struct word, text, "id", JMAP_ID),
	{0},
};

static const struct jmap_field line_fields[] = {
	JMAP_NEED(struct work_line, id, "id", JMAP_ID),
	JMAP_NEED(struct work_line, remaining, "remainingQuantity", JMAP_INT64),
	JMAP_SUB(struct work_line, line_id, "lineItem", line_item_fields),
	{0},
};

struct lines {
	struct jmap_array nodes; /* struct work_line */
	struct shopify_page page;
};

static const struct jmap_field lines_fields[] = {
	JMAP_WHOLE_LIST(struct lines, nodes, "nodes", line_fields, struct work_line),
	JMAP_SUB(struct lines, page, "pageInfo", shopify_page_fields),
	{0},
};

static const struct jmap_field hold_fields[] = {
	JMAP(struct word, text, "reason", JMAP_TEXT),
	{0},
};

static const struct jmap_field action_fields[] = {
	JMAP(struct word, text, "action", JMAP_TEXT),
	{0},
};

/* A fulfillment order as it stands in the answer. */
struct node {
	struct work_order order;
	struct jmap_array holds, actions; /* struct word */
	struct lines lines;
};

static const struct jmap_field location_fields[] = {
	JMAP(struct node, order.location_id, "id", JMAP_ID),
	JMAP(struct node, order.is_at_service, "isFulfillmentService", JMAP_BOOL),
	{0},
};

static const struct jmap_field assigned_fields[] = {
	JMAP(struct node, order.location_name, "name", JMAP_TEXT),
	{"location", JMAP_OBJECT, 0, 0, 0, location_fields, 0, 0},
	{0},
};

static const struct jmap_field method_fields[] = {
	JMAP(struct node, order.method, "methodType", JMAP_TEXT),
	{0},
};

static const struct jmap_field node_fields[] = {
	JMAP_NEED(struct node, order.id, "id", JMAP_ID),
	JMAP_NEED(struct node, order.status, "status", JMAP_TEXT),
	JMAP(struct node, order.request_status, "requestStatus", JMAP_TEXT),
	JMAP(struct node, order.fulfill_at_us, "fulfillAt", JMAP_TIME),
	{"assignedLocation", JMAP_OBJECT, 0, 0, 0, assigned_fields, 0, 0},
	{"deliveryMethod", JMAP_OBJECT, 0, 0, 0, method_fields, 0, 0},
	JMAP_LIST(struct node, holds, "fulfillmentHolds", hold_fields, struct word),
	JMAP_LIST(struct node, actions, "supportedActions", action_fields, struct word),
	JMAP_SUB(struct node, lines, "lineItems", lines_fields),
	{0},
};

static const struct jmap_field tracking_fields[] = {
	JMAP(struct work_tracking, number, "number", JMAP_TEXT),
	{0},
};

static const struct jmap_field fulfillment_fields[] = {
	JMAP_NEED(struct work_fulfillment, id, "id", JMAP_ID),
	JMAP(struct work_fulfillment, status, "status", JMAP_TEXT),
	JMAP_LIST(struct work_fulfillment, tracking, "trackingInfo", tracking_fields,
		  struct work_tracking),
	{0},
};

struct answer {
	int64_t cancelled_at_us;
	struct {
		struct jmap_array nodes; /* struct node */
		struct shopify_page page;
	} orders;
	struct jmap_array fulfillments; /* struct work_fulfillment */
};

static const struct jmap_field orders_fields[] = {
	{"nodes", JMAP_ARRAY, JMAP_WHOLE,
	 offsetof(struct answer, orders.nodes) - offsetof(struct answer, orders), 0, node_fields,
	 sizeof(struct node), 0},
	{"pageInfo", JMAP_OBJECT, 0,
	 offsetof(struct answer, orders.page) - offsetof(struct answer, orders), 0,
	 shopify_page_fields, 0, 0},
	{0},
};

static const struct jmap_field answer_fields[] = {
	JMAP(struct answer, cancelled_at_us, "cancelledAt", JMAP_TIME),
	JMAP_SUB(struct answer, orders, "fulfillmentOrders", orders_fields),
	JMAP_LIST(struct answer, fulfillments, "fulfillments", fulfillment_fields,
		  struct work_fulfillment),
	{0},
};

/* ---- one fulfillment order ---- */

static int has_word(const struct jmap_array *words, const char *wanted)
{
	const struct word *word = words->items;

	for (size_t i = 0; i < words->count; i++)
		if (word[i].text && strcmp(word[i].text, wanted) == 0)
			return 1;
	return 0;
}

static const char *join(struct arena *a, const struct jmap_array *words)
{
	const struct word *word = words->items;
	const char *text = NULL;

	for (size_t i = 0; i < words->count; i++) {
		if (!word[i].text)
			continue;
		text = text ? arena_printf(a, "%s, %s", text, word[i].text) : word[i].text;
	}
	return text;
}

static int append_lines(struct arena *a, struct work_order *order, const struct jmap_array *more,
			struct err *e)
{
	struct work_line *lines = ARENA_ARRAY(a, struct work_line, order->line_count + more->count);

	if (order->line_count > 0)
		memcpy(lines, order->lines, order->line_count * sizeof *lines);
	if (more->count > 0)
		memcpy(lines + order->line_count, more->items, more->count * sizeof *lines);
	for (size_t i = order->line_count; i < order->line_count + more->count; i++) {
		lines[i].line_id = shopify_id(a, lines[i].line_id);
		if (!lines[i].line_id || lines[i].remaining < 0)
			return err_set(e, ERR_FINAL, ERR_CODE_DATA,
				       "fulfillment order %s: line %zu cannot be read", order->id,
				       i);
	}
	order->lines = lines;
	order->line_count += more->count;
	return 0;
}

static int read_more_lines(struct api *api, struct work_order *order, struct shopify_page page,
			   struct err *e)
{
	for (int i = 0; shopify_next(&page); i++) {
		struct lines more = {0};
		json_t *data = NULL;

		if (i == PAGES_MAX)
			return err_set(e, ERR_FINAL, ERR_CODE_DATA,
				       "fulfillment order %s: too many pages", order->id);
		if (shopify_call(api, &read_work_lines,
				 json_pack("{s:s, s:s}", "id", order->id, "after", page.end_cursor),
				 &data, e))
			return -1;
		json_t *json = jmap_at(data, "fulfillmentOrder.lineItems");

		if (!json)
			return err_retry(e, "fulfillment order %s went away while it was read",
					 order->id);
		if (jmap_read(api->arena, json, lines_fields, &more, e) ||
		    append_lines(api->arena, order, &more.nodes, e))
			return -1;
		page = more.page;
	}
	return 0;
}

static int finish_order(struct api *api, struct node *node, struct work_order *out, struct err *e)
{
	struct arena *a = api->arena;

	*out = node->order;
	out->location_id = shopify_id(a, out->location_id);
	out->holds = join(a, &node->holds);
	out->can_fulfill = has_word(&node->actions, "CREATE_FULFILLMENT");
	out->can_move = has_word(&node->actions, "MOVE");
	if (append_lines(a, out, &node->lines.nodes, e))
		return -1;
	return read_more_lines(api, out, node->lines.page, e);
}

/* ---- all of an order's ---- */

static int add_page(struct api *api, const struct answer *answer, struct work *out, struct err *e)
{
	struct node *nodes = answer->orders.nodes.items;
	size_t count = answer->orders.nodes.count;
	struct work_order *orders =
		ARENA_ARRAY(api->arena, struct work_order, out->order_count + count);

	if (out->order_count > 0)
		memcpy(orders, out->orders, out->order_count * sizeof *orders);
	for (size_t i = 0; i < count; i++)
		if (finish_order(api, &nodes[i], &orders[out->order_count + i], e))
			return -1;
	out->orders = orders;
	out->order_count += count;
	out->is_cancelled |= answer->cancelled_at_us != 0;
	out->fulfillments = answer->fulfillments.items;
	out->fulfillment_count = answer->fulfillments.count;
	return 0;
}

static json_t *line_ids(struct arena *a, const struct ship_line *lines, size_t count)
{
	json_t *ids = json_array();

	for (size_t i = 0; i < count && i < LINES_MAX; i++)
		json_array_append_new(
			ids, json_string(shopify_gid(a, "LineItem", lines[i].line_source_id)));
	return ids;
}

/* A line that the store does not know is null; what cannot be read stays unknown. */
static void read_unfulfilled(struct arena *a, json_t *list, struct work *out)
{
	json_t *line;
	size_t i;

	out->unfulfilled = ARENA_ARRAY(a, struct ship_line, json_array_size(list));
	out->unfulfilled_count = 0;
	json_array_foreach (list, i, line) {
		const char *id = shopify_id(a, json_string_value(jmap_at(line, "id")));
		json_t *quantity = jmap_at(line, "unfulfilledQuantity");

		if (id && json_is_integer(quantity))
			out->unfulfilled[out->unfulfilled_count++] =
				(struct ship_line){id, json_integer_value(quantity)};
	}
}

int work_read(struct api *api, const char *order_id, const struct ship_line *lines,
	      size_t line_count, struct work *out, struct err *e)
{
	const char *gid = shopify_gid(api->arena, "Order", order_id);
	const char *after = NULL;

	*out = (struct work){0};
	for (int i = 0; i < PAGES_MAX; i++) {
		struct answer answer = {0};
		json_t *data = NULL;

		if (shopify_call(api, &read_work,
				 json_pack("{s:s, s:s?, s:o}", "id", gid, "after", after, "lines",
					   line_ids(api->arena, lines, line_count)),
				 &data, e))
			return -1;
		json_t *json = jmap_at(data, "order");

		if (!json)
			return err_set(e, ERR_FINAL, ERR_CODE_NOT_FOUND,
				       "the store has no order %s", order_id);
		if (jmap_read(api->arena, json, answer_fields, &answer, e) ||
		    add_page(api, &answer, out, e))
			return err_prefix(e, "order %s", order_id);
		read_unfulfilled(api->arena, jmap_at(data, "lines"), out);
		after = shopify_next(&answer.orders.page);
		if (!after)
			return 0;
	}
	return err_set(e, ERR_FINAL, ERR_CODE_DATA, "order %s: too many fulfillment orders",
		       order_id);
}

/* ---- what one fulfillment contains ---- */

struct fulfilled_lines {
	struct jmap_array nodes; /* struct ship_line */
	struct shopify_page page;
};

static const struct jmap_field fulfilled_line_fields[] = {
	JMAP(struct ship_line, quantity, "quantity", JMAP_INT64),
	JMAP_SUB(struct ship_line, line_source_id, "lineItem", line_item_fields),
	{0},
};

static const struct jmap_field fulfilled_lines_fields[] = {
	JMAP_WHOLE_LIST(struct fulfilled_lines, nodes, "nodes", fulfilled_line_fields,
			struct ship_line),
	JMAP_SUB(struct fulfilled_lines, page, "pageInfo", shopify_page_fields),
	{0},
};

int work_fulfillment_lines(struct api *api, const char *fulfillment_id, struct ship_line **out,
			   size_t *count, struct err *e)
{
	const char *after = NULL;
	size_t capacity = 0;

	*out = NULL;
	*count = 0;
	for (int i = 0; i < PAGES_MAX; i++) {
		struct fulfilled_lines page = {0};
		json_t *data = NULL;

		if (shopify_call(api, &read_fulfillment_lines,
				 json_pack("{s:s, s:s?}", "id", fulfillment_id, "after", after),
				 &data, e))
			return -1;
		json_t *json = jmap_at(data, "fulfillment.fulfillmentLineItems");

		if (!json)
			return err_retry(e, "fulfillment %s went away while it was read",
					 fulfillment_id);
		if (jmap_read(api->arena, json, fulfilled_lines_fields, &page, e))
			return err_prefix(e, "fulfillment %s", fulfillment_id);
		for (size_t j = 0; j < page.nodes.count; j++) {
			struct ship_line *line = ARENA_PUSH(api->arena, *out, *count, capacity);

			*line = ((const struct ship_line *)page.nodes.items)[j];
			line->line_source_id = shopify_id(api->arena, line->line_source_id);
			if (!line->line_source_id)
				return err_set(e, ERR_FINAL, ERR_CODE_DATA,
					       "fulfillment %s: a line cannot be read",
					       fulfillment_id);
		}
		after = shopify_next(&page.page);
		if (!after)
			return 0;
	}
	return err_set(e, ERR_FINAL, ERR_CODE_DATA, "fulfillment %s: too many lines",
		       fulfillment_id);
}

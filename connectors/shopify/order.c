/*
 * order - orders read over GraphQL: one, those that changed, and the order a fulfillment order
 * belongs to
 */
#include <string.h>

#include "connectors/shopify/shopify_internal.h"
#include "core/runtime/timestamp.h"
#include "gen/graphql.h"

/*
 * Lines of an order a page. An object costs a point and a request may cost 1,000; a line is up to
 * fourteen objects. Sixty lines fit nearly every order into one request.
 */
enum { LINES_PER_PAGE = 60, PAGES_MAX = 100 };

static const struct shopify_operation order_full = {"OrderFull", GQL_SHOPIFY_ORDER, API_READ};
static const struct shopify_operation order_lines = {"OrderLineItemsPage", GQL_SHOPIFY_ORDER_LINES,
						     API_READ};
static const struct shopify_operation orders_since = {"OrdersUpdatedSince",
						      GQL_SHOPIFY_ORDERS_CHANGED, API_READ};
static const struct shopify_operation order_behind = {"FulfillmentOrderOrder", GQL_SHOPIFY_ORDER_OF,
						      API_READ};

/* ---- tables ---- */

static const struct jmap_field amount_fields[] = {
	{"amount", JMAP_MONEY, 1, offsetof(struct shopify_amount, amount),
	 offsetof(struct shopify_amount, is_set), NULL, 0, 0},
	{0},
};

static const struct jmap_field money_fields[] = {
	JMAP_SUB(struct shopify_money, shop, "shopMoney", amount_fields),
	JMAP_SUB(struct shopify_money, presentment, "presentmentMoney", amount_fields),
	{0},
};

static const struct jmap_field discount_fields[] = {
	{"allocatedAmountSet", JMAP_OBJECT, 0, 0, 0, money_fields, 0, 0},
	{0},
};

/* priceSet of a TaxLine */
static const struct jmap_field tax_fields[] = {
	{"priceSet", JMAP_OBJECT, 0, 0, 0, money_fields, 0, 0},
	{0},
};

struct variant {
	const char *id;
};

static const struct jmap_field variant_fields[] = {
	JMAP(struct variant, id, "id", JMAP_ID),
	{0},
};

static const struct jmap_field line_fields[] = {
	JMAP_NEED(struct shopify_line, id, "id", JMAP_ID),
	JMAP_SUB(struct shopify_line, variant_id, "variant", variant_fields),
	JMAP(struct shopify_line, sku, "sku", JMAP_TEXT),
	JMAP(struct shopify_line, title, "title", JMAP_TEXT),
	JMAP(struct shopify_line, variant_title, "variantTitle", JMAP_TEXT),
	JMAP_NEED(struct shopify_line, quantity, "quantity", JMAP_INT64),
	JMAP_NEED(struct shopify_line, current_quantity, "currentQuantity", JMAP_INT64),
	JMAP_NEED(struct shopify_line, needs_shipping, "requiresShipping", JMAP_BOOL),
	JMAP(struct shopify_line, is_gift_card, "isGiftCard", JMAP_BOOL),
	JMAP(struct shopify_line, weight, "weight", JMAP_JSON),
	JMAP_SUB(struct shopify_line, price, "originalUnitPriceSet", money_fields),
	JMAP_LIST(struct shopify_line, discounts, "discountAllocations", discount_fields,
		  struct shopify_money),
	JMAP_LIST(struct shopify_line, taxes, "taxLines", tax_fields, struct shopify_money),
	JMAP(struct shopify_line, properties, "customAttributes", JMAP_JSON),
	{"unfulfilledQuantity", JMAP_INT64, 0, offsetof(struct shopify_line, open),
	 offsetof(struct shopify_line, says_open), NULL, 0, 0},
	{0},
};

static const struct jmap_field lines_fields[] = {
	JMAP_WHOLE_LIST(struct shopify_lines, items, "nodes", line_fields, struct shopify_line),
	JMAP_SUB(struct shopify_lines, page, "pageInfo", shopify_page_fields),
	{0},
};

static const struct jmap_field address_fields[] = {
	JMAP(struct address, name, "name", JMAP_TEXT),
	JMAP(struct address, company, "company", JMAP_TEXT),
	JMAP(struct address, address1, "address1", JMAP_TEXT),
	JMAP(struct address, address2, "address2", JMAP_TEXT),
	JMAP(struct address, city, "city", JMAP_TEXT),
	JMAP(struct address, province, "province", JMAP_TEXT),
	JMAP(struct address, province_code, "provinceCode", JMAP_TEXT),
	JMAP(struct address, zip, "zip", JMAP_TEXT),
	JMAP(struct address, country_code, "countryCodeV2", JMAP_TEXT),
	JMAP(struct address, phone, "phone", JMAP_TEXT),
	{0},
};

static const struct jmap_field shipping_line_fields[] = {
	JMAP(struct shopify_shipping_line, title, "title", JMAP_TEXT),
	JMAP(struct shopify_shipping_line, code, "code", JMAP_TEXT),
	{0},
};

struct answer {
	struct shopify_order order;
	struct address billing;
	struct {
		struct jmap_array nodes;
	} shipping;
};

static const struct jmap_field shipping_fields[] = {
	{"nodes", JMAP_ARRAY, 0, 0, 0, shipping_line_fields, sizeof(struct shopify_shipping_line),
	 0},
	{0},
};

static const struct jmap_field order_fields[] = {
	JMAP_NEED(struct answer, order.id, "id", JMAP_ID),
	JMAP(struct answer, order.name, "name", JMAP_TEXT),
	JMAP(struct answer, order.created_at_us, "createdAt", JMAP_TIME),
	JMAP(struct answer, order.processed_at_us, "processedAt", JMAP_TIME),
	JMAP_NEED(struct answer, order.updated_at_us, "updatedAt", JMAP_TIME),
	JMAP(struct answer, order.cancelled_at_us, "cancelledAt", JMAP_TIME),
	JMAP(struct answer, order.cancel_reason, "cancelReason", JMAP_TEXT),
	JMAP(struct answer, order.financial_status, "displayFinancialStatus", JMAP_TEXT),
	JMAP(struct answer, order.is_test, "test", JMAP_BOOL),
	JMAP_NEED(struct answer, order.currency, "currencyCode", JMAP_TEXT),
	JMAP(struct answer, order.presentment_currency, "presentmentCurrencyCode", JMAP_TEXT),
	JMAP_SUB(struct answer, order.total, "totalPriceSet", money_fields),
	JMAP_SUB(struct answer, order.current_total, "currentTotalPriceSet", money_fields),
	JMAP_SUB(struct answer, order.outstanding, "totalOutstandingSet", money_fields),
	JMAP_SUB(struct answer, order.refunded, "totalRefundedSet", money_fields),
	JMAP_SUB(struct answer, order.shipping, "totalShippingPriceSet", money_fields),
	JMAP_SUB(struct answer, order.tax, "totalTaxSet", money_fields),
	JMAP_SUB(struct answer, order.discount, "totalDiscountsSet", money_fields),
	JMAP_SUB(struct answer, order.duties, "originalTotalDutiesSet", money_fields),
	JMAP(struct answer, order.attributes, "customAttributes", JMAP_JSON),
	JMAP(struct answer, order.tags, "tags", JMAP_JSON),
	JMAP(struct answer, order.email, "email", JMAP_TEXT),
	JMAP(struct answer, order.phone, "phone", JMAP_TEXT),
	JMAP(struct answer, order.locale, "customerLocale", JMAP_TEXT),
	JMAP(struct answer, order.note, "note", JMAP_TEXT),
	JMAP_SUB(struct answer, order.address, "shippingAddress", address_fields),
	JMAP_SUB(struct answer, billing, "billingAddress", address_fields),
	JMAP_SUB(struct answer, shipping, "shippingLines", shipping_fields),
	JMAP_SUB(struct answer, order.lines, "lineItems", lines_fields),
	{0},
};

static const struct jmap_field page_fields[] = {
	JMAP_NEED(struct answer, order.updated_at_us, "updatedAt", JMAP_TIME),
	JMAP_SUB(struct answer, order.lines, "lineItems", lines_fields),
	{0},
};

/* ---- one order ---- */

static int not_found(const char *source_id, struct err *e)
{
	return err_set(e, ERR_FINAL, ERR_CODE_NOT_FOUND, "the store has no order %s", source_id);
}

static void append_lines(struct arena *a, struct jmap_array *to, const struct jmap_array *more)
{
	struct shopify_line *lines = ARENA_ARRAY(a, struct shopify_line, to->count + more->count);

	if (to->count > 0)
		memcpy(lines, to->items, to->count * sizeof *lines);
	if (more->count > 0)
		memcpy(lines + to->count, more->items, more->count * sizeof *lines);
	to->items = lines;
	to->count += more->count;
}

/*
 * The lines beyond the first page. Pages of different versions of an order do not make an order: it
 * is read again later.
 */
static int read_more_lines(struct api *api, struct shopify_order *order, struct err *e)
{
	for (int page = 0; shopify_next(&order->lines.page); page++) {
		struct answer more = {0};
		json_t *data = NULL;

		if (page == PAGES_MAX)
			return err_set(e, ERR_FINAL, ERR_CODE_DATA, "more than %d pages of lines",
				       PAGES_MAX);
		if (shopify_call(api, &order_lines,
				 json_pack("{s:s, s:i, s:s}", "id", order->id, "lines",
					   LINES_PER_PAGE, "after", order->lines.page.end_cursor),
				 &data, e))
			return -1;
		json_t *json = jmap_at(data, "order");

		if (!json)
			return not_found(order->id, e);
		if (jmap_read(api->arena, json, page_fields, &more, e))
			return -1;
		if (more.order.updated_at_us != order->updated_at_us)
			return err_retry(e, "order %s changed while it was read", order->id);
		append_lines(api->arena, &order->lines.items, &more.order.lines.items);
		order->lines.page = more.order.lines.page;
	}
	return 0;
}

int shopify_order_fetch(struct api *api, const char *source_id, struct order_doc *out,
			struct err *e)
{
	struct answer answer = {0};
	const char *lacks = NULL;
	json_t *data = NULL;

	if (shopify_call(api, &order_full,
			 json_pack("{s:s, s:i}", "id", shopify_gid(api->arena, "Order", source_id),
				   "lines", LINES_PER_PAGE),
			 &data, e))
		return -1;
	json_t *json = jmap_at(data, "order");

	if (!json)
		return not_found(source_id, e);
	if (jmap_read(api->arena, json, order_fields, &answer, e) ||
	    read_more_lines(api, &answer.order, e))
		return err_prefix(e, "order %s", source_id);
	answer.order.billing_name = answer.billing.name;
	answer.order.shipping_lines = answer.shipping.nodes;
	if (shopify_order_doc(api->arena, &answer.order, out, &lacks, e))
		return err_prefix(e, "order %s", source_id);
	if (lacks)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "order %s: the store does not say %s",
			       source_id, lacks);
	return 0;
}

/* ---- the order of a fulfillment order ---- */

int shopify_order_of(struct api *api, const char *fulfillment_order_id, const char **order_id,
		     struct err *e)
{
	json_t *data = NULL;

	if (shopify_call(
		    api, &order_behind,
		    json_pack("{s:s}", "id",
			      shopify_gid(api->arena, "FulfillmentOrder", fulfillment_order_id)),
		    &data, e))
		return -1;
	*order_id = shopify_id(api->arena,
			       json_string_value(jmap_at(data, "fulfillmentOrder.orderId")));
	if (!*order_id)
		return err_set(e, ERR_FINAL, ERR_CODE_NOT_FOUND,
			       "the store shows no fulfillment order %s", fulfillment_order_id);
	return 0;
}

/* ---- orders that changed ---- */

struct changes {
	struct jmap_array nodes; /* struct changed_order */
	struct shopify_page page;
};

static const struct jmap_field changed_fields[] = {
	JMAP_NEED(struct changed_order, source_id, "id", JMAP_ID),
	JMAP_NEED(struct changed_order, updated_at_us, "updatedAt", JMAP_TIME),
	{0},
};

static const struct jmap_field changes_fields[] = {
	JMAP_WHOLE_LIST(struct changes, nodes, "nodes", changed_fields, struct changed_order),
	JMAP_SUB(struct changes, page, "pageInfo", shopify_page_fields),
	{0},
};

int shopify_orders_changed(struct api *api, int64_t since_us, const char *cursor,
			   struct changed_page *out, struct err *e)
{
	int64_t whole_second_us = since_us - since_us % 1000000;
	const char *query = arena_printf(api->arena, "updated_at:>='%s'",
					 timestamp_format(api->arena, whole_second_us));
	struct changes changes = {0};
	json_t *data = NULL;

	if (shopify_call(api, &orders_since,
			 json_pack("{s:s, s:s?}", "query", query, "after", cursor), &data, e))
		return -1;
	json_t *json = jmap_at(data, "orders");

	if (!json)
		return err_set(e, ERR_RETRY, ERR_CODE_NONE, "no list of orders in the answer");
	if (jmap_read(api->arena, json, changes_fields, &changes, e))
		return err_prefix(e, "orders");
	*out = (struct changed_page){
		.orders = changes.nodes.items,
		.count = changes.nodes.count,
		.next = shopify_next(&changes.page),
	};
	for (size_t i = 0; i < out->count; i++) {
		out->orders[i].source_id = shopify_id(api->arena, out->orders[i].source_id);
		if (!out->orders[i].source_id)
			return err_set(e, ERR_FINAL, ERR_CODE_DATA, "orders[%zu].id: not an id", i);
	}
	return 0;
}

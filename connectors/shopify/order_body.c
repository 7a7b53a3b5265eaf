/*
 * order_body - a webhook's REST-shaped order
 *
 * It is taken at its word only when it is whole. Bodies may be cut by the subscription (include_fields) or lack what
 * GraphQL has; then the order is fetched.
 */
#include <string.h>

#include "connectors/shopify/shopify_internal.h"

static const struct jmap_field amount_fields[] = {
	{"amount", JMAP_MONEY, 0, offsetof(struct shopify_amount, amount),
	 offsetof(struct shopify_amount, is_set), NULL, 0, 0},
	{0},
};

static const struct jmap_field money_fields[] = {
	JMAP_SUB(struct shopify_money, shop, "shop_money", amount_fields),
	JMAP_SUB(struct shopify_money, presentment, "presentment_money", amount_fields),
	{0},
};

/* The plain amount, in the shop's currency, then the set with both, which overwrites it. */
#define MONEY(type, member, key)                                                                   \
	{(key),                                                                                    \
	 JMAP_MONEY,                                                                               \
	 0,                                                                                        \
	 offsetof(type, member.shop.amount),                                                       \
	 offsetof(type, member.shop.is_set),                                                       \
	 NULL,                                                                                     \
	 0,                                                                                        \
	 0},                                                                                       \
		JMAP_SUB(type, member, key "_set", money_fields)

struct allocation {
	struct shopify_money amount;
};
_Static_assert(sizeof(struct allocation) == sizeof(struct shopify_money), "read as such");

static const struct jmap_field allocation_fields[] = {
	MONEY(struct allocation, amount, "amount"),
	{0},
};

/* A duty has its amounts beside its other fields. */
static const struct jmap_field tax_fields[] = {
	MONEY(struct allocation, amount, "price"),
	{0},
};

static const struct jmap_field line_fields[] = {
	JMAP_NEED(struct shopify_line, id, "id", JMAP_ID),
	JMAP(struct shopify_line, variant_id, "variant_id", JMAP_ID),
	JMAP(struct shopify_line, sku, "sku", JMAP_TEXT),
	JMAP(struct shopify_line, title, "title", JMAP_TEXT),
	JMAP(struct shopify_line, variant_title, "variant_title", JMAP_TEXT),
	JMAP_NEED(struct shopify_line, quantity, "quantity", JMAP_INT64),
	JMAP_NEED(struct shopify_line, current_quantity, "current_quantity", JMAP_INT64),
	JMAP_NEED(struct shopify_line, needs_shipping, "requires_shipping", JMAP_BOOL),
	JMAP(struct shopify_line, is_gift_card, "gift_card", JMAP_BOOL),
	JMAP(struct shopify_line, grams, "grams", JMAP_INT64),
	MONEY(struct shopify_line, price, "price"),
	JMAP_LIST(struct shopify_line, discounts, "discount_allocations", allocation_fields,
		  struct allocation),
	JMAP_LIST(struct shopify_line, taxes, "tax_lines", tax_fields, struct allocation),
	JMAP_LIST(struct shopify_line, duties, "duties", money_fields, struct shopify_money),
	JMAP(struct shopify_line, properties, "properties", JMAP_JSON),
	{"fulfillable_quantity", JMAP_INT64, 0, offsetof(struct shopify_line, open),
	 offsetof(struct shopify_line, says_open), NULL, 0, 0},
	JMAP(struct shopify_line, fulfillment_status, "fulfillment_status", JMAP_TEXT),
	{0},
};

static const struct jmap_field address_fields[] = {
	JMAP(struct address, name, "name", JMAP_TEXT),
	JMAP(struct address, company, "company", JMAP_TEXT),
	JMAP(struct address, address1, "address1", JMAP_TEXT),
	JMAP(struct address, address2, "address2", JMAP_TEXT),
	JMAP(struct address, city, "city", JMAP_TEXT),
	JMAP(struct address, province, "province", JMAP_TEXT),
	JMAP(struct address, province_code, "province_code", JMAP_TEXT),
	JMAP(struct address, zip, "zip", JMAP_TEXT),
	JMAP(struct address, country_code, "country_code", JMAP_TEXT),
	JMAP(struct address, phone, "phone", JMAP_TEXT),
	{0},
};

static const struct jmap_field billing_fields[] = {
	JMAP(struct address, name, "name", JMAP_TEXT),
	{0},
};

static const struct jmap_field shipping_line_fields[] = {
	JMAP(struct shopify_shipping_line, title, "title", JMAP_TEXT),
	JMAP(struct shopify_shipping_line, code, "code", JMAP_TEXT),
	JMAP(struct shopify_shipping_line, is_removed, "is_removed", JMAP_BOOL),
	{0},
};

struct transaction {
	const char *kind, *status, *currency;
	int64_t amount;
};

struct refund {
	struct jmap_array transactions;
};

static const struct jmap_field transaction_fields[] = {
	JMAP(struct transaction, kind, "kind", JMAP_TEXT),
	JMAP(struct transaction, status, "status", JMAP_TEXT),
	JMAP(struct transaction, currency, "currency", JMAP_TEXT),
	JMAP(struct transaction, amount, "amount", JMAP_MONEY),
	{0},
};

static const struct jmap_field refund_fields[] = {
	JMAP_LIST(struct refund, transactions, "transactions", transaction_fields,
		  struct transaction),
	{0},
};

struct body {
	struct shopify_order order;
	struct address billing;
	struct jmap_array refunds; /* struct refund */
};

static const struct jmap_field body_fields[] = {
	JMAP_NEED(struct body, order.id, "id", JMAP_ID),
	JMAP(struct body, order.name, "name", JMAP_TEXT),
	JMAP(struct body, order.created_at_us, "created_at", JMAP_TIME),
	JMAP(struct body, order.processed_at_us, "processed_at", JMAP_TIME),
	JMAP(struct body, order.updated_at_us, "updated_at", JMAP_TIME),
	JMAP(struct body, order.cancelled_at_us, "cancelled_at", JMAP_TIME),
	JMAP(struct body, order.cancel_reason, "cancel_reason", JMAP_TEXT),
	JMAP(struct body, order.financial_status, "financial_status", JMAP_TEXT),
	JMAP(struct body, order.is_test, "test", JMAP_BOOL),
	JMAP(struct body, order.currency, "currency", JMAP_TEXT),
	JMAP(struct body, order.presentment_currency, "presentment_currency", JMAP_TEXT),
	MONEY(struct body, order.total, "total_price"),
	MONEY(struct body, order.current_total, "current_total_price"),
	MONEY(struct body, order.outstanding, "total_outstanding"),
	JMAP_SUB(struct body, order.shipping, "total_shipping_price_set", money_fields),
	MONEY(struct body, order.tax, "total_tax"),
	MONEY(struct body, order.discount, "total_discounts"),
	JMAP_SUB(struct body, order.duties, "original_total_duties_set", money_fields),
	JMAP(struct body, order.attributes, "note_attributes", JMAP_JSON),
	JMAP(struct body, order.tags, "tags", JMAP_JSON),
	JMAP(struct body, order.email, "email", JMAP_TEXT),
	JMAP(struct body, order.phone, "phone", JMAP_TEXT),
	JMAP(struct body, order.locale, "customer_locale", JMAP_TEXT),
	JMAP(struct body, order.note, "note", JMAP_TEXT),
	JMAP_SUB(struct body, order.address, "shipping_address", address_fields),
	JMAP_SUB(struct body, billing, "billing_address", billing_fields),
	JMAP_LIST(struct body, order.shipping_lines, "shipping_lines", shipping_line_fields,
		  struct shopify_shipping_line),
	JMAP_LIST(struct body, order.lines.items, "line_items", line_fields, struct shopify_line),
	JMAP_LIST(struct body, refunds, "refunds", refund_fields, struct refund),
	{0},
};

/* A whole body has these, if only as null; one that was cut by the subscription lacks some. */
static int is_whole(json_t *body)
{
	static const char *const order_keys[] = {"name",	   "updated_at",
						 "cancelled_at",   "financial_status",
						 "test",	   "currency",
						 "total_price",	   "current_total_price",
						 "email",	   "total_outstanding",
						 "line_items",	   "refunds",
						 "shipping_lines", "presentment_currency"};
	static const char *const line_keys[] = {
		"id",	     "quantity", "current_quantity", "requires_shipping",
		"gift_card", "sku",	 "variant_id",	     "price",
		"grams"};
	json_t *line;
	size_t index;
	int needs_address = 0;

	for (size_t i = 0; i < sizeof order_keys / sizeof *order_keys; i++)
		if (!json_object_get(body, order_keys[i]))
			return 0;
	json_array_foreach (json_object_get(body, "line_items"), index, line) {
		needs_address |= json_is_true(json_object_get(line, "requires_shipping"));
		for (size_t i = 0; i < sizeof line_keys / sizeof *line_keys; i++)
			if (!json_object_get(line, line_keys[i]))
				return 0;
	}
	return (!needs_address || json_object_get(body, "shipping_address")) &&
	       !json_is_null(json_object_get(body, "line_items"));
}

/* What went back, in the shop's currency; a transaction in another one leaves it unknown. */
static int sum_refunds(struct body *body, struct err *e)
{
	const struct refund *refunds = body->refunds.items;
	struct shopify_amount *sum = &body->order.refunded.shop;

	sum->is_set = 1;
	for (size_t i = 0; i < body->refunds.count; i++) {
		const struct transaction *each = refunds[i].transactions.items;

		for (size_t j = 0; j < refunds[i].transactions.count; j++, each++) {
			if (!each->kind || strcmp(each->kind, "refund") != 0 || !each->status ||
			    strcmp(each->status, "success") != 0)
				continue;
			if (each->currency && body->order.currency &&
			    strcmp(each->currency, body->order.currency) != 0)
				sum->is_set = 0;
			if (__builtin_add_overflow(sum->amount, each->amount, &sum->amount))
				return err_set(e, ERR_FINAL, ERR_CODE_DATA, "refunds: not amounts");
		}
	}
	return 0;
}

int shopify_order_body(struct arena *a, json_t *json, struct webhook_event *out, struct err *e)
{
	struct body body = {0};
	const char *lacks = NULL;

	out->order_id = shopify_id_json(a, json_object_get(json, "id"));
	if (!out->order_id)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "id: missing or not an id");
	out->kind = WEBHOOK_FETCH;
	if (!is_whole(json))
		return 0;
	if (jmap_read(a, json, body_fields, &body, e) || sum_refunds(&body, e))
		return -1;
	body.order.billing_name = body.billing.name;
	if (shopify_order_doc(a, &body.order, &out->order, &lacks, e))
		return -1;
	if (!lacks)
		out->kind = WEBHOOK_ORDER;
	return 0;
}

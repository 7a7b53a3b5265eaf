/*
 * webhook - signatures, topics, and the REST-shaped bodies behind them
 *
 * A webhook is a hint; an order's own body is taken at its word only when it is whole. Bodies may
 * be cut by the subscription (include_fields) or lack what GraphQL has; then the order is fetched.
 */
#include <string.h>

#include "connectors/shopify/shopify_internal.h"

enum { BODY_MAX = 16 * 1024 * 1024, PRIVACY_ORDERS_MAX = 10000, HMAC_BYTES = 32 };

/* ---- the signature ---- */

int shopify_webhook_verify(const struct webhook *hook, const struct secret *secrets, size_t count)
{
	unsigned char given[HMAC_BYTES], expected[HMAC_BYTES];
	size_t len = 0;
	int is_good = 0;

	if (!hook->signature ||
	    base64_decode(hook->signature, strlen(hook->signature), given, sizeof given, &len))
		return -1;
	if (len != sizeof given)
		return -1;
	/* Every secret is tried, so that time does not tell which one fits. */
	for (size_t i = 0; i < count; i++) {
		if (secrets[i].len == 0)
			continue;
		hmac_sha256(secrets[i], hook->body, hook->body_len, expected);
		is_good |= bytes_equal(given, expected, sizeof given);
	}
	return is_good ? 0 : -1;
}

/* ---- an order's own body ---- */

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

static const char *id_of(struct arena *a, json_t *id)
{
	if (json_is_integer(id))
		return shopify_id(a,
				  arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(id)));
	const char *text = json_string_value(id);

	return text && strlen(text) == json_string_length(id) ? shopify_id(a, text) : NULL;
}

static const char *id_at(struct arena *a, json_t *object, const char *path)
{
	return id_of(a, jmap_at(object, path));
}

/* The host of an order's status page: the store's own, unless the shop has a domain of its own. */
static const char *host_at(struct arena *a, json_t *json, const char *key)
{
	static const char scheme[] = "https://";
	const char *url = json_string_value(json_object_get(json, key));

	if (!url || strncmp(url, scheme, sizeof scheme - 1) != 0)
		return NULL;
	url += sizeof scheme - 1;
	return arena_strndup(a, url, strcspn(url, "/?#"));
}

static int read_order(struct arena *a, json_t *json, struct webhook_event *out, struct err *e)
{
	struct body body = {0};
	const char *lacks = NULL;

	out->order_id = id_at(a, json, "id");
	if (!out->order_id)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "id: missing or not an id");
	out->domain = host_at(a, json, "order_status_url");
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

/* ---- bodies that only say where to look ---- */

static int read_part(struct arena *a, json_t *json, struct webhook_event *out, struct err *e)
{
	out->kind = WEBHOOK_FETCH;
	out->order_id = id_at(a, json, "order_id");
	return out->order_id
		       ? 0
		       : err_set(e, ERR_FINAL, ERR_CODE_DATA, "order_id: missing or not an id");
}

static int read_edit(struct arena *a, json_t *json, struct webhook_event *out, struct err *e)
{
	return read_part(a, jmap_at(json, "order_edit"), out, e);
}

/*
 * Thin bodies: global ids and a status. Whichever fulfillment order is named, its order is the
 * same.
 */
static int read_fulfillment_order(struct arena *a, json_t *json, struct webhook_event *out,
				  struct err *e)
{
	static const char *const paths[] = {"fulfillment_order.id", "moved_fulfillment_order.id",
					    "original_fulfillment_order.id",
					    "submitted_fulfillment_order.id",
					    "fulfillment_order_merges.fulfillment_order.id"};

	out->kind = WEBHOOK_FETCH;
	for (size_t i = 0; i < sizeof paths / sizeof *paths && !out->fulfillment_order_id; i++)
		out->fulfillment_order_id = id_at(a, json, paths[i]);
	if (!out->fulfillment_order_id)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA,
			       "fulfillment_order.id: missing or not an id");
	return 0;
}

/* ---- bodies of the gravest topics ---- */

/*
 * What such a body always has, and what only its siblings have: a signed body must do no harm under
 * another of these topics.
 */
struct shape {
	const char *id, *domain, *object, *list; /* NULL: it has none */
	const char *alien[4];
};

static int check_shape(struct arena *a, json_t *json, const struct shape *shape,
		       struct webhook_event *out, struct err *e)
{
	if (!id_at(a, json, shape->id))
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: missing or not an id", shape->id);
	out->domain = arena_strdup(a, json_string_value(json_object_get(json, shape->domain)));
	if (!out->domain)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: missing", shape->domain);
	if (shape->object && !json_is_object(json_object_get(json, shape->object)))
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: missing", shape->object);
	if (shape->list && !json_is_array(json_object_get(json, shape->list)))
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: not a list", shape->list);
	for (size_t i = 0; i < sizeof shape->alien / sizeof *shape->alien && shape->alien[i]; i++)
		if (json_object_get(json, shape->alien[i]))
			return err_set(e, ERR_FINAL, ERR_CODE_DATA,
				       "%s: does not belong into this topic", shape->alien[i]);
	return 0;
}

static int read_uninstalled(struct arena *a, json_t *json, struct webhook_event *out, struct err *e)
{
	static const struct shape shape = {.id = "id", .domain = "myshopify_domain"};

	out->kind = WEBHOOK_UNINSTALLED;
	return check_shape(a, json, &shape, out, e);
}

static int read_privacy(struct arena *a, json_t *json, enum privacy_request which,
			const struct shape *shape, struct webhook_event *out, struct err *e)
{
	json_t *ids = shape->list ? json_object_get(json, shape->list) : NULL;
	size_t count = json_array_size(ids);
	const char **orders = ARENA_ARRAY(a, const char *, count);

	if (check_shape(a, json, shape, out, e))
		return -1;
	if (count > PRIVACY_ORDERS_MAX)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: more than %d", shape->list,
			       PRIVACY_ORDERS_MAX);
	for (size_t i = 0; i < count; i++) {
		orders[i] = id_of(a, json_array_get(ids, i));
		if (!orders[i])
			return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s[%zu]: not an id",
				       shape->list, i);
	}
	out->kind = WEBHOOK_PRIVACY;
	out->privacy = which;
	out->privacy_orders = orders;
	out->privacy_order_count = count;
	return 0;
}

static int read_data_request(struct arena *a, json_t *json, struct webhook_event *out,
			     struct err *e)
{
	static const struct shape shape = {.id = "shop_id",
					   .domain = "shop_domain",
					   .object = "customer",
					   .list = "orders_requested",
					   .alien = {"orders_to_redact"}};

	return read_privacy(a, json, PRIVACY_DATA_REQUEST, &shape, out, e);
}

static int read_customer_redact(struct arena *a, json_t *json, struct webhook_event *out,
				struct err *e)
{
	static const struct shape shape = {.id = "shop_id",
					   .domain = "shop_domain",
					   .object = "customer",
					   .list = "orders_to_redact",
					   .alien = {"orders_requested", "data_request"}};

	return read_privacy(a, json, PRIVACY_CUSTOMER_REDACT, &shape, out, e);
}

static int read_shop_redact(struct arena *a, json_t *json, struct webhook_event *out, struct err *e)
{
	static const struct shape shape = {
		.id = "shop_id",
		.domain = "shop_domain",
		.alien = {"customer", "orders_to_redact", "orders_requested", "data_request"}};

	return read_privacy(a, json, PRIVACY_SHOP_REDACT, &shape, out, e);
}

/* ---- topics ---- */

/* A topic that ends in '/' is a whole family. */
static const struct topic {
	const char *name;
	int (*read)(struct arena *a, json_t *json, struct webhook_event *out, struct err *e);
	int is_grave; /* it erases, or ends all talk */
} topics[] = {
	{"orders/create", read_order, 0},
	{"orders/updated", read_order, 0},
	{"orders/paid", read_order, 0},
	{"orders/cancelled", read_order, 0},
	{"orders/edited", read_edit, 0},
	{"refunds/create", read_part, 0},
	{"fulfillments/create", read_part, 0},
	{"fulfillments/update", read_part, 0},
	{"fulfillment_orders/", read_fulfillment_order, 0},
	{"fulfillment_holds/", read_fulfillment_order, 0},
	{"app/uninstalled", read_uninstalled, 1},
	{"customers/data_request", read_data_request, 1},
	{"customers/redact", read_customer_redact, 1},
	{"shop/redact", read_shop_redact, 1},
};

static const struct topic *topic_of(const char *name)
{
	for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
		size_t len = strlen(topics[i].name);

		if (topics[i].name[len - 1] == '/' ? strncmp(name, topics[i].name, len) == 0
						   : strcmp(name, topics[i].name) == 0)
			return &topics[i];
	}
	return NULL;
}

int shopify_webhook_is_grave(const char *name)
{
	const struct topic *topic = topic_of(name);

	return topic && topic->is_grave;
}

int shopify_webhook_read(struct arena *a, const struct webhook *hook, struct webhook_event *out,
			 struct err *e)
{
	const struct topic *topic = hook->topic ? topic_of(hook->topic) : NULL;
	json_t *json = NULL;

	*out = (struct webhook_event){.kind = WEBHOOK_IGNORED};
	if (!topic)
		return 0;
	/* A document is many times its text; many wait to be written, none needs its document any more. */
	struct arena *document = arena_new();
	int failed = jmap_parse(document, hook->body, hook->body_len, BODY_MAX, &json, e) ||
		     topic->read(a, json, out, e);

	arena_free(document);
	return failed ? err_prefix(e, "%s", topic->name) : 0;
}

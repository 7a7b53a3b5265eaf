/* order_json - the canonical JSON of an order into a struct order_doc (docs/order-import.md) */
#include <string.h>

#include "core/domain/order.h"
#include "core/runtime/jmap.h"

struct json_line {
	struct order_doc_line doc;
	int64_t group;
	struct jmap_array properties;
	int has_current, has_presentment, has_list_price, has_needs_shipping;
};

struct json_group {
	struct order_doc_group doc;
	const char *kind;
};

struct json_order {
	struct order_doc doc;
	const char *payment;
	struct jmap_array groups, lines, attributes, tags;
	int has_paid, has_outstanding, has_presentment_total, has_presentment_outstanding;
};

/* A field whose absence means something else than 0. */
#define JMAP_SAID(type, member, key, kind, flag)                                                   \
	{                                                                                          \
		(key), (kind), 0, offsetof(type, member), offsetof(type, flag), NULL, 0, 0         \
	}

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
	JMAP(struct address, email, "email", JMAP_TEXT),
	{0},
};

static const struct jmap_field group_fields[] = {
	JMAP_NEED(struct json_group, kind, "kind", JMAP_TEXT),
	JMAP_SUB(struct json_group, doc.address, "address", address_fields),
	JMAP(struct json_group, doc.service_title, "service_title", JMAP_TEXT),
	JMAP(struct json_group, doc.service_code, "service_code", JMAP_TEXT),
	JMAP(struct json_group, doc.ship_not_before_us, "ship_not_before", JMAP_TIME),
	{0},
};

static const struct jmap_field pair_fields[] = {
	JMAP_NEED(struct order_pair, name, "name", JMAP_TEXT),
	JMAP(struct order_pair, value, "value", JMAP_TEXT),
	{0},
};

static const struct jmap_field line_fields[] = {
	JMAP_NEED(struct json_line, doc.source_id, "id", JMAP_ID),
	JMAP(struct json_line, doc.variant_id, "variant_id", JMAP_ID),
	JMAP(struct json_line, doc.sku, "sku", JMAP_TEXT),
	JMAP(struct json_line, doc.title, "title", JMAP_TEXT),
	JMAP(struct json_line, doc.variant_title, "variant_title", JMAP_TEXT),
	JMAP_NEED(struct json_line, doc.quantity, "quantity", JMAP_INT64),
	JMAP_SAID(struct json_line, doc.current_quantity, "current_quantity", JMAP_INT64,
		  has_current),
	JMAP(struct json_line, doc.unit_price, "unit_price", JMAP_MONEY),
	JMAP_SAID(struct json_line, doc.unit_price_presentment, "unit_price_presentment",
		  JMAP_MONEY, has_presentment),
	JMAP_SAID(struct json_line, doc.list_price, "list_price", JMAP_MONEY, has_list_price),
	JMAP(struct json_line, doc.grams, "grams", JMAP_INT64),
	JMAP_SAID(struct json_line, doc.needs_shipping, "needs_shipping", JMAP_BOOL,
		  has_needs_shipping),
	JMAP(struct json_line, doc.is_gift_card, "is_gift_card", JMAP_BOOL),
	JMAP(struct json_line, group, "group", JMAP_INT64),
	JMAP(struct json_line, doc.discount, "discount", JMAP_MONEY),
	JMAP(struct json_line, doc.tax, "tax", JMAP_MONEY),
	JMAP(struct json_line, doc.duties, "duties", JMAP_MONEY),
	JMAP_LIST(struct json_line, properties, "properties", pair_fields, struct order_pair),
	{0},
};

static const struct jmap_field order_fields[] = {
	JMAP_NEED(struct json_order, doc.source_id, "id", JMAP_ID),
	JMAP(struct json_order, doc.name, "name", JMAP_TEXT),
	JMAP_NEED(struct json_order, doc.placed_at_us, "placed_at", JMAP_TIME),
	JMAP(struct json_order, doc.updated_at_us, "updated_at", JMAP_TIME),
	JMAP(struct json_order, doc.cancelled_at_us, "cancelled_at", JMAP_TIME),
	JMAP(struct json_order, doc.cancel_reason, "cancel_reason", JMAP_TEXT),
	JMAP(struct json_order, doc.is_test, "is_test", JMAP_BOOL),
	JMAP_NEED(struct json_order, payment, "payment", JMAP_TEXT),
	JMAP_NEED(struct json_order, doc.currency, "currency", JMAP_TEXT),
	JMAP_NEED(struct json_order, doc.total, "total", JMAP_MONEY),
	JMAP_SAID(struct json_order, doc.paid, "paid", JMAP_MONEY, has_paid),
	JMAP(struct json_order, doc.refunded, "refunded", JMAP_MONEY),
	JMAP_SAID(struct json_order, doc.outstanding, "outstanding", JMAP_MONEY, has_outstanding),
	JMAP(struct json_order, doc.presentment_currency, "presentment_currency", JMAP_TEXT),
	JMAP_SAID(struct json_order, doc.presentment_total, "presentment_total", JMAP_MONEY,
		  has_presentment_total),
	JMAP_SAID(struct json_order, doc.presentment_outstanding, "presentment_outstanding",
		  JMAP_MONEY, has_presentment_outstanding),
	JMAP(struct json_order, doc.email, "email", JMAP_TEXT),
	JMAP(struct json_order, doc.phone, "phone", JMAP_TEXT),
	JMAP(struct json_order, doc.locale, "locale", JMAP_TEXT),
	JMAP(struct json_order, doc.customer_name, "customer_name", JMAP_TEXT),
	JMAP(struct json_order, doc.note, "note", JMAP_TEXT),
	JMAP(struct json_order, doc.shipping, "shipping", JMAP_MONEY),
	JMAP(struct json_order, doc.tax, "tax", JMAP_MONEY),
	JMAP(struct json_order, doc.discount, "discount", JMAP_MONEY),
	JMAP(struct json_order, doc.duties, "duties", JMAP_MONEY),
	JMAP(struct json_order, doc.gift_message, "gift_message", JMAP_TEXT),
	JMAP_LIST(struct json_order, attributes, "attributes", pair_fields, struct order_pair),
	{"tags", JMAP_TEXTS, 0, offsetof(struct json_order, tags), 0, NULL, 0, 0},
	JMAP_LIST(struct json_order, groups, "groups", group_fields, struct json_group),
	JMAP_LIST(struct json_order, lines, "lines", line_fields, struct json_line),
	{0},
};

static int refuse(struct err *e, const char *what)
{
	return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s", what);
}

/* The key is named when it looks like one; it is text from outside. */
static int refuse_key(const char *key, struct err *e)
{
	size_t len = strlen(key);

	if (len <= 40 && strspn(key, "abcdefghijklmnopqrstuvwxyz_0123456789") == len)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: there is no such key", key);
	return refuse(e, "a key that there is not");
}

/* jmap ignores keys it does not know; in what people write, one is a typing error. */
static int check_keys(json_t *object, const struct jmap_field *fields, struct err *e)
{
	const char *key;
	json_t *value, *element;
	size_t i;

	json_object_foreach (object, key, value) {
		const struct jmap_field *field = fields;

		while (field->key && strcmp(field->key, key) != 0)
			field++;
		if (!field->key)
			return refuse_key(key, e);
		if (field->type == JMAP_OBJECT && check_keys(value, field->fields, e))
			return -1;
		if (field->type == JMAP_ARRAY)
			json_array_foreach (value, i, element)
				if (check_keys(element, field->fields, e))
					return -1;
	}
	return 0;
}

/* The number of a name in a list, or -1. */
static int name_find(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static int take_groups(struct arena *a, const struct json_order *json, struct order_doc *out,
		       struct err *e)
{
	const struct json_group *from = json->groups.items;

	out->group_count = json->groups.count;
	out->groups = ARENA_ARRAY(a, struct order_doc_group, out->group_count);
	for (size_t i = 0; i < out->group_count; i++) {
		int kind = name_find(delivery_kind_names, DELIVERY_KIND_COUNT, from[i].kind);

		if (kind < 0)
			return err_set(e, ERR_FINAL, ERR_CODE_DATA,
				       "groups[%zu].kind: none of the known ones", i);
		out->groups[i] = from[i].doc;
		out->groups[i].kind = (enum delivery_kind)kind;
	}
	return 0;
}

static int take_lines(struct arena *a, const struct json_order *json, int is_one_currency,
		      struct order_doc *out, struct err *e)
{
	const struct json_line *from = json->lines.items;

	out->line_count = json->lines.count;
	out->lines = ARENA_ARRAY(a, struct order_doc_line, out->line_count);
	for (size_t i = 0; i < out->line_count; i++, from++) {
		struct order_doc_line *line = &out->lines[i];

		*line = from->doc;
		if (from->group < 0 || (uint64_t)from->group >= out->group_count)
			return err_set(e, ERR_FINAL, ERR_CODE_DATA,
				       "lines[%zu].group: no such group", i);
		if (!is_one_currency && !from->has_presentment)
			return err_set(e, ERR_FINAL, ERR_CODE_DATA,
				       "lines[%zu].unit_price_presentment: missing", i);
		if (__builtin_mul_overflow(line->unit_price, line->quantity, &line->total))
			line->total = INT64_MAX; /* the quantity is refused by whoever checks */
		line->group = (size_t)from->group;
		line->properties =
			(struct order_pairs){from->properties.items, from->properties.count};
		if (!from->has_current)
			line->current_quantity = line->quantity;
		if (!from->has_presentment)
			line->unit_price_presentment = line->unit_price;
		if (!from->has_list_price)
			line->list_price = line->unit_price;
		if (!from->has_needs_shipping)
			line->needs_shipping = !line->is_gift_card &&
					       out->groups[line->group].kind != DELIVERY_NONE;
	}
	return 0;
}

/* What was left out follows from what was said. */
static int take_amounts(const struct json_order *json, int is_one_currency, struct order_doc *out,
			struct err *e)
{
	if (!is_one_currency &&
	    (!json->has_presentment_total || !json->has_presentment_outstanding))
		return refuse(e, "presentment_total and presentment_outstanding: needed with a "
				 "presentment_currency of its own");
	if (!json->has_paid)
		out->paid = out->payment == PAYMENT_PAID ? out->total : 0;
	if (!json->has_outstanding)
		out->outstanding = out->paid < out->total ? out->total - out->paid : 0;
	if (!json->has_presentment_total)
		out->presentment_total = out->total;
	if (!json->has_presentment_outstanding)
		out->presentment_outstanding = out->outstanding;
	return 0;
}

int order_doc_from_json(struct arena *a, const void *text, size_t len, struct order_doc *out,
			struct err *e)
{
	struct json_order json = {0};
	struct arena *document = arena_new();
	json_t *root;
	int payment, is_one_currency;
	int failed = jmap_parse(document, text, len, ORDER_JSON_BYTES_MAX, &root, e) ||
		     jmap_read(a, root, order_fields, &json, e) ||
		     check_keys(root, order_fields, e);

	arena_free(document);
	if (failed)
		return -1;
	payment = name_find(payment_status_names, PAYMENT_STATUS_COUNT, json.payment);
	if (payment < 0)
		return refuse(e, "payment: none of the known ones");
	*out = json.doc;
	out->attributes = (struct order_pairs){json.attributes.items, json.attributes.count};
	out->tags = json.tags.items;
	out->tag_count = json.tags.count;
	out->payment = (enum payment_status)payment;
	if (!out->updated_at_us)
		out->updated_at_us = out->placed_at_us;
	if (!out->presentment_currency)
		out->presentment_currency = out->currency;
	is_one_currency = strcmp(out->currency, out->presentment_currency) == 0;
	if (take_amounts(&json, is_one_currency, out, e) || take_groups(a, &json, out, e))
		return -1;
	return take_lines(a, &json, is_one_currency, out, e);
}

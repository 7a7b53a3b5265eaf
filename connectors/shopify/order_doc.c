/*
 * order_doc - from what REST bodies and GraphQL answers have in common to the canonical order
 *
 * Everything the two say differently is made equal here: "" and null, letter case, prices after
 * discounts (computed from the same parts, not taken ready-made from one side), amounts that only
 * one of them carries.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "connectors/shopify/shopify_internal.h"

static const char *text_or_null(const char *text)
{
	return text && *text ? text : NULL;
}

static enum payment_status payment_of(const char *status)
{
	static const struct {
		const char *name;
		enum payment_status status;
	} statuses[] = {
		{"pending", PAYMENT_PENDING},
		{"authorized", PAYMENT_AUTHORIZED},
		{"partially_paid", PAYMENT_PARTIALLY_PAID},
		{"paid", PAYMENT_PAID},
		{"partially_refunded", PAYMENT_PARTIALLY_REFUNDED},
		{"refunded", PAYMENT_REFUNDED},
		{"voided", PAYMENT_VOIDED},
		{"expired", PAYMENT_EXPIRED},
	};

	for (size_t i = 0; status && i < sizeof statuses / sizeof *statuses; i++)
		if (strcasecmp(status, statuses[i].name) == 0)
			return statuses[i].status;
	return PAYMENT_UNKNOWN;
}

static const char *lower(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text_or_null(text));

	for (char *c = copy; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

/*
 * REST says grams; GraphQL {"unit": "KILOGRAMS", "value": 0.25}. A weight, not money: doubles will
 * do.
 */
static int64_t grams_of(const struct shopify_line *line)
{
	static const struct {
		const char *unit;
		double grams;
	} units[] = {
		{"GRAMS", 1}, {"KILOGRAMS", 1000}, {"OUNCES", 28.349523125}, {"POUNDS", 453.59237}};
	const char *unit = json_string_value(json_object_get(line->weight, "unit"));
	double value = json_number_value(json_object_get(line->weight, "value"));

	if (!unit)
		return line->grams;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (strcmp(unit, units[i].unit) == 0 && value > 0 && value < 1e9)
			return llround(value * units[i].grams);
	return 0;
}

static int64_t amount_in(const struct shopify_money *money, int is_presentment)
{
	return is_presentment && money->presentment.is_set ? money->presentment.amount
							   : money->shop.amount;
}

/*
 * All units: price x quantity - discounts; a unit: that divided, rounded half up. Amounts go up to
 * 2^60: a product needs more than 64 bits.
 */
static int prices(const struct shopify_line *line, int is_presentment, int64_t *of_all,
		  int64_t *of_one)
{
	const struct shopify_money *discounts = line->discounts.items;
	__int128 one = amount_in(&line->price, is_presentment), all = one * line->quantity;

	for (size_t i = 0; i < line->discounts.count; i++)
		all -= amount_in(&discounts[i], is_presentment);
	if (line->quantity > 0 && line->discounts.count > 0)
		one = (2 * all + line->quantity) / (2 * (__int128)line->quantity);
	*of_all = (int64_t)all;
	*of_one = (int64_t)one;
	return *of_all == all && *of_one == one ? 0 : -1;
}

/* In the shop's currency; -1: too much to be an order's. */
static int sum(const struct jmap_array *amounts, int64_t *out)
{
	const struct shopify_money *each = amounts->items;

	for (size_t i = 0; i < amounts->count; i++)
		if (__builtin_add_overflow(*out, each[i].shop.amount, out))
			return -1;
	return 0;
}

static int has_address(const struct address *a)
{
	return a->name || a->company || a->address1 || a->address2 || a->city || a->province ||
	       a->province_code || a->zip || a->country_code || a->phone;
}

/*
 * A unit that went over the counter, or was picked up there: nothing of it is left to give to anybody, and nobody
 * said where to.
 */
static int is_handed_over(const struct shopify_order *order, const struct shopify_line *line)
{
	int is_fulfilled =
		line->fulfillment_status && strcasecmp(line->fulfillment_status, "fulfilled") == 0;

	return !has_address(&order->address) &&
	       (is_fulfilled || (line->says_open && line->open <= 0));
}

static int lines_of(struct arena *a, const struct shopify_order *order, struct order_doc *out,
		    struct err *e)
{
	const struct shopify_line *from = order->lines.items.items;

	out->line_count = order->lines.items.count;
	out->lines = ARENA_ARRAY(a, struct order_doc_line, out->line_count);
	for (size_t i = 0; i < out->line_count; i++, from++) {
		struct order_doc_line *line = &out->lines[i];
		int64_t total_presentment;
		const char *variant = text_or_null(from->variant_title);

		*line = (struct order_doc_line){
			.source_id = shopify_id(a, from->id),
			.variant_id = shopify_id(a, from->variant_id),
			.sku = text_or_null(from->sku),
			.title = text_or_null(from->title),
			/* what Shopify calls the one variant of a product without variants */
			.variant_title =
				variant && strcmp(variant, "Default Title") == 0 ? NULL : variant,
			.quantity = from->quantity,
			.current_quantity = from->current_quantity,
			.list_price = from->price.shop.amount,
			.grams = grams_of(from),
			.needs_shipping = from->needs_shipping && !from->is_gift_card &&
					  !is_handed_over(order, from),
			.is_gift_card = from->is_gift_card,
		};
		if (!line->source_id)
			return err_set(e, ERR_FINAL, ERR_CODE_DATA, "line %zu: not an id", i);
		if (prices(from, 0, &line->total, &line->unit_price) ||
		    prices(from, 1, &total_presentment, &line->unit_price_presentment) ||
		    sum(&from->discounts, &line->discount) || sum(&from->taxes, &line->tax) ||
		    sum(&from->duties, &line->duties))
			return err_set(e, ERR_FINAL, ERR_CODE_DATA, "line %zu: not an amount", i);
	}
	return 0;
}

/* No address, and a method that was not typed into a draft ("custom"): the buyer picks it up. */
static int is_collected(const struct shopify_order *order, const char *service_code)
{
	/* Without any word about the buyer it is rather we who may not see the address. */
	int is_known =
		order->email || text_or_null(order->phone) || text_or_null(order->billing_name);

	return is_known && !has_address(&order->address) &&
	       !(service_code && strcmp(service_code, "custom") == 0);
}

/*
 * What ships is one group, what does not another. Pick-up of an order that has an address all the
 * same shows only in the store's fulfillment orders: see may_ship.
 */
static void groups_of(struct arena *a, const struct shopify_order *order, struct order_doc *out)
{
	const struct shopify_shipping_line *shipping = order->shipping_lines.items;
	struct order_doc_group ship = {.kind = DELIVERY_SHIP, .address = order->address};
	struct order_doc_group none = {.kind = DELIVERY_NONE};
	size_t physical = 0;

	ship.address.email = order->email;
	for (size_t i = 0; i < order->shipping_lines.count; i++) {
		if (shipping[i].is_removed)
			continue;
		ship.service_title = text_or_null(shipping[i].title);
		ship.service_code = text_or_null(shipping[i].code);
		if (is_collected(order, ship.service_code))
			ship.kind = DELIVERY_PICKUP;
		break;
	}
	for (size_t i = 0; i < out->line_count; i++)
		physical += out->lines[i].needs_shipping != 0;
	out->groups = ARENA_ARRAY(a, struct order_doc_group, 2);
	if (physical > 0)
		out->groups[out->group_count++] = ship;
	if (physical < out->line_count)
		out->groups[out->group_count++] = none;
	for (size_t i = 0; i < out->line_count; i++)
		out->lines[i].group = out->lines[i].needs_shipping ? 0 : out->group_count - 1;
}

static void clean_address(struct address *address)
{
	const char **fields[] = {&address->name,	 &address->company,
				 &address->address1,	 &address->address2,
				 &address->city,	 &address->province,
				 &address->zip,		 &address->province_code,
				 &address->country_code, &address->phone};

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		*fields[i] = text_or_null(*fields[i]);
}

/*
 * Neither side says "paid" in a way the other does too; what the order costs now, less what is
 * outstanding, plus what went back, does. An authorization is not a payment.
 */
static int64_t paid_of(const struct shopify_order *order, enum payment_status status)
{
	int64_t paid = order->current_total.shop.amount - order->outstanding.shop.amount +
		       order->refunded.shop.amount;
	int is_received = status == PAYMENT_PAID || status == PAYMENT_PARTIALLY_PAID ||
			  status == PAYMENT_REFUNDED || status == PAYMENT_PARTIALLY_REFUNDED;

	return is_received && paid > 0 ? paid : 0;
}

/* A REST body says what is outstanding in the shop's currency only. */
static int outstanding_presentment(const struct shopify_order *order, int64_t *out)
{
	const struct shopify_money *known[] = {&order->outstanding, &order->total,
					       &order->current_total};
	int64_t shop = order->outstanding.shop.amount;

	*out = 0;
	if (shop == 0)
		return 0;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (!known[i]->presentment.is_set || known[i]->shop.amount != shop)
			continue;
		*out = known[i]->presentment.amount;
		return 0;
	}
	return -1;
}

static int has_prices(const struct shopify_order *order, int is_one_currency)
{
	const struct shopify_line *line = order->lines.items.items;

	for (size_t i = 0; i < order->lines.items.count; i++, line++)
		if (!line->price.shop.is_set ||
		    (!is_one_currency && !line->price.presentment.is_set))
			return 0;
	return 1;
}

static void amounts_of(const struct shopify_order *order, struct order_doc *out, const char **lacks)
{
	int is_one_currency = strcmp(out->currency, out->presentment_currency) == 0;

	out->total = order->total.shop.amount;
	out->outstanding = order->outstanding.shop.amount;
	out->refunded = order->refunded.shop.amount;
	out->paid = paid_of(order, out->payment);
	out->shipping = order->shipping.shop.amount;
	out->tax = order->tax.shop.amount;
	out->discount = order->discount.shop.amount;
	out->duties = order->duties.shop.amount;
	out->presentment_total = is_one_currency ? out->total : order->total.presentment.amount;
	out->presentment_outstanding = out->outstanding;
	if (!order->total.shop.is_set || (!is_one_currency && !order->total.presentment.is_set))
		*lacks = "the total";
	else if (!order->outstanding.shop.is_set)
		*lacks = "what is outstanding";
	else if (!order->refunded.shop.is_set)
		*lacks = "what was refunded";
	else if (!is_one_currency && outstanding_presentment(order, &out->presentment_outstanding))
		*lacks = "what is outstanding in the customer's currency";
	else if (!has_prices(order, is_one_currency))
		*lacks = "a line's price";
}

int shopify_order_doc(struct arena *a, const struct shopify_order *order, struct order_doc *out,
		      const char **lacks, struct err *e)
{
	struct shopify_order o = *order;

	*lacks = NULL;
	o.email = text_or_null(o.email);
	clean_address(&o.address);
	*out = (struct order_doc){
		.source_id = shopify_id(a, o.id),
		.name = text_or_null(o.name),
		/* an imported order was placed before it was created here */
		.placed_at_us = o.processed_at_us ? o.processed_at_us : o.created_at_us,
		.updated_at_us = o.updated_at_us,
		.cancelled_at_us = o.cancelled_at_us,
		.cancel_reason = o.cancelled_at_us ? lower(a, o.cancel_reason) : NULL,
		.is_test = o.is_test,
		.payment = payment_of(o.financial_status),
		.currency = o.currency,
		.presentment_currency =
			text_or_null(o.presentment_currency) ? o.presentment_currency : o.currency,
		.email = o.email,
		.phone = text_or_null(o.phone),
		.locale = text_or_null(o.locale),
		.note = text_or_null(o.note),
		.customer_name = o.address.name ? o.address.name : text_or_null(o.billing_name),
	};
	if (!out->source_id)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "the order's id is none");
	if (!out->currency || !out->updated_at_us) {
		*lacks = out->currency ? "updated_at" : "currency";
		return 0;
	}
	amounts_of(&o, out, lacks);
	if (*lacks)
		return 0;
	if (lines_of(a, &o, out, e))
		return -1;
	groups_of(a, &o, out);
	shopify_details(a, &o, out);
	return 0;
}

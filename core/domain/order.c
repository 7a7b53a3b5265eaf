/* order - the words of an order, and what no order may have */
#include "core/domain/order.h"

#include <stdlib.h>
#include <string.h>

#include "core/domain/money.h"
#include "core/runtime/decimal.h"
#include "core/runtime/text.h"
#include "core/runtime/utf8.h"

const char *const payment_status_names[PAYMENT_STATUS_COUNT] = {
	[PAYMENT_UNKNOWN] = "unknown",
	[PAYMENT_PENDING] = "pending",
	[PAYMENT_AUTHORIZED] = "authorized",
	[PAYMENT_PARTIALLY_PAID] = "partially_paid",
	[PAYMENT_PAID] = "paid",
	[PAYMENT_PARTIALLY_REFUNDED] = "partially_refunded",
	[PAYMENT_REFUNDED] = "refunded",
	[PAYMENT_VOIDED] = "voided",
	[PAYMENT_EXPIRED] = "expired",
};

const char *const delivery_kind_names[DELIVERY_KIND_COUNT] = {
	[DELIVERY_SHIP] = "ship",
	[DELIVERY_PICKUP] = "pickup",
	[DELIVERY_LOCAL] = "local",
	[DELIVERY_NONE] = "none",
};

enum text_kind {
	TEXT_ID,    /* taken exactly or not at all */
	TEXT_EXACT, /* cut short it would be wrong */
	TEXT_CUT,   /* for people to read: cut to size */
};

struct text_rule {
	const char *field;
	size_t offset;
	size_t max_bytes;
	enum text_kind kind;
};

#define TEXT(type, member, max_bytes, kind)                                                        \
	{                                                                                          \
#member, offsetof(struct type, member), (max_bytes), (kind)                        \
	}

static const struct text_rule order_texts[] = {
	TEXT(order_doc, source_id, 100, TEXT_ID),
	TEXT(order_doc, name, 100, TEXT_EXACT),
	TEXT(order_doc, cancel_reason, 500, TEXT_CUT),
	TEXT(order_doc, currency, 3, TEXT_ID),
	TEXT(order_doc, presentment_currency, 3, TEXT_ID),
	TEXT(order_doc, email, 320, TEXT_EXACT),
	TEXT(order_doc, phone, 60, TEXT_EXACT),
	TEXT(order_doc, locale, 40, TEXT_EXACT),
	TEXT(order_doc, customer_name, 500, TEXT_CUT),
	TEXT(order_doc, note, 5000, TEXT_CUT),
	{0},
};

static const struct text_rule line_texts[] = {
	TEXT(order_doc_line, source_id, 100, TEXT_ID),
	TEXT(order_doc_line, variant_id, 100, TEXT_ID),
	TEXT(order_doc_line, sku, 100, TEXT_EXACT),
	TEXT(order_doc_line, title, 500, TEXT_CUT),
	TEXT(order_doc_line, variant_title, 500, TEXT_CUT),
	{0},
};

static const struct text_rule group_texts[] = {
	TEXT(order_doc_group, address.name, 500, TEXT_CUT),
	TEXT(order_doc_group, address.company, 500, TEXT_CUT),
	TEXT(order_doc_group, address.address1, 300, TEXT_EXACT),
	TEXT(order_doc_group, address.address2, 300, TEXT_EXACT),
	TEXT(order_doc_group, address.city, 300, TEXT_EXACT),
	TEXT(order_doc_group, address.province, 300, TEXT_EXACT),
	TEXT(order_doc_group, address.province_code, 20, TEXT_EXACT),
	TEXT(order_doc_group, address.zip, 40, TEXT_EXACT),
	TEXT(order_doc_group, address.country_code, 2, TEXT_ID),
	TEXT(order_doc_group, address.phone, 60, TEXT_EXACT),
	TEXT(order_doc_group, address.email, 320, TEXT_EXACT),
	TEXT(order_doc_group, service_title, 500, TEXT_CUT),
	TEXT(order_doc_group, service_code, 300, TEXT_EXACT),
	{0},
};

/* What is being checked, for error texts: the order itself, or an element of one of its lists. */
struct spot {
	const char *list; /* NULL: the order */
	size_t index;
};

static int refuse(const struct spot *at, const char *field, const char *what, struct err *e)
{
	if (!at->list)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: %s", field, what);
	return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s[%zu].%s: %s", at->list, at->index, field,
		       what);
}

static int has_control(const char *text)
{
	for (; *text; text++)
		if (utf8_control(text, strnlen(text, 2)))
			return 1;
	return 0;
}

static int check_text(struct arena *a, const struct text_rule *rule, const struct spot *at,
		      const char **text, struct err *e)
{
	size_t len = *text ? strlen(*text) : 0;
	int is_dirty;

	if (utf8_bad_at(*text ? *text : "", len) < len)
		return refuse(at, rule->field, "not UTF-8", e);
	is_dirty = len && has_control(*text);
	if (is_dirty && rule->kind == TEXT_ID)
		return refuse(at, rule->field, "a control character", e);
	if (len > rule->max_bytes && rule->kind != TEXT_CUT)
		return refuse(at, rule->field, "text too long", e);
	if (is_dirty || len > rule->max_bytes)
		*text = utf8_clean(a, *text, len, rule->max_bytes);
	if (text_is_blank(*text))
		*text = NULL;
	return 0;
}

static int check_texts(struct arena *a, const struct text_rule *rules, const struct spot *at,
		       void *target, struct err *e)
{
	for (const struct text_rule *rule = rules; rule->field; rule++)
		if (check_text(a, rule, at, (const char **)(void *)((char *)target + rule->offset),
			       e))
			return -1;
	return 0;
}

static int check_number(const struct spot *at, const char *field, int64_t value, int64_t min,
			int64_t max, struct err *e)
{
	return value < min || value > max ? refuse(at, field, "out of range", e) : 0;
}

static int check_line(struct arena *a, struct order_doc *doc, size_t index, struct err *e)
{
	struct order_doc_line *line = &doc->lines[index];
	const struct spot at = {"lines", index};
	const int64_t grams_max = INT64_C(1000) * 1000 * 1000;

	if (check_texts(a, line_texts, &at, line, e) ||
	    check_number(&at, "quantity", line->quantity, 0, ORDER_UNITS_MAX, e) ||
	    check_number(&at, "current_quantity", line->current_quantity, 0, line->quantity, e) ||
	    check_number(&at, "unit_price", line->unit_price, -DECIMAL_MAX, DECIMAL_MAX, e) ||
	    check_number(&at, "unit_price_presentment", line->unit_price_presentment, -DECIMAL_MAX,
			 DECIMAL_MAX, e) ||
	    check_number(&at, "list_price", line->list_price, -DECIMAL_MAX, DECIMAL_MAX, e) ||
	    check_number(&at, "discount", line->discount, -DECIMAL_MAX, DECIMAL_MAX, e) ||
	    check_number(&at, "tax", line->tax, -DECIMAL_MAX, DECIMAL_MAX, e) ||
	    check_number(&at, "duties", line->duties, -DECIMAL_MAX, DECIMAL_MAX, e) ||
	    check_number(&at, "grams", line->grams, 0, grams_max, e))
		return -1;
	if (!line->source_id)
		return refuse(&at, "source_id", "missing", e);
	if (line->group >= doc->group_count)
		return refuse(&at, "group", "no such group", e);
	if (line->needs_shipping && doc->groups[line->group].kind == DELIVERY_NONE)
		return refuse(&at, "group", "ships nothing, but the line needs shipping", e);
	if (!line->title)
		line->title = line->sku ? line->sku : line->source_id;
	return 0;
}

static int check_group(struct arena *a, struct order_doc *doc, size_t index, int64_t time_max,
		       struct err *e)
{
	struct order_doc_group *group = &doc->groups[index];
	const struct spot at = {"groups", index};
	const char *country;

	if (group->kind >= DELIVERY_KIND_COUNT)
		return refuse(&at, "kind", "none of the known ones", e);
	if (check_texts(a, group_texts, &at, group, e) ||
	    check_number(&at, "ship_not_before", group->ship_not_before_us, 0, time_max, e))
		return -1;
	country = group->address.country_code;
	if (country && (strspn(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2 || country[2]))
		return refuse(&at, "address.country_code", "not a country code", e);
	return 0;
}

static int compare_texts(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static int check_line_ids(struct arena *a, const struct order_doc *doc, struct err *e)
{
	const char **ids = ARENA_ARRAY(a, const char *, doc->line_count);

	for (size_t i = 0; i < doc->line_count; i++)
		ids[i] = doc->lines[i].source_id;
	qsort(ids, doc->line_count, sizeof *ids, compare_texts);
	for (size_t i = 1; i < doc->line_count; i++)
		if (strcmp(ids[i - 1], ids[i]) == 0)
			return err_set(e, ERR_FINAL, ERR_CODE_DATA,
				       "lines: two lines have the same id");
	return 0;
}

static int check_amounts(const struct order_doc *doc, struct err *e)
{
	const struct {
		const char *field;
		int64_t amount, min;
	} amounts[] = {
		{"total", doc->total, 0},
		{"paid", doc->paid, 0},
		{"refunded", doc->refunded, 0},
		{"outstanding", doc->outstanding, -DECIMAL_MAX},
		{"shipping", doc->shipping, -DECIMAL_MAX},
		{"tax", doc->tax, -DECIMAL_MAX},
		{"discount", doc->discount, -DECIMAL_MAX},
		{"duties", doc->duties, -DECIMAL_MAX},
		{"presentment_total", doc->presentment_total, 0},
		{"presentment_outstanding", doc->presentment_outstanding, -DECIMAL_MAX},
	};
	const struct spot order = {0};

	for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
		if (check_number(&order, amounts[i].field, amounts[i].amount, amounts[i].min,
				 DECIMAL_MAX, e))
			return -1;
	return 0;
}

static int check_order(struct arena *a, struct order_doc *doc, int64_t time_max, struct err *e)
{
	const struct spot order = {0};

	if (check_texts(a, order_texts, &order, doc, e) || check_amounts(doc, e) ||
	    check_number(&order, "placed_at", doc->placed_at_us, 1, time_max, e) ||
	    check_number(&order, "updated_at", doc->updated_at_us, 1, time_max, e) ||
	    check_number(&order, "cancelled_at", doc->cancelled_at_us, 0, time_max, e))
		return -1;
	if (!doc->source_id)
		return refuse(&order, "source_id", "missing", e);
	if (doc->payment >= PAYMENT_STATUS_COUNT)
		return refuse(&order, "payment", "none of the known ones", e);
	if (!doc->presentment_currency)
		doc->presentment_currency = doc->currency;
	if (!currency_is_valid(doc->currency))
		return refuse(&order, "currency", "not a currency", e);
	if (!currency_is_valid(doc->presentment_currency))
		return refuse(&order, "presentment_currency", "not a currency", e);
	if (doc->line_count == 0)
		return refuse(&order, "lines", "none", e);
	if (doc->line_count > ORDER_LINES_MAX)
		return refuse(&order, "lines", "too many", e);
	if (doc->group_count > ORDER_LINES_MAX)
		return refuse(&order, "groups", "too many", e);
	if (!doc->name)
		doc->name = doc->source_id;
	return 0;
}

int order_doc_check(struct arena *a, struct order_doc *doc, struct err *e)
{
	const int64_t time_max = INT64_C(253402300799) * 1000 * 1000; /* the end of 9999 */

	if (check_order(a, doc, time_max, e))
		return -1;
	for (size_t i = 0; i < doc->group_count; i++)
		if (check_group(a, doc, i, time_max, e))
			return -1;
	for (size_t i = 0; i < doc->line_count; i++)
		if (check_line(a, doc, i, e))
			return -1;
	order_details_trim(a, doc);
	return check_line_ids(a, doc, e);
}

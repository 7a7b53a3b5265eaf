/*
 * order - an order as a store has it, the same for every platform
 *
 * A connector turns a webhook's body or a fetched document into a struct order_doc; ingest turns
 * that into rows. Text is UTF-8 in the job's arena; NULL is "not said". Limits are the database's
 * (docs/architecture.md).
 */
#ifndef WAYBILL_ORDER_H
#define WAYBILL_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "core/runtime/arena.h"
#include "core/runtime/err.h"

/*
 * What the store says about payment. Unknown text from a store becomes PAYMENT_UNKNOWN and is
 * treated as unpaid.
 */
enum payment_status {
	PAYMENT_UNKNOWN,
	PAYMENT_PENDING,
	PAYMENT_AUTHORIZED,
	PAYMENT_PARTIALLY_PAID,
	PAYMENT_PAID,
	PAYMENT_PARTIALLY_REFUNDED,
	PAYMENT_REFUNDED,
	PAYMENT_VOIDED,
	PAYMENT_EXPIRED,
	PAYMENT_STATUS_COUNT,
};
extern const char *const payment_status_names[PAYMENT_STATUS_COUNT]; /* as in the database */

enum delivery_kind {
	DELIVERY_SHIP,
	DELIVERY_PICKUP,
	DELIVERY_LOCAL,
	DELIVERY_NONE, /* nothing to ship: digital, gift card, service */
	DELIVERY_KIND_COUNT,
};
extern const char *const delivery_kind_names[DELIVERY_KIND_COUNT];

struct address {
	const char *name, *company, *address1, *address2, *city, *province, *province_code, *zip;
	const char *country_code; /* ISO 3166-1 alpha-2 */
	const char *phone, *email;
};

/* What people wrote beside the fields that are known: an engraving, an answer to a question of the shop's. */
struct order_pair {
	const char *name, *value;
};

struct order_pairs {
	struct order_pair *items;
	size_t count;
};

/* Amounts are in the shop's currency; 0 is none, or not said. */
struct order_doc_line {
	const char *source_id; /* the store's line id, exact */
	const char *variant_id;
	const char *sku;
	const char *title, *variant_title;
	int64_t quantity;	  /* as ordered; never shrinks */
	int64_t current_quantity; /* minus what was removed or refunded before shipping */
	int64_t unit_price;	  /* after discounts, shop currency, rounded */
	int64_t unit_price_presentment;
	int64_t list_price; /* of a unit, before discounts, shop currency */
	int64_t total;	    /* of all units as ordered, after discounts, shop currency: exact */
	int64_t grams;	    /* 0: not said */
	int needs_shipping; /* 0 for digital, gift cards */
	int is_gift_card;
	size_t group;		       /* index into groups */
	int64_t discount, tax, duties; /* of all its units; unit_price is after the discount */
	struct order_pairs properties; /* whoever packs it has to see them */
	size_t left_out;	       /* properties beyond the limits; set by order_doc_check() */
};

struct order_doc_group {
	enum delivery_kind kind;
	struct address address;
	const char *service_title, *service_code; /* the shipping method the customer chose */
	int64_t ship_not_before_us;		  /* 0: at once */
};

struct order_doc {
	const char *source_id; /* the store's order id, exact */
	const char *name;      /* "#1001", what people call it */
	int64_t placed_at_us, updated_at_us;
	int64_t cancelled_at_us; /* 0: not cancelled */
	const char *cancel_reason;
	int is_test;
	enum payment_status payment;
	const char *currency, *presentment_currency;
	int64_t total, paid, refunded, outstanding;
	int64_t presentment_total, presentment_outstanding;
	const char *email, *phone, *locale, *customer_name;
	const char *note;
	int64_t shipping, tax, discount, duties; /* parts of the total */
	struct order_pairs attributes;
	const char **tags;
	size_t tag_count;
	const char *gift_message;
	size_t left_out; /* attributes and tags beyond the limits; set by order_doc_check() */
	struct order_doc_group *groups;
	size_t group_count;
	struct order_doc_line *lines;
	size_t line_count;
};

enum {
	ORDER_LINES_MAX = 2000,
	ORDER_UNITS_MAX = 1000 * 1000, /* of a line */
	ORDER_PAIRS_MAX = 100,	       /* attributes, or properties of a line */
	ORDER_TAGS_MAX = 250,
	ORDER_JSON_BYTES_MAX = 4 * 1024 * 1024,
};

/*
 * order_doc_check - refuse what no order may have, whoever sent it, and clean the rest
 *
 * ERR_FINAL (ERR_CODE_DATA) naming the field, never its value: numbers out of range, current above
 * ordered, no line or more than ORDER_LINES_MAX, two lines of one id, a group that is none, currencies
 * and countries that are none, text that is not UTF-8, ids and e-mail or postal addresses too long.
 *
 * Cleaned, into a: control characters become blanks (in ids they are refused), blank text becomes
 * NULL, names, titles and notes are cut to size between characters; of attributes, tags and
 * properties the first are kept, as far as the limits go (left_out). A missing order name becomes
 * the id, a missing line title the SKU or the id, a missing presentment currency the currency.
 */
int order_doc_check(struct arena *a, struct order_doc *doc, struct err *e);

/* order_details_trim - the part of order_doc_check() that is about attributes, tags and properties */
void order_details_trim(struct arena *a, struct order_doc *doc);

/* order_details, order_line_details - what is kept of them, as JSON; NULL: nothing */
const char *order_details(struct arena *a, const struct order_doc *doc);
const char *order_line_details(struct arena *a, const struct order_doc_line *line);

/*
 * order_doc_hash - 32 bytes over everything that is kept
 *
 * The same order read from a webhook and from a fetch has the same hash: it covers only what both
 * carry, and lines in the order of their ids. For checked documents.
 */
void order_doc_hash(const struct order_doc *doc, unsigned char out[32]);

/*
 * order_doc_from_json - the canonical JSON of `waybill order import` (docs/order-import.md)
 *
 * ERR_FINAL (ERR_CODE_DATA) naming the field: unknown keys are refused, so that a typing error does
 * not pass for a wish that was never made. What comes out is not checked yet.
 */
int order_doc_from_json(struct arena *a, const void *text, size_t len, struct order_doc *out,
			struct err *e);

#endif

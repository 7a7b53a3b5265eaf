/*
 * shopify_internal - what the files of this connector share
 *
 * Ids leave this folder as decimal text ("6400000000001"); GraphQL's global ids
 * ("gid://shopify/Order/6400000000001") are made and taken apart here.
 */
#ifndef WAYBILL_SHOPIFY_INTERNAL_H
#define WAYBILL_SHOPIFY_INTERNAL_H

#include "connectors/platform.h"
#include "core/runtime/jmap.h"

#define SHOPIFY_API_VERSION "2026-10"

/* ---- ids (id.c) ---- */

/* shopify_id - the number of a global id, or the number itself, as text; NULL when it is neither */
const char *shopify_id(struct arena *a, const char *text);

/* shopify_id_json - the same of a JSON integer or text; NULL when it is neither */
const char *shopify_id_json(struct arena *a, const json_t *id);

/* shopify_gid - "Order", "64" into "gid://shopify/Order/64"; a global id stays as it is */
const char *shopify_gid(struct arena *a, const char *kind, const char *id);

/* ---- GraphQL (graphql.c) ---- */

struct shopify_operation {
	const char
		*name; /* the document's own; for metrics, and what the simulator's faults go by */
	const char *document;
	enum api_effect effect;
};

/*
 * shopify_call - one operation; variables are taken over (and may be NULL)
 *
 * data is the answer's "data", never NULL, owned by the arena. Errors:
 *   THROTTLED                ERR_RETRY, ERR_CODE_RATE_LIMIT with the time to wait; nothing done
 *   ACCESS_DENIED            ERR_FINAL, naming the access that is missing
 *   INTERNAL_SERVER_ERROR    ERR_RETRY; ERR_CODE_UNKNOWN when the operation has an effect
 *   a document or variables it does not understand
 *                            ERR_BUG
 * Data that came together with errors is an error: half an answer looks like less work.
 */
YIELDS
int shopify_call(struct api *api, const struct shopify_operation *operation, json_t *variables,
		 json_t **data, struct err *e);

/* shopify_user_errors - a payload's userErrors as one text; NULL: there are none */
const char *shopify_user_errors(struct arena *a, json_t *payload);

/* Where a connection goes on. */
struct shopify_page {
	int has_next;
	const char *end_cursor;
};
extern const struct jmap_field shopify_page_fields[];

/* shopify_next - the cursor of the next page; NULL: this was the last */
const char *shopify_next(const struct shopify_page *page);

/* ---- orders: what REST bodies and GraphQL answers have in common (order_doc.c) ---- */

struct shopify_amount {
	int64_t amount;
	int is_set;
};

struct shopify_money {
	struct shopify_amount shop, presentment;
};

struct shopify_shipping_line {
	const char *title, *code;
	int is_removed;
};

struct shopify_line {
	const char *id, *variant_id, *sku, *title, *variant_title;
	int64_t quantity, current_quantity;
	int needs_shipping, is_gift_card;
	int64_t grams;
	json_t *weight; /* GraphQL: {unit value} */
	struct shopify_money price;
	struct jmap_array discounts, taxes, duties; /* struct shopify_money */
	json_t *properties;			    /* a list of {name|key, value} */
	int64_t open;				    /* units that nobody has been given yet */
	int says_open;
	const char *fulfillment_status;
};

struct shopify_lines {
	struct jmap_array items; /* struct shopify_line */
	struct shopify_page page;
};

struct shopify_order {
	const char *id, *name;
	int64_t created_at_us, processed_at_us, updated_at_us, cancelled_at_us;
	const char *cancel_reason, *financial_status;
	int is_test;
	const char *currency, *presentment_currency;
	struct shopify_money total, current_total, outstanding, refunded;
	struct shopify_money shipping, tax, discount, duties;
	json_t *attributes; /* a list of {name|key, value} */
	json_t *tags;	    /* a list of texts, or one text with commas */
	const char *email, *phone, *locale, *note, *billing_name;
	struct address address;
	struct jmap_array shipping_lines; /* struct shopify_shipping_line */
	struct shopify_lines lines;
};

/*
 * shopify_order_doc - the canonical order
 *
 * Both sources come through here, so that the same order is the same document. lacks is set to the
 * name of what is needed and cannot be known from this source (then out is not whole), else to
 * NULL.
 */
int shopify_order_doc(struct arena *a, const struct shopify_order *order, struct order_doc *out,
		      const char **lacks, struct err *e);

/* shopify_order_body - what an order's webhook says: the order, or where to fetch it when the body is not whole */
int shopify_order_body(struct arena *a, json_t *json, struct webhook_event *out, struct err *e);

/* shopify_details - gift message, attributes, tags and properties (details.c); out has its lines already */
void shopify_details(struct arena *a, const struct shopify_order *order, struct order_doc *out);

/* ---- fulfillment orders: the store's own plan (work.c reads, decision.c decides) ---- */

struct work_line {
	const char *id;	     /* the fulfillment order line's global id */
	const char *line_id; /* the order line's, as text */
	int64_t remaining;
};

struct work_order {
	const char *id; /* global */
	const char *status, *request_status;
	const char *location_id; /* as text; NULL: the location is gone */
	const char *location_name;
	const char *method;    /* SHIPPING, PICK_UP, ...; NULL: not said */
	const char *holds;     /* reasons, joined; NULL: none */
	int64_t fulfill_at_us; /* 0: at once */
	int is_at_service, can_fulfill, can_move;
	struct work_line *lines;
	size_t line_count;
};

struct work_fulfillment {
	const char *id; /* global */
	const char *status;
	struct jmap_array tracking; /* struct work_tracking */
};

struct work_tracking {
	const char *number;
};

struct work {
	int is_cancelled;
	struct ship_line *unfulfilled; /* of the lines asked for, as far as the store says */
	size_t unfulfilled_count;
	struct work_order *orders;
	size_t order_count;
	struct work_fulfillment *fulfillments;
	size_t fulfillment_count;
};

/*
 * work_read - every fulfillment order of an order with every line, and the fulfillments; lines:
 * whose own state matters
 */
YIELDS
int work_read(struct api *api, const char *order_id, const struct ship_line *lines,
	      size_t line_count, struct work *out, struct err *e);

/* work_fulfillment_lines - what one fulfillment contains */
YIELDS
int work_fulfillment_lines(struct api *api, const char *fulfillment_id, struct ship_line **out,
			   size_t *count, struct err *e);

/*
 * decision_veto - may these lines ship from this location (NULL: not mapped), as far as the store
 * is concerned?
 *
 * Each line is asked for once, with a quantity above 0.
 */
void decision_veto(struct arena *a, const struct work *work, const char *location_id,
		   const struct ship_line *lines, size_t line_count, struct veto *out);

/*
 * decision_is_ours - does this fulfillment stand, and carry our tracking number or our reference in
 * its place?
 */
int decision_is_ours(const struct work_fulfillment *f, const char *tracking_number,
		     const char *reference);

struct work_pick {
	const struct work_order *order;
	const struct work_line *line;
	int64_t quantity;
	int must_move; /* it lies at another location than asked for */
	size_t group;  /* picks of one group are one fulfillment: one location, one method */
};

struct work_plan {
	struct work_pick *picks;
	size_t pick_count, group_count;
	int is_short;  /* the store has less open than asked for */
	int must_move; /* some pick must */
};

/* decision_plan - from which fulfillment order lines to take; those at the location first */
void decision_plan(struct arena *a, const struct work *work, const char *location_id,
		   const struct ship_line *lines, size_t line_count, struct work_plan *out);

/* ---- the operations of struct platform ---- */

int shopify_webhook_verify(const struct webhook *hook, const struct secret *secrets, size_t count);
int shopify_webhook_is_grave(const char *topic);
int shopify_webhook_read(struct arena *a, const struct webhook *hook, struct webhook_event *out,
			 struct err *e);
YIELDS
int shopify_order_fetch(struct api *api, const char *source_id, struct order_doc *out,
			struct err *e);
YIELDS
int shopify_order_of(struct api *api, const char *fulfillment_order_id, const char **order_id,
		     struct err *e);
YIELDS
int shopify_orders_changed(struct api *api, int64_t since_us, const char *cursor,
			   struct changed_page *out, struct err *e);
YIELDS
int shopify_may_ship(struct api *api, const struct ship_question *q, struct veto *out,
		     struct err *e);
YIELDS
int shopify_fulfill(struct api *api, const struct fulfillment *f, struct fulfilled *out,
		    struct err *e);
YIELDS
int shopify_token(struct api *api, struct platform_token *out, struct err *e);

#endif

/*
 * platform - what a shop can do
 *
 * Drawn against Shopify, WooCommerce and BigCommerce (docs/connectors.md has the table). A NULL
 * operation: this platform cannot do that. Every operation may be called again at any time; those
 * that change something at the store say how they recognise that it has happened already.
 */
#ifndef WAYBILL_PLATFORM_H
#define WAYBILL_PLATFORM_H

#include "connectors/api.h"
#include "core/domain/order.h"

/* ---- webhooks: no I/O ---- */

struct webhook {
	const char *topic; /* as the platform names it */
	const void *body;
	size_t body_len;
	const char *signature, *domain, *delivery_id, *timestamp; /* header values; NULL: absent */
};

/*
 * Which HTTP headers carry them. Names in any case; NULL: this platform sends none. Headers are not
 * signed: a request without one that is named here is refused, but what they say is only a hint.
 */
struct webhook_headers {
	const char *topic, *signature, *domain, *delivery_id, *timestamp;
};

enum webhook_kind {
	WEBHOOK_IGNORED,     /* nothing for us; acknowledged */
	WEBHOOK_ORDER,	     /* the body is the order, whole: order is set */
	WEBHOOK_FETCH,	     /* something about order_id changed: read it from the store */
	WEBHOOK_UNINSTALLED, /* the store has removed us */
	WEBHOOK_PRIVACY,     /* a request about personal data: privacy says which */
};

enum privacy_request { PRIVACY_DATA_REQUEST, PRIVACY_CUSTOMER_REDACT, PRIVACY_SHOP_REDACT };

struct webhook_event {
	enum webhook_kind kind;
	const char *domain;   /* of the store that the body says it is about; NULL: it does not */
	const char *order_id; /* source id; WEBHOOK_ORDER and WEBHOOK_FETCH */
	const char *fulfillment_order_id; /* WEBHOOK_FETCH when only that is known (thin bodies) */
	struct order_doc order;
	enum privacy_request privacy;
	const char *const *privacy_orders; /* source ids named by a redaction */
	size_t privacy_order_count;
};

/* ---- reading orders ---- */

struct changed_order {
	const char *source_id;
	int64_t updated_at_us;
};

struct changed_page {
	struct changed_order *orders;
	size_t count;
	const char *next; /* cursor; NULL: this was the last page */
};

/* ---- the store's veto ---- */

struct ship_line {
	const char *line_source_id;
	int64_t quantity; /* of the order's line, not of its parts */
};

struct ship_question {
	const char *order_source_id;
	const char
		*location_source_id; /* the store's id of the shipping location; NULL: not mapped */
	const struct ship_line *lines;
	size_t line_count;
};

enum veto_kind {
	VETO_NONE,	/* go ahead */
	VETO_NOT_YET,	/* not routed by the store yet, or scheduled: ask again at retry_at */
	VETO_PICKUP,	/* the customer picks it up: hand it out */
	VETO_HOLD,	/* a person at the store holds it, or it is assigned to somebody else */
	VETO_CANCELLED, /* nothing is left to ship of at least one line */
};

struct veto {
	enum veto_kind kind;
	int64_t retry_at_us; /* VETO_NOT_YET; 0: soon */
	const char *reason;  /* for people, without personal data */
};

/* ---- telling the store what has shipped ---- */

struct fulfillment {
	const char *order_source_id;
	const char *location_source_id;
	const struct ship_line *lines;
	size_t line_count;
	const char *tracking_number, *tracking_url, *carrier;
	const char *reference; /* our shipment, "WB-<id>" */
	int notify_customer;   /* the store mails, not Waybill */
	int completes_order; /* nothing is left to ship after it. Drawn for WooCommerce, whose trackings
				know no lines; not filled yet */
	int may_exist; /* an earlier attempt's outcome is unknown: look first, and notify only once */
};

struct fulfilled {
	const char *source_id; /* the store's id of the fulfillment (several: comma-separated) */
	int was_adopted;       /* it was there already */
};

/* ---- drawn for later behaviours: the order's whole life ---- */

struct store_cancellation {
	const char *order_source_id;
	const struct ship_line *lines; /* count 0: the whole order */
	size_t line_count;
	const char *reason; /* customer | inventory | fraud | declined | other */
	int restock, notify_customer;
	const char *key; /* our uuid: idempotency key, or a marker that is looked for first */
};

struct store_refund {
	const char *order_source_id;
	const struct ship_line *lines;
	size_t line_count;
	const char *location_source_id; /* where restocked units go; NULL: nowhere */
	int restock, notify_customer;
	int64_t amount; /* presentment currency, ten-thousandths */
	const char *currency;
	const char *key;
};

struct store_delivery_event {
	const char *order_source_id, *fulfillment_source_id;
	const char *status; /* as in tracking_event */
	int64_t at_us;
};

struct store_stock {
	const char *inventory_source_id, *location_source_id;
	int64_t available;
	int64_t expected_before; /* INT64_MIN: not known, overwrite */
	const char *key;
};

struct platform_token {
	struct secret token;
	int64_t expires_in_s; /* 0: never */
};

struct platform_check {
	const char *store_name, *currency;
	const char *missing_scopes; /* comma-separated; NULL: none */
	const char *api_version_warning;
};

struct platform {
	const char *name;		     /* folder, configuration, log */
	const char *default_api_base_format; /* with %s for the store's domain */
	int takes_imports; /* orders may be imported: there is no shop that knows better */
	struct webhook_headers webhook_headers;

	/*
	 * webhook_verify - MUST. In constant time, over the raw bytes, against every secret in
	 * turn. 0 or -1.
	 */
	int (*webhook_verify)(const struct webhook *hook, const struct secret *secrets,
			      size_t count);

	/*
	 * webhook_is_ping - MAY. Is this unsigned request what the platform sends while a webhook
	 * is registered? It is answered with 200 and goes no further (WooCommerce).
	 */
	int (*webhook_is_ping)(const void *body, size_t body_len);

	/*
	 * webhook_is_grave - MAY. Is this a topic that erases, or ends all talk (WEBHOOK_PRIVACY,
	 * WEBHOOK_UNINSTALLED)? The door reads its body before it is taken.
	 */
	int (*webhook_is_grave)(const char *topic);

	/*
	 * webhook_read - MUST. What the body says. ERR_FINAL (ERR_CODE_DATA) for what cannot be
	 * read; for a grave topic also when the body does not look as it always does there: the
	 * topic is not signed, and somebody may have put it over another body.
	 */
	int (*webhook_read)(struct arena *a, const struct webhook *hook, struct webhook_event *out,
			    struct err *e);

	/*
	 * order_fetch - MUST. ERR_FINAL with ERR_CODE_NOT_FOUND when the store has no such order
	 * (any more).
	 */
	int (*order_fetch)(struct api *api, const char *source_id, struct order_doc *out,
			   struct err *e);

	/* order_of - MAY. The order a thin webhook's object belongs to. */
	int (*order_of)(struct api *api, const char *fulfillment_order_id, const char **order_id,
			struct err *e);

	/*
	 * orders_changed - MUST. Orders changed at or after since_us, oldest first, a page at a
	 * time.
	 */
	int (*orders_changed)(struct api *api, int64_t since_us, const char *cursor,
			      struct changed_page *out, struct err *e);

	/*
	 * may_ship - MUST. The store's present view of one shipment, before money is spent on it.
	 */
	int (*may_ship)(struct api *api, const struct ship_question *q, struct veto *out,
			struct err *e);

	/*
	 * fulfill - MUST. Create the store's record of a shipment, or find it. Exactly once in
	 * effect: what carries our tracking number or reference is adopted. ERR_FINAL with
	 * ERR_CODE_HELD: the store refuses for a reason a person can mend.
	 */
	int (*fulfill)(struct api *api, const struct fulfillment *f, struct fulfilled *out,
		       struct err *e);

	/*
	 * token - MAY. A new access token from the account's client credentials. ERR_FINAL with ERR_CODE_AUTH: the
	 * store does not know us, or not any more.
	 */
	int (*token)(struct api *api, struct platform_token *out, struct err *e);

	/*
	 * check - MUST. For `waybill doctor` and `store add`: does the account work, with every
	 * right we need?
	 */
	int (*check)(struct api *api, struct platform_check *out, struct err *e);

	/*
	 * Later behaviours, drawn now so that the struct does not have to be: a platform that
	 * cannot leaves them NULL. order_cancel, refund (marker or idempotency key recognises a
	 * repeat), tracking_update (f says all there is to say), delivery_event, inventory_set
	 * (absolute, with the quantity expected before), webhooks_ensure (list, compare, create;
	 * the secret is what webhook_verify is given later, for platforms that let us choose it).
	 */
	int (*order_cancel)(struct api *api, const struct store_cancellation *c, struct err *e);
	int (*refund)(struct api *api, const struct store_refund *r, const char **source_id,
		      struct err *e);
	int (*tracking_update)(struct api *api, const char *fulfillment_source_id,
			       const struct fulfillment *f, struct err *e);
	int (*delivery_event)(struct api *api, const struct store_delivery_event *event,
			      struct err *e);
	int (*inventory_set)(struct api *api, const struct store_stock *levels, size_t count,
			     struct err *e);
	int (*webhooks_ensure)(struct api *api, const char *url, struct secret secret,
			       struct err *e);
};

extern const struct platform *const platforms[]; /* all of them, then NULL (connectors.c) */

/*
 * platform_by_name - NULL with ERR_FINAL (ERR_CODE_NOT_FOUND), which names it, for an unknown one
 *
 * A store's word may be one that another version knows: whoever reads it from a row fails its job with that error.
 */
const struct platform *platform_by_name(const char *name, struct err *e);

#endif

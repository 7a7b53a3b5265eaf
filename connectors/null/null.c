/*
 * null - a store and a carrier that answer at once and do nothing, to measure everything else
 * (README.md)
 */
#include <string.h>

#include "connectors/carrier.h"
#include "connectors/platform.h"

enum { HMAC_BYTES = 32, RATE_LIFE_S = 24 * 3600 };

/* ---- the store ---- */

static int webhook_verify(const struct webhook *hook, const struct secret *secrets, size_t count)
{
	unsigned char theirs[HMAC_BYTES], ours[HMAC_BYTES];
	size_t len = 0;
	int result = -1;

	if (!hook->signature ||
	    base64_decode(hook->signature, strlen(hook->signature), theirs, sizeof theirs, &len))
		return -1;
	for (size_t i = 0; i < count; i++) {
		hmac_sha256(secrets[i], hook->body, hook->body_len, ours);
		if (len == sizeof ours && bytes_equal(ours, theirs, len))
			result = 0;
	}
	return result;
}

static int webhook_read(struct arena *a, const struct webhook *hook, struct webhook_event *out,
			struct err *e)
{
	struct webhook_event event = {.kind = WEBHOOK_ORDER};

	if (order_doc_from_json(a, hook->body, hook->body_len, &event.order, e))
		return -1;
	event.order_id = event.order.source_id;
	*out = event;
	return 0;
}

static int order_fetch(struct api *api, const char *source_id, struct order_doc *out, struct err *e)
{
	(void)api;
	(void)source_id;
	(void)out;
	return err_set(e, ERR_FINAL, ERR_CODE_NOT_FOUND, "null keeps no orders");
}

static int orders_changed(struct api *api, int64_t since_us, const char *cursor,
			  struct changed_page *out, struct err *e)
{
	(void)api;
	(void)since_us;
	(void)cursor;
	(void)e;
	*out = (struct changed_page){0};
	return 0;
}

static int may_ship(struct api *api, const struct ship_question *q, struct veto *out, struct err *e)
{
	(void)api;
	(void)q;
	(void)e;
	*out = (struct veto){.kind = VETO_NONE};
	return 0;
}

static int fulfill(struct api *api, const struct fulfillment *f, struct fulfilled *out,
		   struct err *e)
{
	(void)e;
	*out = (struct fulfilled){
		.source_id = arena_printf(api->arena, "null-%s", f->reference),
		.was_adopted = f->may_exist,
	};
	return 0;
}

static int check_store(struct api *api, struct platform_check *out, struct err *e)
{
	(void)e;
	*out = (struct platform_check){.store_name = api->account->name, .currency = "USD"};
	return 0;
}

const struct platform null_platform = {
	.name = "null",
	.default_api_base_format = "https://%s",
	.takes_imports = 1,
	.webhook_headers = {.topic = "X-Null-Topic",
			    .signature = "X-Null-Signature",
			    .domain = "X-Null-Domain",
			    .delivery_id = "X-Null-Delivery-Id"},
	.webhook_verify = webhook_verify,
	.webhook_read = webhook_read,
	.order_fetch = order_fetch,
	.orders_changed = orders_changed,
	.may_ship = may_ship,
	.fulfill = fulfill,
	.check = check_store,
};

/* ---- the carrier ---- */

static const struct rate offers[] = {
	{.id = "null-ground",
	 .carrier = "Null",
	 .service = "null_ground",
	 .service_name = "Ground",
	 .amount = 50000,
	 .currency = "USD",
	 .days = 4},
	{.id = "null-express",
	 .carrier = "Null",
	 .service = "null_express",
	 .service_name = "Express",
	 .amount = 120000,
	 .currency = "USD",
	 .days = 1},
};
enum { OFFER_COUNT = sizeof offers / sizeof *offers };

static int rate(struct api *api, const struct rate_request *r, struct rates *out, struct err *e)
{
	struct rate *rates = ARENA_ARRAY(api->arena, struct rate, OFFER_COUNT);

	(void)e;
	memcpy(rates, offers, sizeof offers);
	*out = (struct rates){
		.shipment_id = arena_printf(api->arena, "null-%s", r->reference),
		.rates = rates,
		.count = OFFER_COUNT,
	};
	return 0;
}

/* The same for a purchase and a look for one: nothing is kept, the attempt says it all. */
static int purchase(struct api *api, const struct label_request *r, struct purchase *out,
		    struct err *e)
{
	(void)e;
	*out = (struct purchase){
		.state = PURCHASE_BOUGHT,
		.id = arena_printf(api->arena, "null-%s", r->attempt),
		.tracking_number = arena_printf(api->arena, "NULL%s", r->attempt),
		.label_url = "null:label",
		.carrier = "Null",
	};
	return 0;
}

static int label(struct api *api, const char *url, const char **bytes, size_t *len,
		 const char **content_type, struct err *e)
{
	static const char nothing[] = "null";

	(void)api;
	(void)url;
	(void)e;
	*bytes = nothing;
	*len = sizeof nothing - 1;
	*content_type = "application/octet-stream";
	return 0;
}

static int check_carrier(struct api *api, const char **mode, struct err *e)
{
	(void)api;
	(void)e;
	*mode = "test";
	return 0;
}

const struct carrier null_carrier = {
	.name = "null",
	.default_api_base = "https://null.invalid",
	.rate_life_s = RATE_LIFE_S,
	.is_repeatable = 1,
	.rate = rate,
	.buy = purchase,
	.find = purchase,
	.label = label,
	.check = check_carrier,
};

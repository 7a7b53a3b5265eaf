/* rate - a shipment at Shippo, and what the carriers ask for it */
#include <inttypes.h>
#include <string.h>

#include "connectors/said.h"
#include "connectors/shippo/shippo_internal.h"
#include "core/domain/money.h"
#include "core/runtime/loop.h"
#include "core/runtime/utf8.h"

/* Rating waits for every carrier of the account (contracts: 60 s). */
enum { RATE_TIMEOUT_MS = 60000, POLL_MS = 1000 };

/* ---- what we ask ---- */

static const char *either(const char *first, const char *second)
{
	return first && *first ? first : second;
}

/* A missing name is accepted here and refused when the label is bought: a company will do. */
static json_t *address_body(const struct address *a)
{
	return json_pack("{s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*}", "name",
			 either(a->name, a->company), "company", a->company, "street1", a->address1,
			 "street2", a->address2, "city", a->city, "state",
			 either(a->province_code, a->province), "zip", a->zip, "country",
			 a->country_code, "phone", a->phone, "email", a->email);
}

static const char *centimetres(struct arena *a, int64_t mm)
{
	return arena_printf(a, "%" PRId64 ".%" PRId64, mm / 10, mm % 10);
}

static json_t *parcel_body(struct arena *a, const struct parcel_size *p)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "length", centimetres(a, p->length_mm),
			 "width", centimetres(a, p->width_mm), "height",
			 centimetres(a, p->height_mm), "distance_unit", "cm", "weight",
			 arena_printf(a, "%" PRId64, p->grams), "mass_unit", "g");
}

static json_t *customs_item_body(struct arena *a, const struct customs_item *item)
{
	return json_pack("{s:s*, s:I, s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s*}", "description",
			 item->description, "quantity", (json_int_t)item->quantity, "net_weight",
			 arena_printf(a, "%" PRId64, item->grams), "mass_unit", "g", "value_amount",
			 money_format(a, item->value, item->currency), "value_currency",
			 item->currency, "origin_country", item->origin_country, "hs_code",
			 item->hs_code, "sku_code", item->sku);
}

static json_t *customs_body(struct arena *a, const struct rate_request *r)
{
	const char *country = either(r->from.country_code, "");
	json_t *items = json_array();

	for (size_t i = 0; i < r->customs_count; i++)
		json_array_append_new(items, customs_item_body(a, &r->customs[i]));
	return json_pack("{s:b, s:s*, s:s, s:s, s:s*, s:o}", "certify", 1, "certify_signer",
			 either(r->customs_signer, either(r->from.name, r->from.company)),
			 "contents_type", "MERCHANDISE", "non_delivery_option", "RETURN", "eel_pfc",
			 strcmp(country, "US") == 0 ? "NOEEI_30_37_a" : NULL, "items", items);
}

static int check(const struct rate_request *r, struct err *e)
{
	const struct parcel_size *p = &r->parcel;

	if (p->grams < 1)
		return err_set(e, ERR_FINAL, ERR_CODE_HELD,
			       "cannot rate a parcel without a weight");
	if (p->length_mm < 1 || p->width_mm < 1 || p->height_mm < 1)
		return err_set(e, ERR_FINAL, ERR_CODE_HELD, "cannot rate a parcel without a box");
	return 0;
}

int shippo_shipment_body(struct arena *a, const struct rate_request *r, json_t **out, struct err *e)
{
	const char *given = either(r->reference, "");
	const char *reference = utf8_clean(a, given, strlen(given), SHIPPO_METADATA_MAX);

	if (check(r, e))
		return -1;
	json_t *body =
		json_pack("{s:o, s:o, s:[o], s:s, s:b}", "address_from", address_body(&r->from),
			  "address_to", address_body(&r->to), "parcels", parcel_body(a, &r->parcel),
			  "metadata", reference, "async", 0);
	if (!shippo_body(a, body))
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "cannot write an address as JSON");
	if (r->customs_count > 0 &&
	    json_object_set_new(body, "customs_declaration", customs_body(a, r)))
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "cannot write a declaration as JSON");
	*out = body;
	return 0;
}

/* ---- what it answers ---- */

struct offer {
	const char *id, *currency;
	int64_t amount;
};

static const struct jmap_field offer_fields[] = {
	JMAP_NEED(struct offer, id, "object_id", JMAP_ID),
	JMAP_NEED(struct offer, amount, "amount", JMAP_MONEY),
	JMAP_NEED(struct offer, currency, "currency", JMAP_TEXT),
	{0},
};

static int64_t days_of(json_t *json)
{
	json_t *days = json_object_get(json, "estimated_days");

	if (!json_is_integer(days))
		days = json_object_get(json, "days");
	return json_is_integer(days) ? json_integer_value(days) : -1;
}

/* An offer that cannot be read must not hide those of the other carriers. */
static int read_offer(struct arena *a, json_t *json, struct rate *out)
{
	json_t *level = json_object_get(json, "servicelevel");
	struct offer offer = {0};
	struct err why = {0};

	if (jmap_read(a, json, offer_fields, &offer, &why) || offer.amount < 0 ||
	    !currency_is_valid(offer.currency) || !shippo_is_id(offer.id))
		return -1;
	*out = (struct rate){
		.id = offer.id,
		.carrier = said_name(a, json_string_value(json_object_get(json, "provider")),
				     SAID_NAME_MAX),
		.service = said_number(a, json_string_value(json_object_get(level, "token")),
				       SAID_NAME_MAX),
		.service_name = said_name(a, json_string_value(json_object_get(level, "name")),
					  SAID_NAME_MAX),
		.amount = offer.amount,
		.currency = offer.currency,
		.days = days_of(json),
	};
	if (!out->service_name)
		out->service_name = out->service;
	return out->carrier && out->service ? 0 : -1;
}

static int no_rates(struct arena *a, json_t *messages, const struct address *recipient,
		    struct err *e)
{
	const char *words = shippo_words(a, messages, recipient, SHIPPO_ERR_WORDS_MAX);

	if (shippo_is_passing(messages))
		return err_retry(e, "could not rate the shipment: %s", words ? words : "no answer");
	return err_set(e, ERR_FINAL, ERR_CODE_HELD, "no carrier takes the shipment: %s",
		       words ? words : "no reason given");
}

struct shipment {
	const char *id, *status;
	json_t *rates, *messages;
};

static const struct jmap_field shipment_fields[] = {
	JMAP_NEED(struct shipment, id, "object_id", JMAP_ID),
	JMAP(struct shipment, status, "status", JMAP_TEXT),
	JMAP(struct shipment, rates, "rates", JMAP_JSON),
	JMAP(struct shipment, messages, "messages", JMAP_JSON),
	{0},
};

int shippo_read_shipment(struct arena *a, json_t *json, const struct address *recipient,
			 struct rates *out, int *is_ready, struct err *e)
{
	struct shipment s = {0};
	struct err why = {0};

	if (jmap_read(a, json, shipment_fields, &s, &why))
		return err_retry(e, "shippo gave a shipment that is none: %s", why.msg);
	const char *status = either(s.status, "");
	const char *id = shippo_is_id(s.id) ? s.id : NULL;
	size_t offered = json_array_size(s.rates), count = 0;

	if (strcmp(status, "QUEUED") == 0 || strcmp(status, "WAITING") == 0) {
		*out = (struct rates){.shipment_id = id};
		*is_ready = 0;
		return 0;
	}
	if (!json_is_array(s.rates) && strcmp(status, "ERROR") != 0)
		return err_retry(e, "shippo gave a list of rates that is none");
	struct rate *rates = ARENA_ARRAY(a, struct rate, offered);

	for (size_t i = 0; i < offered; i++)
		if (read_offer(a, json_array_get(s.rates, i), &rates[count]) == 0)
			count++;
	if (count == 0 || strcmp(status, "ERROR") == 0)
		return no_rates(a, s.messages, recipient, e);
	*out = (struct rates){
		.shipment_id = id,
		.rates = rates,
		.count = count,
		.messages = shippo_words(a, s.messages, recipient, SHIPPO_WORDS_MAX),
	};
	*is_ready = 1;
	return 0;
}

/* ---- asking ---- */

static int read_answer(struct arena *a, const struct api_response *res,
		       const struct address *recipient, struct rates *out, int *is_ready,
		       struct err *e)
{
	if (res->status == 404)
		return err_final(e, "shippo has no such address: is the account's api_base right?");
	if (res->status >= 400)
		return shippo_refused(a, res, recipient, e);
	return shippo_read_shipment(a, res->json, recipient, out, is_ready, e);
}

int shippo_rate(struct api *api, const struct rate_request *r, struct rates *out, struct err *e)
{
	int64_t give_up_ms = loop_now_ms() + RATE_TIMEOUT_MS;
	struct api_request request = {
		.operation = "shipment_create",
		.method = "POST",
		.path = "/shipments/",
		.timeout_ms = RATE_TIMEOUT_MS,
	};
	struct api_response res;
	json_t *body = NULL;
	int is_ready = 0;

	if (shippo_shipment_body(api->arena, r, &body, e) ||
	    shippo_call(api, request, body, &res, e) ||
	    read_answer(api->arena, &res, &r->to, out, &is_ready, e))
		return -1;
	while (!is_ready) {
		if (loop_now_ms() > give_up_ms || !out->shipment_id)
			return err_retry(e, "the carriers are still being asked for rates");
		request = (struct api_request){
			.operation = "shipment_get",
			.method = "GET",
			.path = arena_printf(api->arena, "/shipments/%s", out->shipment_id),
		};
		if (fiber_sleep_ms(POLL_MS, e) || shippo_call(api, request, NULL, &res, e) ||
		    read_answer(api->arena, &res, &r->to, out, &is_ready, e))
			return -1;
	}
	return 0;
}

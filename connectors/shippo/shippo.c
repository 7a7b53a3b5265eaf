/* shippo - labels of many carriers from one account (README.md) */
#include <ctype.h>
#include <string.h>

#include "connectors/said.h"
#include "connectors/shippo/shippo_internal.h"
#include "core/runtime/utf8.h"

enum {
	LABEL_BYTES_MAX = 4 * 1024 * 1024,
	TRACKING_TEXT_MAX = 200,
	RATE_LIFE_S = 6 * 24 * 3600, /* Shippo's seven days, less one for doubt */
};

static void drop_json(void *json)
{
	json_decref(json);
}

json_t *shippo_body(struct arena *a, json_t *body)
{
	if (body)
		arena_defer(a, drop_json, body);
	return body;
}

int shippo_call(struct api *api, struct api_request request, json_t *body, struct api_response *res,
		struct err *e)
{
	const struct secret *token = &api->account->token;

	if (!body && strcmp(request.method, "GET") != 0)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "cannot write the request as JSON");
	if (token->len == 0)
		return err_set(e, ERR_RETRY, ERR_CODE_AUTH, "the account has no token");
	request.json = body;
	request.auth = arena_printf(api->arena, "Authorization: ShippoToken %s",
				    (const char *)token->bytes);
	request.headers[0] = "Shippo-API-Version: " SHIPPO_API_VERSION;
	return api_call(api, &request, res, e);
}

int shippo_is_id(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '_')
			return 0;
	return len > 0 && len <= 200;
}

/* ---- the label ---- */

/*
 * The address is signed and leads away from Shippo: no token goes there, and what it refuses (403
 * and 404 until the file is there) says nothing about the account. How often to ask again is the
 * caller's to decide.
 */
static int label(struct api *api, const char *url, const char **bytes, size_t *len,
		 const char **content_type, struct err *e)
{
	struct api_request request = {
		.operation = "label_get",
		.method = "GET",
		.url = url,
		.wants_bytes = 1,
	};
	struct api_response res;
	struct err why = {0};

	if (api_call(api, &request, &res, &why)) {
		if (why.kind == ERR_FINAL)
			why.kind = ERR_RETRY;
		if (e)
			*e = why;
		return -1;
	}
	const char *type = said_type(api->arena, res.content_type);

	if (res.status >= 400)
		return err_retry(e, "the label is not there: status %d", res.status);
	if (res.len == 0 || (type && strcmp(type, "text/html") == 0))
		return err_retry(e, "what came is not a label");
	if (res.len > LABEL_BYTES_MAX)
		return err_final(e, "refused a label of %zu bytes; the limit is %d", res.len,
				 LABEL_BYTES_MAX);
	*bytes = res.bytes;
	*len = res.len;
	*content_type = type ? type : "application/octet-stream";
	return 0;
}

/* ---- the purchase back ---- */

static int refund(struct api *api, const char *purchase_id, const char **state, struct err *e)
{
	struct api_request request = {
		.operation = "refund_create",
		.method = "POST",
		.path = "/refunds/",
		.effect = API_EFFECT,
	};
	json_t *body = shippo_body(api->arena,
				   json_pack("{s:s, s:b}", "transaction", purchase_id, "async", 0));
	struct api_response res;

	if (shippo_call(api, request, body, &res, e))
		return -1;
	if (res.status >= 400)
		return shippo_refused(api->arena, &res, NULL, e);
	const char *status = json_string_value(json_object_get(res.json, "status"));

	if (!status)
		return err_set(e, ERR_RETRY, ERR_CODE_UNKNOWN,
			       "answered a refund without a status");
	*state = strcmp(status, "SUCCESS") == 0 ? "refunded"
		 : strcmp(status, "ERROR") == 0 ? "rejected"
						: "pending";
	return 0;
}

/* ---- where the parcel is ---- */

/*
 * Top-level statuses; what is UNKNOWN to the carrier of a label we bought has not been handed over
 * yet.
 */
static const struct {
	const char *shippo;
	enum tracking_status ours;
} statuses[] = {
	{"UNKNOWN", TRACKING_LABEL_CREATED}, {"PRE_TRANSIT", TRACKING_LABEL_CREATED},
	{"TRANSIT", TRACKING_IN_TRANSIT},    {"DELIVERED", TRACKING_DELIVERED},
	{"RETURNED", TRACKING_RETURNED},     {"FAILURE", TRACKING_FAILURE},
};

struct substatus {
	const char *code;
	int needs_action;
};

static const struct jmap_field substatus_fields[] = {
	JMAP(struct substatus, code, "code", JMAP_TEXT),
	JMAP(struct substatus, needs_action, "action_required", JMAP_BOOL),
	{0},
};

struct track {
	const char *status, *details;
	int64_t date_us;
	struct substatus substatus;
};

static const struct jmap_field track_fields[] = {
	JMAP(struct track, status, "status", JMAP_TEXT),
	JMAP(struct track, details, "status_details", JMAP_TEXT),
	JMAP(struct track, date_us, "status_date", JMAP_TIME),
	JMAP_SUB(struct track, substatus, "substatus", substatus_fields),
	{0},
};

static enum tracking_status status_of(const struct track *t)
{
	const char *code = t->substatus.code ? t->substatus.code : "";
	enum tracking_status status = TRACKING_UNKNOWN;

	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (t->status && strcmp(t->status, statuses[i].shippo) == 0)
			status = statuses[i].ours;
	if (status != TRACKING_IN_TRANSIT)
		return status;
	if (strcmp(code, "out_for_delivery") == 0)
		return TRACKING_OUT_FOR_DELIVERY;
	if (strcmp(code, "pickup_available") == 0)
		return TRACKING_PICKUP_READY;
	return t->substatus.needs_action ? TRACKING_ATTENTION : status;
}

int shippo_read_tracking(struct arena *a, json_t *json, struct tracking *out, struct err *e)
{
	json_t *status = jmap_at(json, "tracking_status");
	struct track t = {0};

	if (status && jmap_read(a, status, track_fields, &t, e))
		return -1;
	const char *text = t.details ? t.details : "";

	*out = (struct tracking){
		.status = status ? status_of(&t) : TRACKING_LABEL_CREATED,
		.at_us = t.date_us,
		.text = utf8_clean(a, text, strlen(text), TRACKING_TEXT_MAX),
	};
	return 0;
}

/* "DHL Express", as people know it, is "dhl_express" here. */
static const char *carrier_token(struct arena *a, const char *carrier)
{
	char *token = arena_strdup(a, carrier);

	for (char *c = token; *c; c++)
		*c = *c == ' ' ? '_' : (char)tolower((unsigned char)*c);
	return token;
}

static int track(struct api *api, const char *carrier, const char *tracking_number,
		 struct tracking *out, struct err *e)
{
	const char *token = carrier_token(api->arena, carrier);
	struct api_request request = {
		.operation = "track_get",
		.method = "GET",
		.path = arena_printf(api->arena, "/tracks/%s/%s", token, tracking_number),
	};
	struct api_response res;

	if (!shippo_is_id(token) || !shippo_is_id(tracking_number))
		return err_final(e, "cannot ask for such a tracking number");
	if (shippo_call(api, request, NULL, &res, e))
		return -1;
	if (res.status >= 400)
		return shippo_refused(api->arena, &res, NULL, e);
	return shippo_read_tracking(api->arena, res.json, out, e);
}

/* ---- does the key work? ---- */

static int check(struct api *api, const char **mode, struct err *e)
{
	static const char test[] = "shippo_test_";
	const struct secret *token = &api->account->token;
	struct api_request request = {
		.operation = "transaction_list",
		.method = "GET",
		.path = "/transactions/?results=1",
	};
	struct api_response res;

	if (shippo_call(api, request, NULL, &res, e))
		return -1;
	if (res.status >= 400)
		return shippo_refused(api->arena, &res, NULL, e);
	int is_test =
		token->len >= sizeof test - 1 && memcmp(token->bytes, test, sizeof test - 1) == 0;
	json_t *first = json_array_get(json_object_get(res.json, "results"), 0);

	*mode = is_test || json_is_true(json_object_get(first, "test")) ? "test" : "live";
	return 0;
}

const struct carrier shippo_carrier = {
	.name = "shippo",
	.default_api_base = "https://api.goshippo.com",
	.rate_life_s = RATE_LIFE_S,
	.rate = shippo_rate,
	.buy = shippo_buy,
	.find = shippo_find,
	.label = label,
	.refund = refund,
	.track = track,
	.check = check,
};

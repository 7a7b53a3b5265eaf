/*
 * transaction - buying a label, exactly once, from a service that has no idempotency
 *
 * The attempt's uuid, committed before, goes along as metadata. Whoever does not know how a
 * purchase ended looks for it: by its id, else, or if that is unknown there, among the transactions of the rate, else among those
 * of the account since the attempt (at most 500), because lists by rate have been seen to come back
 * empty (goshippo/shippo-node-client#64).
 */
#include <string.h>

#include "connectors/said.h"
#include "connectors/shippo/shippo_internal.h"
#include "core/domain/money.h"
#include "core/runtime/text.h"
#include "core/runtime/timestamp.h"

enum {
	PAGE_SIZE = 100,
	PAGES_MAX = 5,
	LABEL_URL_MAX = 8000, /* it is signed, and not kept */
};

#define CLOCKS_APART_US INT64_C(600000000)

const char *shippo_metadata(struct arena *a, const char *attempt)
{
	return arena_printf(a, "wb:%s", attempt);
}

/* ---- reading ---- */

/* A fact or two; the rest are ornaments, which may be missing or of any type. */
struct transaction {
	const char *id, *status;
	json_t *messages;
};

static const char *text_at(json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

static int is_status(const struct transaction *t, const char *name)
{
	return t->status && strcmp(t->status, name) == 0;
}

/*
 * Money is spent unless Shippo says ERROR or has taken the label back; a status nobody knows, or
 * none, may still become a label. SUCCESS is paid, even if the label is still being printed. A
 * refused refund leaves a label that is good.
 */
static enum purchase_state state_of(const struct transaction *t)
{
	if (is_status(t, "SUCCESS") || is_status(t, "REFUNDREJECTED"))
		return PURCHASE_BOUGHT;
	if (is_status(t, "ERROR") || is_status(t, "REFUNDED") || is_status(t, "REFUNDPENDING"))
		return PURCHASE_REFUSED;
	return PURCHASE_PENDING;
}

static void refuse(struct arena *a, const struct transaction *t, struct purchase *out)
{
	const char *words = shippo_words(a, t->messages, NULL, SHIPPO_WORDS_MAX);

	if (!is_status(t, "ERROR"))
		words = "the label was given back at shippo";
	out->reason = words ? words : "no reason given";
	out->rate_is_stale = shippo_is_stale(words);
	out->is_passing = shippo_is_passing(t->messages);
}

struct price {
	int64_t amount;
	const char *currency;
};

static const struct jmap_field price_fields[] = {
	JMAP_NEED(struct price, amount, "amount", JMAP_MONEY),
	JMAP_NEED(struct price, currency, "currency", JMAP_TEXT),
	{0},
};

/* A transaction names its rate by id, or brings it along. */
static void add_rate(struct arena *a, json_t *rate, struct purchase *out)
{
	json_t *level = json_object_get(rate, "servicelevel");
	struct price price = {0};
	struct err why = {0};

	out->carrier = said_name(a, text_at(rate, "provider"), SAID_NAME_MAX);
	out->service = said_number(a, text_at(level, "token"), SAID_NAME_MAX);
	if (jmap_read(a, rate, price_fields, &price, &why) == 0 && price.amount > 0 &&
	    currency_is_valid(price.currency)) {
		out->cost = price.amount;
		out->currency = price.currency;
	}
}

int shippo_read_purchase(struct arena *a, json_t *json, struct purchase *out, struct err *e)
{
	struct transaction t = {
		.id = text_at(json, "object_id"),
		.status = text_at(json, "status"),
		.messages = json_object_get(json, "messages"),
	};

	if (!t.id && !t.status)
		return err_retry(e, "shippo gave a purchase that is none");
	*out = (struct purchase){
		.state = state_of(&t),
		.id = shippo_is_id(t.id) ? arena_strdup(a, t.id) : NULL,
		.tracking_number =
			said_number(a, text_at(json, "tracking_number"), SAID_NUMBER_MAX),
		.tracking_url = said_url(a, text_at(json, "tracking_url_provider"), SAID_URL_MAX),
		.label_url = said_url(a, text_at(json, "label_url"), LABEL_URL_MAX),
	};
	if (out->state == PURCHASE_REFUSED)
		refuse(a, &t, out);
	add_rate(a, json_object_get(json, "rate"), out);
	return 0;
}

int shippo_read_bought(struct arena *a, int status, json_t *json, struct purchase *out,
		       struct err *e)
{
	struct err why = {0};

	if (status == 400 || status == 422) {
		const char *words = shippo_words(a, json, NULL, SHIPPO_WORDS_MAX);

		*out = (struct purchase){
			.state = PURCHASE_REFUSED,
			.reason = words ? words : "no reason given",
			.rate_is_stale = shippo_is_stale(words),
		};
		return 0;
	}
	if (status == 404)
		return err_final(e, "shippo sells nothing here: is the account's api_base right?");
	if (status >= 300 || shippo_read_purchase(a, json, out, &why))
		return err_set(e, ERR_RETRY, ERR_CODE_UNKNOWN,
			       "answered a purchase with status %d and %s", status,
			       why.msg[0] ? why.msg : "no label");
	return 0;
}

static int says_more(enum purchase_state state, enum purchase_state than)
{
	static const int weight[] = {[PURCHASE_NONE] = 0,
				     [PURCHASE_REFUSED] = 1,
				     [PURCHASE_PENDING] = 2,
				     [PURCHASE_BOUGHT] = 3};

	return weight[state] > weight[than];
}

/*
 * Nothing follows from a list that is not whole: null, with holes, or empty although it says that there is
 * something.
 */
int shippo_read_page(struct arena *a, json_t *json, const char *metadata, struct purchase *best,
		     int *has_more, struct err *e)
{
	json_t *results = json_object_get(json, "results"), *next = json_object_get(json, "next");
	size_t i, count = json_array_size(results);
	json_t *entry;

	if (!json_is_array(results) ||
	    (count == 0 &&
	     (json_is_string(next) || json_integer_value(json_object_get(json, "count")) > 0)))
		return err_retry(e, "shippo gave a list that is none");
	json_array_foreach (results, i, entry) {
		const char *theirs = text_at(entry, "metadata");
		struct purchase found;

		if (!json_is_object(entry))
			return err_retry(e, "shippo gave a list with holes");
		if (!theirs || strcmp(theirs, metadata) != 0)
			continue;
		if (shippo_read_purchase(a, entry, &found, e))
			return -1;
		if (says_more(found.state, best->state))
			*best = found;
	}
	*has_more = json_is_string(next);
	return 0;
}

/* ---- asking ---- */

static const char *file_type(const char *format)
{
	if (!format)
		return "PDF";
	return strcmp(format, "ZPL") == 0 ? "ZPLII" : format;
}

/* Carriers like to repeat what they were given. */
static void clean(struct api *api, const struct label_request *r, struct purchase *p)
{
	if (p->reason)
		p->reason = shippo_without(api->arena, p->reason, r->recipient, SHIPPO_WORDS_MAX);
}

int shippo_buy(struct api *api, const struct label_request *r, struct purchase *out, struct err *e)
{
	/*
	 * async: the answer does not wait for the carrier, so there is little time to lose it in.
	 */
	json_t *body = json_pack("{s:s, s:s, s:s, s:b}", "rate", r->rate_id, "metadata",
				 shippo_metadata(api->arena, r->attempt), "label_file_type",
				 file_type(r->format), "async", 1);
	struct api_request request = {
		.operation = "transaction_create",
		.method = "POST",
		.path = "/transactions/",
		.effect = API_EFFECT,
	};
	struct api_response res;

	if (shippo_call(api, request, shippo_body(api->arena, body), &res, e) ||
	    shippo_read_bought(api->arena, res.status, res.json, out, e))
		return -1;
	clean(api, r, out);
	return 0;
}

/* Newest first: is what follows too old to be the attempt? */
static int is_older(json_t *page, int64_t since_us)
{
	json_t *results = json_object_get(page, "results");
	const char *made =
		text_at(json_array_get(results, json_array_size(results) - 1), "object_created");
	int64_t made_us;

	return made && since_us && timestamp_parse(made, strlen(made), &made_us) == 0 &&
	       made_us < since_us - CLOCKS_APART_US;
}

/* *is_whole: nothing was left out that could be the attempt. */
static int find_in_list(struct api *api, const char *filter, const struct label_request *r,
			struct purchase *best, int *is_whole, struct err *e)
{
	const char *metadata = shippo_metadata(api->arena, r->attempt);
	int has_more = 1;

	for (int page = 1; page <= PAGES_MAX && has_more && best->state != PURCHASE_BOUGHT;
	     page++) {
		struct api_request request = {
			.operation = "transaction_list",
			.method = "GET",
			.path = arena_printf(api->arena, "/transactions/?results=%d&page=%d%s",
					     PAGE_SIZE, page, filter),
		};
		struct api_response res;

		if (shippo_call(api, request, NULL, &res, e))
			return -1;
		if (res.status >= 400)
			return shippo_refused(api->arena, &res, NULL, e);
		if (shippo_read_page(api->arena, res.json, metadata, best, &has_more, e))
			return -1;
		has_more = has_more && !is_older(res.json, r->since_us);
	}
	*is_whole = !has_more;
	return 0;
}

/* The second list is a net below the first: it may find what that one hides, but proves nothing by itself. */
static int search(struct api *api, const struct label_request *r, struct purchase *out,
		  struct err *e)
{
	const char *of_rate = arena_printf(api->arena, "&rate=%s", r->rate_id);
	struct err why = {0};
	int is_whole = 0;

	*out = (struct purchase){.state = PURCHASE_NONE};
	if (!shippo_is_id(r->rate_id))
		return err_bug(e, "not the id of a rate");
	if (find_in_list(api, of_rate, r, out, &is_whole, &why) == 0 && !is_whole)
		err_retry(&why, "shippo gave a list without end for one rate");
	if (out->state == PURCHASE_NONE && why.code == ERR_CODE_NONE &&
	    find_in_list(api, "", r, out, &is_whole, e))
		return -1;
	if (out->state == PURCHASE_NONE && why.kind != ERR_NONE) {
		if (e)
			*e = why;
		return -1;
	}
	return 0;
}

/* An id that Shippo does not know: its words may have been wrong, the attempt's uuid is ours. */
static int find_by_attempt(struct api *api, const struct label_request *r, struct purchase *out,
			   struct err *e)
{
	if (search(api, r, out, e))
		return -1;
	return out->state != PURCHASE_NONE
		       ? 0
		       : err_set(e, ERR_FINAL, ERR_CODE_HELD,
				 "shippo no longer knows transaction %s: was the account changed?",
				 text_cut(r->purchase_id, 64));
}

static int find_by_id(struct api *api, const struct label_request *r, struct purchase *out,
		      struct err *e)
{
	struct api_request request = {
		.operation = "transaction_get",
		.method = "GET",
		.path = arena_printf(api->arena, "/transactions/%s", r->purchase_id),
	};
	struct api_response res;

	if (!shippo_is_id(r->purchase_id))
		return err_bug(e, "not the id of a transaction");
	if (shippo_call(api, request, NULL, &res, e))
		return -1;
	if (res.status == 404)
		return find_by_attempt(api, r, out, e);
	if (res.status >= 400)
		return shippo_refused(api->arena, &res, NULL, e);
	return shippo_read_purchase(api->arena, res.json, out, e);
}

int shippo_find(struct api *api, const struct label_request *r, struct purchase *out, struct err *e)
{
	struct purchase found;

	if (r->purchase_id ? find_by_id(api, r, &found, e) : search(api, r, &found, e))
		return -1;
	clean(api, r, &found);
	*out = found;
	return 0;
}

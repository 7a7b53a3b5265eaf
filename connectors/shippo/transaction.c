/*
 * transaction - buying a label, exactly once, from a service that has no idempotency
 *
 * The attempt's uuid, committed before, goes along as metadata. Whoever does not know how a
 * purchase ended looks for it: by its id, else among the transactions of the rate, else among the
 * newest of the account, because lists by rate have been seen to come back empty
 * (goshippo/shippo-node-client#64).
 */
#include <string.h>

#include "connectors/shippo/shippo_internal.h"
#include "core/domain/money.h"
#include "core/runtime/text.h"

enum { PAGE_SIZE = 100, PAGES_MAX = 5 };

const char *shippo_metadata(struct arena *a, const char *attempt)
{
	return arena_printf(a, "wb:%s", attempt);
}

/* ---- reading ---- */

/* A transaction names its rate by id, or brings it along. */
struct bought_rate {
	const char *provider, *currency;
	int64_t amount;
	json_t *level;
};

static const struct jmap_field bought_rate_fields[] = {
	JMAP(struct bought_rate, provider, "provider", JMAP_TEXT),
	JMAP(struct bought_rate, currency, "currency", JMAP_TEXT),
	JMAP(struct bought_rate, amount, "amount", JMAP_MONEY),
	JMAP(struct bought_rate, level, "servicelevel", JMAP_JSON),
	{0},
};

struct transaction {
	const char *id, *status, *tracking_number, *tracking_url, *label_url;
	json_t *rate, *messages;
};

static const struct jmap_field transaction_fields[] = {
	JMAP_NEED(struct transaction, id, "object_id", JMAP_ID),
	JMAP(struct transaction, status, "status", JMAP_TEXT),
	JMAP(struct transaction, tracking_number, "tracking_number", JMAP_TEXT),
	JMAP(struct transaction, tracking_url, "tracking_url_provider", JMAP_TEXT),
	JMAP(struct transaction, label_url, "label_url", JMAP_TEXT),
	JMAP(struct transaction, rate, "rate", JMAP_JSON),
	JMAP(struct transaction, messages, "messages", JMAP_JSON),
	{0},
};

static int is_status(const struct transaction *t, const char *name)
{
	return t->status && strcmp(t->status, name) == 0;
}

/*
 * Money is spent only where Shippo says ERROR or has taken the label back; a status nobody knows,
 * or none, may still become a label. So may SUCCESS without one: it has not been printed yet. A
 * refused refund leaves a label that is good.
 */
static enum purchase_state state_of(const struct transaction *t)
{
	int has_label = t->label_url && *t->label_url;

	if (is_status(t, "SUCCESS") || is_status(t, "REFUNDREJECTED"))
		return has_label ? PURCHASE_BOUGHT : PURCHASE_PENDING;
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

/* Ornament: a rate that cannot be read leaves the purchase as it is. */
static void add_rate(struct arena *a, json_t *json, struct purchase *out)
{
	struct bought_rate rate = {0};
	struct err why = {0};

	if (!json_is_object(json) || jmap_read(a, json, bought_rate_fields, &rate, &why))
		return;
	out->carrier = rate.provider;
	out->service = arena_strdup(a, json_string_value(json_object_get(rate.level, "token")));
	if (currency_is_valid(rate.currency)) {
		out->cost = rate.amount;
		out->currency = rate.currency;
	}
}

static const char *text_or_null(const char *text)
{
	return text && *text ? text : NULL;
}

int shippo_read_purchase(struct arena *a, json_t *json, struct purchase *out, struct err *e)
{
	struct transaction t = {0};

	if (jmap_read(a, json, transaction_fields, &t, e))
		return -1;
	*out = (struct purchase){
		.state = state_of(&t),
		.id = t.id,
		.tracking_number = text_or_null(t.tracking_number),
		.tracking_url = text_or_null(t.tracking_url),
		.label_url = text_or_null(t.label_url),
	};
	if (out->state == PURCHASE_REFUSED)
		refuse(a, &t, out);
	add_rate(a, t.rate, out);
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

int shippo_read_page(struct arena *a, json_t *json, const char *metadata, struct purchase *best,
		     int *has_more, struct err *e)
{
	json_t *results = json_object_get(json, "results");
	size_t i;
	json_t *entry;

	if (!json_is_object(json) || (results && !json_is_null(results) && !json_is_array(results)))
		return err_retry(e, "gave a list that is none");
	json_array_foreach (results, i, entry) {
		const char *theirs = json_string_value(json_object_get(entry, "metadata"));
		struct purchase found;

		if (!theirs || strcmp(theirs, metadata) != 0)
			continue;
		if (shippo_read_purchase(a, entry, &found, e))
			return -1;
		if (says_more(found.state, best->state))
			*best = found;
	}
	*has_more = json_array_size(results) > 0 && json_is_string(json_object_get(json, "next"));
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

static int find_by_id(struct api *api, const char *id, struct purchase *out, struct err *e)
{
	struct api_request request = {
		.operation = "transaction_get",
		.method = "GET",
		.path = arena_printf(api->arena, "/transactions/%s", id),
	};
	struct api_response res;

	if (!shippo_is_id(id))
		return err_bug(e, "not the id of a transaction");
	if (shippo_call(api, request, NULL, &res, e))
		return -1;
	if (res.status == 404)
		return err_set(e, ERR_FINAL, ERR_CODE_HELD,
			       "shippo no longer knows transaction %s: was the account changed?",
			       text_cut(id, 64));
	if (res.status >= 400)
		return shippo_refused(api->arena, &res, NULL, e);
	return shippo_read_purchase(api->arena, res.json, out, e);
}

static int find_in_list(struct api *api, const char *filter, int pages, const char *metadata,
			struct purchase *best, struct err *e)
{
	int has_more = 1;

	for (int page = 1; page <= pages && has_more && best->state != PURCHASE_BOUGHT; page++) {
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
	}
	return 0;
}

static int search(struct api *api, const struct label_request *r, struct purchase *out,
		  struct err *e)
{
	const char *metadata = shippo_metadata(api->arena, r->attempt);

	*out = (struct purchase){.state = PURCHASE_NONE};
	if (!shippo_is_id(r->rate_id))
		return err_bug(e, "not the id of a rate");
	const char *of_rate = arena_printf(api->arena, "&rate=%s", r->rate_id);

	if (find_in_list(api, of_rate, PAGES_MAX, metadata, out, e))
		return -1;
	return out->state == PURCHASE_NONE ? find_in_list(api, "", 1, metadata, out, e) : 0;
}

int shippo_find(struct api *api, const struct label_request *r, struct purchase *out, struct err *e)
{
	struct purchase found;

	if (r->purchase_id ? find_by_id(api, r->purchase_id, &found, e) : search(api, r, &found, e))
		return -1;
	clean(api, r, &found);
	*out = found;
	return 0;
}

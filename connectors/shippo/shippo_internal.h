/*
 * shippo_internal - what the files of this connector share
 *
 * Reading an answer is pure and apart from asking for it: shippo_read_...() take a document and
 * say what it means.
 */
#ifndef WAYBILL_SHIPPO_INTERNAL_H
#define WAYBILL_SHIPPO_INTERNAL_H

#include "connectors/carrier.h"
#include "core/runtime/jmap.h"

/*
 * Sent with every request: without it the account's own default decides what the answers look
 * like.
 */
#define SHIPPO_API_VERSION "2018-02-08"

enum {
	SHIPPO_WORDS_MAX = 400,	    /* bytes of what a carrier says; the database takes 500 */
	SHIPPO_ERR_WORDS_MAX = 170, /* the same inside a struct err */
	SHIPPO_METADATA_MAX = 100,  /* characters, by Shippo's specification */
};

/* ---- asking (shippo.c) ---- */

/* shippo_body - give a new document to the arena; NULL stays NULL */
json_t *shippo_body(struct arena *a, json_t *body);

/* shippo_call - api_call with Shippo's headers; only a GET has no body */
YIELDS
int shippo_call(struct api *api, struct api_request request, json_t *body, struct api_response *res,
		struct err *e);

/* shippo_is_id - made of letters, digits, '-' and '_', so that it may stand in a path or a query */
int shippo_is_id(const char *text);

/* ---- what went wrong (errors.c) ---- */

/*
 * shippo_words - the text of an error body or of messages[], for people
 *
 * Takes every shape: messages ({source, code, text}), a map of fields to lists, {"detail"}, a list, text. Repeated
 * texts once, control characters as blanks, at most max bytes. The recipient's name, company, street, city, zip,
 * phone and e-mail, each as a whole, become "***"; recipient may be NULL. NULL when there is nothing to say.
 */
const char *shippo_words(struct arena *a, json_t *json, const struct address *recipient,
			 size_t max);

/* shippo_without - text, at most max bytes of it, cleaned in the same way */
const char *shippo_without(struct arena *a, const char *text, const struct address *recipient,
			   size_t max);

/* shippo_is_passing - does one of messages[] say that a carrier was out of reach, and no more? */
int shippo_is_passing(json_t *messages);

/* shippo_is_stale - do the words say that the rate is too old to be bought? */
int shippo_is_stale(const char *words);

/*
 * shippo_refused - an answer of 4xx that means no more than "no": ERR_FINAL (ERR_CODE_HELD) with
 * the words
 */
int shippo_refused(struct arena *a, const struct api_response *res, const struct address *recipient,
		   struct err *e);

/* ---- shipments and rates (rate.c) ---- */

/* shippo_shipment_body - POST /shipments; ERR_FINAL (ERR_CODE_HELD) for what no carrier takes */
int shippo_shipment_body(struct arena *a, const struct rate_request *r, json_t **out,
			 struct err *e);

/*
 * shippo_read_shipment - a shipment's rates
 *
 * Sets *is_ready to 0 when Shippo is still asking the carriers; out then has the shipment's id
 * only. No rates: ERR_RETRY when a carrier was out of reach, else ERR_FINAL (ERR_CODE_HELD) with
 * the carriers' words.
 */
int shippo_read_shipment(struct arena *a, json_t *json, const struct address *recipient,
			 struct rates *out, int *is_ready, struct err *e);

YIELDS
int shippo_rate(struct api *api, const struct rate_request *r, struct rates *out, struct err *e);

/* ---- transactions, that is labels (transaction.c) ---- */

/* shippo_metadata - what a transaction carries of the attempt */
const char *shippo_metadata(struct arena *a, const char *attempt);

/*
 * shippo_read_purchase - one transaction. ERR_RETRY: it is none.
 *
 * Only its status decides; whatever else is missing, too long or of another type is left out. An id
 * that cannot be one is left out, too: the purchase is looked for by its attempt then.
 */
int shippo_read_purchase(struct arena *a, json_t *json, struct purchase *out, struct err *e);

/*
 * shippo_read_bought - the answer to POST /transactions
 *
 * What cannot be understood may be a label all the same: ERR_RETRY with ERR_CODE_UNKNOWN.
 */
int shippo_read_bought(struct arena *a, int status, json_t *json, struct purchase *out,
		       struct err *e);

/*
 * shippo_read_page - look for the attempt in one page of a list
 *
 * best is replaced by what says more: a bought label before one in the making before a refusal.
 * *has_more: there is a next page. ERR_RETRY: it is no list (null is none), or not whole.
 */
int shippo_read_page(struct arena *a, json_t *json, const char *metadata, struct purchase *best,
		     int *has_more, struct err *e);

YIELDS
int shippo_buy(struct api *api, const struct label_request *r, struct purchase *out, struct err *e);
YIELDS
int shippo_find(struct api *api, const struct label_request *r, struct purchase *out,
		struct err *e);

/* ---- the rest (shippo.c) ---- */

int shippo_read_tracking(struct arena *a, json_t *json, struct tracking *out, struct err *e);

#endif

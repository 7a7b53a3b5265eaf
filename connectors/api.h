/*
 * api - the connectors' one door to the outside world
 *
 * A connector translates: it builds a request, reads the answer, and says what it means. Everything
 * else is here and the same for everyone: authentication header, time limits, limits per host,
 * sizes, retries by kind of error, metrics, the log line. A connector keeps no state, never logs,
 * knows neither database nor broker.
 */
#ifndef WAYBILL_API_H
#define WAYBILL_API_H

#include <jansson.h>
#include <stdint.h>

#include "core/runtime/arena.h"
#include "core/runtime/err.h"
#include "core/runtime/fiber.h"
#include "core/runtime/http.h"
#include "core/runtime/secret.h"

/* One account at a service: a store, or a carrier's account. Read by claim, used by act. */
struct account {
	int64_t id;
	const char *connector; /* "shopify", "shippo" */
	const char *name;      /* the store's domain; what people call the account */
	const char *api_base;  /* "https://api.goshippo.com"; no slash at the end */
	struct secret token;   /* access token or key; len 0: none yet */
	struct secret client_id, client_secret;
};

/* What one job's calls share. */
struct api {
	struct arena *arena;
	const struct account *account;
	int64_t deadline_ms; /* of loop_now_ms(); ends before the job's lease; 0: none */
};

enum api_effect {
	API_READ,   /* repeating it costs nothing */
	API_EFFECT, /* a lost answer may hide an effect: it is an ERR_CODE_UNKNOWN */
};

struct api_request {
	const char *operation; /* for metrics and log: "fulfillmentCreate" */
	const char *method;
	const char *path; /* appended to account->api_base */
	const char *url;  /* instead of path: an absolute url the service gave us (a label). Only
			     https and public addresses; this machine's, too, if api_base is here */
	const char *auth; /* "Name: value" header with the token; NULL: none */
	const char *headers[4];
	json_t *json;	  /* body, borrowed; or */
	const char *body; /* body as text, with its content type in headers */
	enum api_effect effect;
	int timeout_ms;	 /* 0: 30 000; never beyond the deadline */
	int wants_bytes; /* the answer is not JSON */
};

struct api_response {
	int status;
	json_t *json; /* owned by the arena; NULL for an empty body or wants_bytes */
	const char *bytes;
	size_t len;
	const char *content_type;
	int retry_after_ms;
	const char *request_id;
};

/*
 * api_call - one exchange, judged by HTTP
 *
 * Returns 0 for 2xx, and for 400, 404, 409 and 422 too: what those mean is the connector's to say
 * (status tells; json is NULL when they do not come with JSON). Otherwise:
 *   401                 ERR_RETRY, ERR_CODE_AUTH: the runtime has the credential renewed
 *   429                 ERR_RETRY, ERR_CODE_RATE_LIMIT with retry_after_ms
 *   402, 403, 423, 430  ERR_FINAL: the account is closed to us; a person decides
 *   any other, read     ERR_FINAL: not what this service does; is api_base right?
 *   any other, effect   ERR_RETRY, ERR_CODE_UNKNOWN: whoever said so, it is no refusal
 *   408, 5xx, HTML or cut-off JSON where JSON was due, too large an answer, lost connection
 *                       ERR_RETRY; ERR_CODE_UNKNOWN when effect is API_EFFECT
 *   deadline too near   ERR_RETRY, ERR_CODE_TIMEOUT before anything is sent
 * The error's text begins with connector and operation. A token never goes to an url outside of
 * api_base: ERR_BUG.
 */
YIELDS
int api_call(struct api *api, const struct api_request *req, struct api_response *res,
	     struct err *e);

#endif

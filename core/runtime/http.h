/*
 * http - one HTTP exchange at a time, for fibers (libcurl multi on the loop)
 *
 * Connections are kept and shared; at most a few requests per host at once, the rest queue.
 * HTTP/1.1, so that one connection carries one request and it is known what a lost one has sent.
 * TLS certificates are verified; redirects are not followed; only http and https are spoken, and
 * plain http only to this machine, and to others where allow_plain says so. "This machine" is
 * "localhost" or a literal address, and the connection must lead there. What $https_proxy says is
 * honoured, but not for loopback, and not for urls out of answers: what a proxy looks up cannot be
 * checked.
 *
 * Names are looked up in libcurl's own threads and remembered for 60 s. Giving up does not wait for
 * a thread: with CURLOPT_QUICK_EXIT (libcurl 7.87) it is left behind to end by itself.
 */
#ifndef WAYBILL_HTTP_H
#define WAYBILL_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "core/runtime/arena.h"
#include "core/runtime/err.h"
#include "core/runtime/fiber.h"

enum {
	HTTP_BODY_MAX = 16 * 1024 * 1024,
	HTTP_HEADERS_MAX = 12,
};

/* Whose word the url is. */
enum http_origin {
	HTTP_CONFIGURED, /* people's: it may lead anywhere */
	/*
	 * A service's, out of its answer. It may lead to the public internet only, over https, whatever name
	 * it has: the address is checked when the connection is made, and again before anything is sent.
	 */
	HTTP_ANSWERED,
	HTTP_ANSWERED_HERE, /* the same of a service on this machine, which may lead to this machine, too */
};

struct http_request {
	enum http_origin origin;
	const char *method; /* GET, POST, PUT, DELETE, PATCH */
	const char *url;
	const char *headers
		[HTTP_HEADERS_MAX]; /* "Name: value"; NULL ends. CR and LF inside are ERR_BUG */
	const char *body;	    /* NULL: none */
	size_t body_len;
	int timeout_ms;	 /* whole call, queueing included; 0: 30 000 */
	size_t body_max; /* of the answer; 0: HTTP_BODY_MAX */
	/*
	 * Repeating it costs nothing; implied by GET. It may be sent again, silently, when a kept
	 * connection turns out to be dead before any byte of the answer.
	 */
	int is_read;
};

struct http_response {
	int status;		  /* 100..599 */
	const char *content_type; /* ASCII, like all headers here: "?" for what is not */
	const char *request_id;	  /* x-request-id, x-ep-request-uuid: for the log */
	int retry_after_ms;	  /* what a header asks for, in seconds or as a date; 0: nothing */
	const char *body;	  /* NUL-terminated, owned by the arena */
	size_t body_len;
};

struct http_settings {
	int per_host;	 /* requests at once to one host; 0: 16 */
	int total;	 /* at once in this process; 0: 128 */
	int allow_plain; /* http:// to hosts other than loopback */
	const char *user_agent;
};

/* http_init - once per process, before the first call */
void http_init(const struct http_settings *settings);

/* http_check_url - may a url that people configure be called? ERR_FINAL says why not. */
int http_check_url(const char *url, struct err *e);

/*
 * http_call - send, and read the whole answer
 *
 * Any status is a success here; what it means is for api_call(). Errors are ERR_RETRY: with
 * ERR_CODE_UNKNOWN when the request may have reached the other side and is not a read, else with
 * ERR_CODE_DISCONNECTED, _TIMEOUT or _CANCELLED. Too large an answer (with ERR_CODE_DATA; the
 * request has been sent), a malformed url and one that may not be called are ERR_FINAL.
 */
YIELDS
int http_call(struct arena *a, const struct http_request *req, struct http_response *res,
	      struct err *e);

#endif

/*
 * httpd - an HTTP server on the loop: each request is answered in a fiber (libmicrohttpd)
 *
 * libmicrohttpd parses; its epoll descriptor is one watcher of the loop. A request is looked at
 * twice: by admit() when its head has come, on the loop's own stack, so that what will be refused
 * is not read; and by answer() in a fiber when its body is there. In between the connection is
 * suspended, so that nothing of it is read ahead. Heads that could be understood in two ways are
 * refused (400).
 *
 * Plain HTTP, meant to stand behind a proxy that speaks TLS. Limits: connections, bytes of one head
 * (16 KiB: 431, 414), of one body and of all bodies in hand, seconds of silence, and twice as many
 * for a whole request, however it dribbles. When connections or bytes are short, requests that do
 * not come on give way to others before that.
 */
#ifndef WAYBILL_HTTPD_H
#define WAYBILL_HTTPD_H

#include <stddef.h>
#include <stdint.h>

#include "core/runtime/arena.h"
#include "core/runtime/err.h"
#include "core/runtime/fiber.h"

struct httpd;

struct httpd_request {
	struct arena *arena; /* freed when the answer has gone */
	const char *method;
	const char *path; /* percent-decoded, without the query */
	const char *body; /* NUL-terminated besides; empty at admit() */
	size_t body_len;
	int64_t started_ms;
};

enum { HTTPD_LATER = -1 };

struct httpd_answer {
	int status;		  /* 0: go on (admit, decide); HTTPD_LATER: ask decide() (admit) */
	const char *content_type; /* NULL: text/plain */
	const char *body;	  /* NULL: none; in the request's arena */
	const char *allow;	  /* for 405 */
	int retry_after_s;	  /* 0: not said */
};

struct httpd_settings {
	const char *listen; /* "127.0.0.1:8480", "[::1]:8480"; port 0: any free one */
	int connections;    /* at once; 0: 64 */
	size_t body_max;    /* 0: requests with a body are refused */
	size_t bodies_max;  /* of all requests in hand but small ones; 0: 16 times body_max */
	int timeout_s;	    /* 0: 10 */
	/* May be NULL: everything is admitted. Must not wait. */
	void (*admit)(const struct httpd_request *r, struct httpd_answer *out, void *arg);
	/* What admit() could not say without waiting; the body is still unread. NULL: it never has to. */
	YIELDS
	void (*decide)(const struct httpd_request *r, struct httpd_answer *out, void *arg);
	YIELDS
	void (*answer)(const struct httpd_request *r, struct httpd_answer *out, void *arg);
	/*
	 * May be NULL. Told of what is refused without admit() or answer(): 400 ambiguous, 408 too slow,
	 * 413 too large, 503 no room; 0: a connection that ended without a request.
	 */
	void (*refused)(int status, void *arg);
	void *arg;
};

/*
 * httpd_open - listens from now on. Settings are copied. ERR_FINAL: a malformed address; ERR_RETRY:
 * it cannot be had.
 */
int httpd_open(const struct httpd_settings *settings, struct httpd **out, struct err *e);

/* httpd_try - could httpd_open() listen there? Errors as there; nobody listens afterwards */
int httpd_try(const char *listen, struct err *e);

/* httpd_port - the port it listens on */
int httpd_port(const struct httpd *h);

/*
 * httpd_header - the value of a request's header, whatever its case; NULL: none. Valid as long as
 * the request.
 */
const char *httpd_header(const struct httpd_request *r, const char *name);

/* httpd_header_is_repeated - does the request have several of that name? */
int httpd_header_is_repeated(const struct httpd_request *r, const char *name);

/*
 * httpd_answers - does it answer a request to its own port, over TCP, whatever the answer is?
 *
 * 0, or ERR_RETRY: not until deadline_ms.
 */
YIELDS
int httpd_answers(const struct httpd *h, int64_t deadline_ms, struct err *e);

/*
 * httpd_close - stop accepting, finish what is in hand (until deadline_ms; requests whose answer()
 * has begun are always finished), free. Takes NULL.
 */
YIELDS
void httpd_close(struct httpd *h, int64_t deadline_ms);

#endif

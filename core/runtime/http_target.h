/*
 * http_target - where a request may lead; only http.c uses it
 *
 * A url is judged twice: by its text, before anything is looked up, and by the address that its name turned out to
 * have, when a connection is made and when a kept one is used again.
 */
#ifndef WAYBILL_HTTP_TARGET_H
#define WAYBILL_HTTP_TARGET_H

#include <curl/curl.h>

#include "core/runtime/http.h"

enum http_reach { REACH_ANYWHERE, REACH_THIS_MACHINE, REACH_INTERNET };

struct http_target {
	const char *host; /* which queue it waits in: "api.example.com:443" */
	enum http_reach reach;
	int is_missed; /* a connection would have led elsewhere */
};

/* http_target_of - of a url that may be called. ERR_FINAL: it is malformed, or its scheme is refused to that origin. */
int http_target_of(struct arena *a, const char *url, enum http_origin origin, int allow_plain,
		   struct http_target *out, struct err *e);

/* http_target_guard - have libcurl ask before it connects. Keeps target, until easy is reset. */
void http_target_guard(struct http_target *target, CURL *easy);

/* http_target_missed - -1 and ERR_FINAL with where it should have led; of one that is_missed */
int http_target_missed(const struct http_target *target, struct err *e);

#endif

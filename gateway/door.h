/*
 * door - what the gateway says to whom
 *
 *   POST /webhook/<platform>/<hook_key>
 *     200  the broker has confirmed the message to wb.ingest; or the store is not active, and
 *          it is not about privacy
 *     400  no body, a topic no platform would send, or a head that can be understood in two ways
 *     401  signature missing or wrong, or another shop's
 *     404  no such platform or key
 *     405  not POST
 *     408  too slow: it was cut off, mostly without a word
 *     413  body too large
 *     503  not confirmed in time, or the stores could not be read: the platform sends it again
 *   GET /healthz
 *
 * Whether a store has that key is decided before the body is read.
 */
#ifndef WAYBILL_GATEWAY_DOOR_H
#define WAYBILL_GATEWAY_DOOR_H

#include "core/runtime/httpd.h"
#include "core/runtime/monitor.h"
#include "gateway/gather.h"
#include "gateway/stores.h"

struct door {
	struct stores *stores;
	struct gather gather;
	const struct dependency *dependencies;
	size_t dependency_count;
};

/* For struct httpd_settings; arg is the door. */
void door_admit(const struct httpd_request *r, struct httpd_answer *out, void *arg);
YIELDS
void door_decide(const struct httpd_request *r, struct httpd_answer *out, void *arg);
YIELDS
void door_answer(const struct httpd_request *r, struct httpd_answer *out, void *arg);
void door_refused(int status, void *arg);

#endif

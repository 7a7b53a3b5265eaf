/*
 * curl_loop - libcurl's multi interface on the loop, for the files that speak a protocol (http.c, smtp.c)
 *
 * One multi handle per process; its sockets and its timer are libev watchers, and a fiber waits for each
 * transfer. Nobody else calls curl_multi_*.
 *
 * libcurl's SMTP transfers must not run here: the end of a message and QUIT wait for the server inside of libcurl
 * and freeze the loop ("run the state machine" in smtp_done() of its lib/smtp.c). smtp.c lets libcurl connect only.
 */
#ifndef WAYBILL_CURL_LOOP_H
#define WAYBILL_CURL_LOOP_H

#include <curl/curl.h>
#include <stdint.h>

#include "core/runtime/err.h"
#include "core/runtime/fiber.h"

/* curl_loop_multi - made on first use, to set limits on it. The process ignores SIGPIPE from then on. */
CURLM *curl_loop_multi(void);

/* curl_loop_easy - a new easy handle, the caller's to clean up */
CURL *curl_loop_easy(void);

/*
 * curl_loop_kind - what one of libcurl's errors is to a job
 *
 * RETRY, unless it is about what we asked for: FINAL for what a person has set (an url), BUG for what we have.
 * Whether the other side may have acted is not in the error: whoever sent something asks for how much was sent.
 */
enum err_kind curl_loop_kind(CURLcode result);

/*
 * curl_loop_perform - run an easy handle to its end
 *
 * deadline_ms is of loop_now_ms(); 0: none. Returns 0 with libcurl's word in *result, whatever it is; -1 only when
 * the wait ended first (deadline, cancelled) or with ERR_BUG. Either way the handle is off the loop again, and the
 * caller may ask it curl_easy_getinfo(), use it once more or clean it up. CURLOPT_PRIVATE, NOSIGNAL and QUICK_EXIT
 * are set here.
 */
YIELDS
int curl_loop_perform(CURL *easy, int64_t deadline_ms, CURLcode *result, struct err *e);

/*
 * curl_loop_connect - the same for a handle with CURLOPT_CONNECT_ONLY: at a *result of CURLE_OK it stays on the loop
 *
 * Then curl_easy_send() and curl_easy_recv() may be used with curl_loop_wait() between them, until
 * curl_loop_disconnect(), which closes the connection.
 */
YIELDS
int curl_loop_connect(CURL *easy, int64_t deadline_ms, CURLcode *result, struct err *e);

/* curl_loop_wait - until the connection can be read from or (events) written to. EV_READ, EV_WRITE. */
YIELDS
int curl_loop_wait(CURL *easy, int events, int64_t deadline_ms, struct err *e);

void curl_loop_disconnect(CURL *easy);

#endif

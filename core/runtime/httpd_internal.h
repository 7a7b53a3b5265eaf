/*
 * httpd_internal - what httpd.c (requests), httpd_crowd.c (connections and who gives way), httpd_head.c
 * (ambiguous heads) and httpd_listen.c share
 */
#ifndef WAYBILL_HTTPD_INTERNAL_H
#define WAYBILL_HTTPD_INTERNAL_H

#include <ev.h>
#include <microhttpd.h>

#include "core/runtime/httpd.h"

enum { HTTPD_SLOW = 408 };

/* READING_HEAD also while a kept connection is idle. IN_HAND: ours to answer; never cut. */
enum connection_stage { READING_HEAD, READING_BODY, IN_HAND };

struct connection {
	struct connection *older, *newer;
	int fd;
	int64_t since_ms; /* connected, or the last answer went out */
	enum connection_stage stage;
	int has_answered; /* at least one request */
	int is_cut;
	struct request *request; /* NULL: its head has not come */
	size_t seen_bytes;	 /* of its body, when last looked at */
	int64_t seen_ms;
	int is_slow;
};

struct httpd {
	struct httpd_settings settings;
	struct MHD_Daemon *daemon;
	int listener; /* ours; -1: closed */
	int port;
	ev_io io;
	ev_timer timer, sweep;
	struct connection *oldest, *newest; /* by since_ms */
	int connections;
	int undecided;	     /* requests that decide() is at */
	size_t bodies_bytes; /* in hand */
	size_t requests;     /* in hand */
	struct fiber_queue idle;
	int is_closing;
};

struct request {
	struct httpd_request public;
	struct httpd *httpd;
	struct MHD_Connection *connection;
	struct connection *state;
	char *body;
	size_t size;
	int is_undecided; /* decide() has had its say, and its answer was not looked at yet */
	struct httpd_answer answer;
};

/* httpd_tell_refused - what was refused without admit() or answer(); 0: ended without a request */
void httpd_tell_refused(const struct httpd *h, int status);

/* ---- httpd_crowd.c ---- */

/* For MHD_OPTION_NOTIFY_CONNECTION. */
void crowd_on_connection(void *httpd, struct MHD_Connection *connection, void **socket_context,
			 enum MHD_ConnectionNotificationCode code);

void crowd_start(struct httpd *h);
void crowd_stop(struct httpd *h);

/* crowd_reads_body - its head was let in */
void crowd_reads_body(struct connection *c);

/* crowd_is_free - its answer has gone out: it waits for the next request, as the newest of all */
void crowd_is_free(struct httpd *h, struct connection *c);

/* crowd_has_room - may a body of so many bytes take so many more? If need be slow ones give way. */
int crowd_has_room(struct httpd *h, size_t bytes, size_t more);

/* crowd_is_answering - is any request in hand? */
int crowd_is_answering(const struct httpd *h);

/* ---- httpd_head.c ---- */

/* head_is_ambiguous - could somebody else read another request, or other lengths, in this head? */
int head_is_ambiguous(const struct request *r);

/* ---- httpd_listen.c ---- */

/* listen_on - a listening socket; -1: as httpd_open() says */
int listen_on(const char *address, struct err *e);
int listen_port(int fd);

#endif

/*
 * httpd_crowd - the connections of a server, and who gives way when places or bytes are short
 *
 * Whoever has connected holds a place, and strangers may come with as many connections as they
 * like. So when all places are taken those go whose request does not come on: heads that have not
 * come in a quarter of a second (a kept connection that is idle is the same), then bodies of which
 * little came in the last second; the oldest first. An honest request comes whole at once, and is in
 * hand before its turn would come. What is in hand is never cut.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "core/runtime/httpd_internal.h"
#include "core/runtime/loop.h"

enum {
	SWEEP_MS = 250,
	HEAD_MS = 250,
	LOOK_MS = 1000,
	BYTES_PER_LOOK = 64 * 1024, /* a body of which less comes is slow */
	SMALL_BYTES = 64 * 1024,    /* a body that always has room: few are larger */
	ROOM = 8,		    /* so much of all places is made free at once: an eighth */
	DEADLINES = 2,		    /* a whole request may take so many times timeout_s */
};

static void put_newest(struct httpd *h, struct connection *c)
{
	c->older = h->newest;
	c->newer = NULL;
	if (h->newest)
		h->newest->newer = c;
	else
		h->oldest = c;
	h->newest = c;
}

static void take_out(struct httpd *h, const struct connection *c)
{
	if (c->older)
		c->older->newer = c->newer;
	else
		h->oldest = c->newer;
	if (c->newer)
		c->newer->older = c->older;
	else
		h->newest = c->older;
}

/* libmicrohttpd sees the end and closes it; the body's memory is needed at once. */
static void cut(struct httpd *h, struct connection *c)
{
	struct request *r = c->request;

	c->is_cut = 1;
	shutdown(c->fd, SHUT_RDWR);
	if (r) {
		h->bodies_bytes -= r->size;
		free(r->body);
		r->body = NULL;
		r->size = 0;
	}
	if (r || !c->has_answered)
		httpd_tell_refused(h, HTTPD_SLOW);
}

static int is_in_the_way(const struct connection *c)
{
	return c->stage == READING_HEAD ? c->since_ms < loop_now_ms() - HEAD_MS : c->is_slow;
}

/* The oldest of a stage that are in the way go, so many at most; how many they were. */
static int cut_oldest(struct httpd *h, enum connection_stage stage, int most)
{
	int n = 0;

	for (struct connection *c = h->oldest; c && n < most; c = c->newer) {
		if (c->stage != stage || c->is_cut || !is_in_the_way(c))
			continue;
		cut(h, c);
		n++;
	}
	return n;
}

static void make_room(struct httpd *h)
{
	int most = h->settings.connections / ROOM + 1;

	if (h->connections >= h->settings.connections)
		cut_oldest(h, READING_BODY, most - cut_oldest(h, READING_HEAD, most));
}

int crowd_has_room(struct httpd *h, size_t bytes, size_t more)
{
	if (bytes <= SMALL_BYTES)
		return 1;
	while (h->bodies_bytes + more > h->settings.bodies_max)
		if (!cut_oldest(h, READING_BODY, 1))
			return 0;
	return 1;
}

/* Does its body come on? */
static void look_at_body(struct connection *c, int64_t now_ms)
{
	size_t bytes = c->request->public.body_len;

	if (now_ms - c->seen_ms < LOOK_MS)
		return;
	c->is_slow = bytes - c->seen_bytes < BYTES_PER_LOOK;
	c->seen_bytes = bytes;
	c->seen_ms = now_ms;
}

/* Silence is libmicrohttpd's to end; this ends requests that dribble in. */
static void on_sweep(EV_P_ ev_timer *timer, int events)
{
	struct httpd *h = timer->data;
	int64_t now_ms = loop_now_ms();
	int64_t late_ms = now_ms - (int64_t)h->settings.timeout_s * 1000 * DEADLINES;

	(void)loop;
	(void)events;
	for (struct connection *c = h->oldest; c; c = c->newer) {
		if (c->stage == READING_BODY)
			look_at_body(c, now_ms);
		if (c->stage != IN_HAND && !c->is_cut && c->since_ms < late_ms)
			cut(h, c);
	}
	make_room(h);
}

static void begins(struct httpd *h, struct MHD_Connection *connection, void **socket_context)
{
	struct connection *c = calloc(1, sizeof *c);

	if (!c)
		die("out of memory: a connection");
	c->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	c->since_ms = loop_now_ms();
	put_newest(h, c);
	*socket_context = c;
	h->connections++;
	if (!ev_is_active(&h->sweep))
		ev_timer_again(loop_ev(), &h->sweep);
	make_room(h);
}

static void ends(struct httpd *h, struct connection *c)
{
	if (!c->has_answered && !c->is_cut)
		httpd_tell_refused(h, 0);
	take_out(h, c);
	free(c);
	if (--h->connections == 0)
		ev_timer_stop(loop_ev(), &h->sweep);
	/*
	 * libmicrohttpd does not listen while it has all the connections it may have, and looks whether
	 * it may again only when it is run; no event of the epoll descriptor would make us do that.
	 */
	if (ev_is_active(&h->io))
		ev_feed_event(loop_ev(), &h->io, EV_READ);
}

void crowd_on_connection(void *httpd, struct MHD_Connection *connection, void **socket_context,
			 enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		begins(httpd, connection, socket_context);
	else
		ends(httpd, *socket_context);
}

void crowd_reads_body(struct connection *c)
{
	c->stage = READING_BODY;
	c->seen_bytes = 0;
	c->seen_ms = loop_now_ms();
	c->is_slow = 0;
}

void crowd_is_free(struct httpd *h, struct connection *c)
{
	c->stage = READING_HEAD;
	c->request = NULL;
	c->has_answered = 1;
	c->since_ms = loop_now_ms();
	take_out(h, c);
	put_newest(h, c);
}

int crowd_is_answering(const struct httpd *h)
{
	for (const struct connection *c = h->oldest; c; c = c->newer)
		if (c->stage == IN_HAND)
			return 1;
	return 0;
}

void crowd_start(struct httpd *h)
{
	ev_timer_init(&h->sweep, on_sweep, 0.0, SWEEP_MS / 1000.0);
	h->sweep.data = h;
}

void crowd_stop(struct httpd *h)
{
	ev_timer_stop(loop_ev(), &h->sweep);
}

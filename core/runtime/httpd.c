/* httpd - an HTTP server on the loop: each request is answered in a fiber (libmicrohttpd) */
#include "core/runtime/httpd.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/runtime/decimal.h"
#include "core/runtime/loop.h"
#include "core/runtime/metrics.h"

enum {
	CONNECTIONS = 64,
	TIMEOUT_S = 10,
	HEAD_BYTES_MAX = 16 * 1024,
	BACKLOG = 512,
	BODIES_FACTOR = 16,
	SWEEP_S = 1,
	STATUS_TOO_LARGE = 413,
	STATUS_OVERLOADED = 503,
};

struct connection {
	struct connection *next, **link;
	int fd;
	int64_t free_since_ms; /* connected, or the last answer went out */
	int is_answering;      /* its request has come whole */
};

struct httpd {
	struct httpd_settings settings;
	struct MHD_Daemon *daemon;
	int listener; /* ours; -1: closed */
	int port;
	ev_io io;
	ev_timer timer, sweep;
	struct connection *connections;
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
	struct httpd_answer answer;
};

static struct metric in_hand = {.name = "waybill_http_in_hand",
				.help = "Requests that are being read or answered, the one that "
					"reads this included",
				.kind = METRIC_GAUGE};

static void turn(struct httpd *h)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(h->daemon);
	ev_timer_stop(loop_ev(), &h->timer);
	if (MHD_get_timeout(h->daemon, &ms) != MHD_YES)
		return;
	ev_now_update(loop_ev());
	ev_timer_set(&h->timer, (double)ms / 1000.0, 0.0);
	ev_timer_start(loop_ev(), &h->timer);
}

static void on_io(EV_P_ ev_io *io, int events)
{
	(void)loop;
	(void)events;
	turn(io->data);
}

static void on_timer(EV_P_ ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	turn(timer->data);
}

/* Silence is libmicrohttpd's to end; this ends requests that dribble in. */
static void on_sweep(EV_P_ ev_timer *timer, int events)
{
	struct httpd *h = timer->data;
	int64_t oldest_ms = loop_now_ms() - (int64_t)h->settings.timeout_s * 2000;

	(void)loop;
	(void)events;
	for (struct connection *c = h->connections; c; c = c->next)
		if (!c->is_answering && c->free_since_ms < oldest_ms)
			shutdown(c->fd, SHUT_RDWR);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **socket_context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct httpd *h = arg;
	struct connection *c = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		c = calloc(1, sizeof *c);
		if (!c)
			die("out of memory: a connection");
		c->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
				->connect_fd;
		c->free_since_ms = loop_now_ms();
		c->link = &h->connections;
		c->next = h->connections;
		if (c->next)
			c->next->link = &c->next;
		h->connections = c;
		*socket_context = c;
		if (!ev_is_active(&h->sweep))
			ev_timer_again(loop_ev(), &h->sweep);
		return;
	}
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	free(c);
	if (!h->connections)
		ev_timer_stop(loop_ev(), &h->sweep);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode code)
{
	struct httpd *h = arg;
	struct request *r = *context;

	(void)connection;
	(void)code;
	if (!r)
		return;
	r->state->is_answering = 0;
	r->state->free_since_ms = loop_now_ms();
	h->bodies_bytes -= r->size;
	free(r->body);
	arena_free(r->public.arena);
	metric_add(&in_hand, -1);
	if (--h->requests == 0)
		fiber_queue_wake_all(&h->idle);
}

static enum MHD_Result send_answer(struct request *r)
{
	static char nothing[] = "";
	const struct httpd_answer *answer = &r->answer;
	size_t len = answer->body ? strlen(answer->body) : 0;
	/* Copied by libmicrohttpd; its parameter only lacks a const. */
	char *body = answer->body ? arena_strndup(r->public.arena, answer->body, len) : nothing;
	struct MHD_Response *response =
		MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_COPY);

	if (!response)
		return MHD_NO;
	if (len)
		MHD_add_response_header(response, "Content-Type",
					answer->content_type ? answer->content_type
							     : "text/plain; charset=utf-8");
	if (answer->allow)
		MHD_add_response_header(response, "Allow", answer->allow);
	if (answer->retry_after_s)
		MHD_add_response_header(response, "Retry-After",
					arena_printf(r->public.arena, "%d", answer->retry_after_s));
	if (r->httpd->is_closing)
		MHD_add_response_header(response, "Connection", "close");
	enum MHD_Result queued =
		MHD_queue_response(r->connection, (unsigned)answer->status, response);

	MHD_destroy_response(response);
	return queued;
}

static void tell_refused(const struct httpd *h, int status)
{
	if (h->settings.refused)
		h->settings.refused(status, h->settings.arg);
}

static enum MHD_Result refuse(struct request *r, int status)
{
	tell_refused(r->httpd, status);
	r->answer = (struct httpd_answer){.status = status,
					  .retry_after_s = status == STATUS_OVERLOADED ? 5 : 0};
	return send_answer(r);
}

/* While a body comes in libmicrohttpd takes no answer: say it ourselves, and hang up. */
static enum MHD_Result refuse_midway(struct request *r, int status, const char *reason)
{
	char text[128];
	int len = snprintf(text, sizeof text,
			   "HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
			   status, reason);

	tell_refused(r->httpd, status);
	if (send(r->state->fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		shutdown(r->state->fd, SHUT_WR);
	return MHD_NO;
}

static struct request *request_new(struct httpd *h, struct MHD_Connection *connection,
				   const char *path, const char *method)
{
	struct arena *a = arena_new();
	struct request *r = ARENA_NEW(a, struct request);

	r->httpd = h;
	r->connection = connection;
	r->state = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
			   ->socket_context;
	r->public = (struct httpd_request){.arena = a,
					   .method = arena_strdup(a, method),
					   .path = arena_strdup(a, path),
					   .body = "",
					   .started_ms = loop_now_ms()};
	h->requests++;
	metric_add(&in_hand, 1);
	return r;
}

/* The head is here. Answering now leaves the body unread and closes the connection. */
static enum MHD_Result begin(struct request *r)
{
	struct httpd *h = r->httpd;
	const char *length = httpd_header(&r->public, "Content-Length");
	int64_t bytes = 0;

	if (length && text_to_int64(length, strlen(length), &bytes))
		return refuse(r, 400);
	if (bytes > (int64_t)h->settings.body_max)
		return refuse(r, STATUS_TOO_LARGE);
	if (h->bodies_bytes + (size_t)bytes > h->settings.bodies_max)
		return refuse(r, STATUS_OVERLOADED);
	if (h->settings.admit)
		h->settings.admit(&r->public, &r->answer, h->settings.arg);
	return r->answer.status ? send_answer(r) : MHD_YES;
}

static int grow_body(struct request *r, size_t need)
{
	struct httpd *h = r->httpd;
	size_t larger = r->size ? r->size : 4096;

	while (larger < need)
		larger *= 2;
	if (h->bodies_bytes + larger - r->size > h->settings.bodies_max)
		return -1;
	char *grown = realloc(r->body, larger);

	if (!grown)
		return -1;
	h->bodies_bytes += larger - r->size;
	r->body = grown;
	r->size = larger;
	return 0;
}

static enum MHD_Result take_body(struct request *r, const char *data, size_t *len)
{
	size_t need = r->public.body_len + *len + 1;

	if (*len > r->httpd->settings.body_max - r->public.body_len)
		return refuse_midway(r, STATUS_TOO_LARGE, "Payload Too Large");
	if (need > r->size && grow_body(r, need))
		return refuse_midway(r, STATUS_OVERLOADED, "Service Unavailable");
	memcpy(r->body + r->public.body_len, data, *len);
	r->public.body_len += *len;
	r->body[r->public.body_len] = '\0';
	r->public.body = r->body;
	*len = 0;
	return MHD_YES;
}

static void run_answer(void *arg)
{
	struct request *r = arg;

	r->httpd->settings.answer(&r->public, &r->answer, r->httpd->settings.arg);
	MHD_resume_connection(r->connection);
	/* Nothing tells the epoll descriptor of it. */
	ev_feed_event(loop_ev(), &r->httpd->io, EV_READ);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **context)
{
	struct request *r = *context;

	(void)version;
	if (!r) {
		*context = r = request_new(arg, connection, path, method);
		return begin(r);
	}
	if (*len)
		return take_body(r, data, len);
	if (r->answer.status)
		return send_answer(r);
	r->state->is_answering = 1;
	MHD_suspend_connection(connection);
	fiber_start("request", run_answer, r);
	return MHD_YES;
}

static int listen_on(const char *text, struct err *e)
{
	const char *colon = strrchr(text, ':');
	char host[64] = "";
	size_t len = colon ? (size_t)(colon - text) : 0;
	struct addrinfo hints = {.ai_flags = AI_NUMERICSERV | AI_PASSIVE,
				 .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	int yes = 1;

	if (len > 1 && text[0] == '[' && colon[-1] == ']') {
		text++;
		len -= 2;
	}
	if (!colon || len >= sizeof host)
		return err_final(e, "cannot listen: not host:port");
	memcpy(host, text, len);
	if (getaddrinfo(len ? host : NULL, colon + 1, &hints, &found))
		return err_final(e, "cannot listen: not host:port");
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) || listen(fd, BACKLOG)) {
		err_retry(e, "cannot listen on port %s: %s", colon + 1, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

static int port_of(int fd)
{
	struct sockaddr_in6 address;
	socklen_t len = sizeof address;

	/* The port stands at the same place in both families. */
	return getsockname(fd, (struct sockaddr *)&address, &len) ? 0 : ntohs(address.sin6_port);
}

static void watch(struct httpd *h)
{
	int fd = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;

	ev_io_init(&h->io, on_io, fd, EV_READ);
	ev_init(&h->timer, on_timer);
	ev_timer_init(&h->sweep, on_sweep, 0.0, (double)SWEEP_S);
	h->io.data = h->timer.data = h->sweep.data = h;
	ev_io_start(loop_ev(), &h->io);
	turn(h);
}

int httpd_open(const struct httpd_settings *settings, struct httpd **out, struct err *e)
{
	int fd = listen_on(settings->listen, e);
	struct httpd *h = fd < 0 ? NULL : calloc(1, sizeof *h);

	if (fd < 0)
		return -1;
	if (!h)
		die("out of memory: a server");
	h->settings = *settings;
	h->settings.connections = settings->connections ? settings->connections : CONNECTIONS;
	h->settings.timeout_s = settings->timeout_s ? settings->timeout_s : TIMEOUT_S;
	if (!settings->bodies_max)
		h->settings.bodies_max = settings->body_max * BODIES_FACTOR;
	h->listener = fd;
	h->port = port_of(fd);
	h->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, h,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)h->settings.connections, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)h->settings.timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HEAD_BYTES_MAX, MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_END);
	if (!h->daemon) {
		close(fd);
		free(h);
		return err_retry(e, "cannot start the HTTP server");
	}
	watch(h);
	*out = h;
	return 0;
}

int httpd_port(const struct httpd *h)
{
	return h->port;
}

const char *httpd_header(const struct httpd_request *r, const char *name)
{
	const struct request *request = (const struct request *)r;

	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static int is_answering(const struct httpd *h)
{
	for (const struct connection *c = h->connections; c; c = c->next)
		if (c->is_answering)
			return 1;
	return 0;
}

void httpd_close(struct httpd *h, int64_t deadline_ms)
{
	if (!h)
		return;
	h->is_closing = 1;
	MHD_quiesce_daemon(h->daemon);
	close(h->listener);
	while (h->requests && fiber_queue_wait(&h->idle, deadline_ms, NULL) == 0)
		;
	/* libmicrohttpd must not be stopped while a connection is suspended. */
	while (is_answering(h) && fiber_queue_wait(&h->idle, 0, NULL) == 0)
		;
	ev_io_stop(loop_ev(), &h->io);
	ev_timer_stop(loop_ev(), &h->timer);
	ev_timer_stop(loop_ev(), &h->sweep);
	MHD_stop_daemon(h->daemon);
	free(h);
}

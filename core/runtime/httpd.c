/* httpd - an HTTP server on the loop: each request is answered in a fiber (libmicrohttpd) */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/runtime/decimal.h"
#include "core/runtime/httpd_internal.h"
#include "core/runtime/loop.h"
#include "core/runtime/metrics.h"

enum {
	CONNECTIONS = 64,
	TIMEOUT_S = 10,
	HEAD_BYTES_MAX = 16 * 1024,
	BODIES_FACTOR = 16,
	UNDECIDED_PART = 4, /* decide() may hold so much of all places: a quarter */
	STATUS_BAD = 400,
	STATUS_TOO_LARGE = 413,
	STATUS_OVERLOADED = 503,
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

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode code)
{
	struct httpd *h = arg;
	struct request *r = *context;

	(void)connection;
	(void)code;
	if (!r)
		return;
	crowd_is_free(h, r->state);
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
	/* Where a refused head ends is a matter of opinion: nothing more is read. */
	if (r->httpd->is_closing || answer->status == STATUS_BAD)
		MHD_add_response_header(response, "Connection", "close");
	enum MHD_Result queued =
		MHD_queue_response(r->connection, (unsigned)answer->status, response);

	MHD_destroy_response(response);
	return queued;
}

void httpd_tell_refused(const struct httpd *h, int status)
{
	if (h->settings.refused)
		h->settings.refused(status, h->settings.arg);
}

static enum MHD_Result refuse(struct request *r, int status)
{
	httpd_tell_refused(r->httpd, status);
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

	httpd_tell_refused(r->httpd, status);
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
	r->state->request = r;
	h->requests++;
	metric_add(&in_hand, 1);
	return r;
}

static enum MHD_Result go_on(struct request *r)
{
	if (r->answer.status)
		return send_answer(r);
	crowd_reads_body(r->state);
	return MHD_YES;
}

static void resume(struct request *r)
{
	MHD_resume_connection(r->connection);
	/* Nothing tells the epoll descriptor of it. */
	ev_feed_event(loop_ev(), &r->httpd->io, EV_READ);
}

static void run_decide(void *arg)
{
	struct request *r = arg;
	struct httpd *h = r->httpd;

	r->answer.status = 0;
	h->settings.decide(&r->public, &r->answer, h->settings.arg);
	h->undecided--;
	r->is_undecided = 1;
	resume(r);
}

/* libmicrohttpd asks again with the same head when the connection is resumed. */
static enum MHD_Result decide(struct request *r)
{
	struct httpd *h = r->httpd;

	if (h->undecided >= h->settings.connections / UNDECIDED_PART + 1)
		return refuse(r, STATUS_OVERLOADED);
	h->undecided++;
	r->state->stage = IN_HAND;
	MHD_suspend_connection(r->connection);
	fiber_start("request", run_decide, r);
	return MHD_YES;
}

/* The head is here. Answering now leaves the body unread and closes the connection. */
static enum MHD_Result begin(struct request *r)
{
	struct httpd *h = r->httpd;
	const char *length = httpd_header(&r->public, "Content-Length");
	int64_t bytes = 0;

	if (head_is_ambiguous(r) || (length && text_to_int64(length, strlen(length), &bytes)))
		return refuse(r, STATUS_BAD);
	if (bytes > (int64_t)h->settings.body_max)
		return refuse(r, STATUS_TOO_LARGE);
	if (h->settings.admit)
		h->settings.admit(&r->public, &r->answer, h->settings.arg);
	if (r->answer.status == HTTPD_LATER)
		return decide(r);
	if (!r->answer.status && !crowd_has_room(h, (size_t)bytes, (size_t)bytes))
		return refuse(r, STATUS_OVERLOADED);
	return go_on(r);
}

static int grow_body(struct request *r, size_t need)
{
	struct httpd *h = r->httpd;
	size_t larger = r->size ? r->size : 4096;

	while (larger < need)
		larger *= 2;
	if (!crowd_has_room(h, larger, larger - r->size))
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
	resume(r);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **context)
{
	struct request *r = *context;

	(void)version;
	if (!r) {
		*context = r = request_new(arg, connection, path, method);
		return r->state->is_cut ? MHD_NO : begin(r);
	}
	if (r->state->is_cut)
		return MHD_NO;
	if (r->is_undecided) {
		r->is_undecided = 0;
		return go_on(r);
	}
	if (*len)
		return take_body(r, data, len);
	if (r->answer.status)
		return send_answer(r);
	r->state->stage = IN_HAND;
	MHD_suspend_connection(connection);
	fiber_start("request", run_answer, r);
	return MHD_YES;
}

static void watch(struct httpd *h)
{
	int fd = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;

	ev_io_init(&h->io, on_io, fd, EV_READ);
	ev_init(&h->timer, on_timer);
	h->io.data = h->timer.data = h;
	crowd_start(h);
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
	h->port = listen_port(fd);
	h->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
				     on_request, h, MHD_OPTION_LISTEN_SOCKET, fd,
				     MHD_OPTION_CONNECTION_LIMIT, (unsigned)h->settings.connections,
				     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)h->settings.timeout_s,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES_MAX,
				     MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
				     MHD_OPTION_NOTIFY_CONNECTION, crowd_on_connection, h,
				     MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
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
	while (crowd_is_answering(h) && fiber_queue_wait(&h->idle, 0, NULL) == 0)
		;
	ev_io_stop(loop_ev(), &h->io);
	ev_timer_stop(loop_ev(), &h->timer);
	crowd_stop(h);
	MHD_stop_daemon(h->daemon);
	free(h);
}

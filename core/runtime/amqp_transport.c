/*
 * amqp_transport - bytes to and from a broker: name look-up, TCP, TLS; nothing here blocks
 *
 * Numeric addresses and localhost are used directly; other names are looked up by getaddrinfo()
 * in a thread of their own, which may outlive the transport. No TCP_USER_TIMEOUT: it counts the
 * time of a closed window too, and a broker with an alarm closes the window for as long as the
 * alarm lasts. Dead peers are found by heartbeats.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "core/runtime/amqp_internal.h"
#include "core/runtime/loop.h"
#include "core/runtime/text.h"

struct lookup {
	struct amqp_transport *transport; /* NULL: closed meanwhile; the loop's side only */
	ev_async done;
	char host[AMQP_NAME_MAX + 1], port[8];
	int code; /* of getaddrinfo */
	struct addrinfo *found;
};

struct amqp_transport {
	const struct amqp_endpoint *to;
	const struct amqp_transport_events *events;
	void *arg;
	struct lookup *lookup;
	struct addrinfo *addresses, *next;
	int fd, is_connected, is_open;
	ev_io in, out;
	SSL_CTX *tls_context;
	SSL *tls;
	char failure[160]; /* not empty: report it at the next event */
};

static void fail(struct amqp_transport *t, const char *what, const char *why)
{
	if (!t->failure[0])
		text_printf(t->failure, sizeof t->failure, "%s: %s", what, why);
	ev_feed_event(loop_ev(), &t->in, EV_CUSTOM);
}

static void fail_tls(struct amqp_transport *t, const char *what)
{
	long verified = t->tls ? SSL_get_verify_result(t->tls) : X509_V_OK;
	const char *reason = ERR_reason_error_string(ERR_get_error());

	if (verified != X509_V_OK)
		reason = X509_verify_cert_error_string(verified);
	ERR_clear_error();
	fail(t, what, reason ? reason : "the broker closed the connection");
}

/* ---- TLS ---- */

static int begin_tls(struct amqp_transport *t)
{
	unsigned char numeric[sizeof(struct in6_addr)];
	const char *host = t->to->host;

	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
	t->tls_context = SSL_CTX_new(TLS_client_method());
	if (!t->tls_context)
		return -1;
	SSL_CTX_set_min_proto_version(t->tls_context, TLS1_2_VERSION);
	SSL_CTX_set_verify(t->tls_context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(t->tls_context,
			 SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (t->to->ca_file ? SSL_CTX_load_verify_file(t->tls_context, t->to->ca_file) != 1
			   : SSL_CTX_set_default_verify_paths(t->tls_context) != 1)
		return -1;
	t->tls = SSL_new(t->tls_context);
	if (!t->tls || SSL_set_fd(t->tls, t->fd) != 1)
		return -1;
	if (inet_pton(AF_INET, host, numeric) == 1 || inet_pton(AF_INET6, host, numeric) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(t->tls), host) == 1 ? 0 : -1;
	if (SSL_set1_host(t->tls, host) != 1)
		return -1;
	return SSL_set_tlsext_host_name(t->tls, t->to->host) == 1 ? 0 : -1;
}

/* 0: wait for the socket; it is asked for what OpenSSL waits for. -1: failed. */
static int tls_wants(struct amqp_transport *t, int result, const char *what)
{
	switch (SSL_get_error(t->tls, result)) {
	case SSL_ERROR_WANT_READ:
		return 0;
	case SSL_ERROR_WANT_WRITE:
		ev_io_start(loop_ev(), &t->out);
		return 0;
	default:
		fail_tls(t, what);
		return -1;
	}
}

/* ---- TCP ---- */

static void opened(struct amqp_transport *t)
{
	t->is_open = 1;
	t->events->opened(t->arg);
}

static void handshake(struct amqp_transport *t)
{
	ERR_clear_error();
	int result = SSL_do_handshake(t->tls);

	if (result == 1)
		opened(t);
	else
		tls_wants(t, result, "TLS handshake");
}

static void connected(struct amqp_transport *t)
{
	int on = 1;

	setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	t->is_connected = 1;
	ev_io_start(loop_ev(), &t->in);
	if (!t->to->is_tls) {
		opened(t);
		return;
	}
	if (begin_tls(t)) {
		fail_tls(t, "TLS");
		return;
	}
	SSL_set_connect_state(t->tls);
	handshake(t);
}

static void close_socket(struct amqp_transport *t)
{
	ev_io_stop(loop_ev(), &t->in);
	ev_io_stop(loop_ev(), &t->out);
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

/* Tries the addresses in turn; the socket's becoming writable tells how it went. */
static void connect_next(struct amqp_transport *t, int error)
{
	for (; t->next; error = errno) {
		const struct addrinfo *a = t->next;

		t->next = a->ai_next;
		close_socket(t);
		t->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (t->fd < 0)
			continue;
		ev_io_set(&t->in, t->fd, EV_READ);
		ev_io_set(&t->out, t->fd, EV_WRITE);
		if (connect(t->fd, a->ai_addr, a->ai_addrlen) == 0 || errno == EINPROGRESS) {
			ev_io_start(loop_ev(), &t->out);
			return;
		}
	}
	fail(t, "could not connect", strerror(error));
}

static void check_connected(struct amqp_transport *t)
{
	int error = 0;
	socklen_t size = sizeof error;

	if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &size))
		error = errno;
	if (error)
		connect_next(t, error);
	else
		connected(t);
}

static void socket_event(EV_P_ ev_io *watcher, int what)
{
	struct amqp_transport *t = watcher->data;

	if (what & EV_WRITE)
		ev_io_stop(EV_A_ & t->out);
	if (t->failure[0]) {
		t->events->failed(t->arg, t->failure); /* closes t */
	} else if (!t->is_connected) {
		check_connected(t);
	} else if (!t->is_open) {
		handshake(t);
	} else if (what & EV_WRITE) {
		if (t->tls)
			ev_feed_event(EV_A_ & t->in, EV_READ); /* reading may have waited for it */
		t->events->writable(t->arg);
	} else {
		t->events->readable(t->arg);
	}
}

/* ---- Names ---- */

static void *look_up(void *arg)
{
	struct lookup *l = arg;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};

	l->code = getaddrinfo(l->host, l->port, &hints, &l->found);
	ev_async_send(loop_ev(), &l->done);
	return NULL;
}

static void looked_up(EV_P_ ev_async *done, int what)
{
	struct lookup *l = done->data;
	struct amqp_transport *t = l->transport;

	(void)what;
	ev_async_stop(EV_A_ done);
	if (t) {
		t->lookup = NULL;
		t->addresses = t->next = l->found;
		if (l->code)
			fail(t, "name look-up", gai_strerror(l->code));
		else
			connect_next(t, 0);
	} else if (l->found) {
		freeaddrinfo(l->found);
	}
	free(l);
}

static void start_lookup(struct amqp_transport *t)
{
	struct lookup *l = calloc(1, sizeof *l);
	pthread_attr_t detached;
	pthread_t thread;

	if (!l)
		die("out of memory: a name look-up");
	l->transport = t;
	snprintf(l->host, sizeof l->host, "%s", t->to->host);
	snprintf(l->port, sizeof l->port, "%s", t->to->port);
	ev_async_init(&l->done, looked_up);
	l->done.data = l;
	ev_async_start(loop_ev(), &l->done);
	t->lookup = l;
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	int error = pthread_create(&thread, &detached, look_up, l);

	pthread_attr_destroy(&detached);
	if (error) {
		ev_async_stop(loop_ev(), &l->done);
		t->lookup = NULL;
		free(l);
		fail(t, "name look-up", strerror(error));
	}
}

/* ---- The interface ---- */

struct amqp_transport *amqp_transport_open(const struct amqp_endpoint *to,
					   const struct amqp_transport_events *events, void *arg)
{
	struct amqp_transport *t = calloc(1, sizeof *t);
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	const char *host = strcmp(to->host, "localhost") == 0 ? "127.0.0.1" : to->host;

	if (!t)
		die("out of memory: a connection");
	t->to = to;
	t->events = events;
	t->arg = arg;
	t->fd = -1;
	ev_init(&t->in, socket_event);
	ev_init(&t->out, socket_event);
	t->in.data = t->out.data = t;
	if (getaddrinfo(host, to->port, &hints, &t->addresses) == 0) {
		t->next = t->addresses;
		connect_next(t, 0);
	} else {
		start_lookup(t);
	}
	return t;
}

ssize_t amqp_transport_read(struct amqp_transport *t, void *into, size_t size)
{
	if (t->tls) {
		ERR_clear_error();
		int n = SSL_read(t->tls, into, (int)(size < INT32_MAX ? size : INT32_MAX));

		return n > 0 ? n : tls_wants(t, n, "connection lost");
	}
	ssize_t n = recv(t->fd, into, size, 0);

	if (n > 0)
		return n;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	fail(t, "connection lost", n ? strerror(errno) : "the broker closed it");
	return -1;
}

ssize_t amqp_transport_write(struct amqp_transport *t, const void *from, size_t len)
{
	if (t->tls) {
		ERR_clear_error();
		int n = SSL_write(t->tls, from, (int)(len < INT32_MAX ? len : INT32_MAX));

		return n > 0 ? n : tls_wants(t, n, "connection lost");
	}
	ssize_t n = send(t->fd, from, len, MSG_NOSIGNAL);

	if (n > 0)
		return n;
	if (errno == EAGAIN || errno == EINTR) {
		ev_io_start(loop_ev(), &t->out);
		return 0;
	}
	fail(t, "connection lost", strerror(errno));
	return -1;
}

void amqp_transport_more(struct amqp_transport *t)
{
	ev_feed_event(loop_ev(), &t->in, EV_READ);
}

void amqp_transport_pause(struct amqp_transport *t)
{
	ev_io_stop(loop_ev(), &t->in);
}

void amqp_transport_resume(struct amqp_transport *t)
{
	ev_io_start(loop_ev(), &t->in);
	amqp_transport_more(t); /* TLS may hold bytes that the socket no longer shows */
}

void amqp_transport_close(struct amqp_transport *t)
{
	if (!t)
		return;
	if (t->lookup)
		t->lookup->transport = NULL;
	if (t->addresses)
		freeaddrinfo(t->addresses);
	if (t->tls && t->is_open && !t->failure[0])
		SSL_shutdown(t->tls);
	SSL_free(t->tls);
	SSL_CTX_free(t->tls_context);
	ERR_clear_error();
	ev_clear_pending(loop_ev(), &t->in);
	ev_clear_pending(loop_ev(), &t->out);
	close_socket(t);
	free(t);
}

/* httpd_listen - the listening socket, and asking it whether anybody is there */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/runtime/httpd_internal.h"
#include "core/runtime/loop.h"

enum { BACKLOG = 512 };

int listen_on(const char *address, struct err *e)
{
	const char *text = address, *colon = strrchr(text, ':');
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
		err_retry(e, "cannot listen on %s: %s", address, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

int httpd_try(const char *listen, struct err *e)
{
	int fd = listen_on(listen, e);

	return fd < 0 ? -1 : close(fd);
}

int listen_port(int fd)
{
	struct sockaddr_in6 address;
	socklen_t len = sizeof address;

	/* The port stands at the same place in both families. */
	return getsockname(fd, (struct sockaddr *)&address, &len) ? 0 : ntohs(address.sin6_port);
}

/* ---- Asking ourselves ---- */

struct wait {
	struct fiber *fiber;
	int is_ready;
};

static void on_ready(EV_P_ ev_io *io, int events)
{
	struct wait *wait = io->data;

	(void)loop;
	(void)events;
	wait->is_ready = 1;
	fiber_wake(wait->fiber);
}

YIELDS
static int wait_for(int fd, int events, int64_t deadline_ms, struct err *e)
{
	struct wait wait = {.fiber = fiber_self()};
	int failed = 0;
	ev_io io;

	ev_io_init(&io, on_ready, fd, events);
	io.data = &wait;
	ev_io_start(loop_ev(), &io);
	while (!wait.is_ready && !failed)
		failed = fiber_suspend(deadline_ms, e);
	ev_io_stop(loop_ev(), &io);
	return failed;
}

YIELDS
static int converse(int fd, const struct sockaddr *address, socklen_t len, int64_t deadline_ms,
		    struct err *e)
{
	static const char ask[] =
		"GET /healthz HTTP/1.1\r\nHost: self\r\nConnection: close\r\n\r\n";
	static const char want[] = "HTTP/1.1 ";
	char got[sizeof want] = "";

	if (connect(fd, address, len) && errno != EINPROGRESS)
		return err_retry(e, "%s", strerror(errno));
	if (wait_for(fd, EV_WRITE, deadline_ms, e))
		return -1;
	if (send(fd, ask, sizeof ask - 1, MSG_NOSIGNAL) != sizeof ask - 1)
		return err_retry(e, "%s", strerror(errno));
	if (wait_for(fd, EV_READ, deadline_ms, e))
		return -1;
	if (recv(fd, got, sizeof want - 1, 0) != sizeof want - 1 || strcmp(got, want) != 0)
		return err_retry(e, "hung up without an answer");
	return 0;
}

int httpd_answers(const struct httpd *h, int64_t deadline_ms, struct err *e)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof address;

	if (getsockname(h->listener, (struct sockaddr *)&address, &len))
		return err_retry(e, "no listener: %s", strerror(errno));
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int failed = fd < 0 ? err_retry(e, "%s", strerror(errno))
			    : converse(fd, (struct sockaddr *)&address, len, deadline_ms, e);

	if (fd >= 0)
		close(fd);
	return failed ? err_prefix(e, "port %d does not answer", h->port) : 0;
}

/* http_server - a web server on loopback that does what a table says, for unit tests */
#include "tests/unit/http_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/unit.h"

enum { CONNECTIONS_MAX = 256, PATIENCE_MS = 5000 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t met;
	const struct http_page *pages;
	struct http_server_books books;
	int listener, stop_pipe[2];
	int meet, here, waiting, rounds;
	pthread_t acceptor;
	pthread_t threads[CONNECTIONS_MAX];
	int thread_count;
	char url[64];
} server = {.lock = PTHREAD_MUTEX_INITIALIZER, .met = PTHREAD_COND_INITIALIZER};

/* Waits for bytes; 0 when the test is over instead. */
static int readable(int fd)
{
	struct pollfd fds[2] = {{.fd = fd, .events = POLLIN},
				{.fd = server.stop_pipe[0], .events = POLLIN}};

	return poll(fds, 2, -1) > 0 && !fds[1].revents;
}

static int say(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n <= 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* One whole request into text; 0 when the connection ended. */
static int hear(int fd, char *text, size_t size)
{
	size_t len = 0;

	for (;;) {
		char *end = strstr(text, "\r\n\r\n");
		const char *length = strcasestr(text, "content-length:");

		if (end &&
		    len >= (size_t)(end + 4 - text) + (length ? strtoul(length + 15, NULL, 10) : 0))
			return 1;
		if (!readable(fd) || len + 1 >= size)
			return 0;
		ssize_t n = recv(fd, text + len, size - len - 1, 0);

		if (n <= 0)
			return 0;
		len += (size_t)n;
		text[len] = '\0';
	}
}

static const struct http_page *page_of(const char *request)
{
	const char *path = strchr(request, ' ') + 1;
	size_t len = strcspn(path, " ?");

	for (const struct http_page *p = server.pages; p->path; p++)
		if (strlen(p->path) == len && strncmp(p->path, path, len) == 0)
			return p;
	return NULL;
}

static void meet(void)
{
	struct timespec until;
	int round;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += patience_ms(PATIENCE_MS) / 1000;
	pthread_mutex_lock(&server.lock);
	round = server.rounds;
	if (++server.here > server.books.most_at_once)
		server.books.most_at_once = server.here;
	/* Those of the next round may come before these wake. */
	if (++server.waiting == server.meet) {
		server.waiting = 0;
		server.rounds++;
		pthread_cond_broadcast(&server.met);
	}
	while (round == server.rounds &&
	       pthread_cond_timedwait(&server.met, &server.lock, &until) == 0)
		;
	if (round == server.rounds)
		server.waiting--;
	server.here--;
	pthread_mutex_unlock(&server.lock);
}

static void dribble(int fd)
{
	struct pollfd gone = {.fd = fd, .events = POLLIN};

	say(fd, "HTTP/1.1 200 OK\r\n", 17);
	while (poll(&gone, 1, 5) == 0 && say(fd, "X-More: x\r\n", 11) == 0)
		;
}

static int answer(int fd, const char *request, int nth)
{
	static const char not_found[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
	const struct http_page *page = page_of(request);

	pthread_mutex_lock(&server.lock);
	server.books.requests++;
	snprintf(server.books.last_request, sizeof server.books.last_request, "%s", request);
	pthread_mutex_unlock(&server.lock);
	if (!page)
		return say(fd, not_found, sizeof not_found - 1);
	if (page->flags & SERVER_MEET)
		meet();
	if ((page->flags & SERVER_DIE_IF_KEPT) && nth > 1)
		return -1;
	if (page->flags & SERVER_SILENT) {
		readable(fd);
		return -1;
	}
	if (page->flags & SERVER_DRIBBLE) {
		dribble(fd);
		return -1;
	}
	if (say(fd, page->answer, strlen(page->answer)))
		return -1;
	return page->flags & SERVER_CLOSE ? -1 : 0;
}

static void *serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char request[8192];

	for (int nth = 1;; nth++) {
		request[0] = '\0';
		if (!hear(fd, request, sizeof request) || answer(fd, request, nth))
			break;
	}
	close(fd);
	return NULL;
}

static void *accept_all(void *arg)
{
	while (readable(server.listener) && server.thread_count < CONNECTIONS_MAX) {
		int fd = accept4(server.listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		pthread_mutex_lock(&server.lock);
		server.books.connections++;
		pthread_mutex_unlock(&server.lock);
		pthread_create(&server.threads[server.thread_count++], NULL, serve,
			       (void *)(intptr_t)fd);
	}
	return arg;
}

const char *http_server_start(const struct http_page *pages, int meet_count)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof address;

	server.pages = pages;
	server.meet = meet_count;
	server.thread_count = 0;
	server.books = (struct http_server_books){0};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (pipe(server.stop_pipe) ||
	    bind(server.listener, (struct sockaddr *)&address, sizeof address) ||
	    listen(server.listener, CONNECTIONS_MAX) ||
	    getsockname(server.listener, (struct sockaddr *)&address, &len))
		abort();
	pthread_create(&server.acceptor, NULL, accept_all, NULL);
	snprintf(server.url, sizeof server.url, "http://127.0.0.1:%d",
		 (int)ntohs(address.sin_port));
	return server.url;
}

struct http_server_books http_server_books(void)
{
	pthread_mutex_lock(&server.lock);
	struct http_server_books books = server.books;

	server.books = (struct http_server_books){0};
	pthread_mutex_unlock(&server.lock);
	return books;
}

void http_server_stop(void)
{
	close(server.stop_pipe[1]);
	pthread_join(server.acceptor, NULL);
	for (int i = 0; i < server.thread_count; i++)
		pthread_join(server.threads[i], NULL);
	close(server.stop_pipe[0]);
	close(server.listener);
}

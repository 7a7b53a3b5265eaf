/*
 * poison - a job of which its process dies (LD_PRELOAD)
 *
 *   POISON        the text: who sends or receives it dies at once, as of a kernel that is out of memory
 *   POISON_PEER   to or from whom: a TCP port, or "unix" for any Unix socket
 *
 * See tests/lib/poison.js.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef ssize_t send_fn(int fd, const void *bytes, size_t len, int flags);
typedef ssize_t recv_fn(int fd, void *bytes, size_t len, int flags);

static void *next(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		abort();
	return function;
}

static int is_peer(int fd)
{
	const char *wanted = getenv("POISON_PEER");
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_storage room;
	} at;
	socklen_t len = sizeof at;

	if (!wanted || getpeername(fd, &at.any, &len))
		return 0;
	if (strcmp(wanted, "unix") == 0)
		return at.any.sa_family == AF_UNIX;
	return at.any.sa_family == AF_INET &&
	       ntohs(at.in.sin_port) == (in_port_t)strtol(wanted, NULL, 10);
}

static void taste(int fd, const void *bytes, size_t len)
{
	const char *text = getenv("POISON");

	if (text && memmem(bytes, len, text, strlen(text)) && is_peer(fd))
		kill(getpid(), SIGKILL);
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
	send_fn *real;

	*(void **)&real = next("send");
	taste(fd, bytes, len);
	return real(fd, bytes, len, flags);
}

ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
	recv_fn *real;

	*(void **)&real = next("recv");
	ssize_t got = real(fd, bytes, len, flags);

	if (got > 0)
		taste(fd, bytes, (size_t)got);
	return got;
}

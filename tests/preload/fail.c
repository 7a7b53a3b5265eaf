/*
 * fail - calls that fail inside a program (LD_PRELOAD)
 *
 *   WAYBILL_FAIL=CALL:EVERY:ERRNO      each EVERY-th call fails, from the start of the program
 *
 * CALL is send, recv, write (to files and pipes, not to the log; fsync, too) or malloc (calloc and realloc, too).
 * What fails has no effect, and the socket or file stays as good as it was. Each failure adds a byte to the file
 * WAYBILL_FAILS, if that is set.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static struct {
	char call[16];
	unsigned long every;
	int error, tally;
	atomic_ulong calls;
} fault;

/* The next one of that name behind ours. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static struct {
	ssize_t (*send)(int, const void *, size_t, int);
	ssize_t (*sendmsg)(int, const struct msghdr *, int);
	ssize_t (*recv)(int, void *, size_t, int);
	ssize_t (*write)(int, const void *, size_t);
	ssize_t (*writev)(int, const struct iovec *, int);
	int (*fsync)(int);
} real;

__attribute__((constructor)) static void start(void)
{
	const char *words = getenv("WAYBILL_FAIL"), *file = getenv("WAYBILL_FAILS");

	real.send = REAL(send);
	real.sendmsg = REAL(sendmsg);
	real.recv = REAL(recv);
	real.write = REAL(write);
	real.writev = REAL(writev);
	real.fsync = REAL(fsync);
	fault.tally = file ? open(file, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
	if (words && sscanf(words, "%15[a-z]:%lu:%d", fault.call, &fault.every, &fault.error) != 3)
		fault.every = 0;
}

static int fails(const char *call)
{
	if (!fault.every || strcmp(call, fault.call) != 0 ||
	    (atomic_fetch_add(&fault.calls, 1) + 1) % fault.every != 0)
		return 0;
	if (fault.tally >= 0 && real.write(fault.tally, "x", 1) != 1)
		fault.tally = -1;
	errno = fault.error;
	return 1;
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
	return fails("send") ? -1 : real.send(fd, data, len, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	return fails("send") ? -1 : real.sendmsg(fd, message, flags);
}

ssize_t recv(int fd, void *into, size_t size, int flags)
{
	return fails("recv") ? -1 : real.recv(fd, into, size, flags);
}

ssize_t write(int fd, const void *data, size_t len)
{
	return fd != STDERR_FILENO && fails("write") ? -1 : real.write(fd, data, len);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	return fails("write") ? -1 : real.writev(fd, parts, count);
}

int fsync(int fd)
{
	return fails("write") ? -1 : real.fsync(fd);
}

void *malloc(size_t size)
{
	return fails("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails("malloc") ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails("malloc") ? NULL : __libc_realloc(old, size);
}

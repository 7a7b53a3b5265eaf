/* durable - a file that is there whole or not at all, whatever happens meanwhile */
#include "core/runtime/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/runtime/secret.h"

enum { PATH_BYTES = 4096 };

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t written = write(fd, bytes, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return -1;
		bytes += written;
		len -= (size_t)written;
	}
	return 0;
}

static int write_file(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

	if (fd < 0)
		return -1;
	int failed = write_all(fd, bytes, len) || fsync(fd);
	int why = errno;

	/* What close() would say of earlier writes, fsync() has said. */
	close(fd);
	errno = why;
	return failed ? -1 : 0;
}

/* A new name is in the folder's own data. */
static int sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	int failed = fsync(fd), why = errno;

	close(fd);
	errno = why;
	return failed;
}

int durable_write(const char *path, const void *bytes, size_t len, struct err *e)
{
	char folder[PATH_BYTES], fresh[PATH_BYTES], nonce[37];
	const char *slash = strrchr(path, '/');
	size_t folder_len = slash > path ? (size_t)(slash - path) : 1;

	uuid_v7(nonce);
	if (!slash ||
	    (size_t)snprintf(fresh, sizeof fresh, "%s.%s.new", path, nonce) >= sizeof fresh)
		return err_final(e, "not the absolute path of a file, or too long");
	memcpy(folder, path, folder_len);
	folder[folder_len] = '\0';
	if (write_file(fresh, bytes, len) || rename(fresh, path)) {
		int why = errno;

		unlink(fresh);
		return err_retry(e, "could not write a file in %s: %s", folder, strerror(why));
	}
	if (sync_folder(folder))
		return err_retry(e, "could not sync the folder %s: %s", folder, strerror(errno));
	return 0;
}

int durable_try(const char *folder, struct err *e)
{
	char path[PATH_BYTES], nonce[37];

	uuid_v7(nonce);
	if ((size_t)snprintf(path, sizeof path, "%s/.try-%s", folder, nonce) >= sizeof path)
		return err_final(e, "the folder's path is too long");
	if (durable_write(path, "", 0, e)) {
		e->kind = ERR_FINAL;
		return -1;
	}
	unlink(path);
	return 0;
}

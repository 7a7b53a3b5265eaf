/* durable: a file is there whole or not at all, and only then does anybody hear of it */
#include "core/runtime/durable.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static char folder[] = "/tmp/waybill-durable-XXXXXX", path[64];
static char steps[256];		 /* what was done to the disk, in order */
static const char *failing;	 /* the step that fails */
static size_t write_most = 1000; /* bytes that one write takes */

/* 1: this step fails, as a disk that is full or broken. */
static int step(const char *name)
{
	snprintf(steps + strlen(steps), sizeof steps - strlen(steps), "%s ", name);
	if (!failing || strcmp(failing, name) != 0)
		return 0;
	errno = strcmp(name, "write") == 0 ? ENOSPC : EIO;
	return 1;
}

static int is_ours(int fd)
{
	char link[64], target[256] = "";

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	return readlink(link, target, sizeof target - 1) > 0 &&
	       strncmp(target, folder, strlen(folder)) == 0;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	ssize_t (*next)(int, const void *, size_t) = NULL;

	*(void **)&next = dlsym(RTLD_NEXT, "write");
	if (!is_ours(fd))
		return next(fd, bytes, len);
	return step("write") ? -1 : next(fd, bytes, len < write_most ? len : write_most);
}

int fsync(int fd)
{
	struct stat s;

	assert_int_equal(fstat(fd, &s), 0);
	return step(S_ISDIR(s.st_mode) ? "sync-folder" : "sync-file") ? -1 : 0;
}

int rename(const char *from, const char *to)
{
	int (*next)(const char *, const char *) = NULL;

	*(void **)&next = dlsym(RTLD_NEXT, "rename");
	return step("rename") ? -1 : next(from, to);
}

static size_t files(void)
{
	DIR *d = opendir(folder);
	size_t count = 0;

	assert_non_null(d);
	while (readdir(d))
		count++;
	closedir(d);
	return count - 2; /* . and .. */
}

static const char *content(void)
{
	static char text[4096];
	FILE *file = fopen(path, "r");

	if (!file)
		return NULL;
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	return text;
}

static int set_up(void **state)
{
	(void)state;
	steps[0] = '\0';
	failing = NULL;
	write_most = 1000;
	unlink(path);
	return 0;
}

static void a_file_is_synced_before_its_name_and_its_folder_after(void **state)
{
	(void)state;
	write_most = 4;
	assert_int_equal(durable_write(path, "0123456789", 10, NULL), 0);
	assert_string_equal(steps, "write write write sync-file rename sync-folder ");
	assert_string_equal(content(), "0123456789");
	assert_int_equal(files(), 1);
}

static void after_an_error_there_is_no_part_of_a_file(void **state)
{
	static const char *const cases[] = {"write", "sync-file", "rename", "sync-folder"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err e = {0};

		print_message("  %s\n", cases[i]);
		unlink(path);
		failing = cases[i];
		assert_int_equal(durable_write(path, "0123456789", 10, &e), -1);
		assert_int_equal(e.kind, ERR_RETRY);
		assert_non_null(strstr(e.msg, i == 0 ? strerror(ENOSPC) : strerror(EIO)));
		/* Once it has its name it is whole; that the name is on disk is not known. */
		assert_int_equal(files(), strcmp(cases[i], "sync-folder") == 0);
	}
	failing = NULL;
	assert_int_equal(durable_write(path, "0123456789", 10, NULL), 0);
	assert_string_equal(content(), "0123456789");
}

static void a_disk_that_takes_a_part_only_leaves_nothing(void **state)
{
	struct rlimit before, few;
	struct err e = {0};
	static char bytes[3000];

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	few = (struct rlimit){2500, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
	int failed = durable_write(path, bytes, sizeof bytes, &e);

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(failed, -1);
	assert_string_equal(steps, "write write write write "); /* the third was a short one */
	assert_int_equal(files(), 0);
}

static void what_is_there_already_is_replaced_as_a_whole(void **state)
{
	(void)state;
	assert_int_equal(durable_write(path, "first", 5, NULL), 0);
	failing = "sync-file";
	assert_int_equal(durable_write(path, "2", 1, NULL), -1);
	assert_string_equal(content(), "first");
	failing = NULL;
	assert_int_equal(durable_write(path, "2", 1, NULL), 0);
	assert_string_equal(content(), "2");
}

static void a_folder_that_is_not_there_is_said_to_be(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(durable_write("/tmp/waybill-durable-none/x", "1", 1, &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_non_null(strstr(e.msg, "/tmp/waybill-durable-none"));
	assert_int_equal(durable_write("x", "1", 1, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
}

#define CASE(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_file_is_synced_before_its_name_and_its_folder_after),
		CASE(after_an_error_there_is_no_part_of_a_file),
		CASE(a_disk_that_takes_a_part_only_leaves_nothing),
		CASE(what_is_there_already_is_replaced_as_a_whole),
		CASE(a_folder_that_is_not_there_is_said_to_be),
	};

	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof path, "%s/label", folder);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	unlink(path);
	rmdir(folder);
	return failed;
}

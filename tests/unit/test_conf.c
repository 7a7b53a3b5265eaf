/* conf: what is taken, what is refused and how it is said; the documentation names every key */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/runtime/arena.h"
#include "core/runtime/conf.h"
#include "tests/unit/unit.h"

static const char *const variables[] = {"WAYBILL_CONFIG",    "WAYBILL_DB_URL",
					"WAYBILL_OWNER_URL", "WAYBILL_AMQP_URL",
					"WAYBILL_TESTING",   "CREDENTIALS_DIRECTORY"};

static char path[] = "/tmp/waybill-conf-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		unsetenv(variables[i]);
	return 0;
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_bytes(const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

static struct conf read_well(const char *text)
{
	struct conf conf;
	struct err e = {0};

	write_bytes(text, strlen(text));
	if (conf_read(path, &conf, &e))
		fail_msg("%s", e.msg);
	return conf;
}

static void without_a_file_there_are_defaults(void **state)
{
	struct conf conf;

	(void)state;
	assert_int_equal(conf_read("/dev/null", &conf, NULL), 0);
	assert_string_equal(conf.database.url, "");
	assert_int_equal(conf.database.connections, 3);
	assert_int_equal(conf.broker.prefetch, 64);
	assert_int_equal(conf.broker.ingest_prefetch, 512);
	assert_string_equal(conf.secrets.key_file, "");
	assert_int_equal(conf.worker.batch_max, 256);
	assert_string_equal(conf.gateway.listen, "127.0.0.1:8480");
	assert_int_equal(conf.gateway.body_max_bytes, 8 * 1024 * 1024);
	assert_int_equal(conf.clock.wait_s, 30);
	assert_string_equal(conf.labels.store, "database");
	assert_int_equal(conf.labels.grace_s, 300);
	assert_string_equal(conf.mail.url, "");
	assert_int_equal(conf.http.allow_plain, 0);
	assert_string_equal(conf.log.level, "info");
}

static void a_file_is_read_whole(void **state)
{
	struct conf conf = read_well("; a comment\n"
				     "[database]\n"
				     "url = host=/run/postgresql dbname=waybill\n"
				     "connections = 7 ; seven\n"
				     "\n"
				     "[broker]\n"
				     "urls = amqp://u:p@a:5672/v,amqps://u:p@b/v\n"
				     "[labels]\n"
				     "store = /var/lib/waybill/labels\n"
				     "[mail]\n"
				     "url = smtps://mail.example:465\n"
				     "user =\n"
				     "[http]\n"
				     "allow_plain = yes\n"
				     "[gateway]\n"
				     "listen = [::1]:9100\n");

	(void)state;
	assert_string_equal(conf.database.url, "host=/run/postgresql dbname=waybill");
	assert_int_equal(conf.database.connections, 7);
	assert_string_equal(conf.broker.urls, "amqp://u:p@a:5672/v,amqps://u:p@b/v");
	assert_string_equal(conf.labels.store, "/var/lib/waybill/labels");
	assert_string_equal(conf.mail.url, "smtps://mail.example:465");
	assert_string_equal(conf.mail.user, "");
	assert_int_equal(conf.http.allow_plain, 1);
	assert_string_equal(conf.gateway.listen, "[::1]:9100");
}

static void line_ends_of_windows_and_a_byte_order_mark_are_fine(void **state)
{
	struct conf conf = read_well("\xef\xbb\xbf[broker]\r\nprefetch = 5\r\n\r\n"
				     "[worker]\r\nact_max = 6");

	(void)state;
	assert_int_equal(conf.broker.prefetch, 5);
	assert_int_equal(conf.worker.act_max, 6);
}

static void bad_files_are_refused_with_their_line(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *says;
	} cases[] = {
		{"[database]\nconnection = 3\n", 2,
		 "unknown key \"database.connection\"; did you mean \"database.connections\"?"},
		{"[databse]\nurl = x\n", 1, "unknown section"},
		{"[databse]\n", 1, "unknown section"},
		{"url = x\n", 1, "unknown key \"url\""},
		{"[database]\n\nurl = mysql://u:hush@h/d\n", 3,
		 "database.url must be postgresql://"},
		{"[database]\nurl = postgresql://u:hush@[h/d\n", 2, "database.url must be"},
		{"[broker]\nurls = http://u:hush@h\n", 2, "broker.urls must be amqp://"},
		{"[broker]\nurls = amqp://a,\n", 2, "broker.urls must be"},
		{"[broker]\nurls = amqp://a/b c\n", 2, "broker.urls must be"},
		{"[broker]\nurls = amqp:///v\n", 2, "broker.urls must be"},
		{"[mail]\nurl = mail.example\n", 2, "mail.url must be smtp://"},
		{"[mail]\nurl = smtp://u:hush@h\n", 2, "mail.url must be smtp://"},
		{"[gateway]\nlisten = 8480\n", 2, "gateway.listen must be host:port"},
		{"[gateway]\nlisten = h:0\n", 2, "gateway.listen must be"},
		{"[gateway]\nlisten = h:65536\n", 2, "gateway.listen must be"},
		{"[gateway]\nlisten = h:-1\n", 2, "gateway.listen must be"},
		{"[gateway]\nlisten = :80\n", 2, "gateway.listen must be"},
		{"[gateway]\nlisten =\n", 2, "gateway.listen must be"},
		{"[database]\nconnections = 0\n", 2,
		 "database.connections must be a whole number from 1 to 100"},
		{"[database]\nconnections = 101\n", 2, "database.connections must be"},
		{"[database]\nconnections = 99999999999999999999\n", 2,
		 "database.connections must be"},
		{"[database]\nconnections = 3x\n", 2, "database.connections must be"},
		{"[database]\nconnections = 3.0\n", 2, "database.connections must be"},
		{"[database]\nconnections =\n", 2, "database.connections must be"},
		{"[labels]\ngrace_s = 299\n", 2, "labels.grace_s must be a whole number from 300"},
		{"[labels]\nstore = labels\n", 2, "labels.store must be"},
		{"[mail]\npassword_file = ../hush\n", 2, "mail.password_file must be"},
		{"[mail]\ntemplates = there\n", 2, "mail.templates must be an absolute path"},
		{"[http]\nallow_plain = maybe\n", 2, "http.allow_plain must be yes or no"},
		{"[log]\nlevel = loud\n", 2, "log.level must be err, warn, info or debug"},
		{"[worker]\nact_max = 1\nact_max = 1\n", 3, "worker.act_max is given twice"},
		{"[worker]\nact_max = 1\n  2\n", 3, "begins with a blank"},
		{"[worker]\nact_max\n", 2, "neither [section] nor key = value"},
		{"[worker\n", 1, "neither [section] nor key = value"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *a = arena_new();
		struct conf conf;
		struct err e = {0};
		const char *where = arena_printf(a, "%s:%d: ", path, cases[i].line);

		write_bytes(cases[i].text, strlen(cases[i].text));
		if (conf_read(path, &conf, &e) == 0)
			fail_msg("taken: %s", cases[i].text);
		assert_int_equal(e.kind, ERR_FINAL);
		if (strncmp(e.msg, where, strlen(where)) != 0 || !strstr(e.msg, cases[i].says) ||
		    strstr(e.msg, "hush"))
			fail_msg("%s\n%s", cases[i].text, e.msg);
		arena_free(a);
	}
}

static void refuse_bytes(const char *bytes, size_t len, const char *says)
{
	struct conf conf;
	struct err e = {0};

	write_bytes(bytes, len);
	assert_int_equal(conf_read(path, &conf, &e), -1);
	if (!strstr(e.msg, says))
		fail_msg("%s", e.msg);
}

static void a_line_too_long_or_with_a_zero_byte_is_refused(void **state)
{
	static const char zero[] = "[mail]\nuser = a\0b\n";
	struct arena *a = arena_new();
	struct conf conf = read_well(arena_printf(a, "[mail]\nuser = %0191d\n", 7));

	(void)state;
	assert_int_equal(strlen(conf.mail.user), 191);
	const char *longer = arena_printf(a, "[mail]\nuser = %0192d\n", 7);

	refuse_bytes(longer, strlen(longer), ":2: the line is too long");
	refuse_bytes(zero, sizeof zero - 1, ":2: the line holds a NUL byte");
	arena_free(a);
}

static void the_environment_fills_in_urls_that_the_file_does_not_give(void **state)
{
	struct conf conf;
	struct err e = {0};

	(void)state;
	setenv("WAYBILL_DB_URL", "postgresql://worker@/waybill", 1);
	setenv("WAYBILL_AMQP_URL", "amqp://localhost", 1);
	conf = read_well("[database]\nurl = postgresql://file@/waybill\n");
	assert_string_equal(conf.database.url, "postgresql://file@/waybill");
	assert_string_equal(conf.broker.urls, "amqp://localhost");
	setenv("WAYBILL_AMQP_URL", "hush", 1);
	assert_int_equal(conf_read(path, &conf, &e), -1);
	assert_non_null(strstr(e.msg, "$WAYBILL_AMQP_URL: broker.urls must be"));
	assert_null(strstr(e.msg, "hush"));
}

static void a_file_without_a_folder_is_a_credential(void **state)
{
	struct conf conf;

	(void)state;
	setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x", 1);
	conf = read_well("[secrets]\nkey_file = master.key\n[mail]\npassword_file = /etc/p\n");
	assert_string_equal(conf.secrets.key_file, "/run/credentials/x/master.key");
	assert_string_equal(conf.mail.password_file, "/etc/p");
}

static void the_file_may_be_named_by_the_environment(void **state)
{
	struct conf conf;
	struct err e = {0};

	(void)state;
	read_well("[broker]\nprefetch = 9\n");
	setenv("WAYBILL_CONFIG", path, 1);
	assert_int_equal(conf_read(NULL, &conf, &e), 0);
	assert_int_equal(conf.broker.prefetch, 9);
	setenv("WAYBILL_CONFIG", "/nonexistent", 1);
	assert_int_equal(conf_read(NULL, &conf, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	assert_non_null(strstr(e.msg, "/nonexistent"));
}

static void only_tests_may_shorten_the_grace_time(void **state)
{
	(void)state;
	setenv("WAYBILL_TESTING", "1", 1);
	assert_int_equal(read_well("[labels]\ngrace_s = 1\n").labels.grace_s, 1);
}

/* What conf_describe() prints, by way of the test's file. */
static char *description(struct arena *a)
{
	static const size_t size = 65536;
	char *text = arena_alloc(a, size);
	int saved = dup(STDOUT_FILENO), fd = open(path, O_RDWR | O_TRUNC | O_CLOEXEC);

	fflush(stdout);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	conf_describe();
	fflush(stdout);
	assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	assert_true(pread(fd, text, size - 1, 0) > 1000);
	close(fd);
	close(saved);
	return text;
}

static void what_describe_prints_is_a_file_of_defaults(void **state)
{
	struct arena *a = arena_new();
	char *text = description(a);

	(void)state;
	/* "#key = value" becomes a setting, "# text" stays a comment. */
	for (char *c = text; (c = strstr(c, "\n#")) != NULL; c++)
		if (c[2] != ' ')
			c[1] = '\n';
	struct conf conf = read_well(text);

	assert_int_equal(conf.clock.reconcile_overlap_s, 600);
	assert_string_equal(conf.gateway.listen, "127.0.0.1:8480");
	arena_free(a);
}

static void the_documentation_names_every_key(void **state)
{
	static const size_t size = 65536;
	struct arena *a = arena_new();
	char *page = arena_alloc(a, size), *rest = description(a), *line, section[32] = "";
	int fd = open("docs/configuration.md", O_RDONLY | O_CLOEXEC), keys = 0;

	(void)state;
	assert_true(fd >= 0);
	assert_true(read(fd, page, size - 1) > 0);
	close(fd);
	while ((line = strsep(&rest, "\n")) != NULL) {
		char key[32];

		if (sscanf(line, "[%31[a-z]]", section) == 1)
			continue;
		if (sscanf(line, "#%31[a-z_] =", key) != 1)
			continue;
		const char *name = arena_printf(a, "`%s.%s`", section, key);

		if (!strstr(page, name))
			fail_msg("docs/configuration.md does not name %s", name);
		keys++;
	}
	assert_in_range(keys, 25, 64);
	arena_free(a);
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(without_a_file_there_are_defaults),
		CASE(a_file_is_read_whole),
		CASE(line_ends_of_windows_and_a_byte_order_mark_are_fine),
		CASE(bad_files_are_refused_with_their_line),
		CASE(a_line_too_long_or_with_a_zero_byte_is_refused),
		CASE(the_environment_fills_in_urls_that_the_file_does_not_give),
		CASE(a_file_without_a_folder_is_a_credential),
		CASE(the_file_may_be_named_by_the_environment),
		CASE(only_tests_may_shorten_the_grace_time),
		CASE(what_describe_prints_is_a_file_of_defaults),
		CASE(the_documentation_names_every_key),
	};

	return cmocka_run_group_tests_name("conf", tests, make_file, remove_file);
}

/*
 * migrate: applied once, in order, whole or not at all; edited, unknown and missing ones are
 * refused
 *
 * The list of migrations is this file's own: it takes the place of the product's. Every case has a
 * fresh database on the server at $WAYBILL_TEST_DB_URL, and is skipped without one.
 */
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/runtime/arena.h"
#include "core/runtime/migrate.h"
#include "tests/unit/unit.h"

static char second[256];

static const char second_text[] = "ALTER TABLE a ADD name text;\nINSERT INTO a VALUES (1, 'x');";

const struct migration migrations[] = {
	{"0001_first", "CREATE TABLE a (id bigint PRIMARY KEY);"},
	{"0002_second", second},
	{0},
};

struct database {
	struct arena *a;
	const char *name, *url;
	PGconn *server;
};

static void run_sql(PGconn *pg, const char *sql)
{
	PGresult *r = PQexec(pg, sql);

	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQresultErrorMessage(r));
	PQclear(r);
}

static const char *ask(const struct database *d, const char *sql)
{
	PGconn *pg = PQconnectdb(d->url);
	PGresult *r = PQexec(pg, sql);
	char *text;

	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQresultErrorMessage(r));
	text = arena_strdup(d->a, PQgetvalue(r, 0, 0));
	PQclear(r);
	PQfinish(pg);
	return text;
}

static void change(const struct database *d, const char *sql)
{
	PGconn *pg = PQconnectdb(d->url);

	run_sql(pg, sql);
	PQfinish(pg);
}

static int set_up(void **state)
{
	static int number;
	const char *url = getenv("WAYBILL_TEST_DB_URL");
	struct arena *a;

	*state = NULL;
	if (!url)
		return 0;
	a = arena_new();
	struct database *d = ARENA_NEW(a, struct database);

	snprintf(second, sizeof second, "%s", second_text);
	d->a = a;
	d->name = arena_printf(a, "waybill_unit_%d_%d", (int)getpid(), number++);
	d->url = arena_printf(a, "%s%sdbname=%s", url, strchr(url, '?') ? "&" : "?", d->name);
	d->server = PQconnectdb(url);
	assert_int_equal(PQstatus(d->server), CONNECTION_OK);
	run_sql(d->server, arena_printf(a, "CREATE DATABASE %s", d->name));
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct database *d = *state;

	if (!d)
		return 0;
	run_sql(d->server, arena_printf(d->a, "DROP DATABASE %s WITH (FORCE)", d->name));
	PQfinish(d->server);
	arena_free(d->a);
	return 0;
}

static const struct database *database(void **state)
{
	if (!*state) {
		print_message("no server: set WAYBILL_TEST_DB_URL\n");
		skip();
	}
	return *state;
}

static int reported;

static void count_report(const char *name)
{
	assert_string_equal(name, migrations[reported].name);
	reported++;
}

static void apply(const struct database *d)
{
	struct err e = {0};

	if (migrate_apply(d->url, NULL, NULL, &e))
		fail_msg("%s", e.msg);
}

static void assert_refused(const struct database *d, const char *words)
{
	struct err e = {0};
	int applied = 99;

	assert_int_equal(migrate_apply(d->url, NULL, &applied, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	assert_int_equal(applied, 0);
	if (!strstr(e.msg, words))
		fail_msg("\"%s\" is not in: %s", words, e.msg);
	assert_int_equal(migrate_check(d->url, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
}

static void all_are_applied_once_and_in_order(void **state)
{
	const struct database *d = database(state);
	struct err e = {0};
	int applied = 0;

	reported = 0;
	assert_int_equal(migrate_check(d->url, &e), -1);
	assert_non_null(strstr(e.msg, "lacks migration 0001_first"));
	if (migrate_apply(d->url, count_report, &applied, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(applied, 2);
	assert_int_equal(reported, 2);
	assert_int_equal(migrate_check(d->url, &e), 0);
	assert_int_equal(migrate_apply(d->url, count_report, &applied, &e), 0);
	assert_int_equal(applied, 0);
	assert_int_equal(reported, 2);
	assert_string_equal(ask(d, "SELECT string_agg(id || name, ',') FROM a"), "1x");
	assert_string_equal(ask(d, "SELECT string_agg(version || ' ' || name, ',' ORDER BY version)"
				   " FROM schema_version"),
			    "1 0001_first,2 0002_second");
}

static void what_is_missing_is_added_later(void **state)
{
	const struct database *d = database(state);
	struct err e = {0};
	int applied = 0;

	apply(d);
	change(d, "DELETE FROM schema_version WHERE version = 2; ALTER TABLE a DROP name;"
		  "DELETE FROM a");
	assert_int_equal(migrate_check(d->url, &e), -1);
	assert_non_null(strstr(e.msg, "lacks migration 0002_second"));
	assert_int_equal(migrate_apply(d->url, NULL, &applied, &e), 0);
	assert_int_equal(applied, 1);
}

static void a_migration_that_fails_leaves_nothing_behind(void **state)
{
	const struct database *d = database(state);
	struct err e = {0};
	int applied = 99;

	snprintf(second, sizeof second, "CREATE TABLE b (); SELECT 1 / 0;");
	assert_int_equal(migrate_apply(d->url, NULL, &applied, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	assert_non_null(strstr(e.msg, "0002_second"));
	assert_non_null(strstr(e.msg, "division by zero"));
	assert_int_equal(applied, 1);
	assert_string_equal(ask(d, "SELECT to_regclass('b') IS NULL"), "t");
	assert_string_equal(ask(d, "SELECT max(version) FROM schema_version"), "1");
}

static void a_migration_may_not_end_its_transaction(void **state)
{
	const struct database *d = database(state);
	struct err e = {0};

	snprintf(second, sizeof second, "COMMIT;");
	assert_int_equal(migrate_apply(d->url, NULL, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_BUG);
}

static void an_edited_migration_is_refused(void **state)
{
	const struct database *d = database(state);

	apply(d);
	second[0] = ' ';
	assert_refused(d, "0002_second was edited");
}

static void a_renamed_migration_is_refused(void **state)
{
	const struct database *d = database(state);

	apply(d);
	change(d, "UPDATE schema_version SET name = '0001_other' WHERE version = 1");
	assert_refused(d, "0001_other in the place of 0001_first");
}

static void a_database_newer_than_the_program_is_refused(void **state)
{
	const struct database *d = database(state);

	apply(d);
	change(d, "INSERT INTO schema_version VALUES (3, '0003_later', '')");
	assert_refused(d, "0003_later");
}

static void a_gap_is_refused(void **state)
{
	const struct database *d = database(state);

	apply(d);
	change(d, "DELETE FROM schema_version WHERE version = 1");
	assert_refused(d, "lacks 0001");
}

static void many_processes_at_once_apply_each_one_once(void **state)
{
	const struct database *d = database(state);
	enum { PROCESSES = 6 };
	pid_t children[PROCESSES];
	int sum = 0;

	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			int applied = 0;

			_exit(migrate_apply(d->url, NULL, &applied, NULL) ? 100 : applied);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status = 0;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status));
		sum += WEXITSTATUS(status);
	}
	assert_int_equal(sum, 2);
	assert_int_equal(migrate_check(d->url, NULL), 0);
}

static void a_bad_url_is_refused_without_printing_it(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(migrate_apply("postgresql://u:hush@[x", NULL, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	assert_null(strstr(e.msg, "hush"));
	assert_int_equal(migrate_check("hostaddr=127.0.0.1 port=1 password=hush", &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_null(strstr(e.msg, "hush"));
}

#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DATABASE(all_are_applied_once_and_in_order),
		WITH_DATABASE(what_is_missing_is_added_later),
		WITH_DATABASE(a_migration_that_fails_leaves_nothing_behind),
		WITH_DATABASE(a_migration_may_not_end_its_transaction),
		WITH_DATABASE(an_edited_migration_is_refused),
		WITH_DATABASE(a_renamed_migration_is_refused),
		WITH_DATABASE(a_database_newer_than_the_program_is_refused),
		WITH_DATABASE(a_gap_is_refused),
		WITH_DATABASE(many_processes_at_once_apply_each_one_once),
		cmocka_unit_test(a_bad_url_is_refused_without_printing_it),
	};

	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}

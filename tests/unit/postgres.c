/* postgres - a real PostgreSQL for unit tests */
#include "tests/unit/postgres.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/loop.h"

#define APPLICATION "test_db"

enum { PATIENCE_MS = 10000 };

struct pool_run {
	const struct db_settings *settings;
	const char *options;
	void (*body)(struct pool_case *);
};

int64_t postgres_deadline(void)
{
	return loop_now_ms() + patience_ms(PATIENCE_MS);
}

static const char *server_url(void)
{
	const char *url = getenv("WAYBILL_TEST_DB_URL");

	if (!url) {
		print_message("no server: set WAYBILL_TEST_DB_URL\n");
		skip();
	}
	return url;
}

PGconn *postgres_connect(void)
{
	PGconn *pg = PQconnectdb(server_url());

	assert_int_equal(PQstatus(pg), CONNECTION_OK);
	return pg;
}

void postgres_do(PGconn *pg, const char *sql)
{
	PGresult *r = PQexec(pg, sql);

	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQresultErrorMessage(r));
	PQclear(r);
}

const char *postgres_ask(PGconn *pg, const char *sql, const struct db_value *param)
{
	static char text[256];
	PGresult *r = PQexecParams(pg, sql, param ? 1 : 0, param ? &param->type : NULL,
				   param ? &param->data : NULL, param ? &param->len : NULL,
				   param ? &param->format : NULL, 0);

	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQresultErrorMessage(r));
	snprintf(text, sizeof text, "%s", PQgetisnull(r, 0, 0) ? "(null)" : PQgetvalue(r, 0, 0));
	PQclear(r);
	return text;
}

const char *observe(const struct pool_case *c, const char *expression)
{
	char sql[256];

	snprintf(sql, sizeof sql,
		 "SELECT %s FROM pg_stat_activity WHERE application_name = '" APPLICATION "'",
		 expression);
	return postgres_ask(c->observer, sql, NULL);
}

const char *pool_terminate(const struct pool_case *c)
{
	return observe(c, "count(pg_terminate_backend(pid, 5000))");
}

void take_and_ping(struct db_pool *pool, struct db **db)
{
	struct arena *a = arena_new();
	struct db_result r;
	struct err e = {0};

	if (db_take(pool, postgres_deadline(), db, &e) ||
	    db_query(*db, a, SQL_PING, NULL, 0, &r, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(r.rows, 1);
	assert_int_equal(db_get_int64(&r, 0, 0), 1);
	arena_free(a);
}

static void with_pool(void *arg)
{
	const struct pool_run *run = arg;
	struct db_settings settings = *run->settings;
	struct pool_case c = {.a = arena_new(), .observer = postgres_connect()};
	char *escaped = curl_easy_escape(NULL, run->options, 0);

	settings.url = arena_printf(c.a, "%s%coptions=%s", server_url(),
				    strchr(server_url(), '?') ? '&' : '?', escaped);
	settings.application = APPLICATION;
	c.pool = db_pool_new(&settings);
	curl_free(escaped);

	run->body(&c);
	db_pool_free(c.pool);
	PQfinish(c.observer);
	arena_free(c.a);
}

void run_with_pool(int connections, void (*body)(struct pool_case *))
{
	run_with_pool_like(&(struct db_settings){.connections = connections}, "", body);
}

void run_with_pool_like(const struct db_settings *settings, const char *options,
			void (*body)(struct pool_case *))
{
	struct pool_run run = {.settings = settings, .options = options, .body = body};

	server_url(); /* out here, where a test may still be skipped */
	run_in_fiber(with_pool, &run);
}

/*
 * db: values on the wire, verdicts, transactions, the pool, lost connections
 *
 * What needs a server uses the one at $WAYBILL_TEST_DB_URL, and is skipped without it.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/runtime/db_internal.h"
#include "core/runtime/loop.h"
#include "tests/unit/unit.h"

static const char *server_url(void)
{
	const char *url = getenv("WAYBILL_TEST_DB_URL");

	if (!url) {
		print_message("no server: set WAYBILL_TEST_DB_URL\n");
		skip();
	}
	return url;
}

static int64_t soon_ms(void)
{
	return loop_now_ms() + 10000;
}

static struct db_pool *pool_of(int connections)
{
	return db_pool_new(&(struct db_settings){.url = getenv("WAYBILL_TEST_DB_URL"),
						 .application = "test_db",
						 .connections = connections});
}

/* ---- A second, plain connection: an observer, and a way to send what db never sends ---- */

static PGconn *observer(void)
{
	PGconn *pg = PQconnectdb(getenv("WAYBILL_TEST_DB_URL"));

	assert_int_equal(PQstatus(pg), CONNECTION_OK);
	return pg;
}

/* The first column of the only row, as text in a static buffer. */
static const char *ask(PGconn *pg, const char *sql, const struct db_value *param)
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

static const char count_sql[] = "SELECT count(*) FROM pg_stat_activity"
				" WHERE application_name = 'test_db'";

/* ---- Values ---- */

static void an_array_of_integers_is_postgresql_binary(void **state)
{
	static const unsigned char want[] = {0,	   0,	 0,    1,    0,	   0,	 0,    1,    0,
					     0,	   0,	 20,   0,    0,	   0,	 2,    0,    0,
					     0,	   1,	 0,    0,    0,	   8,	 0xff, 0xff, 0xff,
					     0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff};
	struct arena *a = arena_new();
	struct db_value v = db_int64s(a, (const int64_t[]){-2, DB_INT64_NULL}, 2);

	(void)state;
	assert_int_equal(v.len, sizeof want);
	assert_memory_equal(v.data, want, sizeof want);
	arena_free(a);
}

static void values_arrive_as_they_were_sent(void **state)
{
	struct arena *a = arena_new();
	const struct {
		const char *sql, *want;
		struct db_value value;
	} cases[] = {
		{"SELECT $1::bigint", "-9223372036854775807", db_int64(a, -INT64_MAX)},
		{"SELECT $1::bigint", "9007199254740993", db_int64(a, 9007199254740993)},
		{"SELECT $1::bigint", "(null)", db_null()},
		{"SELECT $1::boolean", "t", db_bool(2)},
		{"SELECT $1::boolean", "f", db_bool(0)},
		{"SELECT $1::text", "it's \"J\xc3\xb6rg\"; --",
		 db_text("it's \"J\xc3\xb6rg\"; --")},
		{"SELECT $1::text", "", db_text("")},
		{"SELECT $1::text", "(null)", db_text(NULL)},
		{"SELECT $1::jsonb", "{\"a\": 1}", db_text("{\"a\":1}")},
		{"SELECT encode($1::bytea, 'hex')", "00ff27", db_bytes("\0\xff'", 3)},
		{"SELECT $1::bigint[]", "{1,NULL,-3}",
		 db_int64s(a, (const int64_t[]){1, DB_INT64_NULL, -3}, 3)},
		{"SELECT $1::bigint[]", "{}", db_int64s(a, NULL, 0)},
		{"SELECT $1::boolean[]", "{t,f}", db_bools(a, (const int[]){5, 0}, 2)},
		{"SELECT $1::text[]", "{a,NULL,\"\",\"b,\\\"}\"}",
		 db_texts(a, (const char *const[]){"a", NULL, "", "b,\"}"}, 4)},
		{"SELECT $1::text[]", "{}", db_texts(a, NULL, 0)},
		{"SELECT $1::text[]::uuid[]", "{00000000-0000-7000-8000-000000000001}",
		 db_texts(a, (const char *const[]){"00000000-0000-7000-8000-000000000001"}, 1)},
	};

	(void)state;
	server_url();
	PGconn *pg = observer();

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(ask(pg, cases[i].sql, &cases[i].value), cases[i].want);
	PQfinish(pg);
	arena_free(a);
}

static void columns_are_read_by_type_and_null_is_seen(void **state)
{
	struct arena *a = arena_new();
	size_t len = 99;

	(void)state;
	server_url();
	PGconn *pg = observer();
	PGresult *r = PQexec(pg, "SELECT 9223372036854775807, true, 'x', 1.5, '\\x00ff'::bytea"
				 " UNION ALL SELECT NULL, NULL, NULL, NULL, NULL");
	const struct db_result result = {.rows = (size_t)PQntuples(r), .pg = r};

	assert_int_equal(result.rows, 2);
	assert_true(db_get_int64(&result, 0, 0) == INT64_MAX);
	assert_int_equal(db_get_bool(&result, 0, 1), 1);
	assert_string_equal(db_get_text(&result, 0, 2), "x");
	assert_true(db_get_double(&result, 0, 3) == 1.5);
	assert_memory_equal(db_get_bytes(a, &result, 0, 4, &len), "\0\xff", 2);
	assert_int_equal(len, 2);
	assert_false(db_is_null(&result, 0, 0));
	for (int column = 0; column < 5; column++)
		assert_true(db_is_null(&result, 1, column));
	assert_true(db_get_int64(&result, 1, 0) == 0);
	assert_int_equal(db_get_bool(&result, 1, 1), 0);
	assert_null(db_get_text(&result, 1, 2));
	assert_null(db_get_bytes(a, &result, 1, 4, &len));
	assert_int_equal(len, 0);
	PQclear(r);
	PQfinish(pg);
	arena_free(a);
}

/* ---- Verdicts ---- */

static void a_sqlstate_decides_what_becomes_of_a_job(void **state)
{
	static const struct {
		const char *sqlstate;
		enum err_kind kind;
		enum err_code code;
	} cases[] = {
		{"08006", ERR_RETRY, ERR_CODE_DISCONNECTED},
		{"57P01", ERR_RETRY, ERR_CODE_DISCONNECTED},
		{"57014", ERR_RETRY, ERR_CODE_TIMEOUT},
		{"53300", ERR_RETRY, ERR_CODE_NONE},
		{"40001", ERR_RETRY, ERR_CODE_CONFLICT},
		{"40P01", ERR_RETRY, ERR_CODE_CONFLICT},
		{"55P03", ERR_RETRY, ERR_CODE_CONFLICT},
		{"22P02", ERR_FINAL, ERR_CODE_DATA},
		{"23505", ERR_RETRY, ERR_CODE_CONFLICT},
		{"23514", ERR_FINAL, ERR_CODE_DATA},
		{"P0001", ERR_FINAL, ERR_CODE_DATA},
		{"22P03", ERR_BUG, ERR_CODE_NONE},
		{"42601", ERR_BUG, ERR_CODE_NONE},
		{"42501", ERR_BUG, ERR_CODE_NONE},
		{"25P02", ERR_BUG, ERR_CODE_NONE},
		{"XX000", ERR_BUG, ERR_CODE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err e = {0};

		assert_int_equal(db_judge(&e, "ping", cases[i].sqlstate, "text"), -1);
		if (e.kind != cases[i].kind || e.code != cases[i].code)
			fail_msg("%s: %s, %s", cases[i].sqlstate, err_kind_name(e.kind),
				 err_code_name(e.code));
	}
}

static void an_error_does_not_quote_the_data(void **state)
{
	struct err e = {0};

	(void)state;
	db_judge(&e, "order_put", "22P02",
		 "invalid input syntax for type uuid: \"Jane \"J\" Doe\"");
	assert_string_equal(e.msg,
			    "sql order_put: invalid input syntax for type uuid: ... (22P02)");
	db_judge(&e, "order_put", "23505",
		 "duplicate key value violates unique constraint \"o_key\"");
	assert_non_null(strstr(e.msg, "\"o_key\""));
}

/* ---- Statements and transactions ---- */

static void take_and_ping(struct db_pool *pool, struct db **db)
{
	struct arena *a = arena_new();
	struct db_result r;
	struct err e = {0};

	if (db_take(pool, soon_ms(), db, &e) || db_query(*db, a, SQL_PING, NULL, 0, &r, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(r.rows, 1);
	assert_int_equal(db_get_int64(&r, 0, 0), 1);
	arena_free(a);
}

static void ping_often(void *arg)
{
	struct db_pool *pool = pool_of(1);
	struct db *db;
	PGconn *pg = observer();

	(void)arg;
	for (int i = 0; i < 3; i++) {
		take_and_ping(pool, &db);
		db_give(db);
	}
	assert_string_equal(ask(pg, count_sql, NULL), "1");
	db_pool_free(pool);
	PQfinish(pg);
}

static void a_connection_and_its_statements_are_used_again(void **state)
{
	(void)state;
	server_url();
	run_in_fiber(ping_often, NULL);
}

static void ping_wrongly(void *arg)
{
	struct db_pool *pool = pool_of(1);
	struct arena *a = arena_new();
	struct db *db;
	struct err e = {0};

	(void)arg;
	take_and_ping(pool, &db);
	assert_int_equal(db_run(db, a, SQL_PING, NULL, &e, db_bool(1)), -1);
	assert_int_equal(e.kind, ERR_BUG);
	assert_int_equal(db_query(db, a, SQL_PING, NULL, 0, NULL, &e), 0);
	db_give(db);
	db_pool_free(pool);
	arena_free(a);
}

static void a_wrong_number_of_parameters_is_not_sent(void **state)
{
	(void)state;
	server_url();
	run_in_fiber(ping_wrongly, NULL);
}

static const char state_sql[] = "SELECT state FROM pg_stat_activity"
				" WHERE application_name = 'test_db'";

static void transact(void *arg)
{
	struct db_pool *pool = pool_of(1);
	struct arena *a = arena_new();
	struct db *db;
	struct err e = {0};
	PGconn *pg = observer();

	(void)arg;
	take_and_ping(pool, &db);
	assert_int_equal(db_commit(db, &e), -1);
	assert_int_equal(e.kind, ERR_BUG);
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(db_begin(db, &e), -1);
	assert_int_equal(e.kind, ERR_BUG);
	assert_int_equal(db_commit(db, &e), 0); /* of nothing */
	assert_int_equal(db_begin(db, &e), 0);
	assert_string_equal(ask(pg, state_sql, NULL), "idle"); /* BEGIN has cost no round trip */
	assert_int_equal(db_query(db, a, SQL_PING, NULL, 0, NULL, &e), 0);
	assert_string_equal(ask(pg, state_sql, NULL), "idle in transaction");
	assert_int_equal(db_commit(db, &e), 0);
	assert_string_equal(ask(pg, state_sql, NULL), "idle");
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(db_query(db, a, SQL_PING, NULL, 0, NULL, &e), 0);
	assert_int_equal(db_rollback(db, &e), 0);
	assert_string_equal(ask(pg, state_sql, NULL), "idle");
	db_give(db);
	db_pool_free(pool);
	PQfinish(pg);
	arena_free(a);
}

static void begin_commit_and_rollback_do_what_they_say(void **state)
{
	(void)state;
	server_url();
	run_in_fiber(transact, NULL);
}

static void send_ahead(void *arg)
{
	struct db_pool *pool = pool_of(1);
	struct arena *a = arena_new();
	struct db *db;
	struct err e = {0};
	PGconn *pg = observer();

	(void)arg;
	take_and_ping(pool, &db);
	assert_int_equal(db_later(db, a, SQL_ACTOR, &e, db_text("x")), -1);
	assert_int_equal(e.kind, ERR_BUG); /* nobody would ever read the answer */
	assert_int_equal(db_begin(db, &e), 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(db_later(db, a, SQL_ACTOR, &e, db_text("x")), 0);
	assert_int_equal(db_commit(db, &e), 0);
	assert_string_equal(ask(pg, state_sql, NULL), "idle");
	for (int again = 0; again < 2; again++) { /* there is no such table, each time */
		int64_t id = 1;

		assert_int_equal(db_begin(db, &e), 0);
		assert_int_equal(db_later(db, a, SQL_ORDER_PROGRESS, &e, db_int64s(a, &id, 1)), 0);
		assert_int_equal(db_later(db, a, SQL_ACTOR, &e, db_text("x")), 0);
		assert_int_equal(db_commit(db, &e), -1);
		assert_non_null(strstr(e.msg, "order_progress"));
		assert_int_equal(db_rollback(db, &e), 0);
		assert_string_equal(ask(pg, state_sql, NULL), "idle");
	}
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(db_later(db, a, SQL_ACTOR, &e, db_text("x")), 0);
	db_give(db); /* with an answer still to come */
	assert_string_equal(ask(pg, state_sql, NULL), "idle");
	take_and_ping(pool, &db);
	db_give(db);
	db_pool_free(pool);
	PQfinish(pg);
	arena_free(a);
}

static void a_failure_of_what_was_sent_ahead_fails_the_transaction(void **state)
{
	(void)state;
	server_url();
	run_in_fiber(send_ahead, NULL);
}

static void forget_transaction(void *arg)
{
	struct db_pool *pool = pool_of(1);
	struct arena *a = arena_new();
	struct db *db;
	PGconn *pg = observer();

	(void)arg;
	take_and_ping(pool, &db);
	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(db_query(db, a, SQL_PING, NULL, 0, NULL, NULL), 0);
	db_give(db);
	assert_string_equal(ask(pg, state_sql, NULL), "idle");
	assert_string_equal(ask(pg, count_sql, NULL), "1");
	take_and_ping(pool, &db);
	assert_int_equal(db_begin(db, NULL), 0); /* owed, never sent */
	db_give(db);
	take_and_ping(pool, &db);
	assert_string_equal(ask(pg, state_sql, NULL), "idle");
	db_give(db);
	db_pool_free(pool);
	PQfinish(pg);
	arena_free(a);
}

static void an_open_transaction_is_rolled_back_when_given_back(void **state)
{
	(void)state;
	server_url();
	run_in_fiber(forget_transaction, NULL);
}

/* ---- The pool ---- */

static struct db_pool *shared;
static char order[16];

static void take_in_turn(void *arg)
{
	struct db *db;
	size_t used;

	take_and_ping(shared, &db);
	used = strlen(order);
	snprintf(order + used, sizeof order - used, "%s", (const char *)arg);
	assert_int_equal(fiber_sleep_ms(1, NULL), 0);
	db_give(db);
}

static void queue_up(void *arg)
{
	static char names[][2] = {"a", "b", "c", "d", "e"};
	struct fiber_group g = {0};
	PGconn *pg = observer();

	(void)arg;
	shared = pool_of(1);
	order[0] = '\0';
	for (size_t i = 0; i < 5; i++)
		fiber_group_start(&g, "taker", take_in_turn, names[i]);
	assert_int_equal(fiber_group_wait(&g, soon_ms(), NULL), 0);
	assert_string_equal(order, "abcde");
	assert_string_equal(ask(pg, count_sql, NULL), "1");
	db_pool_free(shared);
	PQfinish(pg);
}

static void fibers_get_a_connection_in_the_order_they_asked(void **state)
{
	(void)state;
	server_url();
	run_in_fiber(queue_up, NULL);
}

static struct fiber *impatient;

static void wait_in_vain(void *arg)
{
	struct db *db;
	struct err e = {0};

	impatient = fiber_self();
	assert_int_equal(db_take(shared, loop_now_ms() + *(int *)arg, &db, &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
}

static void crowd(void *arg)
{
	struct fiber_group g = {0};
	struct db *db;
	static char last[] = "z";
	int short_ms = 5, long_ms = 60000;

	(void)arg;
	shared = pool_of(1);
	order[0] = '\0';
	take_and_ping(shared, &db);
	fiber_group_start(&g, "late", wait_in_vain, &short_ms);
	fiber_group_start(&g, "cancelled", wait_in_vain, &long_ms);
	fiber_group_start(&g, "patient", take_in_turn, last);
	assert_int_equal(fiber_sleep_ms(20, NULL), 0);
	db_give(db); /* handed to "cancelled", who passes it on */
	fiber_cancel(impatient);
	assert_int_equal(fiber_group_wait(&g, soon_ms(), NULL), 0);
	assert_string_equal(order, "z");
	db_pool_free(shared);
}

static void whoever_stops_waiting_passes_the_connection_on(void **state)
{
	(void)state;
	server_url();
	run_in_fiber(crowd, NULL);
}

/* ---- Lost connections ---- */

static const char terminate_sql[] = "SELECT count(pg_terminate_backend(pid, 5000))"
				    " FROM pg_stat_activity WHERE application_name = 'test_db'";

static void lose_in_transaction(void *arg)
{
	struct db_pool *pool = pool_of(1);
	struct arena *a = arena_new();
	struct db *db;
	struct err e = {0};
	PGconn *pg = observer();

	(void)arg;
	take_and_ping(pool, &db);
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(db_query(db, a, SQL_PING, NULL, 0, NULL, &e), 0);
	assert_string_equal(ask(pg, terminate_sql, NULL), "1");
	assert_int_equal(db_query(db, a, SQL_PING, NULL, 0, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_int_equal(e.code, ERR_CODE_DISCONNECTED);
	e = (struct err){0};
	assert_int_equal(db_commit(db, &e), -1);
	assert_int_equal(e.code, ERR_CODE_DISCONNECTED);
	assert_int_equal(db_rollback(db, &e), 0);
	db_give(db);
	take_and_ping(pool, &db);
	assert_true(db_pool_is_up(pool));
	db_give(db);
	db_pool_free(pool);
	PQfinish(pg);
	arena_free(a);
}

static void a_lost_connection_is_a_retry_and_the_next_take_connects_anew(void **state)
{
	(void)state;
	server_url();
	run_in_fiber(lose_in_transaction, NULL);
}

static void ping_until_cancelled(void *arg)
{
	struct db *db = arg;
	struct arena *a = arena_new();
	struct err e = {0};

	impatient = fiber_self();
	assert_int_equal(db_query(db, a, SQL_PING, NULL, 0, NULL, &e), -1);
	assert_int_equal(e.code, ERR_CODE_CANCELLED);
	assert_null(db->pg);
	db_give(db);
	arena_free(a);
}

static void cancel_ping(void *arg)
{
	(void)arg;
	fiber_cancel(impatient);
}

static void cancel_in_query(void *arg)
{
	struct db_pool *pool = pool_of(1);
	struct fiber_group g = {0};
	struct db *db;

	(void)arg;
	take_and_ping(pool, &db);
	fiber_group_start(&g, "pinger", ping_until_cancelled, db);
	fiber_group_start(&g, "canceller", cancel_ping, NULL);
	assert_int_equal(fiber_group_wait(&g, soon_ms(), NULL), 0);
	assert_null(pool->idle);
	take_and_ping(pool, &db);
	db_give(db);
	db_pool_free(pool);
}

static void a_query_that_is_cancelled_takes_its_connection_along(void **state)
{
	(void)state;
	server_url();
	run_in_fiber(cancel_in_query, NULL);
}

static void lose_while_idle(void *arg)
{
	struct db_pool *pool = pool_of(2);
	struct db *one, *two;
	PGconn *pg = observer();
	int64_t deadline_ms = soon_ms();

	(void)arg;
	take_and_ping(pool, &one);
	take_and_ping(pool, &two);
	db_give(one);
	db_give(two);
	assert_string_equal(ask(pg, terminate_sql, NULL), "2");
	while (pool->idle && loop_now_ms() < deadline_ms)
		assert_int_equal(fiber_sleep_ms(1, NULL), 0);
	take_and_ping(pool, &one);
	db_give(one);
	db_pool_free(pool);
	PQfinish(pg);
}

static void a_server_that_restarts_is_noticed_while_idle(void **state)
{
	(void)state;
	server_url();
	run_in_fiber(lose_while_idle, NULL);
}

/* ---- Servers that do not answer ---- */

/* A listening socket on a free port of loopback; nobody ever accepts. url is written. */
static int silent_server(char *url, size_t size)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(url, size, "hostaddr=127.0.0.1 port=%d user=u dbname=d password=hush",
		 ntohs(address.sin_port));
	return fd;
}

static void take_from_nobody(void *arg)
{
	struct db_pool *pool = db_pool_new(
		&(struct db_settings){.url = arg, .application = "test_db", .connections = 2});
	struct db *db;
	struct err e = {0};
	int64_t before_ms = loop_now_ms();

	assert_int_equal(db_take(pool, before_ms + 200, &db, &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_null(strstr(e.msg, "hush"));
	assert_true(loop_now_ms() >= before_ms + 199);
	assert_false(db_pool_is_up(pool));
	db_pool_free(pool);
}

static void a_server_that_never_answers_costs_no_more_than_the_deadline(void **state)
{
	char url[128];
	int fd = silent_server(url, sizeof url);

	(void)state;
	run_in_fiber(take_from_nobody, url);
	close(fd);
}

static void a_refused_connection_is_tried_until_the_deadline(void **state)
{
	char url[128];

	(void)state;
	close(silent_server(url, sizeof url));
	run_in_fiber(take_from_nobody, url);
}

static int given_up;

static void take_and_fail(void *arg)
{
	struct db *db;

	assert_int_equal(db_take(arg, loop_now_ms() + 300, &db, NULL), -1);
	given_up++;
}

static void hundreds_want_in(void *arg)
{
	int fd = *(int *)arg, tries = 0;
	struct sockaddr_in address;
	socklen_t len = sizeof address;
	struct fiber_group g = {0};
	char url[64];

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(url, sizeof url, "hostaddr=127.0.0.1 port=%d", ntohs(address.sin_port));
	struct db_pool *pool = db_pool_new(
		&(struct db_settings){.url = url, .application = "test_db", .connections = 3});

	for (int i = 0; i < 300; i++)
		fiber_group_start(&g, "taker", take_and_fail, pool);
	while (g.running) {
		int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client >= 0) {
			close(client);
			tries++;
		}
		assert_int_equal(fiber_sleep_ms(1, NULL), 0);
	}
	assert_int_equal(given_up, 300);
	assert_in_range(tries, 1, 20);
	db_pool_free(pool);
}

static void hundreds_of_fibers_do_not_hammer_a_server_that_is_away(void **state)
{
	char url[128];
	int fd = silent_server(url, sizeof url);

	(void)state;
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	run_in_fiber(hundreds_want_in, &fd);
	close(fd);
}

static void take_badly(void *arg)
{
	struct db_pool *pool = db_pool_new(&(struct db_settings){
		.url = "postgresql://u:hush@[broken", .application = "test_db", .connections = 1});
	struct db *db;
	struct err e = {0};

	(void)arg;
	assert_int_equal(db_take(pool, soon_ms(), &db, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	assert_null(strstr(e.msg, "hush"));
	db_pool_free(pool);
}

static void a_malformed_url_is_final_and_not_repeated(void **state)
{
	(void)state;
	run_in_fiber(take_badly, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_array_of_integers_is_postgresql_binary),
		cmocka_unit_test(values_arrive_as_they_were_sent),
		cmocka_unit_test(columns_are_read_by_type_and_null_is_seen),
		cmocka_unit_test(a_sqlstate_decides_what_becomes_of_a_job),
		cmocka_unit_test(an_error_does_not_quote_the_data),
		cmocka_unit_test(a_connection_and_its_statements_are_used_again),
		cmocka_unit_test(a_wrong_number_of_parameters_is_not_sent),
		cmocka_unit_test(begin_commit_and_rollback_do_what_they_say),
		cmocka_unit_test(a_failure_of_what_was_sent_ahead_fails_the_transaction),
		cmocka_unit_test(an_open_transaction_is_rolled_back_when_given_back),
		cmocka_unit_test(fibers_get_a_connection_in_the_order_they_asked),
		cmocka_unit_test(whoever_stops_waiting_passes_the_connection_on),
		cmocka_unit_test(a_lost_connection_is_a_retry_and_the_next_take_connects_anew),
		cmocka_unit_test(a_query_that_is_cancelled_takes_its_connection_along),
		cmocka_unit_test(a_server_that_restarts_is_noticed_while_idle),
		cmocka_unit_test(a_server_that_never_answers_costs_no_more_than_the_deadline),
		cmocka_unit_test(a_refused_connection_is_tried_until_the_deadline),
		cmocka_unit_test(hundreds_of_fibers_do_not_hammer_a_server_that_is_away),
		cmocka_unit_test(a_malformed_url_is_final_and_not_repeated),
	};

	return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}

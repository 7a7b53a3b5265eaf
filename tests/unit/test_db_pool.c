/*
 * db: who gets a connection of the pool and when, and servers that restart, are away or never
 * answer
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/runtime/loop.h"
#include "tests/unit/postgres.h"

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

static void queue_up(struct pool_case *c)
{
	static char names[][2] = {"a", "b", "c", "d", "e"};
	struct fiber_group g = {0};

	shared = c->pool;
	order[0] = '\0';
	for (size_t i = 0; i < 5; i++)
		fiber_group_start(&g, "taker", take_in_turn, names[i]);
	assert_int_equal(fiber_group_wait(&g, postgres_deadline(), NULL), 0);
	assert_string_equal(order, "abcde");
	assert_string_equal(observe(c, "count(*)"), "1");
}

static void fibers_get_a_connection_in_the_order_they_asked(void **state)
{
	(void)state;
	run_with_pool(1, queue_up);
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

static void crowd(struct pool_case *c)
{
	struct fiber_group g = {0};
	struct db *db;
	static char last[] = "z";
	int short_ms = 5, long_ms = 60000;

	shared = c->pool;
	order[0] = '\0';
	take_and_ping(shared, &db);
	fiber_group_start(&g, "late", wait_in_vain, &short_ms);
	fiber_group_start(&g, "cancelled", wait_in_vain, &long_ms);
	fiber_group_start(&g, "patient", take_in_turn, last);
	assert_int_equal(fiber_sleep_ms(20, NULL), 0);
	db_give(db); /* handed to "cancelled", who passes it on */
	fiber_cancel(impatient);
	assert_int_equal(fiber_group_wait(&g, postgres_deadline(), NULL), 0);
	assert_string_equal(order, "z");
}

static void whoever_stops_waiting_passes_the_connection_on(void **state)
{
	(void)state;
	run_with_pool(1, crowd);
}

static void lose_while_idle(struct pool_case *c)
{
	struct db *one, *two;
	int64_t deadline_ms = postgres_deadline();

	take_and_ping(c->pool, &one);
	take_and_ping(c->pool, &two);
	db_give(one);
	db_give(two);
	assert_string_equal(pool_terminate(c), "2");
	while (c->pool->idle && loop_now_ms() < deadline_ms)
		assert_int_equal(fiber_sleep_ms(1, NULL), 0);
	assert_null(c->pool->idle);
	take_and_ping(c->pool, &one);
	db_give(one);
}

static void a_server_that_restarts_is_noticed_while_idle(void **state)
{
	(void)state;
	run_with_pool(2, lose_while_idle);
}

/* ---- Servers that cannot be written ---- */

static void take_for_reading(struct pool_case *c)
{
	struct db *db;

	take_and_ping(c->pool, &db);
	db_give(db);
}

static void take_for_writing(struct pool_case *c)
{
	struct err e = {0};
	struct db *db;

	assert_int_equal(db_take(c->pool, loop_now_ms() + patience_ms(1000), &db, &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_non_null(strstr(e.msg, "read-only"));
	assert_false(db_pool_is_up(c->pool));
}

static void a_read_only_server_is_away_for_those_who_write(void **state)
{
	const char *options = "-c default_transaction_read_only=on";

	(void)state;
	run_with_pool_like(&(struct db_settings){.connections = 1}, options, take_for_reading);
	run_with_pool_like(&(struct db_settings){.connections = 1, .is_writing = 1}, options,
			   take_for_writing);
}

static void become_read_only(struct pool_case *c)
{
	struct db *db;

	take_and_ping(c->pool, &db);
	assert_int_equal(db_run(db, c->a, SQL_ACTOR, NULL, NULL, db_text("")), 0);
	db_give(db);
	assert_null(c->pool->idle);
	take_and_ping(c->pool, &db);
	db_give(db);
	assert_non_null(c->pool->idle);
}

/* As in a test of db_error: set_config() is ours, and does something else. */
static void a_session_that_becomes_read_only_is_dropped(void **state)
{
	PGconn *pg = postgres_connect();

	(void)state;
	postgres_do(pg, "CREATE SCHEMA IF NOT EXISTS spoiling");
	postgres_do(
		pg,
		"CREATE OR REPLACE FUNCTION spoiling.set_config(text, text, boolean) RETURNS text"
		" LANGUAGE sql AS $$ SELECT pg_catalog.set_config("
		"  'default_transaction_read_only', 'on', false) $$");
	PQfinish(pg);
	run_with_pool_like(&(struct db_settings){.connections = 1, .is_writing = 1},
			   "-c search_path=spoiling,pg_catalog", become_read_only);
}

/* ---- Servers that do not answer ---- */

/* A socket on a free port of loopback that listens; only hundreds_want_in() ever accepts. */
struct silent_server {
	int fd;
	char url[128];
};

static void silent_server_open(struct silent_server *s)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;

	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(s->fd, 64), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &len), 0);
	snprintf(s->url, sizeof s->url, "hostaddr=127.0.0.1 port=%d user=u dbname=d password=hush",
		 ntohs(address.sin_port));
}

static struct db_pool *pool_at(const char *url, int connections)
{
	return db_pool_new(&(struct db_settings){
		.url = url, .application = "test_db", .connections = connections});
}

static void take_from_nobody(void *arg)
{
	struct db_pool *pool = pool_at(arg, 2);
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
	struct silent_server server;

	(void)state;
	silent_server_open(&server);
	run_in_fiber(take_from_nobody, server.url);
	close(server.fd);
}

static void a_refused_connection_is_tried_until_the_deadline(void **state)
{
	struct silent_server server;

	(void)state;
	silent_server_open(&server);
	close(server.fd);
	run_in_fiber(take_from_nobody, server.url);
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
	const struct silent_server *server = arg;
	struct db_pool *pool = pool_at(server->url, 3);
	struct fiber_group g = {0};
	int tries = 0;

	for (int i = 0; i < 300; i++)
		fiber_group_start(&g, "taker", take_and_fail, pool);
	while (g.running) {
		int client = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

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
	struct silent_server server;

	(void)state;
	silent_server_open(&server);
	run_in_fiber(hundreds_want_in, &server);
	close(server.fd);
}

static void take_badly(void *arg)
{
	struct db_pool *pool = pool_at("postgresql://u:hush@[broken", 1);
	struct db *db;
	struct err e = {0};

	(void)arg;
	assert_int_equal(db_take(pool, postgres_deadline(), &db, &e), -1);
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
		cmocka_unit_test(fibers_get_a_connection_in_the_order_they_asked),
		cmocka_unit_test(whoever_stops_waiting_passes_the_connection_on),
		cmocka_unit_test(a_server_that_restarts_is_noticed_while_idle),
		cmocka_unit_test(a_read_only_server_is_away_for_those_who_write),
		cmocka_unit_test(a_session_that_becomes_read_only_is_dropped),
		cmocka_unit_test(a_server_that_never_answers_costs_no_more_than_the_deadline),
		cmocka_unit_test(a_refused_connection_is_tried_until_the_deadline),
		cmocka_unit_test(hundreds_of_fibers_do_not_hammer_a_server_that_is_away),
		cmocka_unit_test(a_malformed_url_is_final_and_not_repeated),
	};

	return cmocka_run_group_tests_name("db_pool", tests, NULL, NULL);
}

/* db: statements, transactions, and connections that are lost while in use */
#include <string.h>

#include "tests/unit/postgres.h"

static void ping_often(struct pool_case *c)
{
	struct db *db;

	for (int i = 0; i < 3; i++) {
		take_and_ping(c->pool, &db);
		db_give(db);
	}
	assert_string_equal(observe(c, "count(*)"), "1");
}

static void a_connection_and_its_statements_are_used_again(void **state)
{
	(void)state;
	run_with_pool(1, ping_often);
}

static void ping_wrongly(struct pool_case *c)
{
	struct db *db;
	struct err e = {0};

	take_and_ping(c->pool, &db);
	assert_int_equal(db_run(db, c->a, SQL_PING, NULL, &e, db_bool(1)), -1);
	assert_int_equal(e.kind, ERR_BUG);
	assert_int_equal(db_query(db, c->a, SQL_PING, NULL, 0, NULL, &e), 0);
	db_give(db);
}

static void a_wrong_number_of_parameters_is_not_sent(void **state)
{
	(void)state;
	run_with_pool(1, ping_wrongly);
}

static void transact(struct pool_case *c)
{
	struct db *db;
	struct err e = {0};

	take_and_ping(c->pool, &db);
	assert_int_equal(db_commit(db, &e), -1);
	assert_int_equal(e.kind, ERR_BUG);
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(db_begin(db, &e), -1);
	assert_int_equal(e.kind, ERR_BUG);
	assert_int_equal(db_commit(db, &e), 0); /* of nothing */
	assert_int_equal(db_begin(db, &e), 0);
	assert_string_equal(observe(c, "state"), "idle"); /* BEGIN has cost no round trip */
	assert_int_equal(db_query(db, c->a, SQL_PING, NULL, 0, NULL, &e), 0);
	assert_string_equal(observe(c, "state"), "idle in transaction");
	assert_int_equal(db_commit(db, &e), 0);
	assert_string_equal(observe(c, "state"), "idle");
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(db_query(db, c->a, SQL_PING, NULL, 0, NULL, &e), 0);
	assert_int_equal(db_rollback(db, &e), 0);
	assert_string_equal(observe(c, "state"), "idle");
	db_give(db);
}

static void begin_commit_and_rollback_do_what_they_say(void **state)
{
	(void)state;
	run_with_pool(1, transact);
}

static void send_ahead(struct pool_case *c)
{
	struct db *db;
	struct err e = {0};

	take_and_ping(c->pool, &db);
	assert_int_equal(db_later(db, c->a, SQL_ACTOR, &e, db_text("x")), -1);
	assert_int_equal(e.kind, ERR_BUG); /* nobody would ever read the answer */
	assert_int_equal(db_begin(db, &e), 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(db_later(db, c->a, SQL_ACTOR, &e, db_text("x")), 0);
	assert_int_equal(db_commit(db, &e), 0);
	assert_string_equal(observe(c, "state"), "idle");
	for (int again = 0; again < 2; again++) { /* there is no such table, each time */
		int64_t id = 1;

		assert_int_equal(db_begin(db, &e), 0);
		assert_int_equal(
			db_later(db, c->a, SQL_ORDER_PROGRESS, &e, db_int64s(c->a, &id, 1)), 0);
		assert_int_equal(db_later(db, c->a, SQL_ACTOR, &e, db_text("x")), 0);
		assert_int_equal(db_commit(db, &e), -1);
		assert_non_null(strstr(e.msg, "order_progress"));
		assert_int_equal(db_rollback(db, &e), 0);
		assert_string_equal(observe(c, "state"), "idle");
	}
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(db_later(db, c->a, SQL_ACTOR, &e, db_text("x")), 0);
	db_give(db); /* with an answer still to come */
	assert_string_equal(observe(c, "state"), "idle");
	take_and_ping(c->pool, &db);
	db_give(db);
}

static void a_failure_of_what_was_sent_ahead_fails_the_transaction(void **state)
{
	(void)state;
	run_with_pool(1, send_ahead);
}

static void forget_transaction(struct pool_case *c)
{
	struct db *db;

	take_and_ping(c->pool, &db);
	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(db_query(db, c->a, SQL_PING, NULL, 0, NULL, NULL), 0);
	db_give(db);
	assert_string_equal(observe(c, "state"), "idle");
	assert_string_equal(observe(c, "count(*)"), "1");
	take_and_ping(c->pool, &db);
	assert_int_equal(db_begin(db, NULL), 0); /* owed, never sent */
	db_give(db);
	take_and_ping(c->pool, &db);
	assert_string_equal(observe(c, "state"), "idle");
	db_give(db);
}

static void an_open_transaction_is_rolled_back_when_given_back(void **state)
{
	(void)state;
	run_with_pool(1, forget_transaction);
}

static void lose_in_transaction(struct pool_case *c)
{
	struct db *db;
	struct err e = {0};

	take_and_ping(c->pool, &db);
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(db_query(db, c->a, SQL_PING, NULL, 0, NULL, &e), 0);
	assert_string_equal(pool_terminate(c), "1");
	assert_int_equal(db_query(db, c->a, SQL_PING, NULL, 0, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_int_equal(e.code, ERR_CODE_DISCONNECTED);
	e = (struct err){0};
	assert_int_equal(db_commit(db, &e), -1);
	assert_int_equal(e.code, ERR_CODE_DISCONNECTED);
	assert_int_equal(db_rollback(db, &e), 0);
	db_give(db);
	take_and_ping(c->pool, &db);
	assert_true(db_pool_is_up(c->pool));
	db_give(db);
}

static void a_lost_connection_is_a_retry_and_the_next_take_connects_anew(void **state)
{
	(void)state;
	run_with_pool(1, lose_in_transaction);
}

static struct fiber *pinger;

static void ping_until_cancelled(void *arg)
{
	struct db *db = arg;
	struct arena *a = arena_new();
	struct err e = {0};

	pinger = fiber_self();
	assert_int_equal(db_query(db, a, SQL_PING, NULL, 0, NULL, &e), -1);
	assert_int_equal(e.code, ERR_CODE_CANCELLED);
	assert_null(db->pg);
	db_give(db);
	arena_free(a);
}

static void cancel_ping(void *arg)
{
	(void)arg;
	fiber_cancel(pinger);
}

static void cancel_in_query(struct pool_case *c)
{
	struct fiber_group g = {0};
	struct db *db;

	take_and_ping(c->pool, &db);
	fiber_group_start(&g, "pinger", ping_until_cancelled, db);
	fiber_group_start(&g, "canceller", cancel_ping, NULL);
	assert_int_equal(fiber_group_wait(&g, postgres_deadline(), NULL), 0);
	assert_null(c->pool->idle);
	take_and_ping(c->pool, &db);
	db_give(db);
}

static void a_query_that_is_cancelled_takes_its_connection_along(void **state)
{
	(void)state;
	run_with_pool(1, cancel_in_query);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_and_its_statements_are_used_again),
		cmocka_unit_test(a_wrong_number_of_parameters_is_not_sent),
		cmocka_unit_test(begin_commit_and_rollback_do_what_they_say),
		cmocka_unit_test(a_failure_of_what_was_sent_ahead_fails_the_transaction),
		cmocka_unit_test(an_open_transaction_is_rolled_back_when_given_back),
		cmocka_unit_test(a_lost_connection_is_a_retry_and_the_next_take_connects_anew),
		cmocka_unit_test(a_query_that_is_cancelled_takes_its_connection_along),
	};

	return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}

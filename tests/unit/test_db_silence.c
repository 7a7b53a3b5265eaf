/* db: a statement that never arrived is told from one that takes its time */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/runtime/loop.h"
#include "tests/unit/postgres.h"

enum {
	SEEN_MS = 3000, /* on a quiet machine */
	SLOW_MS = 4000,
	LARGE = 50000, /* libpq sends this in several parts */
	FDS_MAX = 64,
};

/*
 * By socket: from so many sends on one fails, and leaves the socket as good as it was; 0: none. libpq calls this
 * one.
 */
static int sends_left[FDS_MAX];

ssize_t send(int fd, const void *data, size_t len, int flags)
{
	if (fd < FDS_MAX && sends_left[fd] && --sends_left[fd] == 0) {
		errno = ENOBUFS;
		return -1;
	}
	return sendto(fd, data, len, flags, NULL, 0);
}

static void send_fails(struct db *db, int nth)
{
	sends_left[PQsocket(db->pg)] = nth;
}

/* Tests wait side by side: each takes a connection, and says what must not be. */
static struct db_pool *pool;

static void seen_soon(struct db *db, int failed, int64_t began_ms, const struct err *e)
{
	assert_int_equal(failed, -1);
	assert_int_equal(e->kind, ERR_RETRY);
	assert_int_equal(e->code, ERR_CODE_DISCONNECTED);
	assert_null(db->pg);
	assert_in_range(loop_now_ms() - began_ms, 1, (uintmax_t)patience_ms(SEEN_MS));
	db_give(db);
}

static void lose_statement(void *arg)
{
	struct arena *a = arena_new();
	struct err e = {0};
	int64_t began_ms = loop_now_ms();
	struct db *db;

	(void)arg;
	take_and_ping(pool, &db);
	send_fails(db, 1);
	seen_soon(db, db_query(db, a, SQL_PING, NULL, 0, NULL, &e), began_ms, &e);
	arena_free(a);
}

static void lose_part(void *arg)
{
	struct arena *a = arena_new();
	char *text = arena_alloc(a, LARGE + 1);
	struct err e = {0};
	int64_t began_ms = loop_now_ms();
	struct db *db;

	(void)arg;
	memset(text, 'x', LARGE);
	take_and_ping(pool, &db);
	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(db_later(db, a, SQL_ACTOR, NULL, db_text("x")), 0);
	send_fails(db, 2);
	seen_soon(db, db_run(db, a, SQL_ACTOR, NULL, &e, db_text(text)), began_ms, &e);
	arena_free(a);
}

static void lose_commit(void *arg)
{
	struct err e = {0};
	int64_t began_ms = loop_now_ms();
	struct arena *a = arena_new();
	struct db *db;

	(void)arg;
	take_and_ping(pool, &db);
	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(db_query(db, a, SQL_PING, NULL, 0, NULL, NULL), 0);
	send_fails(db, 1);
	seen_soon(db, db_commit(db, &e), began_ms, &e);
	arena_free(a);
}

static void run_slowly(void *arg)
{
	struct arena *a = arena_new();
	struct err e = {0};
	struct db *db;

	(void)arg;
	take_and_ping(pool, &db);
	int64_t began_ms = loop_now_ms(), id = 1;

	if (db_run(db, a, SQL_ORDER_PROGRESS, NULL, &e, db_int64s(a, &id, 1)))
		fail_msg("%s", e.msg);
	assert_true(loop_now_ms() - began_ms >= SLOW_MS - 100);
	db_give(db);
	arena_free(a);
}

static void wait_side_by_side(struct pool_case *c)
{
	static void (*const waits[])(void *) = {lose_statement, lose_part, lose_commit, run_slowly};
	struct fiber_group group = {0};

	pool = c->pool;
	postgres_do(c->observer, "DROP SCHEMA IF EXISTS silence CASCADE");
	postgres_do(c->observer, "CREATE SCHEMA silence");
	postgres_do(c->observer,
		    "CREATE FUNCTION silence.orders_progress(bigint[]) RETURNS void LANGUAGE sql"
		    " AS 'SELECT pg_sleep(4)'");
	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
		fiber_group_start(&group, "waits", waits[i], NULL);
	assert_int_equal(fiber_group_wait(&group, postgres_deadline(), NULL), 0);
	postgres_do(c->observer, "DROP SCHEMA silence CASCADE");
	assert_string_equal(observe(c, "count(*)"),
			    "1"); /* the slow one's; nothing else is left open */
}

static void what_did_not_arrive_is_lost_soon_and_what_takes_long_is_not(void **state)
{
	(void)state;
	run_with_pool_like(&(struct db_settings){.connections = 4}, "-c search_path=silence",
			   wait_side_by_side);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_did_not_arrive_is_lost_soon_and_what_takes_long_is_not),
	};

	return cmocka_run_group_tests_name("db_silence", tests, NULL, NULL);
}

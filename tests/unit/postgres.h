/*
 * postgres - a real PostgreSQL for unit tests
 *
 * WAYBILL_TEST_DB_URL is its address; tests that need it are skipped when it is not set. Whatever
 * goes wrong in here fails the test.
 */
#ifndef WAYBILL_TESTS_POSTGRES_H
#define WAYBILL_TESTS_POSTGRES_H

#include "core/runtime/db_internal.h"
#include "tests/unit/unit.h"

int64_t postgres_deadline(void); /* patience of one wait */

/* postgres_connect - a connection without db: an observer, and a way to send what db never sends. */
PGconn *postgres_connect(void);

/* postgres_do - a command without rows */
void postgres_do(PGconn *pg, const char *sql);

/*
 * postgres_ask - the first column of the only row, as text in a static buffer; param may be NULL.
 */
const char *postgres_ask(PGconn *pg, const char *sql, const struct db_value *param);

/* A pool, and what a test wants beside it. */
struct pool_case {
	struct db_pool *pool;
	struct arena *a;
	PGconn *observer;
};

/* run_with_pool - the test's body in a fiber, with a pool of so many connections. */
void run_with_pool(int connections, void (*body)(struct pool_case *));

/* run_with_pool_like - the same with settings (url and application are ours) and options of the url's. */
void run_with_pool_like(const struct db_settings *settings, const char *options,
			void (*body)(struct pool_case *));

/*
 * observe - an expression over pg_stat_activity's rows of the pool: "state" of its only
 * connection, or an aggregate
 */
const char *observe(const struct pool_case *c, const char *expression);

/* pool_terminate - the server ends the pool's connections: how many, as text. */
const char *pool_terminate(const struct pool_case *c);

/* take_and_ping - take a connection and see that it answers. */
void take_and_ping(struct db_pool *pool, struct db **db);

#endif

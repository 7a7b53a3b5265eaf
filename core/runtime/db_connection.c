/*
 * db_connection - connections to PostgreSQL, opened and waited for on the loop
 *
 * libpq looks host names up itself and blocks the loop while it does: give an address or a socket's folder.
 */
#include <string.h>

#include "core/runtime/db_internal.h"
#include "core/runtime/loop.h"

enum { CONNECT_MS = 10000 };

/* ---- Waiting for the socket ---- */

static void socket_ready(EV_P_ ev_io *io, int events)
{
	struct db *db = io->data;

	(void)events;
	if (db->waiter) {
		db->is_signalled = 1;
		fiber_wake(db->waiter);
	} else if (!db->is_idle) {
		ev_io_stop(EV_A_ io); /* on loan: the next statement will see it */
	} else if (!PQconsumeInput(db->pg) || PQstatus(db->pg) == CONNECTION_BAD) {
		db_pool_lost(db);
	}
}

/*
 * libpq may close the socket and open another under the same number: the watcher must start anew.
 */
static void forget_socket(struct db *db)
{
	ev_io_stop(loop_ev(), &db->io);
	ev_init(&db->io, socket_ready);
	ev_io_set(&db->io, -1, 0);
	db->io.data = db;
}

static void watch_socket(struct db *db, int events)
{
	int fd = PQsocket(db->pg);

	if (db->io.fd != fd || (db->io.events & (EV_READ | EV_WRITE)) != events) {
		ev_io_stop(loop_ev(), &db->io);
		ev_io_set(&db->io, fd, events);
	}
	ev_io_start(loop_ev(), &db->io);
}

void db_watch_idle(struct db *db)
{
	watch_socket(db, EV_READ);
}

int db_wait(struct db *db, int events, int64_t deadline_ms, struct err *e)
{
	int failed = 0;

	if (db->waiter)
		die("two fibers use one connection");
	watch_socket(db, events);
	db->is_signalled = 0;
	db->waiter = fiber_self();
	while (!failed && !db->is_signalled)
		failed = fiber_suspend(deadline_ms, e);
	db->waiter = NULL;
	return failed;
}

/* ---- Opening and closing ---- */

void db_close(struct db *db)
{
	if (!db->pg)
		return;
	forget_socket(db);
	PQfinish(db->pg);
	db->pg = NULL;
	db->is_begin_owed = 0;
	db->is_over = 0;
	db->pending_count = 0;
	memset(db->is_prepared, 0, SQL_COUNT);
}

int db_open(struct db *db, int64_t deadline_ms, struct err *e)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;
	int64_t last_ms = loop_now_ms() + CONNECT_MS;

	if (!deadline_ms || deadline_ms > last_ms)
		deadline_ms = last_ms;
	db->pg = PQconnectStartParams(db->pool->keywords, db->pool->values, /* expand_dbname= */ 1);
	if (!db->pg)
		die("out of memory: a database connection");
	forget_socket(db);
	PQsetNoticeReceiver(db->pg, db_log_notice, NULL);
	if (PQstatus(db->pg) == CONNECTION_BAD)
		state = PGRES_POLLING_FAILED;
	while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
		int events = state == PGRES_POLLING_READING ? EV_READ : EV_WRITE;
		int failed = db_wait(db, events, deadline_ms, e);

		forget_socket(db);
		if (failed) {
			db_close(db);
			return err_prefix(e, "could not connect to the database");
		}
		state = PQconnectPoll(db->pg);
	}
	if (state != PGRES_POLLING_OK || PQsetnonblocking(db->pg, 1) ||
	    !PQenterPipelineMode(db->pg)) {
		db_lost(e, "connect to the database", PQerrorMessage(db->pg));
		db_close(db);
		return -1;
	}
	return 0;
}

int db_is_read_only(const struct db *db)
{
	static const char *const says[] = {"default_transaction_read_only", "in_hot_standby"};

	for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
		const char *value = PQparameterStatus(db->pg, says[i]);

		if (value && strcmp(value, "on") == 0)
			return 1;
	}
	return 0;
}

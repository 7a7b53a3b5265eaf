/*
 * db_connection - connections to PostgreSQL, opened and waited for on the loop
 *
 * When a send fails, libpq drops what it had to send, says nothing, and waits for the answer. So whoever has waited in
 * silence for a while asks, on a connection of its own, whether the server waits for us as we do for it.
 *
 * libpq looks host names up itself and blocks the loop while it does: give an address or a socket's folder.
 */
#include <string.h>

#include "core/runtime/db_internal.h"
#include "core/runtime/loop.h"

enum {
	CONNECT_MS = 10000,
	BUSY_MS = 100, /* until somebody else may have asked */
};

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

YIELDS
static int wait_socket(struct db *db, int events, int64_t deadline_ms, struct err *e)
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
		int failed = wait_socket(db, events, deadline_ms, e);

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

/* ---- Waiting for an answer ---- */

int db_abandon(struct db *db, struct err *e)
{
	db_lost(e, "reach the database",
		db->pg ? PQerrorMessage(db->pg) : "the connection is lost");
	db_close(db);
	db->pool->is_up = 0;
	return -1;
}

/* Does the server wait for more of what was sent to it? */
YIELDS
static int is_unheard(struct db *db)
{
	struct db *scout = &db->pool->scout;
	struct arena *a = arena_new();
	struct db_result r = {0};

	if (db_open(scout, loop_now_ms() + DB_SILENCE_MS, NULL) == 0)
		db_run(scout, a, SQL_DB_UNHEARD, &r, NULL, db_int64(a, PQbackendPID(db->pg)));
	db_close(scout);
	arena_free(a);
	return r.rows > 0;
}

int db_await_answer(struct db *db, int64_t deadline_ms, struct err *e)
{
	int64_t silence_ms = DB_SILENCE_MS, look_ms = loop_now_ms() + silence_ms;
	int is_lost = 0;

	for (;;) {
		int unsent = PQflush(db->pg);

		if (unsent < 0)
			return db_abandon(db, e);
		if (!PQisBusy(db->pg))
			return 0;
		if (is_lost) {
			db_close(db);
			return db_lost(e, "reach the database", "what was sent did not arrive");
		}
		int may_look = !unsent && look_ms < deadline_ms;
		struct err why = {0};

		if (wait_socket(db, EV_READ | (unsent ? EV_WRITE : 0),
				may_look ? look_ms : deadline_ms, &why)) {
			if (!may_look || why.code != ERR_CODE_TIMEOUT) {
				db_close(db); /* its answer would come at the wrong time */
				if (e)
					*e = why;
				return err_prefix(e, "waiting for the database");
			}
			if (db->pool->scout.pg) {
				look_ms = loop_now_ms() + BUSY_MS;
			} else {
				is_lost = is_unheard(db);
				look_ms = loop_now_ms() + (silence_ms *= 2);
			}
		}
		if (!PQconsumeInput(db->pg))
			return db_abandon(db, e);
	}
}

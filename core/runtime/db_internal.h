/*
 * db_internal - what db.c (statements), db_connection.c, db_pool.c (the pool), db_error.c and migrate.c share
 */
#ifndef WAYBILL_DB_INTERNAL_H
#define WAYBILL_DB_INTERNAL_H

#include <ev.h>
#include <libpq-fe.h>

#include "core/runtime/db.h"

enum {
	DB_KEYWORDS = 12,
	DB_PENDING_MAX = 64,
	DB_SILENCE_MS = 2000, /* a statement without an answer for so long may not have arrived */
};

/* What was sent and not answered yet. */
struct db_step {
	enum db_step_kind { DB_CONTROL, DB_PREPARE, DB_STATEMENT } kind;
	enum sql_id id;
};

struct db {
	struct db_pool *pool;
	struct db *next; /* in the pool's list of idle or of closed ones */
	PGconn *pg;	 /* NULL: closed */
	int answer_ms;	 /* how long it may take */
	ev_io io;
	int is_idle;		    /* in the pool and connected */
	int is_over;		    /* the session is of no use any more */
	struct fiber *waiter;	    /* the fiber that waits for the socket */
	int is_signalled;	    /* the socket has something for the waiter */
	int is_begin_owed;	    /* BEGIN goes out with the next statement */
	unsigned char *is_prepared; /* by enum sql_id; also while that is pending */
	struct db_step pending[DB_PENDING_MAX];
	int pending_count;
	struct db_refusal refusal;
};

struct db_waiter; /* a fiber in the queue of db_take() */

struct db_pool {
	struct arena *arena;
	const char *keywords[DB_KEYWORDS], *values[DB_KEYWORDS]; /* for PQconnectStartParams() */
	int is_url_valid, is_writing;
	int statement_timeout_ms;
	int connections;
	struct db *all;
	struct db *idle, *closed;
	struct db scout; /* open while a fiber asks whether its statement has arrived */
	struct db_waiter *first, *last;
	int is_up;
	int is_doubtful; /* the server closed a connection that nobody used; none was made since */
	int is_looking;	 /* a fiber is in db_pool_look() */
	int64_t retry_at_ms; /* nobody connects before */
	int backoff_ms;
};

/* db_open - connect; 0 or -1 with ERR_RETRY by deadline_ms */
YIELDS
int db_open(struct db *db, int64_t deadline_ms, struct err *e);

/* db_close - close the connection, if it is open; what it was doing is over */
void db_close(struct db *db);

/* db_abandon - close a connection that is lost; always -1 with ERR_RETRY and ERR_CODE_DISCONNECTED */
int db_abandon(struct db *db, struct err *e);

/*
 * db_await_answer - until PQgetResult() would not block
 *
 * ERR_RETRY when no answer comes by deadline_ms, or the server has not got all that was sent. Then the connection
 * is closed.
 */
YIELDS
int db_await_answer(struct db *db, int64_t deadline_ms, struct err *e);

/* db_is_read_only - does the server say that this session cannot write? Costs no statement. */
int db_is_read_only(const struct db *db);

/* db_watch_idle - notice when the server closes the connection while nobody uses it */
void db_watch_idle(struct db *db);

/* db_pool_away - the server answers, and is of no use for now: do not hammer it */
void db_pool_away(struct db_pool *pool, const struct err *why);

/* db_pool_lost - the server closed this idle connection */
void db_pool_lost(struct db *db);

/*
 * db_judge - the error for a SQLSTATE, as db.h says; always -1
 *
 * what is the statement's name. Class 22 quotes the data it complains about: that part of text is
 * left out.
 */
int db_judge(struct err *e, const char *what, const char *sqlstate, const char *text);

/* db_ends_session - is a session that says so of no further use? */
int db_ends_session(const char *sqlstate);

/* db_lost - the error for a lost connection; text is libpq's */
int db_lost(struct err *e, const char *doing, const char *text);

/* db_log_notice - for PQsetNoticeReceiver(): warnings of the server are for debugging */
void db_log_notice(void *arg, const PGresult *r);

#endif

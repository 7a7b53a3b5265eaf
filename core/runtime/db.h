/*
 * db - PostgreSQL for fibers: a small pool, statements prepared once, arrays as parameters
 *
 * A connection is taken from the pool, used for one transaction, and given back. Every statement is
 * a file of core/sql, named by its enum; nothing else is ever sent, so that no text from outside
 * becomes SQL. libpq in non-blocking pipeline mode; a statement waits only for its own answer.
 */
#ifndef WAYBILL_DB_H
#define WAYBILL_DB_H

#include <stddef.h>
#include <stdint.h>

#include "core/runtime/arena.h"
#include "core/runtime/err.h"
#include "core/runtime/fiber.h"
#include "gen/sql.h"

struct sql_statement {
	const char *name;
	const char *text;
	int params;
};

/* All statements, by enum sql_id. Made from core/sql by tools/embed.awk. */
extern const struct sql_statement sql_statements[];

struct db_pool;
struct db; /* one connection, on loan */

struct db_settings {
	const char *url;	 /* libpq connection string or URI */
	const char *application; /* application_name: shown in pg_stat_activity */
	const char
		*actor; /* who acts, where a transaction does not say: "worker:clock", "user:mia" */
	int is_writing; /* a server that is read-only counts as one that is away */
	int connections;	  /* at most */
	int statement_timeout_ms; /* 0: 30 000 */
};

/* db_url_is_valid - is it a connection string of libpq's (URI or key=value)? */
int db_url_is_valid(const char *url);

/* db_url_place - "waybill on db.example:5432", for people: which database a url means; never its password */
const char *db_url_place(struct arena *a, const char *url);

/* db_pool_new - nothing is connected yet. Settings are copied. */
struct db_pool *db_pool_new(const struct db_settings *settings);
void db_pool_free(struct db_pool *pool);

/* db_pool_is_up - did the last attempt to use the database reach it? */
int db_pool_is_up(const struct db_pool *pool);

/*
 * db_pool_look - the same, but honest also when nobody has used the database for long
 *
 * Connects, for a second at most, when the last attempt failed or the server has closed a connection that
 * nobody used: so it costs nothing as long as all is well. One fiber looks; others get what was known before.
 */
YIELDS
int db_pool_look(struct db_pool *pool);

/*
 * db_take - a connection, once one is free; connects if need be
 *
 * ERR_RETRY when the database cannot be reached by deadline_ms (of loop_now_ms()).
 */
YIELDS
int db_take(struct db_pool *pool, int64_t deadline_ms, struct db **out, struct err *e);

/*
 * db_give - give it back. Takes NULL. An open transaction is rolled back; a broken connection is
 * closed.
 */
YIELDS
void db_give(struct db *db);

/*
 * db_begin - BEGIN goes out with the first statement, so it costs nothing
 *
 * db_commit - waits for the answer. When that is lost (ERR_CODE_DISCONNECTED) the transaction may
 * have happened all the same.
 */
YIELDS
int db_begin(struct db *db, struct err *e);
YIELDS
int db_commit(struct db *db, struct err *e);
YIELDS
int db_rollback(struct db *db, struct err *e);

/*
 * What PostgreSQL refused last in the transaction; all empty: nothing. For programs that tell people so in their
 * own words.
 */
struct db_refusal {
	char sqlstate[6], constraint[64], column[64], text[240];
};
const struct db_refusal *db_refusal(const struct db *db);

/* A parameter. Made by the functions below; arrays are encoded in binary into the arena. */
struct db_value {
	const char *data; /* NULL: SQL null */
	int len, format;
	uint32_t type; /* PostgreSQL's type OID */
};

/* Bytes in an array of them. data NULL: SQL null, and then len is 0. */
struct db_blob {
	const void *data;
	size_t len;
};

struct db_value db_null(void);
struct db_value db_int64(struct arena *a, int64_t value); /* $n::bigint */
struct db_value db_bool(int value);			  /* $n::boolean */
struct db_value db_text(const char *text);		  /* $n::text; NULL is null */
struct db_value db_bytes(const void *data, size_t len);	  /* $n::bytea */
struct db_value db_int64s(struct arena *a, const int64_t *values, size_t count); /* $n::bigint[] */
struct db_value db_bools(struct arena *a, const int *values, size_t count);	 /* $n::boolean[] */
struct db_value db_texts(struct arena *a, const char *const *values,
			 size_t count); /* $n::text[]; NULL elements are null */
struct db_value db_blobs(struct arena *a, const struct db_blob *values,
			 size_t count); /* $n::bytea[] */

/* In an array of integers this element is SQL null. */
#define DB_INT64_NULL INT64_MIN

struct db_result {
	size_t rows;
	void *pg; /* PGresult, owned by the arena given to db_query */
};

/*
 * db_query - run one statement, prepared on its first use of the connection
 *
 * Outside of db_begin() the statement is a transaction of its own. out may be NULL. A wrong number of parameters is
 * ERR_BUG. What PostgreSQL refuses is judged by its SQLSTATE, in the table of db_error.c: ERR_RETRY with
 * ERR_CODE_DISCONNECTED (the server is away, or read-only), ERR_CODE_CONFLICT (somebody else was first; or this
 * session has outlived a migration), ERR_CODE_TIMEOUT or none; ERR_FINAL with ERR_CODE_DATA (these very data);
 * ERR_BUG. The message holds PostgreSQL's primary text, never values. A server that does not answer, not even with
 * a time-out, is ERR_RETRY 5 s later; that or a cancelled fiber closes the connection. So does a statement that did
 * not arrive whole (a send has failed): after 2 s without an answer a connection of its own asks the server whether
 * it waits for us, and then this is ERR_CODE_DISCONNECTED.
 */
YIELDS
int db_query(struct db *db, struct arena *a, enum sql_id id, const struct db_value *params,
	     size_t param_count, struct db_result *out, struct err *e);

/* db_run - db_query with the parameters in place: db_run(db, a, SQL_X, &r, e, db_int64(a, 1)) */
#define db_run(db, a, id, out, e, ...)                                                             \
	db_query((db), (a), (id), (const struct db_value[]){__VA_ARGS__},                          \
		 sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value), (out),  \
		 (e))

/*
 * db_send - a statement of a transaction whose answer can wait; what it returns is not wanted
 *
 * It goes out with the next db_query() or db_commit(), which waits for all answers at once and reports the
 * first error. So a settle of ten statements costs a few round trips, and holds its locks that much shorter.
 */
YIELDS
int db_send(struct db *db, struct arena *a, enum sql_id id, const struct db_value *params,
	    size_t param_count, struct err *e);

/* db_later - db_send with the parameters in place */
#define db_later(db, a, id, e, ...)                                                                \
	db_send((db), (a), (id), (const struct db_value[]){__VA_ARGS__},                           \
		sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value), (e))

/* Columns of a row, by position. Text is owned by the arena; null gives NULL or 0. */
int db_is_null(const struct db_result *r, size_t row, int column);
const char *db_get_text(const struct db_result *r, size_t row, int column);
int64_t db_get_int64(const struct db_result *r, size_t row, int column);
int db_get_bool(const struct db_result *r, size_t row, int column);
double db_get_double(const struct db_result *r, size_t row,
		     int column); /* coordinates; never money */
/* db_get_bytes - a bytea column; the bytes are owned by a. */
const unsigned char *db_get_bytes(struct arena *a, const struct db_result *r, size_t row,
				  int column, size_t *len);

#endif

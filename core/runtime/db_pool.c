/* db_pool - connections on loan, first come first served; reconnecting without hammering */
#include <stdlib.h>
#include <string.h>

#include "core/runtime/db_internal.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"

enum {
	STATEMENT_TIMEOUT_MS = 30000,
	ANSWER_GRACE_MS = 5000, /* beyond: then the server does not even answer that */
	IDLE_IN_TRANSACTION_MS = 60000,
	BACKOFF_MIN_MS = 50,
	BACKOFF_MAX_MS = 1000,
	LOOK_MS = 1000,
};

/*
 * A connection that becomes free is handed to the first waiter directly, so that nobody who comes
 * later can take it before that fiber runs.
 */
struct db_waiter {
	struct fiber *fiber;
	struct db *db; /* what it was handed */
	struct db_waiter *next;
};

int db_url_is_valid(const char *url)
{
	char *problem = NULL;
	PQconninfoOption *options = url && *url ? PQconninfoParse(url, &problem) : NULL;

	if (url && *url && !options && !problem)
		die("out of memory: the database's url");
	PQfreemem(problem);
	PQconninfoFree(options);
	return options != NULL;
}

static const char *option_of(struct arena *a, const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword; options++)
		if (strcmp(options->keyword, keyword) == 0 && options->val && options->val[0])
			return arena_strdup(a, options->val);
	return NULL;
}

const char *db_url_place(struct arena *a, const char *url)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);

	if (!options)
		return "(no connection string)";
	const char *name = option_of(a, options, "dbname"), *host = option_of(a, options, "host");
	const char *port = option_of(a, options, "port");

	PQconninfoFree(options);
	return arena_printf(a, "%s on %s%s%s", name ? name : "the user's database",
			    host ? host : "this machine", port ? ":" : "", port ? port : "");
}

/* The "options" that a connection string may hold; ours are added to them. */
static const char *url_options(struct arena *a, const char *url)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	const char *found = "";

	if (!options)
		die("out of memory: the database's url");

	for (PQconninfoOption *o = options; o && o->keyword; o++)
		if (strcmp(o->keyword, "options") == 0 && o->val)
			found = arena_strdup(a, o->val);
	PQconninfoFree(options);
	return found;
}

/* As a value of "options": blanks end one, and a backslash keeps what follows it. NULL: nobody. */
static const char *escape_option(struct arena *a, const char *value)
{
	size_t len = value ? strlen(value) : 0;
	char *out = arena_alloc(a, 2 * len + 1), *to = out;

	for (size_t i = 0; i < len; i++) {
		if (strchr(" \\\t\r\n\v\f", value[i]))
			*to++ = '\\';
		*to++ = value[i];
	}
	return out;
}

/*
 * Every statement finds its rows by key, however many there are. One plan made for all parameters, from key to
 * key and without reading whole tables or all orders of a store, is right on the first day, when the tables are
 * empty and nobody has analyzed them, and stays right while they grow.
 */
#define PLANS                                                                                      \
	" -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off"      \
	" -c enable_mergejoin=off -c join_collapse_limit=1"

/* What comes before dbname is a default that the url may change; what comes after it holds. */
static void set_keywords(struct db_pool *pool, const struct db_settings *settings)
{
	const char *const pairs[][2] = {
		{"gssencmode",
		 "disable"}, /* asks the machine's Kerberos, which may take its time */
		{"tcp_user_timeout", "30000"},
		{"dbname", arena_strdup(pool->arena, settings->url)},
		{"application_name", arena_strdup(pool->arena, settings->application)},
		{"client_encoding", "UTF8"},
		{"target_session_attrs", pool->is_writing ? "read-write" : NULL},
		{"options",
		 arena_printf(pool->arena,
			      "%s -c statement_timeout=%d -c idle_in_transaction_session_timeout=%d"
			      " -c client_connection_check_interval=5000 -c TimeZone=UTC"
			      " -c DateStyle=ISO -c waybill.actor=%s" PLANS,
			      url_options(pool->arena, settings->url), pool->statement_timeout_ms,
			      IDLE_IN_TRANSACTION_MS, escape_option(pool->arena, settings->actor))},
	};

	_Static_assert(sizeof pairs / sizeof *pairs < DB_KEYWORDS, "room for the NULL at the end");
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		pool->keywords[i] = pairs[i][0];
		pool->values[i] = pairs[i][1];
	}
}

static void set_up(struct db *db, struct db_pool *pool, int answer_ms)
{
	db->pool = pool;
	db->answer_ms = answer_ms;
	db->is_prepared = arena_alloc(pool->arena, SQL_COUNT);
}

struct db_pool *db_pool_new(const struct db_settings *settings)
{
	struct arena *a = arena_new();
	struct db_pool *pool = ARENA_NEW(a, struct db_pool);

	pool->arena = a;
	pool->is_up = 1;
	pool->is_writing = settings->is_writing;
	pool->is_url_valid = db_url_is_valid(settings->url);
	pool->statement_timeout_ms = settings->statement_timeout_ms ? settings->statement_timeout_ms
								    : STATEMENT_TIMEOUT_MS;
	if (pool->is_url_valid)
		set_keywords(pool, settings);
	set_up(&pool->scout, pool, DB_SILENCE_MS);
	pool->connections = settings->connections > 0 ? settings->connections : 1;
	pool->all = ARENA_ARRAY(a, struct db, (size_t)pool->connections);
	for (int i = 0; i < pool->connections; i++) {
		struct db *db = &pool->all[i];

		set_up(db, pool, pool->statement_timeout_ms + ANSWER_GRACE_MS);
		db->next = pool->closed;
		pool->closed = db;
	}
	return pool;
}

void db_pool_free(struct db_pool *pool)
{
	int back = 0;

	if (!pool)
		return;
	for (struct db *db = pool->closed; db; db = db->next)
		back++;
	for (struct db *db = pool->idle; db; db = db->next) {
		db_close(db);
		back++;
	}
	if (back != pool->connections)
		die("a database connection is still on loan");
	arena_free(pool->arena);
}

int db_pool_is_up(const struct db_pool *pool)
{
	return pool->is_up;
}

/* ---- The queue ---- */

static void queue_leave(struct db_pool *pool, const struct db_waiter *w)
{
	struct db_waiter *previous = NULL;

	for (struct db_waiter *at = pool->first; at != w; at = at->next)
		previous = at;
	if (previous)
		previous->next = w->next;
	else
		pool->first = w->next;
	if (pool->last == w)
		pool->last = previous;
}

/* To the first who waits, or back into the pool. */
static void pass_on(struct db_pool *pool, struct db *db)
{
	struct db_waiter *w = pool->first;

	if (w) {
		queue_leave(pool, w);
		w->db = db;
		fiber_wake(w->fiber);
	} else if (db->pg) {
		db->is_idle = 1;
		db->next = pool->idle;
		pool->idle = db;
		db_watch_idle(db);
	} else {
		db->next = pool->closed;
		pool->closed = db;
	}
}

void db_pool_lost(struct db *db)
{
	struct db **at = &db->pool->idle;

	while (*at != db)
		at = &(*at)->next;
	*at = db->next;
	db->is_idle = 0;
	db->pool->is_doubtful = 1;
	db_close(db);
	pass_on(db->pool, db);
}

/* NULL when none comes free in time. */
YIELDS
static struct db *wait_for_free(struct db_pool *pool, int64_t deadline_ms, struct err *e)
{
	struct db_waiter *w = calloc(1, sizeof *w);
	int failed = 0;

	if (!w)
		die("out of memory: a fiber that waits for a database connection");
	w->fiber = fiber_self();
	if (pool->last)
		pool->last->next = w;
	else
		pool->first = w;
	pool->last = w;
	while (!failed && !w->db)
		failed = fiber_suspend(deadline_ms, e);
	struct db *db = w->db;

	if (failed) {
		err_prefix(e, "no database connection is free");
		if (db)
			pass_on(pool, db);
		else
			queue_leave(pool, w);
		db = NULL;
	}
	free(w);
	return db;
}

/* ---- Taking and giving ---- */

static void note_failure(struct db_pool *pool, int backoff_before_ms, const struct err *why)
{
	if (pool->is_up)
		log_warn("event=database_away error=%s", log_quote(why->msg));
	pool->is_up = 0;
	if (pool->backoff_ms != backoff_before_ms)
		return; /* another fiber failed meanwhile, and has set the next time */
	pool->backoff_ms = pool->backoff_ms ? pool->backoff_ms * 2 : BACKOFF_MIN_MS;
	if (pool->backoff_ms > BACKOFF_MAX_MS)
		pool->backoff_ms = BACKOFF_MAX_MS;
	pool->retry_at_ms = loop_now_ms() + pool->backoff_ms / 2 +
			    (int64_t)arc4random_uniform((uint32_t)pool->backoff_ms);
}

void db_pool_away(struct db_pool *pool, const struct err *why)
{
	note_failure(pool, pool->backoff_ms, why);
}

YIELDS
static int open_once(struct db *db, int64_t deadline_ms, struct err *why)
{
	struct db_pool *pool = db->pool;
	int backoff_ms = pool->backoff_ms;

	pool->retry_at_ms = backoff_ms ? loop_now_ms() + backoff_ms : 0;
	if (db_open(db, deadline_ms, why)) {
		if (why->code != ERR_CODE_CANCELLED)
			note_failure(pool, backoff_ms, why);
		return -1;
	}
	pool->is_up = 1;
	pool->is_doubtful = 0;
	pool->backoff_ms = 0;
	pool->retry_at_ms = 0;
	return 0;
}

/*
 * While the database is away one fiber at a time tries, at growing distances; all others sleep
 * meanwhile.
 */
YIELDS
static int open_until(struct db *db, int64_t deadline_ms, struct err *e)
{
	struct db_pool *pool = db->pool;
	struct err why = {.msg = "could not connect to the database: it is away"};

	while (!deadline_ms || loop_now_ms() < deadline_ms) {
		int64_t now_ms = loop_now_ms(), until_ms = pool->retry_at_ms;

		if (now_ms < until_ms) {
			if (deadline_ms && deadline_ms < until_ms)
				until_ms = deadline_ms;
			if (fiber_sleep_ms(until_ms - now_ms, e))
				return -1;
			continue;
		}
		if (open_once(db, deadline_ms, &why) == 0)
			return 0;
		if (why.code == ERR_CODE_CANCELLED)
			break;
	}
	return err_set(e, ERR_RETRY, why.code ? why.code : ERR_CODE_TIMEOUT, "%s", why.msg);
}

int db_take(struct db_pool *pool, int64_t deadline_ms, struct db **out, struct err *e)
{
	struct db *db = pool->idle ? pool->idle : pool->closed;

	if (!pool->is_url_valid)
		return err_final(
			e, "cannot connect to the database: its url is not a connection string");
	if (pool->idle)
		pool->idle = db->next;
	else if (db)
		pool->closed = db->next;
	else
		db = wait_for_free(pool, deadline_ms, e);
	if (!db)
		return -1;
	db->is_idle = 0;
	if (!db->pg && open_until(db, deadline_ms, e)) {
		pass_on(pool, db);
		return -1;
	}
	*out = db;
	return 0;
}

void db_give(struct db *db)
{
	if (!db)
		return;
	if (db_rollback(db, NULL) || (db->pg && db->pool->is_writing && db_is_read_only(db)))
		db_close(db);
	pass_on(db->pool, db);
}

int db_pool_look(struct db_pool *pool)
{
	struct db *db = pool->closed;
	struct err why = {0};

	/* Without a closed one somebody else is about to connect, or all are in use. */
	if ((pool->is_up && !pool->is_doubtful) || pool->is_looking || !db ||
	    loop_now_ms() < pool->retry_at_ms)
		return pool->is_up;
	pool->closed = db->next;
	pool->is_looking = 1;
	open_once(db, loop_now_ms() + LOOK_MS, &why);
	pool->is_looking = 0;
	pass_on(pool, db);
	return pool->is_up;
}

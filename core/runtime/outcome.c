/* outcome - what becomes of a job that did not go well: the one place that decides */
#include "core/runtime/outcome.h"

#include <sodium.h>

#include "core/runtime/log.h"
#include "core/runtime/loop.h"

enum {
	BACKOFF_FIRST_MS = 5000,
	BACKOFF_MAX_MS = 600000,
	BACKOFF_DOUBLINGS = 7,
};

int64_t outcome_delay_ms(int attempt, int retry_after_ms)
{
	int doublings = attempt < BACKOFF_DOUBLINGS ? attempt : BACKOFF_DOUBLINGS;
	int64_t delay_ms = (int64_t)BACKOFF_FIRST_MS << doublings;

	if (delay_ms > BACKOFF_MAX_MS)
		delay_ms = BACKOFF_MAX_MS;
	delay_ms = delay_ms * (80 + (int64_t)randombytes_uniform(41)) / 100;
	return delay_ms > retry_after_ms ? delay_ms : retry_after_ms;
}

static int counts(const struct job *job)
{
	return job->err.code != ERR_CODE_RATE_LIMIT && job->err.code != ERR_CODE_CANCELLED;
}

/* Attempts that ran out turn a RETRY into a FINAL that says so. */
static void give_up(const struct role *role, struct job *job)
{
	if (job->err.kind != ERR_RETRY || !counts(job) || job->attempt + 1 < role->attempts_max)
		return;
	job->err.kind = ERR_FINAL;
	err_prefix(&job->err, "gave up after %d attempts", job->attempt + 1);
}

static int is_held(const struct role *role, const struct job *job)
{
	return job->err.kind == ERR_FINAL && job->err.code == ERR_CODE_HELD && role->table &&
	       job->order_id;
}

static int is_dead(const struct role *role, const struct job *job)
{
	return job->err.kind != ERR_RETRY && !is_held(role, job);
}

/* When the row is due again, in microseconds since 1970; DB_INT64_NULL is never. */
static int64_t due_again_us(const struct role *role, const struct job *job)
{
	if (is_dead(role, job))
		return DB_INT64_NULL;
	if (is_held(role, job))
		return wall_now_us();
	if (job->due_at_us)
		return job->due_at_us;
	if (job->err.code == ERR_CODE_RATE_LIMIT && job->err.retry_after_ms)
		return wall_now_us() +
		       (job->err.retry_after_ms + (int64_t)randombytes_uniform(500)) * 1000;
	return wall_now_us() + outcome_delay_ms(job->attempt, job->err.retry_after_ms) * 1000;
}

static void log_outcome(const struct role *role, const struct job *job)
{
	enum log_level level = job->err.kind == ERR_BUG	    ? LOG_ERR
			       : job->err.kind == ERR_FINAL ? LOG_WARN
							    : LOG_INFO;

	log_line(level,
		 "event=job role=%s id=%lld order=%lld attempt=%d outcome=%s code=%s error=%s",
		 role->name, (long long)job->id, (long long)job->order_id, job->attempt + 1,
		 is_held(role, job) ? "hold" : err_kind_name(job->err.kind),
		 err_code_name(job->err.code), log_quote(job->err.msg));
}

/* The failed jobs of a batch as columns for unnest(). */
struct columns {
	size_t count;
	int64_t *ids, *due_us, *orders, *stores, *attempts;
	int *counts, *dead;
	const char **errors, **kinds, **codes;
};

static struct columns failed_columns(struct batch *b)
{
	struct columns c = {
		.ids = ARENA_ARRAY(b->arena, int64_t, b->count),
		.due_us = ARENA_ARRAY(b->arena, int64_t, b->count),
		.orders = ARENA_ARRAY(b->arena, int64_t, b->count),
		.stores = ARENA_ARRAY(b->arena, int64_t, b->count),
		.attempts = ARENA_ARRAY(b->arena, int64_t, b->count),
		.counts = ARENA_ARRAY(b->arena, int, b->count),
		.dead = ARENA_ARRAY(b->arena, int, b->count),
		.errors = ARENA_ARRAY(b->arena, const char *, b->count),
		.kinds = ARENA_ARRAY(b->arena, const char *, b->count),
		.codes = ARENA_ARRAY(b->arena, const char *, b->count),
	};

	for (size_t i = 0; i < b->count; i++) {
		struct job *job = b->jobs[i];
		size_t n = c.count;

		if (job_is_good(job))
			continue;
		give_up(b->role, job);
		log_outcome(b->role, job);
		c.ids[n] = job->id;
		c.due_us[n] = due_again_us(b->role, job);
		c.orders[n] = job->order_id ? job->order_id : DB_INT64_NULL;
		c.stores[n] = job->store_id ? job->store_id : DB_INT64_NULL;
		c.attempts[n] = job->attempt + 1;
		c.counts[n] = counts(job) && !is_held(b->role, job);
		c.dead[n] = is_dead(b->role, job);
		c.errors[n] = job->err.msg;
		c.kinds[n] = err_kind_name(job->err.kind);
		c.codes[n] = err_code_name(job->err.code);
		c.count++;
	}
	return c;
}

static int add_holds(struct batch *b, struct err *e)
{
	int64_t *orders = ARENA_ARRAY(b->arena, int64_t, b->count);
	int64_t *shipments = ARENA_ARRAY(b->arena, int64_t, b->count);
	const char **kinds = ARENA_ARRAY(b->arena, const char *, b->count);
	const char **reasons = ARENA_ARRAY(b->arena, const char *, b->count);
	int on_shipment = b->role->table[0] == 's';
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++) {
		struct job *job = b->jobs[i];

		if (!is_held(b->role, job))
			continue;
		orders[n] = job->order_id;
		shipments[n] = on_shipment ? job->id : DB_INT64_NULL;
		kinds[n] = job->hold_kind ? job->hold_kind : b->role->name;
		reasons[n++] = job->err.msg;
	}
	if (n == 0)
		return 0;
	return db_run(b->db, b->arena, SQL_HOLD_SET, NULL, e, db_int64s(b->arena, orders, n),
		      db_int64s(b->arena, shipments, n), db_texts(b->arena, kinds, n),
		      db_texts(b->arena, reasons, n));
}

static int renew_credentials(struct batch *b, struct err *e)
{
	int64_t *ids = ARENA_ARRAY(b->arena, int64_t, b->count);
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++)
		if (b->jobs[i]->err.code == ERR_CODE_AUTH && b->jobs[i]->credential_id)
			ids[n++] = b->jobs[i]->credential_id;
	if (n == 0)
		return 0;
	struct db_result due;

	if (db_run(b->db, b->arena, SQL_CREDENTIAL_RENEW, &due, e, db_int64s(b->arena, ids, n)))
		return -1;
	for (size_t i = 0; i < due.rows; i++)
		batch_due(b, "renew", db_get_int64(&due, i, 0));
	return 0;
}

int outcome_settle(struct batch *b, const char *lease, struct err *e)
{
	if (!b->role->table)
		return 0;
	struct columns c = failed_columns(b);

	if (c.count == 0)
		return 0;
	return db_run(b->db, b->arena, SQL_WORK_FAIL, NULL, e, db_text(b->role->table),
		      db_int64s(b->arena, c.ids, c.count), db_text(lease),
		      db_int64s(b->arena, c.due_us, c.count), db_bools(b->arena, c.counts, c.count),
		      db_texts(b->arena, c.errors, c.count)) ||
			       db_run(b->db, b->arena, SQL_DEAD_LETTER_ADD, NULL, e,
				      db_text(b->role->name), db_bools(b->arena, c.dead, c.count),
				      db_int64s(b->arena, c.ids, c.count),
				      db_int64s(b->arena, c.orders, c.count),
				      db_int64s(b->arena, c.stores, c.count),
				      db_texts(b->arena, c.kinds, c.count),
				      db_texts(b->arena, c.codes, c.count),
				      db_texts(b->arena, c.errors, c.count),
				      db_int64s(b->arena, c.attempts, c.count)) ||
			       add_holds(b, e) || renew_credentials(b, e)
		       ? -1
		       : 0;
}

void outcome_message(const struct role *role, const struct job *job, struct amqp_message *out)
{
	const struct amqp_delivery *d = job->delivery;
	struct job decided = *job;

	give_up(role, &decided);
	log_outcome(role, &decided);
	*out = (struct amqp_message){.body = d->body, .body_len = d->body_len};
	for (int h = 0; h < AMQP_HEADER_COUNT; h++)
		out->headers[h] = d->headers[h];
	out->headers[AMQP_ROLE] = role->name;
	out->headers[AMQP_ATTEMPT] =
		arena_printf(job->arena, "%d", job->attempt + (counts(job) ? 1 : 0));
	out->headers[AMQP_ERROR] =
		arena_printf(job->arena, "%s/%s: %.200s", err_kind_name(decided.err.kind),
			     err_code_name(decided.err.code), decided.err.msg);
	if (decided.err.kind == ERR_RETRY) {
		out->exchange =
			amqp_retry_rung(outcome_delay_ms(job->attempt, job->err.retry_after_ms));
		out->routing_key = d->queue;
	} else {
		out->routing_key = "wb.dead";
	}
}

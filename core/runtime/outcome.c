/* outcome - what becomes of a job that did not go well: the one place that decides */
#include "core/runtime/outcome.h"

#include <sodium.h>
#include <string.h>

#include "core/runtime/column.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/suspect.h"
#include "core/runtime/text.h"

enum {
	BACKOFF_FIRST_MS = 5000,
	BACKOFF_MAX_MS = 600000,
	BACKOFF_DOUBLINGS = 7,
	DEAD_AGAIN_MS = 120000, /* a message in wb.dead that could not be kept */
};

static int64_t longer(int64_t one_ms, int64_t other_ms)
{
	return one_ms > other_ms ? one_ms : other_ms;
}

static int64_t backoff_ms(int attempt)
{
	int doublings = attempt < BACKOFF_DOUBLINGS ? attempt : BACKOFF_DOUBLINGS;
	int64_t delay_ms = (int64_t)BACKOFF_FIRST_MS << doublings;

	return delay_ms < BACKOFF_MAX_MS ? delay_ms : BACKOFF_MAX_MS;
}

int64_t outcome_delay_ms(int attempt, int retry_after_ms)
{
	int64_t percent = 80 + (int64_t)randombytes_uniform(41);

	return longer(backoff_ms(attempt) * percent / 100, retry_after_ms);
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

static size_t failed_jobs(const struct batch *b, struct job **out)
{
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++) {
		if (job_is_good(b->jobs[i]))
			continue;
		give_up(b->role, b->jobs[i]);
		out[n++] = b->jobs[i];
	}
	return n;
}

static int is_among(const struct job *job, const struct db_result *ids)
{
	for (size_t i = 0; i < ids->rows; i++)
		if (db_get_int64(ids, i, 0) == job->id)
			return 1;
	return 0;
}

/* The rows themselves. What was not ours any more leaves the list: somebody else decides about it. */
static int fail_rows(struct batch *b, const char *lease, struct job **failed, size_t *count,
		     struct err *e)
{
	struct arena *a = b->arena;
	int64_t *ids = ARENA_ARRAY(a, int64_t, *count), *due_us = ARENA_ARRAY(a, int64_t, *count);
	int *count_it = ARENA_ARRAY(a, int, *count);
	const char **errors = ARENA_ARRAY(a, const char *, *count);
	struct db_result ours;
	size_t n = 0;

	for (size_t i = 0; i < *count; i++) {
		ids[i] = failed[i]->id;
		due_us[i] = due_again_us(b->role, failed[i]);
		count_it[i] = counts(failed[i]) && !is_held(b->role, failed[i]);
		errors[i] = failed[i]->err.msg;
	}
	if (db_run(b->db, a, SQL_WORK_FAIL, &ours, e, db_text(b->role->table),
		   db_int64s(a, ids, *count), db_text(lease), db_int64s(a, due_us, *count),
		   db_bools(a, count_it, *count), db_texts(a, errors, *count)))
		return -1;
	for (size_t i = 0; i < *count; i++) {
		if (!is_among(failed[i], &ours))
			continue;
		log_outcome(b->role, failed[i]);
		failed[n++] = failed[i];
	}
	*count = n;
	return 0;
}

struct dead_letter {
	int64_t id, order_id, store_id, attempts;
	const char *kind, *code, *error;
};

static int64_t or_null(int64_t id)
{
	return id ? id : DB_INT64_NULL;
}

static int add_dead_letters(struct batch *b, struct job *const *failed, size_t count, struct err *e)
{
	struct arena *a = b->arena;
	struct dead_letter *d = ARENA_ARRAY(a, struct dead_letter, count);
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct job *job = failed[i];

		if (is_dead(b->role, job))
			d[n++] = (struct dead_letter){
				.id = job->id,
				.order_id = or_null(job->order_id),
				.store_id = or_null(job->store_id),
				.attempts = job->attempt + 1,
				.kind = err_kind_name(job->err.kind),
				.code = err_code_name(job->err.code),
				.error = job->err.msg,
			};
	}
	return n == 0 ? 0
		      : db_later(b->db, a, SQL_DEAD_LETTER_ADD, e, db_text(b->role->name),
				 COLUMN_INT64(a, d, n, id), COLUMN_INT64(a, d, n, order_id),
				 COLUMN_INT64(a, d, n, store_id), COLUMN_TEXT(a, d, n, kind),
				 COLUMN_TEXT(a, d, n, code), COLUMN_TEXT(a, d, n, error),
				 COLUMN_INT64(a, d, n, attempts));
}

struct new_hold {
	int64_t order_id, shipment_id;
	const char *kind, *reason;
};

static int add_holds(struct batch *b, struct job *const *failed, size_t count, struct err *e)
{
	struct arena *a = b->arena;
	struct new_hold *h = ARENA_ARRAY(a, struct new_hold, count);
	int on_shipment = strcmp(b->role->table, "shipment") == 0;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct job *job = failed[i];

		if (is_held(b->role, job))
			h[n++] = (struct new_hold){
				.order_id = job->order_id,
				.shipment_id = on_shipment ? job->id : DB_INT64_NULL,
				.kind = job->hold_kind ? job->hold_kind : b->role->name,
				.reason = job->err.msg,
			};
	}
	return n == 0 ? 0
		      : db_later(b->db, a, SQL_HOLD_SET, e, COLUMN_INT64(a, h, n, order_id),
				 COLUMN_INT64(a, h, n, shipment_id), COLUMN_TEXT(a, h, n, kind),
				 COLUMN_TEXT(a, h, n, reason));
}

static int renew_credentials(struct batch *b, struct job *const *failed, size_t count,
			     struct err *e)
{
	int64_t *ids = ARENA_ARRAY(b->arena, int64_t, count);
	struct db_result due = {0};
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (failed[i]->err.code == ERR_CODE_AUTH && failed[i]->credential_id)
			ids[n++] = failed[i]->credential_id;
	if (n &&
	    db_run(b->db, b->arena, SQL_CREDENTIAL_RENEW, &due, e, db_int64s(b->arena, ids, n)))
		return -1;
	for (size_t i = 0; i < due.rows; i++)
		batch_due(b, "renew", db_get_int64(&due, i, 0));
	return 0;
}

int outcome_settle(struct batch *b, const char *lease, struct err *e)
{
	struct job **failed = ARENA_ARRAY(b->arena, struct job *, b->count);
	size_t count = failed_jobs(b, failed);

	if (count == 0)
		return 0;
	if (b->role->table &&
	    (fail_rows(b, lease, failed, &count, e) || add_dead_letters(b, failed, count, e) ||
	     add_holds(b, failed, count, e)))
		return -1;
	return renew_credentials(b, failed, count, e);
}

/* A message that waits, or rests, as it is but for what went wrong with it. */
static void say_outcome(const struct role *role, const struct job *job, struct amqp_message *out)
{
	out->headers[AMQP_ROLE] = role->name;
	out->headers[AMQP_ATTEMPT] =
		arena_printf(job->arena, "%d", job->attempt + (counts(job) ? 1 : 0));
	out->headers[AMQP_ERROR] =
		arena_printf(job->arena, "%s/%s: %s", err_kind_name(job->err.kind),
			     err_code_name(job->err.code), text_cut(job->err.msg, 200));
}

static int must_wait_as_suspect(const struct job *job)
{
	return job->suspect && job->suspect->wait_us;
}

void outcome_message(const struct role *role, const struct job *job, struct amqp_message *out)
{
	const struct amqp_delivery *d = job->delivery;
	int is_in_dead_queue = strcmp(d->queue, DEAD_QUEUE) == 0;
	struct job decided = *job;

	give_up(role, &decided);
	log_outcome(role, &decided);
	*out = (struct amqp_message){.body = d->body, .body_len = d->body_len};
	for (int h = 0; h < AMQP_HEADER_COUNT; h++)
		out->headers[h] = d->headers[h];
	out->headers[AMQP_SUSPECT] = must_wait_as_suspect(job) ? "1" : NULL;
	if (is_in_dead_queue) {
		/* There is no further place to go, and its headers tell why it is here. */
		out->exchange = amqp_retry_rung(must_wait_as_suspect(job) ? job->err.retry_after_ms
									  : DEAD_AGAIN_MS);
		out->routing_key = DEAD_QUEUE;
		return;
	}
	say_outcome(role, &decided, out);
	if (decided.err.kind == ERR_RETRY) {
		/* Without jitter, which would only mean the next rung. */
		out->exchange =
			amqp_retry_rung(longer(backoff_ms(job->attempt), job->err.retry_after_ms));
		out->routing_key = d->queue;
	} else {
		out->routing_key = DEAD_QUEUE;
	}
}

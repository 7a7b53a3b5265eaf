/* suspect - a job whose worker may have died of it */
#include "core/runtime/suspect.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/loop.h"
#include "core/runtime/outcome.h"

/* What tells one message from another: its body, and what it says about it. */
static const char *message_key(struct arena *a, const struct amqp_delivery *d)
{
	static const enum amqp_header told[] = {AMQP_KIND, AMQP_STORE, AMQP_SHARED, AMQP_TOPIC,
						AMQP_KEY};
	unsigned char hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
		const char *text = d->headers[told[i]] ? d->headers[told[i]] : "";

		crypto_hash_sha256_update(&state, (const unsigned char *)text, strlen(text) + 1);
	}
	crypto_hash_sha256_update(&state, d->body, d->body_len);
	crypto_hash_sha256_final(&state, hash);
	return hex_encode(a, hash, sizeof hash);
}

struct suspect *suspect_new(const struct job *job)
{
	struct suspect *s = ARENA_NEW(job->arena, struct suspect);

	s->key = job->id ? arena_printf(job->arena, "%lld", (long long)job->id)
			 : message_key(job->arena, job->delivery);
	return s;
}

int suspect_stays(const struct role *role, const struct job *job)
{
	return job->is_claimed && role->act &&
	       (job->suspect->is_begun || job->suspect->tries > 1 || !role->table);
}

int suspect_try(struct batch *b, struct err *e)
{
	struct suspect *s = b->jobs[0]->suspect;
	struct db_result r;

	if (db_run(b->db, b->arena, SQL_SUSPECT_TRY, &r, e, db_text(b->role->name),
		   db_text(s->key)))
		return -1;
	s->tries = db_get_int64(&r, 0, 0);
	s->is_begun = db_get_bool(&r, 0, 1);
	s->wait_us = db_get_int64(&r, 0, 2);
	return 0;
}

int suspect_may_run(const struct job *job)
{
	return job->suspect->wait_us == 0 && job->suspect->tries <= SUSPECT_TRIES;
}

static int forget(struct batch *b, const struct job *job, struct err *e)
{
	return db_later(b->db, b->arena, SQL_SUSPECT_FORGET, e, db_text(b->role->name),
			db_text(job->suspect->key));
}

/* The job was not there, or somebody else has it. One that has to wait was not counted. */
static int take_back(struct batch *b, const struct job *job, struct err *e)
{
	if (job->suspect->wait_us)
		return 0;
	return db_later(b->db, b->arena, SQL_SUSPECT_UNTRY, e, db_text(b->role->name),
			db_text(job->suspect->key));
}

/* What the role's claim would have found out. */
static int take(struct batch *b, struct job *job, struct err *e)
{
	const char *attempt = job->delivery->headers[AMQP_ATTEMPT];
	struct db_result r;

	if (!b->role->table) {
		job->is_claimed = 1;
		job->attempt = attempt ? (int)strtol(attempt, NULL, 10) : 0;
		return 0;
	}
	if (db_run(b->db, b->arena, SQL_WORK_TAKE, &r, e, db_text(b->role->table),
		   db_text(b->role->name), db_int64(b->arena, job->id), db_text(b->lease)))
		return -1;
	job->is_claimed = r.rows > 0;
	if (r.rows) {
		job->attempt = (int)db_get_int64(&r, 0, 0);
		job->order_id = db_get_int64(&r, 0, 1);
	}
	return 0;
}

static void say_what_happened(struct job *job)
{
	const struct suspect *s = job->suspect;
	struct err e = {0};

	if (s->wait_us) {
		err_retry(&e, "its worker died at it; it is tried again alone");
		e.retry_after_ms = (int)(s->wait_us / 1000);
		job->due_at_us = wall_now_us() + s->wait_us;
	} else {
		err_bug(&e, "its worker died %lld times at it", (long long)s->tries - 1);
	}
	job_fail(job, &e);
}

/*
 * wb.dead has nowhere to send its own poison: it is kept as it is. When even that kills, it is kept without its
 * body, for what is taken again and again is never kept at all.
 */
static int keep_here(struct batch *b, struct job *job, struct err *e)
{
	const struct amqp_delivery *d = job->delivery;
	int has_body = job->suspect->tries == SUSPECT_TRIES + 1;
	struct err died = job->err;

	if (!has_body)
		err_prefix(&died, "a message of %zu bytes, which are lost", d->body_len);
	job->err = (struct err){0};
	return db_later(b->db, b->arena, SQL_DEAD_KEEP, e, db_text(b->role->name), db_null(),
			db_text(err_kind_name(died.kind)), db_text(err_code_name(died.code)),
			db_text(died.msg), db_int64(b->arena, job->suspect->tries - 1),
			db_text("{}"),
			has_body ? db_bytes(d->body, d->body_len) : db_bytes(NULL, 0));
}

int suspect_refuse(struct batch *b, struct err *e)
{
	struct job *job = b->jobs[0];

	if (take(b, job, e))
		return -1;
	if (!job->is_claimed)
		return take_back(b, job, e);
	say_what_happened(job);
	if (!job->suspect->wait_us && strcmp(job->delivery->queue, DEAD_QUEUE) == 0)
		return keep_here(b, job, e) || forget(b, job, e) ? -1 : 0;
	if (outcome_settle(b, b->lease, e))
		return -1;
	job->is_claimed = 0; /* nothing of it is left for a settle */
	return job->suspect->wait_us ? 0 : forget(b, job, e);
}

int suspect_claimed(struct batch *b, struct err *e)
{
	const struct job *job = b->jobs[0];

	if (!job->is_claimed)
		return take_back(b, job, e);
	return suspect_stays(b->role, job) ? 0 : forget(b, job, e);
}

int suspect_ended(struct batch *b, struct err *e)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->jobs[i]->suspect && forget(b, b->jobs[i], e))
			return -1;
	return 0;
}

/*
 * reconcile - no order is lost with its webhook
 *
 * in:  stores, every few minutes
 * out: ingest fetches each order that the store has changed and we have not seen like that
 *
 * The sweep goes back behind the cursor, because a store's search may lag behind its writes. The fetches are
 * confirmed by the broker before the cursor moves, so that a worker that dies in between only asks again.
 */
#include "connectors/platform.h"
#include "core/runtime/column.h"
#include "core/runtime/loop.h"
#include "workers/ingest.h"
#include "workers/roles.h"

enum { PAGES_MAX = 40 }; /* of one sweep; the next one goes on from there */

struct sweep {
	const struct platform *platform;
	struct account account;
	int64_t last_us, since_us, started_us; /* of the last sweep; where this one begins; now */
	LIST(struct changed_order) changed;
	int is_complete;
	int is_doubted;	  /* it is said to have removed us: its answer decides */
	int is_renewable; /* its token; then renew has the last word */
	int has_left;
};

static int reconcile_claim(struct batch *b, struct err *e)
{
	struct db_result r;

	if (db_run(b->db, b->arena, SQL_RECONCILE_CLAIM, &r, e, batch_ids(b, 0, NULL),
		   db_text(b->lease), db_int64(b->arena, b->role->lease_s)))
		return -1;
	for (size_t i = 0; i < r.rows; i++) {
		struct job *job = batch_job(b, db_get_int64(&r, i, 0));
		struct arena *a = job->arena;
		struct sweep *s = ARENA_NEW(a, struct sweep);
		struct err broken = {0};
		size_t len;
		const unsigned char *sealed = db_get_bytes(a, &r, i, 7, &len);

		s->account = (struct account){
			.id = job->id,
			.connector = arena_strdup(a, db_get_text(&r, i, 2)),
			.name = arena_strdup(a, db_get_text(&r, i, 3)),
			.api_base = arena_strdup(a, db_get_text(&r, i, 4)),
		};
		s->platform = platform_by_name(s->account.connector, &broken);
		/* The second before may have been young when it was looked at. */
		s->is_doubted = db_get_bool(&r, i, 8);
		s->is_renewable = db_get_bool(&r, i, 9);
		s->last_us = db_get_int64(&r, i, 5) - INT64_C(2000000);
		s->since_us = db_get_int64(&r, i, 5) -
			      b->context->conf->clock.reconcile_overlap_s * INT64_C(1000000);
		job->is_claimed = job->acts = 1;
		job->attempt = (int)db_get_int64(&r, i, 1);
		job->store_id = job->id;
		job->credential_id = db_get_int64(&r, i, 6);
		job->data = s;
		if (!s->platform)
			job_fail(job, &broken);
		else if (sealed && secret_open(a, b->context->key,
					       arena_printf(a, "credential:%lld",
							    (long long)job->credential_id),
					       sealed, len, &s->account.token, &broken))
			job_fail(job, &broken);
	}
	return 0;
}

YIELDS
static int reconcile_act(struct job *job, struct err *e)
{
	struct sweep *s = job->data;
	struct api api = {
		.arena = job->arena, .account = &s->account, .deadline_ms = job->deadline_ms};
	const char *cursor = NULL;

	s->started_us = wall_now_us();
	for (int page = 0; page < PAGES_MAX; page++) {
		struct changed_page p = {0};

		if (s->platform->orders_changed(&api, s->since_us, cursor, &p, e)) {
			s->has_left = s->is_doubted && !s->is_renewable && e->code == ERR_CODE_AUTH;
			return s->has_left ? 0 : -1;
		}
		for (size_t i = 0; i < p.count; i++)
			*LIST_PUSH(job->arena, &s->changed) = p.orders[i];
		cursor = p.next;
		if (!cursor) {
			s->is_complete = 1;
			return 0;
		}
	}
	return 0;
}

/* Everything before it has been seen: the start of a whole sweep, or the last order of a part of one. */
static int64_t cursor_us(const struct sweep *s)
{
	if (s->is_complete || s->changed.count == 0)
		return s->started_us;
	return s->changed.items[s->changed.count - 1].updated_at_us;
}

/* It answered although it is said to have removed us: so it has not. */
static int settle_doubt(struct batch *b, const struct job *job, struct err *e)
{
	struct db_result due;

	if (db_run(b->db, b->arena, SQL_STORE_STAYED, &due, e, db_int64(b->arena, job->id),
		   db_text(b->lease)))
		return -1;
	for (size_t i = 0; i < due.rows; i++)
		batch_due(b, db_get_text(&due, i, 0), db_get_int64(&due, i, 1));
	return 0;
}

static int settle_store(struct batch *b, struct job *job, struct err *e)
{
	const struct sweep *s = job->data;
	struct arena *a = b->arena;

	if (s->has_left)
		return db_later(b->db, a, SQL_STORE_LEFT, e, db_int64(a, job->id),
				db_text(b->lease));
	if (s->is_doubted && settle_doubt(b, job, e))
		return -1;
	const struct changed_order *c = s->changed.items;
	size_t n = s->changed.count;
	struct db_result newer = {0};

	if (n && db_run(b->db, a, SQL_RECONCILE_NEWER, &newer, e, db_int64(a, job->id),
			COLUMN_TEXT(a, c, n, source_id), COLUMN_INT64(a, c, n, updated_at_us),
			db_int64(a, s->last_us)))
		return -1;
	const char **ids = ARENA_ARRAY(a, const char *, newer.rows);

	for (size_t i = 0; i < newer.rows; i++)
		ids[i] = db_get_text(&newer, i, 0);
	if (ingest_request_fetch(b, job->id, ids, newer.rows, e))
		return -1;
	int64_t next_s = s->is_complete ? b->context->conf->clock.reconcile_s : 0;

	return db_later(b->db, a, SQL_RECONCILE_DONE, e, db_int64(a, job->id), db_text(b->lease),
			db_int64(a, cursor_us(s)), db_int64(a, next_s));
}

static int reconcile_settle(struct batch *b, struct err *e)
{
	for (size_t i = 0; i < b->count; i++)
		if (job_is_good(b->jobs[i]) && settle_store(b, b->jobs[i], e))
			return -1;
	return 0;
}

const struct role reconcile_role = {
	.name = "reconcile",
	.table = "store",
	.batch_max = 4,
	.lease_s = 600,
	.attempts_max = 1000000, /* a store that is away for days is swept when it comes back */
	.claim = reconcile_claim,
	.act = reconcile_act,
	.settle = reconcile_settle,
};

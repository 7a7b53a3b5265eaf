/*
 * erase - what stores demand to be forgotten
 *
 * in:  requests for erasure that have waited long enough (privacy.wait_h), so that a person could refuse a false one
 * out: orders and dead letters without personal data; orders that were not done are held
 *
 * Orders that are not done wait for their end, which needs a name and an address, but not past the last day:
 * the law gives a store 30 days, and the store hands them on to us.
 */
#include "workers/roles.h"

enum { LAST_DAY_S = 25 * 24 * 3600 };

static int erase_claim(struct batch *b, struct err *e)
{
	struct db_result due;

	if (db_run(b->db, b->arena, SQL_ERASE_CLAIM, &due, e, batch_ids(b, 0, NULL),
		   db_int64(b->arena, LAST_DAY_S)))
		return -1;
	for (size_t i = 0; i < due.rows; i++) {
		struct job *job = batch_job(b, db_get_int64(&due, i, 0));
		int *is_last = ARENA_NEW(job->arena, int);

		job->is_claimed = 1;
		job->attempt = (int)db_get_int64(&due, i, 1);
		job->store_id = db_get_int64(&due, i, 2);
		*is_last = db_get_bool(&due, i, 3);
		job->data = is_last;
	}
	return 0;
}

static int erase_settle(struct batch *b, struct err *e)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct job *job = b->jobs[i];
		const int *is_last = job->data;
		struct db_value id = db_int64(b->arena, job->id);

		if (*is_last && db_later(b->db, b->arena, SQL_ERASE_HOLD, e, id))
			return -1;
		if (db_later(b->db, b->arena, SQL_PRIVACY_ERASE, e, id, db_bool(*is_last)) ||
		    db_later(b->db, b->arena, SQL_ERASE_DONE, e, id, db_bool(*is_last),
			     db_int64(b->arena, LAST_DAY_S)))
			return -1;
	}
	return 0;
}

const struct role erase_role = {
	.name = "erase",
	.table = "store_request",
	.batch_max = 4,
	.attempts_max = 1000000, /* it must be done, however long the database is away */
	.claim = erase_claim,
	.settle = erase_settle,
};

/*
 * release - stock has come for those who wait
 *
 * in:  items with free stock and waiting backorders (the database marks them, under the item's lock)
 * out: route is due for the orders at the head of the queue, as far as the stock reaches
 *
 * It only wakes. Who may take how much is decided by route, under the item's lock, by the place in the queue, so
 * that waking too many or twice does no harm.
 */
#include "core/runtime/column.h"
#include "workers/roles.h"

static int release_claim(struct batch *b, struct err *e)
{
	struct db_result due;

	if (db_run(b->db, b->arena, SQL_RELEASE_CLAIM, &due, e, batch_ids(b, 0, NULL)))
		return -1;
	for (size_t i = 0; i < due.rows; i++) {
		struct job *job = batch_job(b, db_get_int64(&due, i, 0));

		job->is_claimed = 1;
		job->attempt = (int)db_get_int64(&due, i, 1);
		job->data = arena_strdup(job->arena, db_get_text(&due, i, 2));
	}
	return 0;
}

static int release_settle(struct batch *b, struct err *e)
{
	const char **due_at = ARENA_ARRAY(b->arena, const char *, b->count);
	struct db_result orders;

	for (size_t i = 0; i < b->count; i++)
		due_at[i] = b->jobs[i]->data;
	if (db_run(b->db, b->arena, SQL_RELEASE_ORDERS, &orders, e, batch_ids(b, 0, NULL)) ||
	    db_later(b->db, b->arena, SQL_RELEASE_DONE, e, batch_ids(b, 0, NULL),
		     db_texts(b->arena, due_at, b->count)))
		return -1;
	for (size_t i = 0; i < orders.rows; i++)
		if (!db_get_bool(&orders, i, 1))
			batch_due(b, "route", db_get_int64(&orders, i, 0));
	return 0;
}

const struct role release_role = {
	.name = "release",
	.table = "item",
	.attempts_max = 10,
	.claim = release_claim,
	.settle = release_settle,
};

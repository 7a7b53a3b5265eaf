/*
 * route - decide which location ships which unit of an order
 *
 * in:  orders that are cleared to be planned
 * out: shipments (rate is due), backorders, a decision with its reasons, mails owed
 *
 * One transaction: the orders are locked, then the items, in the order of their ids; what is planned under the items' locks is
 * still true when it is written. The batch's orders are planned one after the other against what is left, so nobody loses.
 */
#include "workers/route.h"

#include "workers/roles.h"

static int route_claim(struct batch *b, struct err *e)
{
	struct db_result due;

	if (db_run(b->db, b->arena, SQL_ROUTE_CLAIM, &due, e, batch_ids(b, 0, NULL)))
		return -1;
	for (size_t i = 0; i < due.rows; i++) {
		struct job *job = batch_job(b, db_get_int64(&due, i, 0));
		int64_t *merchant = ARENA_NEW(job->arena, int64_t);

		job->is_claimed = 1;
		job->attempt = (int)db_get_int64(&due, i, 1);
		job->order_id = job->id;
		job->store_id = db_get_int64(&due, i, 2);
		*merchant = db_get_int64(&due, i, 3);
		job->data = merchant;
	}
	return 0;
}

static int has_units(const struct routing *r, int64_t order)
{
	for (size_t i = 0; i < r->parts.count; i++)
		if (r->parts.items[i].order == order)
			return 1;
	return 0;
}

/* An order of which nothing is to be shipped (any more) goes further at once. */
static int finish_orders(struct routing *r, const int64_t *again_us, struct err *e)
{
	struct batch *b = r->b;
	int64_t *again = ARENA_ARRAY(b->arena, int64_t, b->count);
	int64_t *bare = ARENA_ARRAY(b->arena, int64_t, b->count);
	size_t count = 0, bare_count = 0;

	for (size_t i = 0; i < b->count; i++) {
		if (!job_is_good(b->jobs[i]))
			continue;
		again[count++] = again_us[i] ? again_us[i] : DB_INT64_NULL;
		if (!has_units(r, b->jobs[i]->id))
			bare[bare_count++] = b->jobs[i]->id;
	}
	if (db_later(b->db, b->arena, SQL_ROUTE_DONE, e, batch_ids(b, 1, NULL),
		     db_int64s(b->arena, again, count)))
		return -1;
	return bare_count ? db_later(b->db, b->arena, SQL_ORDER_PROGRESS, e,
				     db_int64s(b->arena, bare, bare_count))
			  : 0;
}

static int route_settle(struct batch *b, struct err *e)
{
	struct routing r = {.b = b};
	int64_t *again_us = ARENA_ARRAY(b->arena, int64_t, b->count);

	if (route_read(&r, e))
		return -1;
	for (size_t i = 0; i < b->count; i++)
		if (job_is_good(b->jobs[i]))
			route_decide(&r, b->jobs[i], *(int64_t *)b->jobs[i]->data, again_us + i);
	return route_write(&r, e) || finish_orders(&r, again_us, e) ? -1 : 0;
}

const struct role route_role = {
	.name = "route",
	.table = "orders",
	.attempts_max = 10,
	.claim = route_claim,
	.settle = route_settle,
};

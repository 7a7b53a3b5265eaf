/*
 * route - decide which location ships which unit of an order
 *
 * in:  orders that are cleared to be planned
 * out: shipments (rate is due), backorders, a decision with its reasons, mails owed
 *
 * One transaction: the orders are locked, then the items, in the order of their ids; what is planned under the
 * items' locks is still true when it is written. The batch's orders are planned one after the other against what is
 * left, so nobody loses. How long the locks are held is bounded by work that is counted: what would take longer is
 * left to the next batch.
 */
#include "workers/route.h"

#include "workers/roles.h"

enum {
	TURN_STEPS = 8 * 1000 * 1000,	  /* some 10 ms, beside one hard plan */
	LOCKED_STEPS = 120 * 1000 * 1000, /* some 200 ms: what is left then is for the next batch */
};

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

/* An order of which nothing is to be shipped (any more) goes further at once. */
static int finish_orders(struct routing *r, struct err *e)
{
	struct batch *b = r->b;
	int64_t *again = ARENA_ARRAY(b->arena, int64_t, b->count);
	int64_t *bare = ARENA_ARRAY(b->arena, int64_t, b->count);
	size_t count = 0, bare_count = 0;

	for (size_t i = 0; i < b->count; i++) {
		const struct route_order *order = r->orders.items + i;

		if (!job_is_good(order->job))
			continue;
		again[count++] = order->again_us ? order->again_us : DB_INT64_NULL;
		if (!order->part_count)
			bare[bare_count++] = order->job->id;
	}
	if (db_later(b->db, b->arena, SQL_ROUTE_DONE, e, batch_ids(b, 1, NULL),
		     db_int64s(b->arena, again, count)))
		return -1;
	return bare_count ? db_later(b->db, b->arena, SQL_ORDER_PROGRESS, e,
				     db_int64s(b->arena, bare, bare_count))
			  : 0;
}

void route_leave(struct routing *r, size_t from)
{
	struct batch *b = r->b;

	for (size_t i = from; i < b->count; i++)
		if (job_is_good(b->jobs[i]))
			job_leave(b->jobs[i]);
	b->count = from;
}

void route_worked(struct routing *r, int64_t steps)
{
	r->steps += steps;
	r->steps_in_turn += steps;
	if (r->steps_in_turn < TURN_STEPS)
		return;
	r->steps_in_turn = 0;
	fiber_yield();
}

static int route_settle(struct batch *b, struct err *e)
{
	struct routing r = {.b = b};

	if (route_read(&r, e))
		return -1;
	for (size_t i = 0; i < b->count; i++) {
		if (r.steps > LOCKED_STEPS)
			route_leave(&r, i);
		else if (job_is_good(b->jobs[i]))
			route_decide(&r, r.orders.items + i);
	}
	return route_write(&r, e) || finish_orders(&r, e) ? -1 : 0;
}

const struct role route_role = {
	.name = "route",
	.table = "orders",
	.attempts_max = 10,
	.claim = route_claim,
	.settle = route_settle,
};

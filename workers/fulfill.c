/*
 * fulfill - tell the store what has shipped
 *
 * in:  shipments that have shipped
 * out: the store's id of its fulfillment
 *
 * Running it again adopts what is there already: the connector looks for our tracking number or reference first. A
 * repeat never mails the customer again.
 */
#include "core/runtime/column.h"
#include "workers/roles.h"
#include "workers/shipment.h"

YIELDS
static int fulfill_act(struct job *job, struct err *e)
{
	struct shipment *s = job->data;
	struct ship_line *lines = ARENA_ARRAY(job->arena, struct ship_line, s->line_count);
	struct fulfilled *out = ARENA_NEW(job->arena, struct fulfilled);
	struct api api = shipment_api(job, &s->store);
	struct fulfillment f = {
		.order_source_id = s->order_source_id,
		.location_source_id = s->location_source_id,
		.lines = lines,
		.tracking_number = s->tracking_number,
		.tracking_url = s->tracking_url,
		.carrier = s->tracking_carrier,
		.reference = shipment_reference(job->arena, s->id),
		.notify_customer = strcmp(s->customer_mail, "store") == 0,
		.may_exist = job->attempt > 0,
	};

	s->more = out;
	for (size_t i = 0; i < s->line_count; i++)
		if (s->lines[i].ship.quantity)
			lines[f.line_count++] = s->lines[i].ship;
	if (f.line_count == 0)
		return 0;
	job->hold_kind = "store";
	return s->platform->fulfill(&api, &f, out, e);
}

struct told_row {
	int64_t order, shipment;
	const char *actor, *kind, *note, *detail;
};

static int fulfill_settle(struct batch *b, struct err *e)
{
	struct arena *a = b->arena;
	struct db_result done;
	const char **sources = ARENA_ARRAY(a, const char *, b->count);
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++)
		if (job_is_good(b->jobs[i]))
			sources[n++] =
				((struct fulfilled *)((struct shipment *)b->jobs[i]->data)->more)
					->source_id;
	struct db_value ids = batch_ids(b, 1, NULL);

	if (n == 0)
		return 0;
	if (db_later(b->db, a, SQL_ORDER_LOCK, e, ids) ||
	    db_run(b->db, a, SQL_FULFILL_DONE, &done, e, ids, db_text(b->lease),
		   db_texts(a, sources, n)))
		return -1;
	struct told_row *rows = ARENA_ARRAY(a, struct told_row, done.rows);

	for (size_t i = 0; i < done.rows; i++)
		rows[i] = (struct told_row){.order = db_get_int64(&done, i, 1),
					    .shipment = db_get_int64(&done, i, 0),
					    .kind = "told_store"};
	return done.rows == 0 ? 0
			      : db_later(b->db, a, SQL_EVENT_ADD, e,
					 COLUMN_INT64(a, rows, done.rows, order),
					 COLUMN_TEXT(a, rows, done.rows, actor),
					 COLUMN_TEXT(a, rows, done.rows, kind),
					 COLUMN_INT64(a, rows, done.rows, shipment),
					 COLUMN_TEXT(a, rows, done.rows, note),
					 COLUMN_TEXT(a, rows, done.rows, detail));
}

const struct role fulfill_role = {
	.name = "fulfill",
	.table = "shipment",
	.lease_s = 150,
	.attempts_max = 15,
	.claim = shipment_claim,
	.act = fulfill_act,
	.settle = fulfill_settle,
};

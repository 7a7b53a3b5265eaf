/*
 * label - buy the label of a parcel, exactly once
 *
 * in:  shipments with a chosen rate
 * out: the label's bytes, cost and tracking; the shipment goes to the floor, or ships at once (auto_ship)
 *
 * The intent, with a uuid, is committed before the request, and the uuid travels with it. Whoever finds an older
 * intent never buys: it asks the carrier for that uuid until it is found. Not found after the grace time, and not
 * found again a fifth of that later, one new attempt is made, at most; then a person decides. The rest of the risk:
 * a purchase that the carrier shows only after that.
 */
#include "workers/label.h"

#include "core/runtime/column.h"
#include "workers/roles.h"

static int is_stale(const struct shipment *s)
{
	return s->carrier && s->rate_age_s >= s->carrier->rate_life_s;
}

struct intent_row {
	int64_t parcel, account;
	const char *attempt, *rate_id;
};

static int commit_intents(struct batch *b, struct intent_row *rows, struct err *e)
{
	struct arena *a = b->arena;
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++) {
		struct job *job = b->jobs[i];
		struct shipment *s = job->data;
		struct buying *buying;
		char uuid[37];

		if (!job->is_claimed || !job_is_good(job))
			continue;
		buying = s->more = ARENA_NEW(job->arena, struct buying);
		buying->parcel = s->parcel_id;
		buying->rerate = !s->parcel_id || !s->rate_id || is_stale(s);
		if (buying->rerate)
			continue;
		uuid_v7(uuid);
		buying->attempt = arena_strdup(job->arena, uuid);
		rows[n++] = (struct intent_row){s->parcel_id, s->carrier_account.id,
						buying->attempt, s->rate_id};
	}
	if (n == 0)
		return 0;
	return db_later(b->db, a, SQL_LABEL_INTEND, e, COLUMN_INT64(a, rows, n, parcel),
			COLUMN_INT64(a, rows, n, account), COLUMN_TEXT(a, rows, n, attempt),
			COLUMN_TEXT(a, rows, n, rate_id));
}

static void take_purchase(struct job *job, const struct db_result *r, size_t row)
{
	struct shipment *s = job->data;
	struct buying *p = s->more;
	const char *attempt = db_get_text(r, row, 2);

	p->id = db_get_int64(r, row, 1);
	p->is_fresh = p->attempt && strcmp(p->attempt, attempt) == 0;
	p->attempt = arena_strdup(job->arena, attempt);
	p->rate_id = arena_strdup(job->arena, db_get_text(r, row, 3));
	p->is_bought = strcmp(db_get_text(r, row, 4), "bought") == 0;
	p->age_s = db_get_int64(r, row, 5);
	p->lost = db_get_int64(r, row, 6);
	p->source_id = arena_strdup(job->arena, db_get_text(r, row, 7));
	p->missed_s = db_get_int64(r, row, 8);
	/* Money may have been spent at this rate, however old it is. */
	p->rerate = 0;
}

static int label_claim(struct batch *b, struct err *e)
{
	struct intent_row *rows = ARENA_ARRAY(b->arena, struct intent_row, b->count);
	int64_t *parcels = ARENA_ARRAY(b->arena, int64_t, b->count);
	struct db_result live;
	size_t n = 0;

	if (shipment_claim(b, e) || commit_intents(b, rows, e))
		return -1;
	for (size_t i = 0; i < b->count; i++)
		if (b->jobs[i]->is_claimed && job_is_good(b->jobs[i]))
			parcels[n++] = ((struct shipment *)b->jobs[i]->data)->parcel_id;
	if (n == 0)
		return 0;
	if (db_run(b->db, b->arena, SQL_LABEL_PURCHASES, &live, e, db_int64s(b->arena, parcels, n)))
		return -1;
	for (size_t row = 0; row < live.rows; row++) {
		int64_t parcel = db_get_int64(&live, row, 0);

		for (size_t i = 0; i < b->count; i++) {
			struct job *job = b->jobs[i];

			if (job->is_claimed && job_is_good(job) &&
			    ((struct shipment *)job->data)->parcel_id == parcel)
				take_purchase(job, &live, row);
		}
	}
	return 0;
}

const struct role label_role = {
	.name = "label",
	.table = "shipment",
	.batch_max = 64, /* no more intents than can be sent soon */
	.lease_s = 180,
	.attempts_max = 20,
	.claim = label_claim,
	.act = label_act,
	.keep = label_keep,
	.settle = label_settle,
};

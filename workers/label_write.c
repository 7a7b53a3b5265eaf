/*
 * label_write - what was bought, its tracking and its label, and where the shipments go from here
 */
#include "workers/label.h"

#include "core/runtime/column.h"

enum { DOCUMENTS_BYTES = 1 << 20 }; /* in one statement, unless a single one is larger */

struct outcome_row {
	int64_t id, shipment, cost;
	const char *state, *source_id, *currency, *reason;
	int is_lost;
};

static const struct buying *buying_of(const struct job *job)
{
	return job->data ? ((const struct shipment *)job->data)->more : NULL;
}

static struct outcome_row outcome_row(const struct job *job, const struct buying *p)
{
	const struct purchase *f = &p->found;

	return (struct outcome_row){
		.id = p->id,
		.shipment = job->id,
		.state = p->state,
		.source_id = f->id,
		.cost = p->state && strcmp(p->state, "bought") == 0 && f->cost ? f->cost
									       : DB_INT64_NULL,
		.currency = f->currency,
		.reason = p->reason,
		.is_lost = p->is_lost,
	};
}

/* The cancelled shipments' orders are locked, so that none is cancelled unseen meanwhile. */
int label_keep(struct batch *b, struct err *e)
{
	struct arena *a = b->arena;
	LIST(struct outcome_row) facts = {0};
	LIST(struct outcome_row) missed = {0};

	for (size_t i = 0; i < b->count; i++) {
		const struct buying *p = buying_of(b->jobs[i]);

		if (p && p->is_missed)
			*LIST_PUSH(a, &missed) = outcome_row(b->jobs[i], p);
		else if (p && p->state)
			*LIST_PUSH(a, &facts) = outcome_row(b->jobs[i], p);
	}
	const struct outcome_row *f = facts.items, *m = missed.items;
	size_t n = facts.count, k = missed.count;

	if (db_later(b->db, a, SQL_ORDER_LOCK, e, batch_ids(b, 0, NULL)))
		return -1;
	if (n && db_later(b->db, a, SQL_LABEL_OUTCOME, e, COLUMN_INT64(a, f, n, id),
			  COLUMN_TEXT(a, f, n, state), COLUMN_TEXT(a, f, n, source_id),
			  COLUMN_INT64(a, f, n, cost), COLUMN_TEXT(a, f, n, currency),
			  COLUMN_TEXT(a, f, n, reason)))
		return -1;
	if (k && db_later(b->db, a, SQL_LABEL_MISSED, e, COLUMN_INT64(a, m, k, id),
			  COLUMN_INT64(a, m, k, shipment), COLUMN_BOOL(a, m, k, is_lost),
			  db_text(b->lease)))
		return -1;
	return 0;
}

struct tracking_row {
	int64_t purchase;
	const char *number, *url, *carrier, *service;
};

static int write_tracking(struct batch *b, struct err *e)
{
	struct arena *a = b->arena;
	struct tracking_row *t = ARENA_ARRAY(a, struct tracking_row, b->count);
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++) {
		const struct buying *p = buying_of(b->jobs[i]);

		if (p && p->state && strcmp(p->state, "bought") == 0)
			t[n++] = (struct tracking_row){p->id, p->found.tracking_number,
						       p->found.tracking_url, p->found.carrier,
						       p->found.service};
	}
	return n == 0 ? 0
		      : db_later(b->db, a, SQL_LABEL_TRACKING, e, COLUMN_INT64(a, t, n, purchase),
				 COLUMN_TEXT(a, t, n, number), COLUMN_TEXT(a, t, n, url),
				 COLUMN_TEXT(a, t, n, carrier), COLUMN_TEXT(a, t, n, service));
}

struct document_row {
	int64_t purchase;
	const char *content_type, *path;
	struct db_blob bytes, hash;
};

static struct document_row document_row(struct batch *b, const struct buying *p)
{
	unsigned char *hash = arena_alloc(b->arena, 32);

	sha256(p->bytes, p->len, hash);
	return (struct document_row){
		.purchase = p->id,
		.content_type = p->content_type ? p->content_type : "application/octet-stream",
		.path = p->path,
		.bytes = p->path ? (struct db_blob){0} : (struct db_blob){p->bytes, p->len},
		.hash = {hash, 32},
	};
}

static int add_documents(struct batch *b, const struct document_row *d, size_t n, struct err *e)
{
	struct arena *a = b->arena;

	return n == 0 ? 0
		      : db_later(b->db, a, SQL_LABEL_DOCUMENT_ADD, e,
				 COLUMN_INT64(a, d, n, purchase),
				 COLUMN_TEXT(a, d, n, content_type), COLUMN_BLOB(a, d, n, bytes),
				 COLUMN_TEXT(a, d, n, path), COLUMN_BLOB(a, d, n, hash));
}

/* Together, but no more at once than memory is meant for. */
static int write_documents(struct batch *b, const struct buying *const *bought, size_t count,
			   struct err *e)
{
	struct document_row *rows = ARENA_ARRAY(b->arena, struct document_row, count);
	size_t n = 0, bytes = 0;

	for (size_t i = 0; i < count; i++) {
		struct document_row row = document_row(b, bought[i]);

		if (bytes + row.bytes.len > DOCUMENTS_BYTES) {
			if (add_documents(b, rows, n, e))
				return -1;
			n = bytes = 0;
		}
		rows[n++] = row;
		bytes += row.bytes.len;
	}
	return add_documents(b, rows, n, e);
}

static int release(struct batch *b, const int64_t *ids, size_t count, struct err *e)
{
	struct db_value labelled = db_int64s(b->arena, ids, count), lease = db_text(b->lease);
	struct db_result due;

	if (count == 0)
		return 0;
	if (db_later(b->db, b->arena, SQL_LABEL_DONE, e, labelled, lease) ||
	    db_run(b->db, b->arena, SQL_LABEL_SHIP, &due, e, labelled, lease))
		return -1;
	for (size_t i = 0; i < due.rows; i++)
		batch_due(b, db_get_text(&due, i, 0), db_get_int64(&due, i, 1));
	return 0;
}

static int rerate(struct batch *b, const int64_t *ids, size_t count, struct err *e)
{
	struct db_result due;

	if (count == 0)
		return 0;
	if (db_run(b->db, b->arena, SQL_LABEL_RERATE, &due, e, db_int64s(b->arena, ids, count),
		   db_text(b->lease)))
		return -1;
	for (size_t i = 0; i < due.rows; i++)
		batch_due(b, "rate", db_get_int64(&due, i, 0));
	return 0;
}

int label_settle(struct batch *b, struct err *e)
{
	int64_t *done = ARENA_ARRAY(b->arena, int64_t, b->count);
	int64_t *stale = ARENA_ARRAY(b->arena, int64_t, b->count);
	const struct buying **bought = ARENA_ARRAY(b->arena, const struct buying *, b->count);
	size_t done_count = 0, stale_count = 0;

	if (label_keep(b, e) || write_tracking(b, e))
		return -1;
	for (size_t i = 0; i < b->count; i++) {
		const struct job *job = b->jobs[i];
		const struct buying *p = buying_of(job);

		if (!p || !job_is_good(job))
			continue;
		if (p->rerate) {
			stale[stale_count++] = job->id;
		} else {
			bought[done_count] = p;
			done[done_count++] = job->id;
		}
	}
	return write_documents(b, bought, done_count, e) || release(b, done, done_count, e) ||
			       rerate(b, stale, stale_count, e)
		       ? -1
		       : 0;
}

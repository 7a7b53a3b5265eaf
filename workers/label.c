/*
 * label - buy the label of a parcel, exactly once
 *
 * in:  shipments with a chosen rate
 * out: the label's bytes, cost and tracking; the shipment goes to the floor, or ships at once (auto_ship)
 *
 * The intent, with a uuid, is committed before the request, and the uuid travels with it. Whoever finds an older intent never
 * buys: it asks the carrier for that uuid until it is found. Not found after the grace time, one new attempt is made, at most;
 * then a person decides. The rest of the risk: a purchase that the carrier shows only after the grace time.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/runtime/column.h"
#include "core/runtime/loop.h"
#include "workers/roles.h"
#include "workers/shipment.h"

enum {
	LOST_MAX = 1,	   /* attempts that were never found, after which a person decides */
	LOOK_AGAIN_S = 15, /* for a purchase that is still being made, or is not to be seen yet */
	PENDING_MAX_S = 3600, /* still being made after so long: a person asks the carrier */
	DOCUMENTS_BYTES =
		1 << 20, /* labels' bytes in one statement, unless a single one is larger */
};

/* A purchase as claim found or made it, and what act learned. */
struct buying {
	int64_t id, parcel, age_s, lost;
	const char *attempt, *rate_id;
	const char *source_id; /* the carrier's, once it told us */
	int is_fresh;	       /* made by this claim: nobody has asked the carrier yet */
	int is_bought;	       /* known to be bought: only the label's bytes are missing */
	int rerate;

	struct purchase found;
	const char *state; /* what settle writes; NULL: nothing */
	const char *reason;
	const char *content_type, *bytes, *path;
	size_t len;
};

/* ---- claim ---- */

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
	for (size_t row = 0; row < live.rows; row++)
		for (size_t i = 0; i < b->count; i++) {
			struct job *job = b->jobs[i];

			if (job->is_claimed && job_is_good(job) &&
			    ((struct shipment *)job->data)->parcel_id ==
				    db_get_int64(&live, row, 0))
				take_purchase(job, &live, row);
		}
	return 0;
}

/* ---- act ---- */

static int keep_in_file(struct job *job, struct buying *p, struct err *e)
{
	const char *directory = job->context->conf->labels.store;
	const char *path = arena_printf(job->arena, "%s/%s", directory, p->attempt);
	const char *fresh = arena_printf(job->arena, "%s.new", path);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (fd < 0)
		return err_retry(e, "could not create a label's file: %s", strerror(errno));
	ssize_t written = write(fd, p->bytes, p->len);
	int failed = written != (ssize_t)p->len || fsync(fd);

	if (close(fd) || failed || rename(fresh, path))
		return err_retry(e, "could not write a label's file: %s", strerror(errno));
	p->path = path;
	return 0;
}

YIELDS
static int fetch_label(struct job *job, struct api *api, struct buying *p, struct err *e)
{
	const struct shipment *s = job->data;

	if (!p->found.label_url)
		return err_retry(e, "the carrier has not said yet where the label is");
	if (s->carrier->label(api, p->found.label_url, &p->bytes, &p->len, &p->content_type, e))
		return -1;
	if (strcmp(job->context->conf->labels.store, "database") == 0)
		return 0;
	return keep_in_file(job, p, e);
}

static int look_again(struct buying *p, struct err *e, const char *why)
{
	p->state = p->is_bought ? NULL : "unknown";
	err_set(e, ERR_RETRY, ERR_CODE_RATE_LIMIT, "%s", why);
	e->retry_after_ms = LOOK_AGAIN_S * 1000;
	return -1;
}

/* The carrier does not know the attempt. After the grace time it is given up. */
static int not_found(struct job *job, struct buying *p, struct err *e)
{
	if (p->age_s < job->context->conf->labels.grace_s)
		return look_again(p, e, "a purchase with an unknown outcome is not found yet");
	p->state = "failed";
	p->reason = "lost";
	if (p->lost < LOST_MAX)
		return err_retry(e, "a purchase was never found at the carrier: one new attempt");
	job->hold_kind = "label";
	return err_set(
		e, ERR_FINAL, ERR_CODE_HELD,
		"two purchases were never found at the carrier; look there for labels of this "
		"shipment, then clear the hold");
}

static int pending(struct job *job, struct buying *p, struct err *e)
{
	if (p->age_s < PENDING_MAX_S)
		return look_again(p, e, "the carrier is still making the label");
	p->state = "unknown";
	job->hold_kind = "label";
	return err_set(e, ERR_FINAL, ERR_CODE_HELD,
		       "the carrier has been making the label for over an hour: ask there, then "
		       "clear the hold");
}

static int refused(struct job *job, struct buying *p, struct err *e)
{
	p->state = "failed";
	p->reason = p->found.reason ? p->found.reason : "refused";
	if (p->found.rate_is_stale) {
		p->rerate = 1;
		return 0;
	}
	if (p->found.is_passing)
		return err_retry(e, "the carrier could not make the label: %s", p->reason);
	job->hold_kind = "label";
	return err_set(e, ERR_FINAL, ERR_CODE_HELD, "the carrier refuses the label: %s", p->reason);
}

static int judge(struct job *job, struct api *api, struct buying *p, struct err *e)
{
	switch (p->found.state) {
	case PURCHASE_NONE:
		return not_found(job, p, e);
	case PURCHASE_PENDING:
		return pending(job, p, e);
	case PURCHASE_REFUSED:
		return refused(job, p, e);
	case PURCHASE_BOUGHT:
		p->state = "bought";
		return fetch_label(job, api, p, e);
	}
	return err_bug(e, "a purchase in an unknown state");
}

/* Money: the request is sent once, and only by the claim that has made the intent. */
YIELDS
static int buy(struct job *job, struct api *api, struct label_request *r, struct buying *p,
	       struct err *e)
{
	const struct shipment *s = job->data;

	if (shipment_may_ship(job, e)) {
		p->state = "failed";
		p->reason = "not sent";
		return -1;
	}
	job->credential_id = 0;
	if (s->carrier->buy(api, r, &p->found, e) == 0) {
		/* Made at once as a rule: a second look saves a round through the queue. */
		if (p->found.state != PURCHASE_PENDING)
			return judge(job, api, p, e);
		r->purchase_id = p->found.id;
		if (fiber_sleep_ms(300, e) || s->carrier->find(api, r, &p->found, e))
			return look_again(p, e, "the carrier is still making the label");
		return judge(job, api, p, e);
	}
	if (e->code == ERR_CODE_UNKNOWN) {
		p->state = "unknown";
		e->retry_after_ms = LOOK_AGAIN_S * 1000;
		return -1;
	}
	p->state = "failed";
	p->reason = "not sent";
	return -1;
}

YIELDS
static int label_act(struct job *job, struct err *e)
{
	struct shipment *s = job->data;
	struct buying *p = s->more;
	struct api api = shipment_api(job, &s->carrier_account);
	struct label_request r = {
		.shipment_id = s->carrier_shipment_id,
		.rate_id = p->rate_id,
		.purchase_id = p->source_id,
		.attempt = p->attempt,
		.reference = shipment_reference(job->arena, s->id),
		.format = s->label_format,
		.recipient = &s->to,
	};

	if (p->rerate)
		return 0;
	if (!s->carrier)
		return err_final(e, "the carrier's connector is not in this program");
	if (!p->id)
		return err_bug(e, "there is no purchase to act on");
	if (p->is_fresh)
		return buy(job, &api, &r, p, e);
	job->credential_id = 0;
	if (s->carrier->find(&api, &r, &p->found, e))
		return -1;
	return judge(job, &api, p, e);
}

/* ---- settle ---- */

struct outcome_row {
	int64_t id, cost, parcel;
	const char *state, *source_id, *currency, *reason;
	const char *number, *url, *carrier, *service;
};

static struct outcome_row outcome_row(const struct buying *p)
{
	const struct purchase *f = &p->found;
	int is_bought = strcmp(p->state, "bought") == 0;

	return (struct outcome_row){
		.id = p->id,
		.parcel = p->parcel,
		.state = p->state,
		.source_id = f->id,
		.cost = is_bought && f->cost ? f->cost : DB_INT64_NULL,
		.currency = f->currency,
		.reason = p->reason,
		.number = f->tracking_number,
		.url = f->tracking_url,
		.carrier = f->carrier,
		.service = f->service,
	};
}

static int write_outcomes(struct batch *b, struct err *e)
{
	struct arena *a = b->arena;
	LIST(struct outcome_row) all = {0};
	LIST(struct outcome_row) bought = {0};

	for (size_t i = 0; i < b->count; i++) {
		const struct shipment *s = b->jobs[i]->data;
		const struct buying *p = s ? s->more : NULL;

		if (!p || !p->state)
			continue;
		*LIST_PUSH(a, &all) = outcome_row(p);
		if (strcmp(p->state, "bought") == 0)
			*LIST_PUSH(a, &bought) = outcome_row(p);
	}
	const struct outcome_row *r = all.items, *t = bought.items;
	size_t n = all.count, m = bought.count;

	if (n && db_later(b->db, a, SQL_LABEL_OUTCOME, e, COLUMN_INT64(a, r, n, id),
			  COLUMN_TEXT(a, r, n, state), COLUMN_TEXT(a, r, n, source_id),
			  COLUMN_INT64(a, r, n, cost), COLUMN_TEXT(a, r, n, currency),
			  COLUMN_TEXT(a, r, n, reason)))
		return -1;
	if (m && db_later(b->db, a, SQL_LABEL_TRACKING, e, COLUMN_INT64(a, t, m, parcel),
			  COLUMN_TEXT(a, t, m, number), COLUMN_TEXT(a, t, m, url),
			  COLUMN_TEXT(a, t, m, carrier), COLUMN_TEXT(a, t, m, service)))
		return -1;
	return 0;
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
static int write_documents(struct batch *b, struct buying *const *bought, size_t count,
			   struct err *e)
{
	struct document_row *rows = ARENA_ARRAY(b->arena, struct document_row, count);
	size_t n = 0, bytes = 0;

	for (size_t i = 0; i < count; i++) {
		if (bytes + bought[i]->len > DOCUMENTS_BYTES) {
			if (add_documents(b, rows, n, e))
				return -1;
			n = bytes = 0;
		}
		rows[n++] = document_row(b, bought[i]);
		bytes += bought[i]->len;
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

/* What was bought is written down whatever else happens to its shipment. */
static int label_settle(struct batch *b, struct err *e)
{
	int64_t *done = ARENA_ARRAY(b->arena, int64_t, b->count);
	int64_t *stale = ARENA_ARRAY(b->arena, int64_t, b->count);
	struct buying **bought = ARENA_ARRAY(b->arena, struct buying *, b->count);
	size_t done_count = 0, stale_count = 0;
	struct db_result locked;

	if (db_run(b->db, b->arena, SQL_ORDER_LOCK, &locked, e, batch_ids(b, 0, NULL)) ||
	    write_outcomes(b, e))
		return -1;
	for (size_t i = 0; i < b->count; i++) {
		const struct job *job = b->jobs[i];
		const struct shipment *s = job->data;
		struct buying *p = s ? s->more : NULL;

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

const struct role label_role = {
	.name = "label",
	.table = "shipment",
	.batch_max = 64, /* no more intents than can be sent soon */
	.lease_s = 180,
	.attempts_max = 20,
	.claim = label_claim,
	.act = label_act,
	.settle = label_settle,
};

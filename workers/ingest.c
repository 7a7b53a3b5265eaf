/*
 * ingest - orders from webhooks, fetches and imports become rows
 *
 * in:  wb.ingest: a webhook's body, the name of an order to fetch, or an order in canonical JSON
 * out: route is due for orders that are cleared to be planned
 *
 * A message is all there is until its rows are committed, so it is acknowledged after that. Running it again changes
 * nothing: an older version is ignored, the same version too, and equal times with another content cause a fetch.
 */
#include "workers/ingest.h"

#include <stdlib.h>
#include <strings.h>

#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "workers/roles.h"

enum {
	FETCH_MS = 60000,
	PUBLISH_MS = 15000,
	FETCHES_IN_MESSAGE = 256,
	TURN_BYTES = 1024 * 1024, /* of bodies, read in one turn of the loop: some 20 ms */
};

/* ---- claim: whose message is it, and what does it say ---- */

static int64_t header_int(const struct job *job, enum amqp_header header)
{
	const char *text = job->delivery->headers[header];

	return text ? strtoll(text, NULL, 10) : 0;
}

static struct ingest_store read_store(struct batch *b, struct arena *a, const struct db_result *r,
				      size_t row, struct err *e)
{
	const char *platform = db_get_text(r, row, 2);
	struct ingest_store s = {
		.id = db_get_int64(r, row, 0),
		.merchant_id = db_get_int64(r, row, 1),
		.platform = platform_by_name(platform, e),
		.domain = arena_strdup(a, db_get_text(r, row, 3)),
		.api_base = arena_strdup(a, db_get_text(r, row, 4)),
		.is_active = db_get_bool(r, row, 5),
		.orders_from_us = db_get_int64(r, row, 6),
		.release_on = arena_strdup(a, db_get_text(r, row, 7)),
		.credential_id = db_get_int64(r, row, 8),
		.paused_reason = arena_strdup(a, db_get_text(r, row, 10)),
	};
	size_t len;
	const unsigned char *sealed = db_get_bytes(a, r, row, 9, &len);

	if (sealed)
		secret_open(a, b->context->key,
			    arena_printf(a, "credential:%lld", (long long)s.credential_id), sealed,
			    len, &s.token, e);
	return s;
}

/* Does the body say that it is about this store? Its signature and its headers do not. */
static int names_store(const struct ingest *in)
{
	return in->event.domain && strcasecmp(in->event.domain, in->store.domain) == 0;
}

static int read_webhook(struct job *job, struct ingest *in, struct err *e)
{
	const struct amqp_delivery *d = job->delivery;
	struct webhook hook = {
		.topic = in->topic ? in->topic : "",
		.body = d->body,
		.body_len = d->body_len,
	};

	if (in->store.platform->webhook_read(job->arena, &hook, &in->event, e))
		return -1;
	switch (in->event.kind) {
	case WEBHOOK_ORDER:
		in->has_order = 1;
		in->is_strange = d->headers[AMQP_SHARED] && !names_store(in);
		break;
	case WEBHOOK_FETCH:
		job->acts = 1;
		in->asks_again = in->event.fulfillment_order_id != NULL;
		break;
	case WEBHOOK_UNINSTALLED:
	case WEBHOOK_PRIVACY:
		if (!names_store(in))
			return err_set(e, ERR_FINAL, ERR_CODE_DATA, "the body names another store");
		break;
	case WEBHOOK_IGNORED:
		break;
	}
	return 0;
}

static int read_message(struct job *job, struct ingest *in, struct err *e)
{
	const struct amqp_delivery *d = job->delivery;
	const char *kind = d->headers[AMQP_KIND] ? d->headers[AMQP_KIND] : "";

	in->topic = arena_strdup(job->arena, d->headers[AMQP_TOPIC]);
	if (strcmp(kind, "webhook") == 0)
		return read_webhook(job, in, e);
	if (strcmp(kind, "fetch") == 0 && d->headers[AMQP_KEY]) {
		in->event.kind = WEBHOOK_FETCH;
		in->event.order_id = arena_strdup(job->arena, d->headers[AMQP_KEY]);
		job->acts = 1;
		return 0;
	}
	if (strcmp(kind, "order") == 0) {
		in->event.kind = WEBHOOK_ORDER;
		in->has_order = 1;
		if (order_doc_from_json(job->arena, d->body, d->body_len, &in->event.order, e))
			return -1;
		return in->store.platform->takes_imports
			       ? 0
			       : err_final(
					 e,
					 "an order was imported into a store that is a shop; import "
					 "it into a store without a platform");
	}
	return err_final(e, "a message of an unknown kind");
}

static int check_order(struct arena *a, struct ingest *in, struct err *e)
{
	if (order_doc_check(a, &in->event.order, e))
		return -1;
	order_doc_hash(&in->event.order, in->hash);
	for (size_t i = 0; i < sizeof in->hash; i++)
		snprintf(in->hash_hex + 2 * i, 3, "%02x", in->hash[i]);
	return 0;
}

static void claim_one(struct batch *b, struct job *job, const struct db_result *stores)
{
	struct ingest *in = ARENA_NEW(job->arena, struct ingest);
	struct err e = {0};

	job->data = in;
	job->is_claimed = 1;
	job->attempt = (int)header_int(job, AMQP_ATTEMPT);
	job->store_id = header_int(job, AMQP_STORE);
	for (size_t i = 0; i < stores->rows && !in->store.id; i++)
		if (db_get_int64(stores, i, 0) == job->store_id)
			in->store = read_store(b, job->arena, stores, i, &e);
	if (!in->store.id)
		err_final(&e, "there is no store %lld", (long long)job->store_id);
	else if (e.kind == ERR_NONE && read_message(job, in, &e) == 0 && in->has_order)
		check_order(job->arena, in, &e);
	if (e.kind == ERR_NONE && job->acts && !in->store.is_active)
		err_final(&e, "store %lld is not active: its orders cannot be fetched",
			  (long long)job->store_id);
	if (e.kind != ERR_NONE)
		job_fail(job, &e);
	job->credential_id = in->store.credential_id;
}

static int ingest_claim(struct batch *b, struct err *e)
{
	int64_t *ids = ARENA_ARRAY(b->arena, int64_t, b->count);
	struct db_result stores;

	for (size_t i = 0; i < b->count; i++)
		ids[i] = header_int(b->jobs[i], AMQP_STORE);
	if (db_run(b->db, b->arena, SQL_INGEST_STORES, &stores, e,
		   db_int64s(b->arena, ids, b->count)))
		return -1;
	for (size_t i = 0, bytes = 0; i < b->count; i++) {
		claim_one(b, b->jobs[i], &stores);
		bytes += b->jobs[i]->delivery->body_len;
		if (bytes > TURN_BYTES) {
			bytes = 0;
			fiber_yield();
		}
	}
	return 0;
}

/* ---- act: read the order where the message does not hold it ---- */

YIELDS
static int ingest_act(struct job *job, struct err *e)
{
	struct ingest *in = job->data;
	const struct platform *platform = in->store.platform;
	struct account account = {
		.id = in->store.id,
		.connector = platform->name,
		.name = in->store.domain,
		.api_base = in->store.api_base,
		.token = in->store.token,
	};
	struct api api = {
		.arena = job->arena, .account = &account, .deadline_ms = job->deadline_ms};

	/* Deleted at the store, or never shown to us: nothing is left to take over. */
	if (!in->event.order_id && in->event.fulfillment_order_id && platform->order_of &&
	    platform->order_of(&api, in->event.fulfillment_order_id, &in->event.order_id, e))
		return e->code == ERR_CODE_NOT_FOUND ? 0 : -1;
	if (!in->event.order_id)
		return 0;
	if (platform->order_fetch(&api, in->event.order_id, &in->event.order, e))
		return e->code == ERR_CODE_NOT_FOUND ? 0 : -1;
	in->has_order = in->is_fetched = 1;
	return check_order(job->arena, in, e);
}

/* ---- settle ---- */

int ingest_request_fetch(struct batch *b, int64_t store_id, const char *const *source_ids,
			 size_t count, struct err *e)
{
	struct amqp_message *messages = ARENA_ARRAY(b->arena, struct amqp_message, count);
	const char *store = arena_printf(b->arena, "%lld", (long long)store_id);

	for (size_t i = 0; i < count; i++)
		messages[i] = (struct amqp_message){
			.routing_key = "wb.ingest",
			.body = "",
			.headers = {[AMQP_KIND] = "fetch",
				    [AMQP_STORE] = store,
				    [AMQP_KEY] = source_ids[i]},
		};
	for (size_t done = 0; done < count; done += FETCHES_IN_MESSAGE) {
		size_t n = count - done < FETCHES_IN_MESSAGE ? count - done : FETCHES_IN_MESSAGE;

		if (amqp_publish(b->publisher, messages + done, n, loop_now_ms() + PUBLISH_MS, e))
			return -1;
	}
	return 0;
}

static int settle_privacy(struct batch *b, const struct job *job, struct err *e)
{
	static const char *const kinds[] = {
		[PRIVACY_DATA_REQUEST] = "data_request",
		[PRIVACY_CUSTOMER_REDACT] = "customer_redact",
		[PRIVACY_SHOP_REDACT] = "shop_redact",
	};
	const struct ingest *in = job->data;
	const struct webhook_event *event = &in->event;
	unsigned char hash[32];

	sha256(job->delivery->body, job->delivery->body_len, hash);
	return db_later(b->db, b->arena, SQL_STORE_REQUEST_ADD, e, db_int64(b->arena, in->store.id),
			db_text(kinds[event->privacy]),
			db_texts(b->arena, event->privacy_orders, event->privacy_order_count),
			db_bytes(hash, sizeof hash),
			db_int64(b->arena, b->context->conf->privacy.wait_h * INT64_C(3600)));
}

static int settle_uninstalled(struct batch *b, const struct job *job, struct err *e)
{
	const struct ingest *in = job->data;
	unsigned char hash[32];

	sha256(job->delivery->body, job->delivery->body_len, hash);
	log_warn("event=uninstalled store=%lld", (long long)in->store.id);
	return db_later(b->db, b->arena, SQL_STORE_UNINSTALLED, e, db_int64(b->arena, in->store.id),
			db_bytes(hash, sizeof hash));
}

static int ingest_settle(struct batch *b, struct err *e)
{
	struct job **orders = ARENA_ARRAY(b->arena, struct job *, b->count);
	size_t count = 0;

	for (size_t i = 0; i < b->count; i++) {
		struct job *job = b->jobs[i];
		const struct ingest *in = job->data;

		if (!job_is_good(job))
			continue;
		if (in->has_order)
			orders[count++] = job;
		else if (in->event.kind == WEBHOOK_PRIVACY && settle_privacy(b, job, e))
			return -1;
		else if (in->event.kind == WEBHOOK_UNINSTALLED && settle_uninstalled(b, job, e))
			return -1;
	}
	return count ? ingest_write(b, orders, count, e) : 0;
}

const struct role ingest_role = {
	.name = "ingest",
	.lease_s = FETCH_MS / 1000 + LEASE_MARGIN_MS / 1000,
	.attempts_max = 12,
	.claim = ingest_claim,
	.act = ingest_act,
	.settle = ingest_settle,
};

/*
 * ingest - what its files share
 */
#ifndef WAYBILL_INGEST_H
#define WAYBILL_INGEST_H

#include "connectors/platform.h"
#include "core/domain/order.h"
#include "core/runtime/role.h"

/* What ingest knows of a store. */
struct ingest_store {
	int64_t id, merchant_id;
	const struct platform *platform; /* `none`: orders are imported */
	const char *domain, *api_base, *release_on;
	const char *paused_reason; /* NULL: it is not paused */
	int is_active;
	int64_t orders_from_us;
	int64_t credential_id; /* of its access token */
	struct secret token;
};

/* One message's job. */
struct ingest {
	struct ingest_store store;
	struct webhook_event event;
	const char *topic;
	int has_order; /* event.order is to be written */
	int is_strange; /* nothing proves that it is this store's: its secret signs for others, too */
	int is_fetched;	 /* it comes from the store itself, just now: it wins over equal times */
	int is_disputed; /* the store must say what is true */
	int asks_again; /* what the store lets us ship has changed: its vetoes are asked for again */
	unsigned char hash[32];
	char hash_hex[65];
	int64_t order_id; /* once known */
};

/*
 * ingest_write - orders of the batch into rows; each job has ingest.has_order set. The newest of an order comes
 * once.
 */
YIELDS
int ingest_write(struct batch *b, struct job **jobs, size_t count, struct err *e);

/* ingest_request_fetch - have orders read from their store: confirmed messages for wb.ingest */
YIELDS
int ingest_request_fetch(struct batch *b, int64_t store_id, const char *const *source_ids,
			 size_t count, struct err *e);

#endif

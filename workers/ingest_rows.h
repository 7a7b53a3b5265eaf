/*
 * ingest_rows - what ingest decides, as rows to write
 *
 * ingest_difference.c fills them, knowing neither database nor broker; ingest_write.c writes them.
 */
#ifndef WAYBILL_INGEST_ROWS_H
#define WAYBILL_INGEST_ROWS_H

#include "core/runtime/column.h"
#include "workers/ingest.h"

/* What is to be done with one order of the batch. */
enum ingest_fate {
	FATE_NEW,
	FATE_CHANGED,
	FATE_SEEN,  /* the same content, a newer time */
	FATE_STALE, /* older than what we have, or the same: nothing */
	FATE_FETCH, /* equal times, another content; or nothing says that it is this store's: it is asked */
};

/* A line we have, and what has become of its units. */
struct ingest_line {
	const char *source_id;
	int64_t id, ordered, cancelled, shipped, picked;
	int is_pickup;
};

/* What we have of one order of the batch. */
struct ingest_known {
	int64_t id, updated_us; /* 0: it is new */
	const char *state, *hash_hex;
	int is_cancelled;
	enum ingest_fate fate;
	const struct ingest_line *lines; /* by source_id */
	size_t line_count;
};

struct line_row {
	int64_t id, order_id, position;
	const char *source_id, *variant_id, *sku, *title, *variant_title;
	int64_t ordered, cancelled, unit_price, unit_price_presentment, list_price, total, discount,
		tax, duties, grams;
	int needs_shipping;
	const char *details;
};

struct group_row {
	int64_t id, order_id, position;
	const char *kind;
	struct address address;
	const char *service_title, *service_code;
	int64_t not_before_us;
};

struct order_row {
	int64_t id, merchant_id, store_id;
	const char *source_id, *name, *state;
	int is_test;
	int64_t placed_us, cancelled_us;
	const char *cancel_reason;
	const char *payment, *currency;
	int64_t total, paid, refunded, outstanding, shipping, tax, discount, duties;
	const char *presentment_currency;
	int64_t presentment_total, presentment_outstanding;
	const char *customer_name, *email, *phone, *locale, *note, *details;
	int64_t updated_us;
	const char *hash, *step;
};

struct event_row {
	int64_t order_id;
	const char *actor, *kind;
	int64_t shipment_id;
	const char *note, *detail;
};

struct hold_row {
	int64_t order_id;
	const char *kind, *reason;
};

struct unit_row { /* units of a line */
	int64_t line_id, units;
};

struct walk_row {
	int64_t order_id;
	const char *from, *to;
};

struct lift_row { /* a worker's hold whose reason may be gone */
	int64_t order_id;
	const char *kind;
};

struct seen_row {
	int64_t order_id, updated_us;
};

/* Everything one settle writes, gathered from all orders. */
struct ingest_writing {
	struct batch *b;
	LIST(struct order_row) orders, changes;
	LIST(struct group_row) groups;
	LIST(struct line_row) lines, facts; /* new ones; newer facts of those we have */
	LIST(struct event_row) events;
	LIST(struct hold_row) holds;
	LIST(struct unit_row) fewer;
	LIST(struct walk_row) walks;
	LIST(struct seen_row) seen;
	LIST(struct lift_row) lifts;
	LIST(int64_t) due;
	/* ids for what is new */
	int64_t *ids;
	size_t next_order, next_group, next_line;
};

/*
 * ingest_newest - the newest of each order, sorted by order; returns how many
 *
 * Of equal times a fetched one stays before one that was sent. When two were sent with equal times and different
 * contents, the one that stays is disputed: the store is asked which is true.
 */
size_t ingest_newest(struct job **jobs, size_t count);

/* ingest_fate - what an order that was sent or fetched means for what is known of it */
enum ingest_fate ingest_fate(const struct ingest *in, const struct ingest_known *known);

/* ingest_differ - add to the writing what is new or has changed; for FATE_NEW and FATE_CHANGED, once ids are there */
void ingest_differ(struct ingest_writing *w, struct job *job, const struct ingest_known *known);

#endif

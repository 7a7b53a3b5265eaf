/* ingest_write - orders as the stores have them become rows, or differences to the rows we have */
#include <stdlib.h>

#include "core/runtime/column.h"
#include "core/runtime/loop.h"
#include "workers/ingest.h"

/* What is to be done with one order of the batch. */
enum fate {
	FATE_NEW,
	FATE_CHANGED,
	FATE_SEEN,  /* the same content, a newer time */
	FATE_STALE, /* older than what we have, or the same: nothing */
	FATE_FETCH, /* equal times, another content: the store must say which is true */
};

struct known {
	int64_t id, updated_us;
	const char *state;
	int is_cancelled;
	enum fate fate;
	int is_released; /* may be planned now */
	int has_new_units;
};

struct line_row {
	int64_t id, order_id, position;
	const char *source_id, *variant_id, *sku, *title, *variant_title;
	int64_t ordered, cancelled, unit_price, unit_price_presentment, grams;
	int needs_shipping;
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
	const char *payment, *currency;
	int64_t total, paid, refunded, outstanding;
	const char *presentment_currency;
	int64_t presentment_total, presentment_outstanding;
	const char *customer_name, *email, *phone, *locale, *note;
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
	int64_t order_id, shipment_id;
	const char *kind, *reason;
};

struct unit_row { /* units of a line */
	int64_t line_id, units;
};

struct walk_row {
	int64_t order_id;
	const char *from, *to;
};

struct seen_row {
	int64_t order_id, updated_us;
};

/* Everything one settle writes, gathered from all orders. */
struct writing {
	struct batch *b;
	LIST(struct order_row) orders, changes;
	LIST(struct group_row) groups;
	LIST(struct line_row) lines;
	LIST(struct event_row) events;
	LIST(struct hold_row) holds;
	LIST(struct unit_row) more, fewer;
	LIST(struct walk_row) walks;
	LIST(struct seen_row) seen;
	LIST(int64_t) due;
	/* ids for what is new */
	int64_t *ids;
	size_t next_order, next_group, next_line;
};

#define PUSH(w, list) LIST_PUSH((w)->b->arena, &(w)->list)

static int compare_jobs(const void *x, const void *y)
{
	const struct ingest *a = (*(struct job *const *)x)->data,
			    *b = (*(struct job *const *)y)->data;

	if (a->store.id != b->store.id)
		return a->store.id < b->store.id ? -1 : 1;
	int by_id = strcmp(a->event.order.source_id, b->event.order.source_id);

	if (by_id)
		return by_id;
	if (a->event.order.updated_at_us != b->event.order.updated_at_us)
		return a->event.order.updated_at_us < b->event.order.updated_at_us ? -1 : 1;
	return a->is_fetched - b->is_fetched;
}

static int is_same_order(const struct ingest *a, const struct ingest *b)
{
	return a->store.id == b->store.id &&
	       strcmp(a->event.order.source_id, b->event.order.source_id) == 0;
}

/*
 * Sorted by order; of each order the newest stays, a fetched one before one that was sent. When two were sent with equal
 * times and different contents, the one that stays is disputed: the store is asked which is true.
 */
static size_t newest_of_each(struct job **jobs, size_t count)
{
	size_t kept = 0;

	qsort(jobs, count, sizeof *jobs, compare_jobs);
	for (size_t i = 0; i < count; i++) {
		const struct ingest *in = jobs[i]->data;
		struct ingest *next = i + 1 < count ? jobs[i + 1]->data : NULL;

		if (!next || !is_same_order(in, next))
			jobs[kept++] = jobs[i];
		else if (in->event.order.updated_at_us == next->event.order.updated_at_us)
			next->is_disputed =
				in->is_disputed || strcmp(in->hash_hex, next->hash_hex) != 0;
	}
	return kept;
}

static int is_releasable(const struct ingest *in)
{
	const char *on = in->store.release_on;
	enum payment_status payment = in->event.order.payment;

	if (in->event.order.cancelled_at_us)
		return 0;
	switch (payment) {
	case PAYMENT_PAID:
	case PAYMENT_PARTIALLY_REFUNDED:
		return 1;
	case PAYMENT_AUTHORIZED:
		return strcmp(on, "paid") != 0;
	case PAYMENT_UNKNOWN:
	case PAYMENT_PENDING:
	case PAYMENT_PARTIALLY_PAID:
	case PAYMENT_EXPIRED:
		return strcmp(on, "always") == 0;
	case PAYMENT_REFUNDED:
	case PAYMENT_VOIDED:
	case PAYMENT_STATUS_COUNT:
		return 0;
	}
	return 0;
}

static const char *first_state(const struct ingest *in)
{
	if (in->event.order.cancelled_at_us)
		return "cancelled";
	if (is_releasable(in))
		return "paid";
	return in->event.order.payment == PAYMENT_AUTHORIZED ||
			       in->event.order.payment == PAYMENT_PARTIALLY_PAID
		       ? "payment_processing"
		       : "pending";
}

static struct order_row order_row(const struct ingest *in, int64_t id)
{
	const struct order_doc *d = &in->event.order;

	return (struct order_row){
		.id = id,
		.merchant_id = in->store.merchant_id,
		.store_id = in->store.id,
		.source_id = d->source_id,
		.name = d->name,
		.state = first_state(in),
		.is_test = d->is_test,
		.placed_us = d->placed_at_us,
		.cancelled_us = d->cancelled_at_us ? d->cancelled_at_us : DB_INT64_NULL,
		.payment = payment_status_names[d->payment],
		.currency = d->currency,
		.total = d->total,
		.paid = d->paid,
		.refunded = d->refunded,
		.outstanding = d->outstanding,
		.presentment_currency = d->presentment_currency,
		.presentment_total = d->presentment_total,
		.presentment_outstanding = d->presentment_outstanding,
		.customer_name = d->customer_name,
		.email = d->email,
		.phone = d->phone,
		.locale = d->locale,
		.note = d->note,
		.updated_us = d->updated_at_us,
		.hash = in->hash_hex,
	};
}

static void add_groups(struct writing *w, const struct ingest *in)
{
	const struct order_doc *d = &in->event.order;

	for (size_t g = 0; g < d->group_count; g++)
		*PUSH(w, groups) = (struct group_row){
			.id = w->ids[w->next_group++],
			.order_id = in->order_id,
			.position = (int64_t)g,
			.kind = delivery_kind_names[d->groups[g].kind],
			.address = d->groups[g].address,
			.service_title = d->groups[g].service_title,
			.service_code = d->groups[g].service_code,
			.not_before_us = d->groups[g].ship_not_before_us
						 ? d->groups[g].ship_not_before_us
						 : DB_INT64_NULL,
		};
}

static int64_t cancelled_units(const struct order_doc *d, const struct order_doc_line *l)
{
	return d->cancelled_at_us ? l->quantity : l->quantity - l->current_quantity;
}

static void add_line(struct writing *w, const struct ingest *in, const struct order_doc_line *l)
{
	*PUSH(w, lines) = (struct line_row){
		.id = w->ids[w->next_line++],
		.order_id = in->order_id,
		.position = (int64_t)l->group,
		.source_id = l->source_id,
		.variant_id = l->variant_id,
		.sku = l->sku,
		.title = l->title,
		.variant_title = l->variant_title,
		.ordered = l->quantity,
		.cancelled = cancelled_units(&in->event.order, l),
		.unit_price = l->unit_price,
		.unit_price_presentment = l->unit_price_presentment,
		.grams = l->grams,
		.needs_shipping = l->needs_shipping,
	};
}

static void add_event(struct writing *w, const struct ingest *in, const char *kind)
{
	struct arena *a = w->b->arena;
	json_t *detail = json_pack("{s:s, s:s*, s:i}", "payment",
				   payment_status_names[in->event.order.payment], "topic",
				   in->topic, "lines", (int)in->event.order.line_count);
	char *text = json_dumps(detail, JSON_COMPACT);

	*PUSH(w, events) = (struct event_row){
		.order_id = in->order_id,
		.actor = arena_printf(a, "store:%s", in->store.domain),
		.kind = kind,
		.shipment_id = DB_INT64_NULL,
		.detail = arena_strdup(a, text),
	};
	free(text);
	json_decref(detail);
}

static void add_hold(struct writing *w, int64_t order_id, const char *kind, const char *reason)
{
	*PUSH(w, holds) = (struct hold_row){order_id, DB_INT64_NULL, kind, reason};
}

static void add_new(struct writing *w, struct job *job, const struct known *known)
{
	struct ingest *in = job->data;
	const struct order_doc *d = &in->event.order;
	struct order_row row;

	in->order_id = job->order_id = w->ids[w->next_order++];
	row = order_row(in, in->order_id);
	*PUSH(w, orders) = row;
	add_groups(w, in);
	for (size_t i = 0; i < d->line_count; i++)
		add_line(w, in, d->lines + i);
	add_event(w, in, "received");
	if (d->cancelled_at_us)
		return;
	if (d->is_test)
		add_hold(
			w, in->order_id, "test_order",
			"the store marks this order as a test; clear the hold to ship it all the same");
	if (d->placed_at_us < in->store.orders_from_us)
		add_hold(
			w, in->order_id, "too_old",
			"placed before the store's orders_from; clear the hold to ship it from here");
	if (known->is_released)
		*PUSH(w, due) = in->order_id;
}

/* ---- orders we have ---- */

static void add_walk(struct writing *w, int64_t order_id, const char *from, const char *to)
{
	*PUSH(w, walks) = (struct walk_row){order_id, from, to};
}

/* Payment moves the state along the legal path, a step at a time. */
static void walk_payment(struct writing *w, const struct ingest *in, struct known *known)
{
	const char *state = known->state;
	int is_pending = strcmp(state, "pending") == 0;
	int is_processing = strcmp(state, "payment_processing") == 0;

	if (known->is_released && (is_pending || is_processing)) {
		if (is_pending)
			add_walk(w, in->order_id, "pending", "payment_processing");
		add_walk(w, in->order_id, "payment_processing", "paid");
		known->has_new_units = 1;
	} else if (is_pending && (in->event.order.payment == PAYMENT_AUTHORIZED ||
				  in->event.order.payment == PAYMENT_PARTIALLY_PAID)) {
		add_walk(w, in->order_id, "pending", "payment_processing");
	} else if (in->event.order.payment == PAYMENT_REFUNDED) {
		if (strcmp(state, "fulfilled") == 0 || strcmp(state, "delivered") == 0)
			add_walk(w, in->order_id, state, "refunded");
	}
}

static size_t line_in(const struct db_result *lines, int64_t order_id, const char *source_id)
{
	for (size_t i = 0; i < lines->rows; i++)
		if (db_get_int64(lines, i, 1) == order_id &&
		    strcmp(db_get_text(lines, i, 2), source_id) == 0)
			return i;
	return lines->rows;
}

/* The differences of one line: more units, or fewer, as far as they are not in somebody's hands. */
static void change_line(struct writing *w, const struct ingest *in, struct known *known,
			const struct order_doc_line *l, const struct db_result *lines, size_t row)
{
	int64_t id = db_get_int64(lines, row, 0), ordered = db_get_int64(lines, row, 3);
	int64_t cancelled = db_get_int64(lines, row, 4), shipped = db_get_int64(lines, row, 5);
	int64_t picked = db_get_int64(lines, row, 6);

	if (l->quantity > ordered) {
		*PUSH(w, more) = (struct unit_row){id, l->quantity};
		ordered = l->quantity;
		known->has_new_units = 1;
	}
	int64_t fewer = cancelled_units(&in->event.order, l) - cancelled;
	int64_t free_units = ordered - cancelled - shipped - picked;
	int64_t take = fewer < free_units ? fewer : free_units;

	if (take > 0)
		*PUSH(w, fewer) = (struct unit_row){id, take};
	if (fewer > take && picked > 0)
		add_hold(
			w, in->order_id, "cancelled_after_pick",
			"units were cancelled in the store after they had been picked; take them out of "
			"the parcel, or clear the hold to ship them");
}

static void add_changed(struct writing *w, struct ingest *in, struct known *known,
			const struct db_result *lines)
{
	const struct order_doc *d = &in->event.order;

	*PUSH(w, changes) = order_row(in, in->order_id);
	add_groups(w, in);
	for (size_t i = 0; i < d->line_count; i++) {
		size_t row = line_in(lines, in->order_id, d->lines[i].source_id);

		if (row < lines->rows) {
			change_line(w, in, known, d->lines + i, lines, row);
		} else {
			add_line(w, in, d->lines + i);
			known->has_new_units = 1;
		}
	}
	add_event(w, in,
		  d->cancelled_at_us && !known->is_cancelled ? "cancelled_in_store" : "updated");
	walk_payment(w, in, known);
	if (!known->has_new_units || !known->is_released)
		return;
	if (strcmp(known->state, "fulfilled") == 0 || strcmp(known->state, "delivered") == 0)
		add_hold(w, in->order_id, "added_after_fulfilment",
			 "units were added to the order after it had been fulfilled");
	*PUSH(w, due) = in->order_id;
}

/* ---- the statements ---- */

static int take_ids(struct writing *w, size_t orders, size_t groups, size_t lines, struct err *e)
{
	struct arena *a = w->b->arena;
	struct db_result r;

	if (orders + groups + lines == 0)
		return 0;
	if (db_run(w->b->db, a, SQL_INGEST_IDS, &r, e, db_int64(a, (int64_t)orders),
		   db_int64(a, (int64_t)groups), db_int64(a, (int64_t)lines)))
		return -1;
	w->ids = ARENA_ARRAY(a, int64_t, r.rows);
	for (size_t i = 0; i < r.rows; i++)
		w->ids[i] = db_get_int64(&r, i, 0);
	w->next_group = orders;
	w->next_line = orders + groups;
	return 0;
}

static int write_orders(struct writing *w, struct err *e)
{
	struct arena *a = w->b->arena;
	const struct order_row *r = w->orders.items;
	size_t n = w->orders.count;

	if (n == 0)
		return 0;
	return db_run(w->b->db, a, SQL_INGEST_ORDER_ADD, NULL, e, COLUMN_INT64(a, r, n, id),
		      COLUMN_INT64(a, r, n, merchant_id), COLUMN_INT64(a, r, n, store_id),
		      COLUMN_TEXT(a, r, n, source_id), COLUMN_TEXT(a, r, n, name),
		      COLUMN_TEXT(a, r, n, state), COLUMN_BOOL(a, r, n, is_test),
		      COLUMN_INT64(a, r, n, placed_us), COLUMN_INT64(a, r, n, cancelled_us),
		      COLUMN_TEXT(a, r, n, payment), COLUMN_TEXT(a, r, n, currency),
		      COLUMN_INT64(a, r, n, total), COLUMN_INT64(a, r, n, paid),
		      COLUMN_INT64(a, r, n, refunded), COLUMN_INT64(a, r, n, outstanding),
		      COLUMN_TEXT(a, r, n, presentment_currency),
		      COLUMN_INT64(a, r, n, presentment_total),
		      COLUMN_INT64(a, r, n, presentment_outstanding),
		      COLUMN_TEXT(a, r, n, customer_name), COLUMN_TEXT(a, r, n, email),
		      COLUMN_TEXT(a, r, n, phone), COLUMN_TEXT(a, r, n, locale),
		      COLUMN_TEXT(a, r, n, note), COLUMN_INT64(a, r, n, updated_us),
		      COLUMN_TEXT(a, r, n, hash), COLUMN_TEXT(a, r, n, step));
}

static int write_changes(struct writing *w, struct err *e)
{
	struct arena *a = w->b->arena;
	const struct order_row *r = w->changes.items;
	size_t n = w->changes.count;

	if (w->seen.count && db_run(w->b->db, a, SQL_INGEST_SEEN, NULL, e,
				    COLUMN_INT64(a, w->seen.items, w->seen.count, order_id),
				    COLUMN_INT64(a, w->seen.items, w->seen.count, updated_us)))
		return -1;
	if (n == 0)
		return 0;
	return db_run(w->b->db, a, SQL_INGEST_ORDER_UPDATE, NULL, e, COLUMN_INT64(a, r, n, id),
		      COLUMN_TEXT(a, r, n, name), COLUMN_TEXT(a, r, n, payment),
		      COLUMN_INT64(a, r, n, total), COLUMN_INT64(a, r, n, paid),
		      COLUMN_INT64(a, r, n, refunded), COLUMN_INT64(a, r, n, outstanding),
		      COLUMN_INT64(a, r, n, presentment_total),
		      COLUMN_INT64(a, r, n, presentment_outstanding),
		      COLUMN_TEXT(a, r, n, customer_name), COLUMN_TEXT(a, r, n, email),
		      COLUMN_TEXT(a, r, n, phone), COLUMN_TEXT(a, r, n, note),
		      COLUMN_INT64(a, r, n, cancelled_us), COLUMN_INT64(a, r, n, updated_us),
		      COLUMN_TEXT(a, r, n, hash));
}

static int write_groups(struct writing *w, struct err *e)
{
	struct arena *a = w->b->arena;
	const struct group_row *r = w->groups.items;
	size_t n = w->groups.count;

	if (n == 0)
		return 0;
	return db_run(w->b->db, a, SQL_INGEST_GROUP_ADD, NULL, e, COLUMN_INT64(a, r, n, id),
		      COLUMN_INT64(a, r, n, order_id), COLUMN_INT64(a, r, n, position),
		      COLUMN_TEXT(a, r, n, kind), COLUMN_TEXT(a, r, n, address.name),
		      COLUMN_TEXT(a, r, n, address.company), COLUMN_TEXT(a, r, n, address.address1),
		      COLUMN_TEXT(a, r, n, address.address2), COLUMN_TEXT(a, r, n, address.city),
		      COLUMN_TEXT(a, r, n, address.province),
		      COLUMN_TEXT(a, r, n, address.province_code),
		      COLUMN_TEXT(a, r, n, address.zip), COLUMN_TEXT(a, r, n, address.country_code),
		      COLUMN_TEXT(a, r, n, address.phone), COLUMN_TEXT(a, r, n, service_title),
		      COLUMN_TEXT(a, r, n, service_code), COLUMN_INT64(a, r, n, not_before_us));
}

static int write_lines(struct writing *w, struct err *e)
{
	struct arena *a = w->b->arena;
	const struct line_row *r = w->lines.items;
	size_t n = w->lines.count;

	if (n && db_run(w->b->db, a, SQL_INGEST_LINE_ADD, NULL, e, COLUMN_INT64(a, r, n, id),
			COLUMN_INT64(a, r, n, order_id), COLUMN_INT64(a, r, n, position),
			COLUMN_TEXT(a, r, n, source_id), COLUMN_TEXT(a, r, n, variant_id),
			COLUMN_TEXT(a, r, n, sku), COLUMN_TEXT(a, r, n, title),
			COLUMN_TEXT(a, r, n, variant_title), COLUMN_INT64(a, r, n, ordered),
			COLUMN_INT64(a, r, n, cancelled), COLUMN_INT64(a, r, n, unit_price),
			COLUMN_INT64(a, r, n, unit_price_presentment), COLUMN_INT64(a, r, n, grams),
			COLUMN_BOOL(a, r, n, needs_shipping)))
		return -1;
	if (w->more.count && db_run(w->b->db, a, SQL_LINE_ORDERED, NULL, e,
				    COLUMN_INT64(a, w->more.items, w->more.count, line_id),
				    COLUMN_INT64(a, w->more.items, w->more.count, units)))
		return -1;
	return 0;
}

static int write_events_and_holds(struct writing *w, struct err *e)
{
	struct arena *a = w->b->arena;
	const struct event_row *v = w->events.items;
	const struct hold_row *h = w->holds.items;

	if (w->events.count && db_run(w->b->db, a, SQL_EVENT_ADD, NULL, e,
				      COLUMN_INT64(a, v, w->events.count, order_id),
				      COLUMN_TEXT(a, v, w->events.count, actor),
				      COLUMN_TEXT(a, v, w->events.count, kind),
				      COLUMN_INT64(a, v, w->events.count, shipment_id),
				      COLUMN_TEXT(a, v, w->events.count, note),
				      COLUMN_TEXT(a, v, w->events.count, detail)))
		return -1;
	if (w->holds.count &&
	    db_run(w->b->db, a, SQL_HOLD_SET, NULL, e, COLUMN_INT64(a, h, w->holds.count, order_id),
		   COLUMN_INT64(a, h, w->holds.count, shipment_id),
		   COLUMN_TEXT(a, h, w->holds.count, kind),
		   COLUMN_TEXT(a, h, w->holds.count, reason)))
		return -1;
	return 0;
}

/* Cancelled units are freed first, then counted; shipments that lost units follow. */
static int write_cancellations(struct writing *w, struct err *e)
{
	struct arena *a = w->b->arena;
	struct db_result shipments, rate;
	size_t n = w->fewer.count;

	if (n == 0)
		return 0;
	struct db_value lines = COLUMN_INT64(a, w->fewer.items, n, line_id);
	struct db_value units = COLUMN_INT64(a, w->fewer.items, n, units);

	if (db_run(w->b->db, a, SQL_CANCEL_UNITS, &shipments, e, lines, units) ||
	    db_run(w->b->db, a, SQL_LINE_CANCELLED, NULL, e, lines, units))
		return -1;
	if (shipments.rows == 0)
		return 0;
	int64_t *ids = ARENA_ARRAY(a, int64_t, shipments.rows);

	for (size_t i = 0; i < shipments.rows; i++)
		ids[i] = db_get_int64(&shipments, i, 0);
	if (db_run(w->b->db, a, SQL_SHIPMENT_LOST_UNITS, &rate, e,
		   db_int64s(a, ids, shipments.rows)))
		return -1;
	for (size_t i = 0; i < rate.rows; i++)
		batch_due(w->b, "rate", db_get_int64(&rate, i, 0));
	return 0;
}

static int write_states(struct writing *w, struct err *e)
{
	struct arena *a = w->b->arena;

	/* Walks of one order stand one behind the other; each is a statement's worth of its own. */
	for (size_t done = 0; done < w->walks.count;) {
		size_t n = 1;

		while (done + n < w->walks.count &&
		       w->walks.items[done + n].order_id != w->walks.items[done + n - 1].order_id)
			n++;
		const struct walk_row *r = w->walks.items + done;

		if (db_run(w->b->db, a, SQL_ORDER_WALK, NULL, e, COLUMN_INT64(a, r, n, order_id),
			   COLUMN_TEXT(a, r, n, from), COLUMN_TEXT(a, r, n, to)))
			return -1;
		done += n;
	}
	if (w->changes.count && db_run(w->b->db, a, SQL_ORDER_PROGRESS, NULL, e,
				       COLUMN_INT64(a, w->changes.items, w->changes.count, id)))
		return -1;
	if (w->due.count == 0)
		return 0;
	struct db_result due;

	if (db_run(w->b->db, a, SQL_ORDER_ROUTE_DUE, &due, e,
		   db_int64s(a, w->due.items, w->due.count)))
		return -1;
	for (size_t i = 0; i < due.rows; i++)
		if (!db_get_bool(&due, i, 1))
			batch_due(w->b, "route", db_get_int64(&due, i, 0));
	return 0;
}

/* ---- deciding ---- */

static enum fate fate_of(const struct ingest *in, const struct known *known, const char *hash)
{
	int is_same = strcmp(hash, in->hash_hex) == 0;

	if (in->event.order.updated_at_us < known->updated_us)
		return FATE_STALE;
	if (in->event.order.updated_at_us == known->updated_us)
		return is_same ? FATE_STALE : in->is_fetched ? FATE_CHANGED : FATE_FETCH;
	return is_same ? FATE_SEEN : FATE_CHANGED;
}

static int lock_known(struct writing *w, struct job **jobs, struct known *known, size_t count,
		      struct err *e)
{
	struct arena *a = w->b->arena;
	int64_t *stores = ARENA_ARRAY(a, int64_t, count);
	const char **sources = ARENA_ARRAY(a, const char *, count);
	struct db_result r;

	for (size_t i = 0; i < count; i++) {
		const struct ingest *in = jobs[i]->data;

		stores[i] = in->store.id;
		sources[i] = in->event.order.source_id;
		known[i].is_released = is_releasable(in);
	}
	if (db_run(w->b->db, a, SQL_INGEST_LOCK, &r, e, db_int64s(a, stores, count),
		   db_texts(a, sources, count)))
		return -1;
	for (size_t row = 0; row < r.rows; row++) {
		size_t i = 0;

		while (i < count && (stores[i] != db_get_int64(&r, row, 1) ||
				     strcmp(sources[i], db_get_text(&r, row, 2)) != 0))
			i++;
		if (i == count)
			continue;
		struct ingest *in = jobs[i]->data;

		in->order_id = jobs[i]->order_id = known[i].id = db_get_int64(&r, row, 0);
		known[i].state = db_get_text(&r, row, 3);
		known[i].updated_us = db_get_int64(&r, row, 4);
		known[i].is_cancelled = db_get_bool(&r, row, 6);
		/* bytea as text: \x and hex */
		known[i].fate = fate_of(in, known + i, db_get_text(&r, row, 5) + 2);
	}
	return 0;
}

static int read_lines(struct writing *w, const struct known *known, size_t count,
		      struct db_result *lines, struct err *e)
{
	int64_t *ids = ARENA_ARRAY(w->b->arena, int64_t, count);
	size_t n = 0;

	lines->rows = 0;
	for (size_t i = 0; i < count; i++)
		if (known[i].fate == FATE_CHANGED)
			ids[n++] = known[i].id;
	if (n == 0)
		return 0;
	return db_run(w->b->db, w->b->arena, SQL_INGEST_LINES, lines, e,
		      db_int64s(w->b->arena, ids, n));
}

static int gather(struct writing *w, struct job **jobs, struct known *known, size_t count,
		  const struct db_result *lines, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		struct ingest *in = jobs[i]->data;

		switch (known[i].fate) {
		case FATE_NEW:
			add_new(w, jobs[i], known + i);
			break;
		case FATE_CHANGED:
			add_changed(w, in, known + i, lines);
			break;
		case FATE_SEEN:
			*PUSH(w, seen) =
				(struct seen_row){in->order_id, in->event.order.updated_at_us};
			break;
		case FATE_FETCH:
			in->is_disputed = 1;
			break;
		case FATE_STALE:
			break;
		}
		if (in->is_disputed && !in->is_fetched &&
		    ingest_request_fetch(w->b, in->store.id, &in->event.order.source_id, 1, e))
			return -1;
	}
	return 0;
}

int ingest_write(struct batch *b, struct job **jobs, size_t count, struct err *e)
{
	struct writing w = {.b = b};
	struct db_result lines;
	size_t orders = 0, groups = 0, new_lines = 0;

	count = newest_of_each(jobs, count);
	struct known *known = ARENA_ARRAY(b->arena, struct known, count);

	if (lock_known(&w, jobs, known, count, e) || read_lines(&w, known, count, &lines, e))
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct ingest *in = jobs[i]->data;

		if (known[i].fate != FATE_NEW && known[i].fate != FATE_CHANGED)
			continue;
		orders += known[i].fate == FATE_NEW;
		groups += in->event.order.group_count;
		new_lines += in->event.order.line_count;
	}
	if (take_ids(&w, orders, groups, new_lines, e) || gather(&w, jobs, known, count, &lines, e))
		return -1;
	return write_orders(&w, e) || write_changes(&w, e) || write_groups(&w, e) ||
			       write_lines(&w, e) || write_events_and_holds(&w, e) ||
			       write_cancellations(&w, e) || write_states(&w, e)
		       ? -1
		       : 0;
}

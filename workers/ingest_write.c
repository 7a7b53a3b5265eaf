/* ingest_write - orders as the stores have them become rows, or differences to the rows we have */
#include "core/runtime/log.h"
#include "workers/ingest_rows.h"

static int write_orders(struct ingest_writing *w, struct err *e)
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
		      COLUMN_TEXT(a, r, n, hash), COLUMN_TEXT(a, r, n, step),
		      COLUMN_INT64(a, r, n, shipping), COLUMN_INT64(a, r, n, tax),
		      COLUMN_INT64(a, r, n, discount), COLUMN_INT64(a, r, n, duties),
		      COLUMN_TEXT(a, r, n, cancel_reason), COLUMN_TEXT(a, r, n, details));
}

static int write_changes(struct ingest_writing *w, struct err *e)
{
	struct arena *a = w->b->arena;
	const struct order_row *r = w->changes.items;
	size_t n = w->changes.count;

	if (w->seen.count && db_later(w->b->db, a, SQL_INGEST_SEEN, e,
				      COLUMN_INT64(a, w->seen.items, w->seen.count, order_id),
				      COLUMN_INT64(a, w->seen.items, w->seen.count, updated_us)))
		return -1;
	if (n == 0)
		return 0;
	return db_later(w->b->db, a, SQL_INGEST_ORDER_UPDATE, e, COLUMN_INT64(a, r, n, id),
			COLUMN_TEXT(a, r, n, name), COLUMN_BOOL(a, r, n, is_test),
			COLUMN_INT64(a, r, n, placed_us), COLUMN_TEXT(a, r, n, payment),
			COLUMN_TEXT(a, r, n, currency), COLUMN_INT64(a, r, n, total),
			COLUMN_INT64(a, r, n, paid), COLUMN_INT64(a, r, n, refunded),
			COLUMN_INT64(a, r, n, outstanding), COLUMN_INT64(a, r, n, shipping),
			COLUMN_INT64(a, r, n, tax), COLUMN_INT64(a, r, n, discount),
			COLUMN_INT64(a, r, n, duties), COLUMN_TEXT(a, r, n, presentment_currency),
			COLUMN_INT64(a, r, n, presentment_total),
			COLUMN_INT64(a, r, n, presentment_outstanding),
			COLUMN_TEXT(a, r, n, customer_name), COLUMN_TEXT(a, r, n, email),
			COLUMN_TEXT(a, r, n, phone), COLUMN_TEXT(a, r, n, locale),
			COLUMN_TEXT(a, r, n, note), COLUMN_TEXT(a, r, n, details),
			COLUMN_INT64(a, r, n, cancelled_us), COLUMN_TEXT(a, r, n, cancel_reason),
			COLUMN_INT64(a, r, n, updated_us), COLUMN_TEXT(a, r, n, hash));
}

static int write_groups(struct ingest_writing *w, struct err *e)
{
	struct arena *a = w->b->arena;
	const struct group_row *r = w->groups.items;
	size_t n = w->groups.count;

	if (n == 0)
		return 0;
	return db_later(
		w->b->db, a, SQL_INGEST_GROUP_ADD, e, COLUMN_INT64(a, r, n, id),
		COLUMN_INT64(a, r, n, order_id), COLUMN_INT64(a, r, n, position),
		COLUMN_TEXT(a, r, n, kind), COLUMN_TEXT(a, r, n, address.name),
		COLUMN_TEXT(a, r, n, address.company), COLUMN_TEXT(a, r, n, address.address1),
		COLUMN_TEXT(a, r, n, address.address2), COLUMN_TEXT(a, r, n, address.city),
		COLUMN_TEXT(a, r, n, address.province), COLUMN_TEXT(a, r, n, address.province_code),
		COLUMN_TEXT(a, r, n, address.zip), COLUMN_TEXT(a, r, n, address.country_code),
		COLUMN_TEXT(a, r, n, address.phone), COLUMN_TEXT(a, r, n, service_title),
		COLUMN_TEXT(a, r, n, service_code), COLUMN_INT64(a, r, n, not_before_us));
}

static int write_line_facts(struct ingest_writing *w, struct err *e)
{
	struct arena *a = w->b->arena;
	const struct line_row *r = w->facts.items;
	size_t n = w->facts.count;

	if (n == 0)
		return 0;
	return db_later(w->b->db, a, SQL_INGEST_LINE_UPDATE, e, COLUMN_INT64(a, r, n, id),
			COLUMN_INT64(a, r, n, order_id), COLUMN_INT64(a, r, n, position),
			COLUMN_TEXT(a, r, n, variant_id), COLUMN_TEXT(a, r, n, sku),
			COLUMN_TEXT(a, r, n, title), COLUMN_TEXT(a, r, n, variant_title),
			COLUMN_INT64(a, r, n, ordered), COLUMN_INT64(a, r, n, unit_price),
			COLUMN_INT64(a, r, n, unit_price_presentment),
			COLUMN_INT64(a, r, n, list_price), COLUMN_INT64(a, r, n, total),
			COLUMN_INT64(a, r, n, discount), COLUMN_INT64(a, r, n, tax),
			COLUMN_INT64(a, r, n, duties), COLUMN_INT64(a, r, n, grams),
			COLUMN_BOOL(a, r, n, needs_shipping), COLUMN_TEXT(a, r, n, details));
}

static int write_lines(struct ingest_writing *w, struct err *e)
{
	struct arena *a = w->b->arena;
	const struct line_row *r = w->lines.items;
	size_t n = w->lines.count;

	if (n && db_later(w->b->db, a, SQL_INGEST_LINE_ADD, e, COLUMN_INT64(a, r, n, id),
			  COLUMN_INT64(a, r, n, order_id), COLUMN_INT64(a, r, n, position),
			  COLUMN_TEXT(a, r, n, source_id), COLUMN_TEXT(a, r, n, variant_id),
			  COLUMN_TEXT(a, r, n, sku), COLUMN_TEXT(a, r, n, title),
			  COLUMN_TEXT(a, r, n, variant_title), COLUMN_INT64(a, r, n, ordered),
			  COLUMN_INT64(a, r, n, cancelled), COLUMN_INT64(a, r, n, unit_price),
			  COLUMN_INT64(a, r, n, unit_price_presentment),
			  COLUMN_INT64(a, r, n, list_price), COLUMN_INT64(a, r, n, total),
			  COLUMN_INT64(a, r, n, discount), COLUMN_INT64(a, r, n, tax),
			  COLUMN_INT64(a, r, n, duties), COLUMN_INT64(a, r, n, grams),
			  COLUMN_BOOL(a, r, n, needs_shipping), COLUMN_TEXT(a, r, n, details)))
		return -1;
	return write_line_facts(w, e);
}

static int write_events_and_holds(struct ingest_writing *w, struct err *e)
{
	struct arena *a = w->b->arena;
	const struct event_row *v = w->events.items;
	const struct hold_row *h = w->holds.items;

	if (w->events.count &&
	    db_later(w->b->db, a, SQL_EVENT_ADD, e, COLUMN_INT64(a, v, w->events.count, order_id),
		     COLUMN_TEXT(a, v, w->events.count, actor),
		     COLUMN_TEXT(a, v, w->events.count, kind),
		     COLUMN_INT64(a, v, w->events.count, shipment_id),
		     COLUMN_TEXT(a, v, w->events.count, note),
		     COLUMN_TEXT(a, v, w->events.count, detail)))
		return -1;
	if (w->holds.count &&
	    db_later(w->b->db, a, SQL_HOLD_ONCE, e, COLUMN_INT64(a, h, w->holds.count, order_id),
		     COLUMN_TEXT(a, h, w->holds.count, kind),
		     COLUMN_TEXT(a, h, w->holds.count, reason)))
		return -1;
	return 0;
}

/* Holds whose reason may be gone: whoever set one looks again, and sets it again if need be. */
static int lift_holds(struct ingest_writing *w, struct err *e)
{
	struct arena *a = w->b->arena;
	const struct lift_row *l = w->lifts.items;
	struct db_result due;

	if (w->lifts.count == 0)
		return 0;
	if (db_run(w->b->db, a, SQL_HOLD_LIFT, &due, e,
		   COLUMN_INT64(a, l, w->lifts.count, order_id),
		   COLUMN_TEXT(a, l, w->lifts.count, kind)))
		return -1;
	for (size_t i = 0; i < due.rows; i++)
		batch_due(w->b, db_get_text(&due, i, 1), db_get_int64(&due, i, 0));
	return 0;
}

/* Cancelled units are freed first, then counted; shipments that lost units follow. */
static int write_cancellations(struct ingest_writing *w, struct err *e)
{
	struct arena *a = w->b->arena;
	struct db_result shipments, rate;
	size_t n = w->fewer.count;

	if (n == 0)
		return 0;
	struct db_value lines = COLUMN_INT64(a, w->fewer.items, n, line_id);
	struct db_value units = COLUMN_INT64(a, w->fewer.items, n, units);

	if (db_run(w->b->db, a, SQL_CANCEL_UNITS, &shipments, e, lines, units) ||
	    db_later(w->b->db, a, SQL_LINE_CANCELLED, e, lines, units))
		return -1;
	if (shipments.rows == 0)
		return 0;
	int64_t *ids = ARENA_ARRAY(a, int64_t, shipments.rows);

	for (size_t i = 0; i < shipments.rows; i++)
		ids[i] = db_get_int64(&shipments, i, 0);
	struct db_value lost = db_int64s(a, ids, shipments.rows);

	if (db_run(w->b->db, a, SQL_SHIPMENT_LOST_UNITS, &rate, e, lost) ||
	    db_later(w->b->db, a, SQL_HOLD_OVER, e, lost))
		return -1;
	for (size_t i = 0; i < rate.rows; i++)
		batch_due(w->b, "rate", db_get_int64(&rate, i, 0));
	return 0;
}

static int write_states(struct ingest_writing *w, struct err *e)
{
	struct arena *a = w->b->arena;

	/* Walks of one order stand one behind the other; each is a statement's worth of its own. */
	for (size_t done = 0; done < w->walks.count;) {
		size_t n = 1;

		while (done + n < w->walks.count &&
		       w->walks.items[done + n].order_id != w->walks.items[done + n - 1].order_id)
			n++;
		const struct walk_row *r = w->walks.items + done;

		if (db_later(w->b->db, a, SQL_ORDER_WALK, e, COLUMN_INT64(a, r, n, order_id),
			     COLUMN_TEXT(a, r, n, from), COLUMN_TEXT(a, r, n, to)))
			return -1;
		done += n;
	}
	if (w->changes.count && db_later(w->b->db, a, SQL_ORDER_PROGRESS, e,
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

/* ---- what we have ---- */

static struct ingest_known *find_known(struct job **jobs, struct ingest_known *known, size_t count,
				       int64_t store_id, const char *source_id)
{
	for (size_t i = 0; i < count; i++) {
		const struct ingest *in = jobs[i]->data;

		if (in->store.id == store_id && strcmp(in->event.order.source_id, source_id) == 0)
			return known + i;
	}
	return NULL;
}

static int lock_known(struct batch *b, struct job **jobs, struct ingest_known *known, size_t count,
		      struct err *e)
{
	int64_t *stores = ARENA_ARRAY(b->arena, int64_t, count);
	const char **sources = ARENA_ARRAY(b->arena, const char *, count);
	struct db_result r;

	for (size_t i = 0; i < count; i++) {
		const struct ingest *in = jobs[i]->data;

		stores[i] = in->store.id;
		sources[i] = in->event.order.source_id;
	}
	if (db_run(b->db, b->arena, SQL_INGEST_LOCK, &r, e, db_int64s(b->arena, stores, count),
		   db_texts(b->arena, sources, count)))
		return -1;
	for (size_t row = 0; row < r.rows; row++) {
		struct ingest_known *k = find_known(jobs, known, count, db_get_int64(&r, row, 1),
						    db_get_text(&r, row, 2));

		if (!k)
			return err_bug(e, "the database knows an order that nobody asked for");
		k->id = db_get_int64(&r, row, 0);
		k->state = db_get_text(&r, row, 3);
		k->updated_us = db_get_int64(&r, row, 4);
		k->hash_hex = db_get_text(&r, row, 5) + 2; /* bytea as text: \x and hex */
		k->is_cancelled = db_get_bool(&r, row, 6);
	}
	for (size_t i = 0; i < count; i++) {
		struct ingest *in = jobs[i]->data;

		known[i].fate = ingest_fate(in, known + i);
		in->order_id = jobs[i]->order_id = known[i].id;
	}
	return 0;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(((const struct ingest_line *)a)->source_id,
		      ((const struct ingest_line *)b)->source_id);
}

/* The lines of orders that changed; they come sorted by order. */
static int read_lines(struct batch *b, struct ingest_known *known, size_t count, struct err *e)
{
	int64_t *ids = ARENA_ARRAY(b->arena, int64_t, count);
	struct db_result r;
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (known[i].fate == FATE_CHANGED)
			ids[n++] = known[i].id;
	if (n == 0)
		return 0;
	if (db_run(b->db, b->arena, SQL_INGEST_LINES, &r, e, db_int64s(b->arena, ids, n)))
		return -1;
	struct ingest_line *lines = ARENA_ARRAY(b->arena, struct ingest_line, r.rows);

	for (size_t row = 0; row < r.rows; row++)
		lines[row] = (struct ingest_line){
			.id = db_get_int64(&r, row, 0),
			.source_id = db_get_text(&r, row, 2),
			.ordered = db_get_int64(&r, row, 3),
			.cancelled = db_get_int64(&r, row, 4),
			.shipped = db_get_int64(&r, row, 5),
			.picked = db_get_int64(&r, row, 6),
			.is_pickup = db_get_bool(&r, row, 7),
		};
	for (size_t row = 0, end; row < r.rows; row = end) {
		int64_t order_id = db_get_int64(&r, row, 1);

		for (end = row; end < r.rows && db_get_int64(&r, end, 1) == order_id;)
			end++;
		qsort(lines + row, end - row, sizeof *lines, compare_lines);
		for (size_t i = 0; i < count; i++)
			if (known[i].id == order_id) {
				known[i].lines = lines + row;
				known[i].line_count = end - row;
			}
	}
	return 0;
}

/* Ids for everything that may be new. */
static int take_ids(struct ingest_writing *w, struct job **jobs, const struct ingest_known *known,
		    size_t count, struct err *e)
{
	struct arena *a = w->b->arena;
	size_t orders = 0, groups = 0, lines = 0;
	struct db_result r;

	for (size_t i = 0; i < count; i++) {
		const struct ingest *in = jobs[i]->data;

		if (known[i].fate != FATE_NEW && known[i].fate != FATE_CHANGED)
			continue;
		orders += known[i].fate == FATE_NEW;
		groups += in->event.order.group_count;
		lines += in->event.order.line_count;
	}
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

int ingest_write(struct batch *b, struct job **jobs, size_t count, struct err *e)
{
	struct ingest_writing w = {.b = b};

	count = ingest_newest(jobs, count);
	struct ingest_known *known = ARENA_ARRAY(b->arena, struct ingest_known, count);

	if (lock_known(b, jobs, known, count, e) || read_lines(b, known, count, e) ||
	    take_ids(&w, jobs, known, count, e))
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct ingest *in = jobs[i]->data;

		ingest_differ(&w, jobs[i], known + i);
		if (in->is_disputed && !in->is_fetched &&
		    ingest_request_fetch(b, in->store.id, &in->event.order.source_id, 1, e))
			return -1;
	}
	return write_orders(&w, e) || write_changes(&w, e) || write_groups(&w, e) ||
			       write_lines(&w, e) || write_events_and_holds(&w, e) ||
			       lift_holds(&w, e) || write_cancellations(&w, e) ||
			       write_states(&w, e)
		       ? -1
		       : 0;
}

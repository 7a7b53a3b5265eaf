/*
 * ingest_difference - what an order as its store has it changes in what we have
 *
 * No database and no broker here: jobs and what is known go in, rows to write come out.
 */
#include <stdlib.h>

#include "core/domain/address.h"
#include "core/runtime/text.h"
#include "core/runtime/timestamp.h"
#include "workers/ingest_rows.h"

#define PUSH(w, list) LIST_PUSH((w)->b->arena, &(w)->list)

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

static struct order_row order_row(struct arena *a, const struct ingest *in, int64_t id)
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
		.cancel_reason = d->cancel_reason,
		.payment = payment_status_names[d->payment],
		.currency = d->currency,
		.total = d->total,
		.paid = d->paid,
		.refunded = d->refunded,
		.outstanding = d->outstanding,
		.shipping = d->shipping,
		.tax = d->tax,
		.discount = d->discount,
		.duties = d->duties,
		.presentment_currency = d->presentment_currency,
		.presentment_total = d->presentment_total,
		.presentment_outstanding = d->presentment_outstanding,
		.customer_name = d->customer_name,
		.email = d->email,
		.phone = d->phone,
		.locale = d->locale,
		.note = d->note,
		.details = order_details(a, d),
		.updated_us = d->updated_at_us,
		.hash = in->hash_hex,
		.step = is_releasable(in) ? "route" : NULL,
	};
}

static void add_groups(struct ingest_writing *w, const struct ingest *in)
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

static struct line_row line_row(struct arena *a, const struct ingest *in,
				const struct order_doc_line *l, int64_t id)
{
	return (struct line_row){
		.id = id,
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
		.list_price = l->list_price,
		.total = l->total,
		.discount = l->discount,
		.tax = l->tax,
		.duties = l->duties,
		.grams = l->grams,
		.needs_shipping = l->needs_shipping,
		.details = order_line_details(a, l),
	};
}

static void add_line(struct ingest_writing *w, const struct ingest *in,
		     const struct order_doc_line *l)
{
	*PUSH(w, lines) = line_row(w->b->arena, in, l, w->ids[w->next_line++]);
}

static void add_event(struct ingest_writing *w, const struct ingest *in, const char *kind)
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

static void add_hold(struct ingest_writing *w, int64_t order_id, const char *kind,
		     const char *reason)
{
	*PUSH(w, holds) = (struct hold_row){order_id, kind, reason};
}

static void add_new(struct ingest_writing *w, struct job *job)
{
	struct ingest *in = job->data;
	const struct order_doc *d = &in->event.order;
	size_t holds = w->holds.count;

	in->order_id = job->order_id = w->ids[w->next_order++];
	*PUSH(w, orders) = order_row(w->b->arena, in, in->order_id);
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
	if (in->store.paused_reason)
		add_hold(w, in->order_id, "paused",
			 arena_printf(w->b->arena, "the store is paused: %s",
				      in->store.paused_reason));
	if (is_releasable(in) && w->holds.count == holds)
		batch_due(w->b, "route", in->order_id);
}

/* ---- orders we have ---- */

static int is_delivered(const char *state)
{
	return strcmp(state, "fulfilled") == 0 || strcmp(state, "delivered") == 0;
}

static void add_walk(struct ingest_writing *w, int64_t order_id, const char *from, const char *to)
{
	*PUSH(w, walks) = (struct walk_row){order_id, from, to};
}

/* Payment moves the state along the legal path, a step at a time. */
static void walk_payment(struct ingest_writing *w, const struct ingest *in, const char *state)
{
	enum payment_status payment = in->event.order.payment;
	int is_pending = strcmp(state, "pending") == 0;
	int is_processing = strcmp(state, "payment_processing") == 0;

	if (is_releasable(in) && (is_pending || is_processing)) {
		if (is_pending)
			add_walk(w, in->order_id, "pending", "payment_processing");
		add_walk(w, in->order_id, "payment_processing", "paid");
	} else if (is_pending &&
		   (payment == PAYMENT_AUTHORIZED || payment == PAYMENT_PARTIALLY_PAID)) {
		add_walk(w, in->order_id, "pending", "payment_processing");
	} else if (payment == PAYMENT_REFUNDED && is_delivered(state)) {
		add_walk(w, in->order_id, state, "refunded");
	}
}

static int compare_id(const void *id, const void *line)
{
	return strcmp(id, ((const struct ingest_line *)line)->source_id);
}

static const struct ingest_line *line_of(const struct ingest_known *known, const char *source_id)
{
	return known->line_count ? bsearch(source_id, known->lines, known->line_count,
					   sizeof *known->lines, compare_id)
				 : NULL;
}

/*
 * The differences of one line: another price, more units, or fewer, as far as they are not in somebody's hands.
 * Returns how many more.
 */
static int64_t change_line(struct ingest_writing *w, const struct ingest *in,
			   const struct order_doc_line *now, const struct ingest_line *had)
{
	int64_t more = now->quantity > had->ordered ? now->quantity - had->ordered : 0;
	int64_t fewer = cancelled_units(&in->event.order, now) - had->cancelled;
	int64_t free_units = had->ordered + more - had->cancelled - had->shipped - had->picked;
	int64_t take = fewer < free_units ? fewer : free_units;

	*PUSH(w, facts) = line_row(w->b->arena, in, now, had->id);
	if (take > 0)
		*PUSH(w, fewer) = (struct unit_row){had->id, take};
	if (fewer > take && had->picked > 0)
		add_hold(w, in->order_id, "cancelled_after_pick",
			 arena_printf(
				 w->b->arena,
				 "the store cancelled %lld of %s after they had been picked; take "
				 "them out of the parcel, or clear the hold to ship them",
				 (long long)(fewer - take), now->sku ? now->sku : now->source_id));
	return now->needs_shipping ? more : 0;
}

static void lift(struct ingest_writing *w, int64_t order_id, const char *kind)
{
	*PUSH(w, lifts) = (struct lift_row){order_id, kind};
}

static int has_pickup(const struct order_doc *d)
{
	for (size_t i = 0; i < d->group_count; i++)
		if (d->groups[i].kind == DELIVERY_PICKUP)
			return 1;
	return 0;
}

static int lacks_address(struct arena *a, const struct order_doc *d)
{
	for (size_t i = 0; i < d->line_count; i++) {
		const struct order_doc_group *group = d->groups + d->lines[i].group;

		if (d->lines[i].needs_shipping && address_lacks(a, &group->address))
			return 1;
	}
	return 0;
}

/*
 * What whoever planned it last found in the way, and what is so no longer: corrected, handed out, to be shipped
 * after all.
 */
static void lift_settled(struct ingest_writing *w, const struct ingest *in,
			 const struct ingest_known *known)
{
	const struct order_doc *d = &in->event.order;
	int had_pickup = 0;

	for (size_t i = 0; i < known->line_count; i++)
		had_pickup |= known->lines[i].is_pickup;
	if (!lacks_address(w->b->arena, d))
		lift(w, in->order_id, "no_address");
	if (had_pickup && !has_pickup(d))
		lift(w, in->order_id, "pickup");
}

static void add_changed(struct ingest_writing *w, const struct ingest *in,
			const struct ingest_known *known)
{
	const struct order_doc *d = &in->event.order;
	int64_t more = 0;

	*PUSH(w, changes) = order_row(w->b->arena, in, in->order_id);
	add_groups(w, in);
	for (size_t i = 0; i < d->line_count; i++) {
		const struct ingest_line *had = line_of(known, d->lines[i].source_id);

		if (had) {
			more += change_line(w, in, d->lines + i, had);
		} else {
			add_line(w, in, d->lines + i);
			more += d->lines[i].needs_shipping ? d->lines[i].current_quantity : 0;
		}
	}
	add_event(w, in,
		  d->cancelled_at_us && !known->is_cancelled ? "cancelled_in_store" : "updated");
	walk_payment(w, in, known->state);
	lift_settled(w, in, known);
	if (more && is_delivered(known->state))
		add_hold(
			w, in->order_id, "added_after_fulfilment",
			arena_printf(
				w->b->arena,
				"%lld units were added in the store at %s, after the order was "
				"fulfilled; ship them with an order of their own, then clear the hold",
				(long long)more, timestamp_format(w->b->arena, d->updated_at_us)));
	if (is_releasable(in))
		*PUSH(w, due) = in->order_id;
}

/* ---- deciding ---- */

enum ingest_fate ingest_fate(const struct ingest *in, const struct ingest_known *known)
{
	int is_same;

	if (!known->id)
		return in->is_strange ? FATE_FETCH : FATE_NEW;
	if (in->event.order.updated_at_us < known->updated_us)
		return FATE_STALE;
	is_same = strcmp(known->hash_hex, in->hash_hex) == 0;
	if (in->event.order.updated_at_us == known->updated_us)
		return is_same ? FATE_STALE : in->is_fetched ? FATE_CHANGED : FATE_FETCH;
	return is_same ? FATE_SEEN : FATE_CHANGED;
}

/* A shop keeps a line whose units are gone; a person who leaves one out may mean anything. */
static int misses_line(struct job *job, const struct ingest_known *known)
{
	const struct ingest *in = job->data;
	struct err e = {0};

	for (size_t k = 0; k < known->line_count; k++) {
		size_t i = 0;

		while (i < in->event.order.line_count &&
		       strcmp(in->event.order.lines[i].source_id, known->lines[k].source_id) != 0)
			i++;
		if (i < in->event.order.line_count)
			continue;
		err_set(&e, ERR_FINAL, ERR_CODE_DATA,
			"line \"%s\" was imported before and is left out now; give it current_quantity 0",
			text_cut(known->lines[k].source_id, 100));
		job_fail(job, &e);
		return 1;
	}
	return 0;
}

void ingest_differ(struct ingest_writing *w, struct job *job, const struct ingest_known *known)
{
	struct ingest *in = job->data;

	/* A pick-up that the order itself does not show is the store's veto, too. */
	if (in->asks_again && known->id) {
		lift(w, known->id, "store");
		if (!has_pickup(&in->event.order))
			lift(w, known->id, "pickup");
	}
	switch (known->fate) {
	case FATE_NEW:
		add_new(w, job);
		break;
	case FATE_CHANGED:
		if (strcmp(in->store.platform->name, "none") != 0 || !misses_line(job, known))
			add_changed(w, in, known);
		break;
	case FATE_SEEN:
		*PUSH(w, seen) = (struct seen_row){known->id, in->event.order.updated_at_us};
		break;
	case FATE_FETCH:
		in->is_disputed = 1;
		break;
	case FATE_STALE:
		break;
	}
}

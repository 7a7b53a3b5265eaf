/*
 * rate - create the carrier's shipment and choose a rate
 *
 * in:  planned shipments
 * out: a parcel with its rate; label is due
 *
 * Free and repeatable: a rate that was asked for twice costs nothing. Before it the store is asked whether this may
 * still ship. What is missing (a weight, a box, a service, what customs ask) is a hold with the reason.
 */
#include <strings.h>

#include "core/domain/address.h"
#include "core/runtime/column.h"
#include "core/runtime/text.h"
#include "workers/roles.h"
#include "workers/shipment.h"

enum { SKU_SHOWN_MAX = 60 }; /* bytes, of each in a reason */

/* What act found, for settle. */
struct rated {
	int64_t shipment, parcel, account;
	int64_t length_mm, width_mm, height_mm, grams;
	const char *carrier_shipment_id, *rate_id;
	int64_t amount;
	const char *currency, *carrier, *service;
};

__attribute__((format(printf, 4, 5))) static int held(struct job *job, const char *kind,
						      struct err *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *reason = arena_vprintf(job->arena, format, args);

	va_end(args);
	job->hold_kind = kind;
	return err_set(e, ERR_FINAL, ERR_CODE_HELD, "%s", reason);
}

/* The box with what is in it. */
static int weigh(struct job *job, const struct shipment *s, struct parcel_size *out, struct err *e)
{
	*out = s->box;
	if (!s->box.length_mm || !s->box.width_mm || !s->box.height_mm)
		return held(job, "box", e,
			    "the location has no default box; set it with `waybill location set`");
	for (size_t i = 0; i < s->line_count; i++) {
		const char *sku = text_cut(s->lines[i].customs.sku, SKU_SHOWN_MAX);

		if (s->lines[i].grams == DB_INT64_NULL)
			return held(job, "weight", e,
				    "item %s has no weight, neither here nor in the store; "
				    "`waybill item set --sku %s --grams N`",
				    sku, sku);
		if (__builtin_add_overflow(out->grams, s->lines[i].grams, &out->grams))
			return held(job, "weight", e,
				    "no scale goes that far; see the weight of %s", sku);
	}
	if (out->grams <= 0)
		return held(job, "weight", e, "the parcel weighs nothing; set the items' weights");
	return 0;
}

static const struct rate *cheapest(const struct rates *rates)
{
	const struct rate *best = NULL;

	for (size_t i = 0; i < rates->count; i++) {
		const struct rate *r = rates->rates + i;

		if (!best || (strcmp(r->currency, best->currency) == 0 && r->amount < best->amount))
			best = r;
	}
	return best;
}

static const struct rate *choose(struct job *job, const struct shipment *s,
				 const struct rates *rates, struct err *e)
{
	if (s->service) {
		for (size_t i = 0; i < rates->count; i++)
			if (strcasecmp(rates->rates[i].service, s->service) == 0)
				return rates->rates + i;
		held(job, "service", e,
		     "the carrier does not offer the mapped service for this parcel");
		return NULL;
	}
	if (strcmp(s->unmapped_service, "hold") == 0) {
		held(job, "service", e,
		     "the shipping method is not mapped to a service; use `waybill store map`");
		return NULL;
	}
	const struct rate *best = cheapest(rates);

	if (!best)
		held(job, "service", e, "the carrier offers no service for this parcel");
	return best;
}

/* What every carrier must be told of goods that pass customs, whoever it is. */
static int declare(struct job *job, const struct shipment *s, struct rate_request *r, struct err *e)
{
	struct customs_item *items = ARENA_ARRAY(job->arena, struct customs_item, s->line_count);

	if (!s->from.phone || !s->from.email)
		return held(job, "customs", e,
			    "this goes through customs, which want the sender's phone and e-mail; "
			    "`waybill location set --code %s --phone --email`",
			    text_cut(s->location_code, SKU_SHOWN_MAX));
	for (size_t i = 0; i < s->line_count; i++) {
		const char *sku = text_cut(s->lines[i].customs.sku, SKU_SHOWN_MAX);

		items[i] = s->lines[i].customs;
		if (!items[i].origin_country)
			return held(job, "customs", e,
				    "this goes through customs, and item %s has no country of "
				    "origin; `waybill item set --sku %s --origin-country XX`",
				    sku, sku);
		if (items[i].value <= 0)
			return held(job, "customs", e,
				    "this goes through customs, and item %s has no price to "
				    "declare, not even before discounts; give its line a price in "
				    "the store",
				    sku);
	}
	r->customs = items;
	r->customs_count = s->line_count;
	r->customs_signer = s->from.name;
	return 0;
}

static int ask_for(struct job *job, const struct shipment *s, struct rate_request *out,
		   struct err *e)
{
	*out = (struct rate_request){
		.from = s->from,
		.to = s->to,
		.reference = shipment_reference(job->arena, s->id),
	};
	out->to.city = address_city(&s->to);
	if (weigh(job, s, &out->parcel, e))
		return -1;
	return address_is_abroad(&s->from, &s->to) ? declare(job, s, out, e) : 0;
}

YIELDS
static int rate_act(struct job *job, struct err *e)
{
	struct shipment *s = job->data;
	struct rate_request r;
	struct rates rates = {0};
	struct api api = shipment_api(job, &s->carrier_account);

	if (!s->carrier)
		return held(
			job, "carrier", e,
			"the merchant has no carrier account; add one with `waybill carrier add`");
	if (ask_for(job, s, &r, e) || shipment_may_ship(job, e))
		return -1;
	/* From here on a refused credential is the carrier's, which nothing can renew. */
	job->credential_id = 0;
	if (s->carrier->rate(&api, &r, &rates, e))
		return -1;
	const struct rate *chosen = choose(job, s, &rates, e);

	if (!chosen)
		return -1;
	struct rated *out = ARENA_NEW(job->arena, struct rated);

	*out = (struct rated){
		.shipment = s->id,
		.parcel = s->parcel_id ? s->parcel_id : DB_INT64_NULL,
		.account = s->carrier_account.id,
		.length_mm = r.parcel.length_mm,
		.width_mm = r.parcel.width_mm,
		.height_mm = r.parcel.height_mm,
		.grams = r.parcel.grams,
		.carrier_shipment_id = rates.shipment_id,
		.rate_id = chosen->id,
		.amount = chosen->amount,
		.currency = chosen->currency,
		.carrier = chosen->carrier,
		.service = chosen->service,
	};
	s->more = out;
	return 0;
}

static int rate_settle(struct batch *b, struct err *e)
{
	struct arena *a = b->arena;
	struct rated *r = ARENA_ARRAY(a, struct rated, b->count);
	struct db_result due;
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++)
		if (job_is_good(b->jobs[i]))
			r[n++] = *(struct rated *)((struct shipment *)b->jobs[i]->data)->more;
	if (n == 0)
		return 0;
	if (db_run(b->db, a, SQL_RATE_DONE, &due, e, COLUMN_INT64(a, r, n, shipment),
		   db_text(b->lease), COLUMN_INT64(a, r, n, parcel), COLUMN_INT64(a, r, n, account),
		   COLUMN_INT64(a, r, n, length_mm), COLUMN_INT64(a, r, n, width_mm),
		   COLUMN_INT64(a, r, n, height_mm), COLUMN_INT64(a, r, n, grams),
		   COLUMN_TEXT(a, r, n, carrier_shipment_id), COLUMN_TEXT(a, r, n, rate_id),
		   COLUMN_INT64(a, r, n, amount), COLUMN_TEXT(a, r, n, currency),
		   COLUMN_TEXT(a, r, n, carrier), COLUMN_TEXT(a, r, n, service)))
		return -1;
	for (size_t i = 0; i < due.rows; i++)
		batch_due(b, "label", db_get_int64(&due, i, 0));
	return 0;
}

const struct role rate_role = {
	.name = "rate",
	.table = "shipment",
	.lease_s = 150,
	.attempts_max = 12,
	.claim = shipment_claim,
	.act = rate_act,
	.settle = rate_settle,
};

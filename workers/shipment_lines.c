/*
 * shipment_lines - what is in a shipment, what it weighs, and what customs are told of it
 *
 * A piece is declared with what was paid for it, exact to the currency's smallest unit (core/domain/share.h tells
 * how a kit's price and weight are shared among its pieces).
 */
#include "core/domain/money.h"
#include "core/domain/share.h"
#include "core/runtime/decimal.h"
#include "workers/shipment.h"

/* Columns of core/sql/shipment_lines.sql. */
enum {
	L_SHIPMENT,
	L_SOURCE,
	L_UNITS,
	L_DESCRIPTION,
	L_HS_CODE,
	L_ORIGIN,
	L_SKU,
	L_PIECES,
	L_BEFORE,
	L_PER_UNIT,
	L_OF_UNIT,
	L_EARLIER,
	L_ORDERED,
	L_TOTAL,
	L_LIST_PRICE,
	L_GRAMS,
	L_UNIT_GRAMS,
	L_DARK_OF_UNIT,
	L_DARK_EARLIER,
	L_OTHERS_GRAMS,
};

struct row {
	struct arena *arena;
	const struct db_result *r;
	size_t row;
};

static const char *text(const struct row *in, int column)
{
	return arena_strdup(in->arena, db_get_text(in->r, in->row, column));
}

static int64_t number(const struct row *in, int column)
{
	return db_get_int64(in->r, in->row, column);
}

static int64_t share(const struct row *in, int64_t amount, int of_unit, int earlier)
{
	struct share_part part = {
		.units = number(in, L_ORDERED),
		.of_unit = number(in, of_unit),
		.before = number(in, earlier),
		.per_unit = number(in, L_PER_UNIT),
	};

	return share_of(amount, &part, number(in, L_BEFORE), number(in, L_PIECES));
}

/* An item's own weight, else its share of what the store says of a unit and the other items leave. */
static int64_t grams_of(const struct row *in)
{
	if (!db_is_null(in->r, in->row, L_GRAMS)) {
		int64_t grams;

		return __builtin_mul_overflow(number(in, L_GRAMS), number(in, L_PIECES), &grams)
			       ? INT64_MAX
			       : grams;
	}
	int64_t rest = number(in, L_UNIT_GRAMS) - number(in, L_OTHERS_GRAMS);

	return rest > 0 ? share(in, rest * number(in, L_ORDERED), L_DARK_OF_UNIT, L_DARK_EARLIER)
			: DB_INT64_NULL;
}

/* What was paid; for what was given away its price before discounts. 0: it has none. */
static int64_t value_of(const struct row *in, const char *currency)
{
	int64_t unit = currency_unit(currency), total = number(in, L_TOTAL);

	if (total <= 0 &&
	    __builtin_mul_overflow(number(in, L_LIST_PRICE), number(in, L_ORDERED), &total))
		return 0;
	if (total <= 0 || total > DECIMAL_MAX)
		return 0;
	return unit * share(in, (total + unit / 2) / unit, L_OF_UNIT, L_EARLIER);
}

static void read_line(const struct row *in, const char *currency, struct shipment_line *out)
{
	int64_t grams = grams_of(in);

	*out = (struct shipment_line){
		.ship = {text(in, L_SOURCE), number(in, L_UNITS)},
		.grams = grams,
		.customs =
			{
				.description = text(in, L_DESCRIPTION),
				.hs_code = text(in, L_HS_CODE),
				.origin_country = text(in, L_ORIGIN),
				.sku = text(in, L_SKU),
				.quantity = number(in, L_PIECES),
				.grams = grams,
				.value = value_of(in, currency),
				.currency = currency,
			},
	};
}

void shipment_read_lines(struct batch *b, const struct db_result *r)
{
	for (size_t first = 0, end; first < r->rows; first = end) {
		struct job *job = batch_job(b, db_get_int64(r, first, L_SHIPMENT));
		struct shipment *s = job->data;

		for (end = first; end < r->rows && db_get_int64(r, end, L_SHIPMENT) == job->id;)
			end++;
		s->lines = ARENA_ARRAY(job->arena, struct shipment_line, end - first);
		for (size_t i = first; i < end; i++)
			read_line(&(struct row){job->arena, r, i}, s->currency,
				  s->lines + s->line_count++);
	}
}

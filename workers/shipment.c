/* shipment - what rate, label and fulfill know of a shipment while they act on it */
#include "workers/shipment.h"

#include "core/runtime/loop.h"

/* Columns of core/sql/shipment_claim.sql. */
enum {
	F_ID,
	F_ORDER_SOURCE,
	F_ORDER_NAME,
	F_STORE,
	F_PLATFORM,
	F_DOMAIN,
	F_STORE_BASE,
	F_UNMAPPED,
	F_MAIL,
	F_TOKEN_ID,
	F_TOKEN,
	F_LOCATION_SOURCE,
	F_BRAND,
	F_FROM_NAME,
	F_FROM_COMPANY,
	F_LOCATION_NAME,
	F_FROM_ADDRESS1,
	F_FROM_ADDRESS2,
	F_FROM_CITY,
	F_FROM_PROVINCE,
	F_FROM_ZIP,
	F_FROM_COUNTRY,
	F_FROM_PHONE,
	F_FROM_EMAIL,
	F_TO_NAME,
	F_TO_COMPANY,
	F_TO_ADDRESS1,
	F_TO_ADDRESS2,
	F_TO_CITY,
	F_TO_PROVINCE,
	F_TO_ZIP,
	F_TO_COUNTRY,
	F_TO_PHONE,
	F_TO_EMAIL,
	F_SERVICE_TITLE,
	F_BOX_LENGTH,
	F_BOX_WIDTH,
	F_BOX_HEIGHT,
	F_BOX_GRAMS,
	F_AUTO_SHIP,
	F_ACCOUNT,
	F_CARRIER,
	F_ACCOUNT_NAME,
	F_CARRIER_BASE,
	F_LABEL_FORMAT,
	F_KEY_ID,
	F_KEY,
	F_SERVICE,
	F_PARCEL,
	F_CARRIER_SHIPMENT,
	F_RATE,
	F_RATE_AGE,
	F_TRACKING_CARRIER,
	F_TRACKING_NUMBER,
	F_TRACKING_URL,
	F_CURRENCY,
	F_STATE,
	F_ORDER,
	F_ATTEMPT,
};

struct reader {
	struct batch *b;
	struct arena *a; /* the job's */
	const struct db_result *r;
	size_t row;
};

static const char *text(const struct reader *in, int column)
{
	return arena_strdup(in->a, db_get_text(in->r, in->row, column));
}

static int64_t number(const struct reader *in, int column)
{
	return db_get_int64(in->r, in->row, column);
}

static struct secret unseal(const struct reader *in, int id, int column, struct err *e)
{
	struct secret plain = {0};
	size_t len;
	const unsigned char *sealed = db_get_bytes(in->a, in->r, in->row, column, &len);

	if (sealed)
		secret_open(in->a, in->b->context->key,
			    arena_printf(in->a, "credential:%lld", (long long)number(in, id)),
			    sealed, len, &plain, e);
	return plain;
}

static struct address address(const struct reader *in, int first)
{
	return (struct address){
		.address1 = text(in, first),
		.address2 = text(in, first + 1),
		.city = text(in, first + 2),
		.province_code = text(in, first + 3),
		.zip = text(in, first + 4),
		.country_code = text(in, first + 5),
		.phone = text(in, first + 6),
		.email = text(in, first + 7),
	};
}

static void read_accounts(const struct reader *in, struct shipment *s, struct err *e)
{
	const char *platform = text(in, F_PLATFORM), *carrier = text(in, F_CARRIER);

	s->platform = platform_by_name(platform);
	s->store = (struct account){
		.id = number(in, F_STORE),
		.connector = platform,
		.name = text(in, F_DOMAIN),
		.api_base = text(in, F_STORE_BASE),
		.token = unseal(in, F_TOKEN_ID, F_TOKEN, e),
	};
	s->carrier = carrier ? carrier_by_name(carrier) : NULL;
	s->carrier_account = (struct account){
		.id = number(in, F_ACCOUNT),
		.connector = carrier,
		.name = text(in, F_ACCOUNT_NAME),
		.api_base = text(in, F_CARRIER_BASE),
		.token = unseal(in, F_KEY_ID, F_KEY, e),
	};
}

static struct shipment *read_facts(const struct reader *in, struct err *e)
{
	struct shipment *s = ARENA_NEW(in->a, struct shipment);

	s->id = number(in, F_ID);
	s->order_source_id = text(in, F_ORDER_SOURCE);
	s->order_name = text(in, F_ORDER_NAME);
	s->state = text(in, F_STATE);
	read_accounts(in, s, e);
	s->unmapped_service = text(in, F_UNMAPPED);
	s->customer_mail = text(in, F_MAIL);
	s->location_source_id = text(in, F_LOCATION_SOURCE);
	s->brand = text(in, F_BRAND);
	s->from = address(in, F_FROM_ADDRESS1);
	s->from.name = text(in, F_FROM_NAME);
	s->from.company = text(in, F_FROM_COMPANY);
	if (!s->from.company)
		s->from.company = s->brand;
	if (!s->from.name)
		s->from.name = text(in, F_LOCATION_NAME);
	s->to = address(in, F_TO_ADDRESS1);
	s->to.name = text(in, F_TO_NAME);
	s->to.company = text(in, F_TO_COMPANY);
	s->service_title = text(in, F_SERVICE_TITLE);
	s->service = text(in, F_SERVICE);
	s->box = (struct parcel_size){number(in, F_BOX_LENGTH), number(in, F_BOX_WIDTH),
				      number(in, F_BOX_HEIGHT), number(in, F_BOX_GRAMS)};
	s->auto_ship = db_get_bool(in->r, in->row, F_AUTO_SHIP);
	s->label_format = text(in, F_LABEL_FORMAT);
	s->parcel_id = number(in, F_PARCEL);
	s->carrier_shipment_id = text(in, F_CARRIER_SHIPMENT);
	s->rate_id = text(in, F_RATE);
	s->rate_age_s = number(in, F_RATE_AGE);
	s->tracking_carrier = text(in, F_TRACKING_CARRIER);
	s->tracking_number = text(in, F_TRACKING_NUMBER);
	s->tracking_url = text(in, F_TRACKING_URL);
	s->currency = text(in, F_CURRENCY);
	return s;
}

static void read_lines(struct batch *b, const struct db_result *r)
{
	for (size_t first = 0, end; first < r->rows; first = end) {
		struct job *job = batch_job(b, db_get_int64(r, first, 0));
		struct shipment *s = job->data;

		for (end = first; end < r->rows && db_get_int64(r, end, 0) == job->id;)
			end++;
		s->lines = ARENA_ARRAY(job->arena, struct shipment_line, end - first);
		for (size_t i = first; i < end; i++) {
			struct reader in = {b, job->arena, r, i};
			int64_t pieces = number(&in, 10);
			struct shipment_line *l = s->lines + s->line_count++;

			l->ship = (struct ship_line){text(&in, 1), number(&in, 2)};
			l->grams = db_is_null(r, i, 3) ? DB_INT64_NULL : number(&in, 3);
			l->customs = (struct customs_item){
				.description = text(&in, 5),
				.hs_code = text(&in, 6),
				.origin_country = text(&in, 7),
				.sku = text(&in, 8),
				.quantity = pieces,
				.grams_each = pieces ? l->grams / pieces : 0,
				.value_each = number(&in, 9),
				.currency = s->currency,
			};
		}
	}
}

/* One claimed shipment into its job. */
static void read_job(const struct reader *in, struct job *job)
{
	struct err broken = {0};
	struct shipment *s = read_facts(in, &broken);

	job->is_claimed = job->acts = 1;
	job->attempt = (int)number(in, F_ATTEMPT);
	job->order_id = s->order_id = number(in, F_ORDER);
	job->store_id = s->store.id;
	job->credential_id = number(in, F_TOKEN_ID);
	job->data = s;
	if (broken.kind != ERR_NONE)
		job_fail(job, &broken);
}

int shipment_claim(struct batch *b, struct err *e)
{
	struct db_result claimed, lines;

	if (db_run(b->db, b->arena, SQL_SHIPMENT_CLAIM, &claimed, e, batch_ids(b, 0, NULL),
		   db_text(b->role->name), db_text(b->lease), db_int64(b->arena, b->role->lease_s)))
		return -1;
	int64_t *ids = ARENA_ARRAY(b->arena, int64_t, claimed.rows);

	for (size_t i = 0; i < claimed.rows; i++) {
		struct job *job = batch_job(b, ids[i] = db_get_int64(&claimed, i, F_ID));

		read_job(&(struct reader){b, job->arena, &claimed, i}, job);
	}
	if (claimed.rows == 0)
		return 0;
	if (db_run(b->db, b->arena, SQL_SHIPMENT_LINES, &lines, e,
		   db_int64s(b->arena, ids, claimed.rows)))
		return -1;
	read_lines(b, &lines);
	return 0;
}

struct api shipment_api(struct job *job, const struct account *account)
{
	return (struct api){
		.arena = job->arena, .account = account, .deadline_ms = job->deadline_ms};
}

const char *shipment_reference(struct arena *a, int64_t id)
{
	return arena_printf(a, "WB-%lld", (long long)id);
}

/* The rest of a kit has no lines of its own to ask for: then only the order as a whole can forbid it. */
int shipment_may_ship(struct job *job, struct err *e)
{
	enum { ASK_AGAIN_MS = 20000 };
	const struct shipment *s = job->data;
	struct ship_line *lines = ARENA_ARRAY(job->arena, struct ship_line, s->line_count);
	struct ship_question q = {
		.order_source_id = s->order_source_id,
		.location_source_id = s->location_source_id,
		.lines = lines,
	};
	struct veto veto = {0};
	struct api api = shipment_api(job, &s->store);

	for (size_t i = 0; i < s->line_count; i++)
		if (s->lines[i].ship.quantity)
			lines[q.line_count++] = s->lines[i].ship;
	if (!s->platform)
		return 0;
	if (s->platform->may_ship(&api, &q, &veto, e))
		return -1;
	switch (veto.kind) {
	case VETO_NONE:
		return 0;
	case VETO_NOT_YET:
		job->due_at_us = veto.retry_at_us;
		err_set(e, ERR_RETRY, ERR_CODE_RATE_LIMIT, "the store: %s",
			veto.reason ? veto.reason : "not yet");
		e->retry_after_ms = ASK_AGAIN_MS;
		return -1;
	case VETO_HOLD:
	case VETO_CANCELLED:
		job->hold_kind = "store";
		return err_set(e, ERR_FINAL, ERR_CODE_HELD, "the store: %s",
			       veto.reason ? veto.reason : "it does not allow this shipment");
	}
	return err_bug(e, "a veto of an unknown kind");
}

/* shipment - what rate, label and fulfill know of a shipment while they act on it */
#include "workers/shipment.h"

#include "core/runtime/column.h"
#include "core/runtime/loop.h"

enum { ADDRESS_COLUMNS = 8 }; /* see address() */

/* Columns of core/sql/shipment_claim.sql. */
enum {
	S_ID,
	S_ORDER,
	S_STATE,
	S_ATTEMPT,
	S_ORDER_SOURCE,
	S_ORDER_NAME,
	S_CURRENCY,
	S_ADDRESS,
	S_NAME = S_ADDRESS + ADDRESS_COLUMNS,
	S_COMPANY,
	S_SERVICE_TITLE,
	S_SERVICE,
	S_PARCEL,
	S_CARRIER_SHIPMENT,
	S_RATE,
	S_RATE_AGE,
	S_TRACKING_CARRIER,
	S_TRACKING_NUMBER,
	S_TRACKING_URL,
	S_STORE,
	S_LOCATION,
	S_ACCOUNT,
};

/* Columns of core/sql/shipment_parties.sql. */
enum {
	P_STORE,
	P_LOCATION,
	P_ACCOUNT,
	P_PLATFORM,
	P_DOMAIN,
	P_STORE_BASE,
	P_TOKEN_ID,
	P_TOKEN,
	P_UNMAPPED,
	P_MAIL,
	P_LOCATION_SOURCE,
	P_BRAND,
	P_ADDRESS,
	P_CONTACT = P_ADDRESS + ADDRESS_COLUMNS,
	P_COMPANY,
	P_LOCATION_NAME,
	P_LOCATION_CODE,
	P_BOX_LENGTH,
	P_BOX_WIDTH,
	P_BOX_HEIGHT,
	P_BOX_GRAMS,
	P_AUTO_SHIP,
	P_CARRIER,
	P_ACCOUNT_NAME,
	P_CARRIER_BASE,
	P_KEY_ID,
	P_KEY,
	P_LABEL_FORMAT,
};

/* A row, read into a job's memory. */
struct reader {
	const struct batch *b;
	struct arena *a;
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

static void read_shipment(const struct reader *in, struct shipment *s)
{
	s->id = number(in, S_ID);
	s->order_id = number(in, S_ORDER);
	s->state = text(in, S_STATE);
	s->order_source_id = text(in, S_ORDER_SOURCE);
	s->order_name = text(in, S_ORDER_NAME);
	s->currency = text(in, S_CURRENCY);
	s->to = address(in, S_ADDRESS);
	s->to.name = text(in, S_NAME);
	s->to.company = text(in, S_COMPANY);
	s->service_title = text(in, S_SERVICE_TITLE);
	s->service = text(in, S_SERVICE);
	s->parcel_id = number(in, S_PARCEL);
	s->carrier_shipment_id = text(in, S_CARRIER_SHIPMENT);
	s->rate_id = text(in, S_RATE);
	s->rate_age_s = number(in, S_RATE_AGE);
	s->tracking_carrier = text(in, S_TRACKING_CARRIER);
	s->tracking_number = text(in, S_TRACKING_NUMBER);
	s->tracking_url = text(in, S_TRACKING_URL);
}

static void read_accounts(const struct reader *in, struct shipment *s, struct err *e)
{
	const char *platform = text(in, P_PLATFORM), *carrier = text(in, P_CARRIER);

	s->platform = platform_by_name(platform, e);
	s->store = (struct account){
		.id = number(in, P_STORE),
		.connector = platform,
		.name = text(in, P_DOMAIN),
		.api_base = text(in, P_STORE_BASE),
		.token = unseal(in, P_TOKEN_ID, P_TOKEN, e),
	};
	s->carrier = carrier ? carrier_by_name(carrier, e) : NULL;
	s->carrier_account = (struct account){
		.id = number(in, P_ACCOUNT),
		.connector = carrier,
		.name = text(in, P_ACCOUNT_NAME),
		.api_base = text(in, P_CARRIER_BASE),
		.token = unseal(in, P_KEY_ID, P_KEY, e),
	};
	s->label_format = text(in, P_LABEL_FORMAT);
}

static void read_parties(const struct reader *in, struct shipment *s)
{
	s->unmapped_service = text(in, P_UNMAPPED);
	s->customer_mail = text(in, P_MAIL);
	s->location_source_id = text(in, P_LOCATION_SOURCE);
	s->brand = text(in, P_BRAND);
	s->from = address(in, P_ADDRESS);
	s->from.name = text(in, P_CONTACT);
	s->from.company = text(in, P_COMPANY);
	if (!s->from.company)
		s->from.company = s->brand;
	if (!s->from.name)
		s->from.name = text(in, P_LOCATION_NAME);
	s->location_code = text(in, P_LOCATION_CODE);
	s->box = (struct parcel_size){number(in, P_BOX_LENGTH), number(in, P_BOX_WIDTH),
				      number(in, P_BOX_HEIGHT), number(in, P_BOX_GRAMS)};
	s->auto_ship = db_get_bool(in->r, in->row, P_AUTO_SHIP);
}

/* One claimed shipment into its job. */
static void read_job(const struct reader *shipment, const struct reader *parties, struct job *job)
{
	struct err broken = {0};
	struct shipment *s = ARENA_NEW(job->arena, struct shipment);

	read_shipment(shipment, s);
	read_parties(parties, s);
	read_accounts(parties, s, &broken);
	job->is_claimed = job->acts = 1;
	job->attempt = (int)number(shipment, S_ATTEMPT);
	job->order_id = s->order_id;
	job->store_id = s->store.id;
	job->credential_id = number(parties, P_TOKEN_ID);
	job->data = s;
	if (broken.kind != ERR_NONE)
		job_fail(job, &broken);
}

struct parties {
	int64_t store, location, account;
};

/* Where among the parties found so far the shipment's are; adds them if they are new. */
static size_t find_parties(struct parties *all, size_t *count, const struct parties *wanted)
{
	size_t i = 0;

	while (i < *count && memcmp(all + i, wanted, sizeof *all) != 0)
		i++;
	if (i == *count)
		all[(*count)++] = *wanted;
	return i;
}

/* Stores, locations and accounts are few: they are read once for all shipments of a batch. */
static int read_jobs(struct batch *b, const struct db_result *claimed, struct err *e)
{
	struct parties *all = ARENA_ARRAY(b->arena, struct parties, claimed->rows);
	size_t *of = ARENA_ARRAY(b->arena, size_t, claimed->rows), count = 0;
	struct db_result parties;

	for (size_t i = 0; i < claimed->rows; i++)
		of[i] = find_parties(all, &count,
				     &(struct parties){db_get_int64(claimed, i, S_STORE),
						       db_get_int64(claimed, i, S_LOCATION),
						       db_get_int64(claimed, i, S_ACCOUNT)});
	if (db_run(b->db, b->arena, SQL_SHIPMENT_PARTIES, &parties, e,
		   COLUMN_INT64(b->arena, all, count, store),
		   COLUMN_INT64(b->arena, all, count, location),
		   COLUMN_INT64(b->arena, all, count, account)))
		return -1;
	if (parties.rows != count)
		return err_bug(e, "%zu shipments' parties instead of %zu", parties.rows, count);
	for (size_t i = 0; i < claimed->rows; i++) {
		struct job *job = batch_job(b, db_get_int64(claimed, i, S_ID));

		read_job(&(struct reader){b, job->arena, claimed, i},
			 &(struct reader){b, job->arena, &parties, of[i]}, job);
	}
	return 0;
}

int shipment_claim(struct batch *b, struct err *e)
{
	struct db_result claimed, lines;

	if (db_run(b->db, b->arena, SQL_SHIPMENT_CLAIM, &claimed, e, batch_ids(b, 0, NULL),
		   db_text(b->role->name), db_text(b->lease), db_int64(b->arena, b->role->lease_s)))
		return -1;
	if (claimed.rows == 0)
		return 0;
	int64_t *ids = ARENA_ARRAY(b->arena, int64_t, claimed.rows);

	for (size_t i = 0; i < claimed.rows; i++)
		ids[i] = db_get_int64(&claimed, i, S_ID);
	if (read_jobs(b, &claimed, e) || db_run(b->db, b->arena, SQL_SHIPMENT_LINES, &lines, e,
						db_int64s(b->arena, ids, claimed.rows)))
		return -1;
	shipment_read_lines(b, &lines);
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
	case VETO_PICKUP:
	case VETO_HOLD:
	case VETO_CANCELLED:
		job->hold_kind = veto.kind == VETO_PICKUP ? "pickup" : "store";
		return err_set(e, ERR_FINAL, ERR_CODE_HELD, "the store: %s",
			       veto.reason ? veto.reason : "it does not allow this shipment");
	}
	return err_bug(e, "a veto of an unknown kind");
}

/*
 * shipment - what rate, label and fulfill know of a shipment while they act on it
 */
#ifndef WAYBILL_WORKERS_SHIPMENT_H
#define WAYBILL_WORKERS_SHIPMENT_H

#include "connectors/carrier.h"
#include "connectors/platform.h"
#include "core/runtime/role.h"

/* What a line consists of has an entry each. */
struct shipment_line {
	struct ship_line ship; /* units may be 0: those of a kit count where its first part goes */
	int64_t grams;	       /* DB_INT64_NULL: nobody knows */
	struct customs_item customs;
};

struct shipment {
	int64_t id, order_id;
	const char *order_source_id, *order_name, *state;
	const struct platform *platform;
	struct account store;
	const char *unmapped_service, *customer_mail, *location_source_id, *location_code, *brand;
	struct address from, to;
	const char *service_title, *service; /* chosen by the customer; mapped, NULL: not */
	struct parcel_size box;		     /* grams: of the empty box */
	int auto_ship;
	const struct carrier *carrier; /* NULL: the merchant has none */
	struct account carrier_account;
	const char *label_format;
	int64_t parcel_id; /* 0: none yet */
	const char *carrier_shipment_id, *rate_id;
	int64_t rate_age_s;
	const char *tracking_carrier, *tracking_number, *tracking_url, *currency;
	struct shipment_line *lines;
	size_t line_count;
	void *more; /* the role's own */
};

/* shipment_claim - lease what is due for b's role and read it; job->data is a struct shipment */
YIELDS
int shipment_claim(struct batch *b, struct err *e);

/* shipment_read_lines - the rows of SQL_SHIPMENT_LINES into the shipments of b's jobs */
void shipment_read_lines(struct batch *b, const struct db_result *rows);

/*
 * shipment_may_ship - the store's veto
 *
 * 0: go ahead. -1: not now (RETRY, not counted), or held with the store's reason.
 */
YIELDS
int shipment_may_ship(struct job *job, struct err *e);

/* shipment_api - the door for one of the shipment's accounts */
struct api shipment_api(struct job *job, const struct account *account);

/* shipment_reference - what outside services know it by: "WB-<id>" */
const char *shipment_reference(struct arena *a, int64_t id);

#endif

/*
 * fulfiller - what a 3PL or dropship supplier can do
 *
 * Drawn against ShipBob, ShipStation, ShipHero, Flexport and suppliers who take a file
 * (docs/connectors.md). Five operations are common to all. Submission is at least once with a look
 * before each repeat, keyed by our reference, which the service keeps unique or which we search
 * for.
 */
#ifndef WAYBILL_FULFILLER_H
#define WAYBILL_FULFILLER_H

#include "connectors/api.h"
#include "core/domain/order.h"

struct handoff_line {
	const char *sku, *title;
	int64_t quantity;
};

struct handoff_request {
	const char *reference; /* "WB-<shipment>": the external reference */
	struct address to;
	const char *service;
	const struct handoff_line *lines;
	size_t line_count;
};

enum handoff_state {
	HANDOFF_NONE, /* find: the service does not know it */
	HANDOFF_SUBMITTED,
	HANDOFF_ACCEPTED,
	HANDOFF_REJECTED,
	HANDOFF_SHIPPED,
	HANDOFF_CANCELLED,
};

struct handoff_parcel {
	const char *carrier, *tracking_number, *tracking_url;
	int64_t shipped_at_us;
	const struct handoff_line *lines;
	size_t line_count;
};

struct handoff_status {
	enum handoff_state state;
	const char *source_id, *reason;
	const struct handoff_parcel *parcels;
	size_t parcel_count;
};

struct fulfiller_stock {
	const char *sku;
	int64_t available;
};

struct fulfiller {
	const char *name;
	const char *default_api_base; /* NULL: there is no API (files, mail) */
	int (*submit)(struct api *api, const struct handoff_request *r, struct handoff_status *out,
		      struct err *e);
	int (*find)(struct api *api, const char *reference, struct handoff_status *out,
		    struct err *e);
	int (*cancel)(struct api *api, const char *reference, struct handoff_status *out,
		      struct err *e);
	int (*changed)(struct api *api, int64_t since_us, const char *cursor,
		       struct handoff_status **out, size_t *count, const char **next,
		       struct err *e);
	int (*stock)(struct api *api, const char *cursor, struct fulfiller_stock **out,
		     size_t *count, const char **next, struct err *e);

	/* check - does the key work? */
	int (*check)(struct api *api, struct err *e);
};

extern const struct fulfiller *const fulfillers[]; /* all of them, then NULL (connectors.c) */

/* fulfiller_by_name - NULL with ERR_FINAL for an unknown one: see platform_by_name */
const struct fulfiller *fulfiller_by_name(const char *name, struct err *e);

#endif

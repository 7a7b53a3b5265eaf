/*
 * carrier - what a seller of labels can do
 *
 * Drawn against Shippo and EasyPost (docs/connectors.md). Units at this door: grams, millimetres,
 * ten-thousandths of a currency. A carrier's shipment is one parcel.
 */
#ifndef WAYBILL_CARRIER_H
#define WAYBILL_CARRIER_H

#include "connectors/api.h"
#include "core/domain/order.h"

struct parcel_size {
	int64_t length_mm, width_mm, height_mm; /* 0: not known */
	int64_t grams;				/* > 0 */
};

/* Pieces of one kind. Weight and value are those of all of them, and exact. */
struct customs_item {
	const char *description, *hs_code, *origin_country, *sku;
	int64_t quantity, grams, value;
	const char *currency;
};

struct rate_request {
	struct address from, to;
	struct parcel_size parcel;
	const struct customs_item *customs; /* count 0: within one country */
	size_t customs_count;
	const char *customs_signer;
	const char *reference; /* ours: "WB-<shipment>" */
};

struct rate {
	const char *id;	     /* the carrier's; what is bought */
	const char *carrier; /* "USPS", as people know it */
	const char *service; /* token: "usps_priority" */
	const char *service_name;
	int64_t amount;
	const char *currency;
	int64_t days; /* -1: not said */
};

struct rates {
	const char *shipment_id; /* the carrier's */
	struct rate *rates;
	size_t count;
	const char *messages; /* why carriers gave none, joined; NULL: none */
};

struct label_request {
	const char *shipment_id, *rate_id;
	const char *purchase_id; /* find: the carrier's, as buy() told it; NULL: search */
	const char *attempt;	 /* our uuid, committed before; recognises the purchase */
	int64_t since_us;	 /* find: when that was; 0: not known */
	const char *reference;
	const char *format;		 /* PDF | PDF_4x6 | PNG | ZPL */
	const struct address *recipient; /* kept out of the carrier's words; NULL: not known */
};

enum purchase_state {
	PURCHASE_NONE,	  /* find: nothing of this attempt is there (yet) */
	PURCHASE_PENDING, /* accepted, still being made: find again */
	PURCHASE_BOUGHT,
	PURCHASE_REFUSED, /* no money was spent; reason says why */
};

/*
 * Only state is a fact that must be known. The rest is fit to be kept (said.h), or NULL: an ornament that is
 * missing, too long or odd never makes a purchase unreadable.
 */
struct purchase {
	enum purchase_state state;
	const char *id; /* the carrier's; NULL: find it by the attempt */
	const char *tracking_number, *tracking_url;
	const char *label_url;
	const char *carrier, *service;
	int64_t cost; /* 0: as rated */
	const char *currency;
	const char *reason; /* PURCHASE_REFUSED: the carrier's words */
	int rate_is_stale;  /* PURCHASE_REFUSED because the rate has expired: rate again */
	int is_passing;	    /* PURCHASE_REFUSED for now: a new attempt may work */
};

enum tracking_status {
	TRACKING_UNKNOWN,
	TRACKING_LABEL_CREATED,
	TRACKING_IN_TRANSIT,
	TRACKING_OUT_FOR_DELIVERY,
	TRACKING_PICKUP_READY,
	TRACKING_ATTENTION,
	TRACKING_DELIVERED,
	TRACKING_RETURNED,
	TRACKING_FAILURE,
};

struct tracking {
	enum tracking_status status;
	int64_t at_us;
	const char *text;
};

struct carrier {
	const char *name;
	const char *default_api_base;
	int64_t rate_life_s; /* a rate older than this is asked for anew */

	/*
	 * rate - MUST. Creates the carrier's shipment; free, repeatable. ERR_FINAL
	 * (ERR_CODE_HELD): the address or parcel is refused.
	 */
	int (*rate)(struct api *api, const struct rate_request *r, struct rates *out,
		    struct err *e);

	/*
	 * buy - MUST. Spends money, at most once per call. ERR_RETRY with ERR_CODE_UNKNOWN: only
	 * find() may follow. The carrier's refusal is success with PURCHASE_REFUSED.
	 */
	int (*buy)(struct api *api, const struct label_request *r, struct purchase *out,
		   struct err *e);

	/*
	 * find - MUST. The purchase of this attempt, if the carrier knows one. PURCHASE_NONE only after
	 * lists that were whole: money follows from it.
	 */
	int (*find)(struct api *api, const struct label_request *r, struct purchase *out,
		    struct err *e);

	/* label - MUST. The label's bytes, at most 4 MiB, owned by the arena; content_type as of said_type(). */
	int (*label)(struct api *api, const char *url, const char **bytes, size_t *len,
		     const char **content_type, struct err *e);

	/* is_repeatable - buying again after an unknown outcome cannot buy twice (EasyPost) */
	int is_repeatable;

	/*
	 * refund - the purchase back; state: pending | refunded | rejected. Drawn for `void`: NULL
	 * where not built yet.
	 */
	int (*refund)(struct api *api, const char *purchase_id, const char **state, struct err *e);

	/* track - drawn for `track`. */
	int (*track)(struct api *api, const char *carrier, const char *tracking_number,
		     struct tracking *out, struct err *e);

	/* check - MUST. Does the key work? */
	int (*check)(struct api *api, const char **mode, struct err *e); /* mode: "test" | "live" */
};

extern const struct carrier *const carriers[]; /* all of them, then NULL (connectors.c) */

/* carrier_by_name - NULL with ERR_FINAL for an unknown one: see platform_by_name */
const struct carrier *carrier_by_name(const char *name, struct err *e);

#endif

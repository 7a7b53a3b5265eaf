/*
 * label - what its files share: a purchase, from the intent to what became of it
 */
#ifndef WAYBILL_LABEL_H
#define WAYBILL_LABEL_H

#include "workers/shipment.h"

/* A purchase as claim found or made it, and what act learned. */
struct buying {
	int64_t id, parcel, age_s, lost;
	const char *attempt, *rate_id;
	const char *source_id; /* the carrier's, once it told us */
	int is_fresh;	       /* made by this claim: nobody has asked the carrier yet */
	int is_bought;	       /* known to be bought: only the label's bytes are missing */
	int rerate;

	struct purchase found;
	const char *state; /* what settle writes; NULL: nothing */
	const char *reason;
	const char *content_type, *bytes, *path;
	size_t len;
};

/* label_act - buys what is fresh, looks for what may have been bought, fetches the label's bytes (label_buy.c) */
YIELDS
int label_act(struct job *job, struct err *e);

/* label_settle - writes down what was bought; the shipments go on (label_write.c) */
YIELDS
int label_settle(struct batch *b, struct err *e);

#endif

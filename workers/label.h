/*
 * label - what its files share: a purchase, from the intent to what became of it
 */
#ifndef WAYBILL_LABEL_H
#define WAYBILL_LABEL_H

#include "workers/shipment.h"

/* A purchase as claim found or made it, and what act learned. */
struct buying {
	int64_t id, parcel, age_s, lost;
	int64_t missed_s; /* since the carrier's lists were first seen not to show it; -1: they were not */
	const char *attempt, *rate_id;
	const char *source_id; /* the carrier's, once it told us */
	int is_fresh;	       /* made by this claim: nobody has asked the carrier yet */
	int is_bought;	       /* known to be bought: only the label's bytes are missing */
	int rerate;

	struct purchase found;
	const char *state; /* a fact that settle writes; NULL: none */
	const char *reason;
	int is_missed; /* the carrier's lists do not show it, after the grace time */
	int is_lost;   /* again, so it is given up */
	const char *content_type, *bytes, *path;
	size_t len;
};

/* label_act - buys what is fresh, looks for what may have been bought, fetches the label's bytes (label_buy.c) */
YIELDS
int label_act(struct job *job, struct err *e);

/* label_keep - writes down what was bought or not, and for how much: no more than that (label_write.c) */
YIELDS
int label_keep(struct batch *b, struct err *e);

/* label_settle - that, then tracking and labels; the shipments go on (label_write.c) */
YIELDS
int label_settle(struct batch *b, struct err *e);

#endif

/*
 * label_buy - the request to the carrier, and what its answer means
 *
 * An unknown outcome is never bought again here: it is looked for, until it is found or the grace time is over.
 */
#include "workers/label.h"

#include "core/runtime/durable.h"
#include "core/runtime/loop.h"

enum {
	LOST_MAX = 1,	      /* attempts that were never found, after which a person decides */
	LOOKS_APART = 5,      /* this part of the grace time is between two looks in vain */
	LOOK_AGAIN_S = 15,    /* for what is still being made, or is not to be seen yet */
	PENDING_MAX_S = 3600, /* still being made after so long: a person asks the carrier */
};

/* Named after what is in it: what the row of one worker says is never overwritten by another. */
static int keep_in_file(struct job *job, struct buying *p, struct err *e)
{
	unsigned char hash[32];

	sha256(p->bytes, p->len, hash);
	const char *path =
		arena_printf(job->arena, "%s/%s-%02x%02x%02x%02x", job->context->conf->labels.store,
			     p->attempt, hash[0], hash[1], hash[2], hash[3]);

	if (durable_write(path, p->bytes, p->len, e))
		return err_prefix(e, "label");
	p->path = path;
	return 0;
}

YIELDS
static int fetch_label(struct job *job, struct api *api, struct buying *p, struct err *e)
{
	const struct shipment *s = job->data;

	if (!p->found.label_url)
		return err_retry(e, "the carrier has not said yet where the label is");
	if (s->carrier->label(api, p->found.label_url, &p->bytes, &p->len, &p->content_type, e))
		return -1;
	if (strcmp(job->context->conf->labels.store, "database") == 0)
		return 0;
	return keep_in_file(job, p, e);
}

static int look_again(struct buying *p, struct err *e, const char *why)
{
	p->state = p->is_bought ? NULL : "unknown";
	err_set(e, ERR_RETRY, ERR_CODE_RATE_LIMIT, "%s", why);
	e->retry_after_ms = LOOK_AGAIN_S * 1000;
	return -1;
}

/*
 * The carrier does not know the attempt. Lists have come back empty that were not: it is given up when they do not
 * show it after the grace time, and again some time later.
 */
static int not_found(struct job *job, struct buying *p, struct err *e)
{
	int grace_s = job->context->conf->labels.grace_s;

	if (p->is_bought)
		return err_retry(e, "the carrier does not show the label that was bought");
	if (p->age_s < grace_s)
		return look_again(p, e, "a purchase with an unknown outcome is not found yet");
	p->is_missed = 1;
	p->is_lost = p->missed_s >= grace_s / LOOKS_APART;
	if (!p->is_lost)
		return look_again(p, e, "a purchase was not found: it is looked for once more");
	if (p->lost < LOST_MAX)
		return err_retry(e, "a purchase was never found at the carrier: one new attempt");
	job->hold_kind = "label";
	return err_set(
		e, ERR_FINAL, ERR_CODE_HELD,
		"two purchases were never found at the carrier; look there for labels of this "
		"shipment, then clear the hold");
}

static int pending(struct job *job, struct buying *p, struct err *e)
{
	if (p->age_s < PENDING_MAX_S)
		return look_again(p, e, "the carrier is still making the label");
	p->state = "unknown";
	job->hold_kind = "label";
	return err_set(e, ERR_FINAL, ERR_CODE_HELD,
		       "the carrier has been making the label for over an hour: ask there, then "
		       "clear the hold");
}

static int refused(struct job *job, struct buying *p, struct err *e)
{
	p->state = "failed";
	p->reason = p->found.reason ? p->found.reason : "refused";
	if (p->found.rate_is_stale) {
		p->rerate = 1;
		return 0;
	}
	if (p->found.is_passing)
		return err_retry(e, "the carrier could not make the label: %s", p->reason);
	job->hold_kind = "label";
	return err_set(e, ERR_FINAL, ERR_CODE_HELD, "the carrier refuses the label: %s", p->reason);
}

static int judge(struct job *job, struct api *api, struct buying *p, struct err *e)
{
	switch (p->found.state) {
	case PURCHASE_NONE:
		return not_found(job, p, e);
	case PURCHASE_PENDING:
		return pending(job, p, e);
	case PURCHASE_REFUSED:
		return refused(job, p, e);
	case PURCHASE_BOUGHT:
		p->state = "bought";
		return fetch_label(job, api, p, e);
	}
	return err_bug(e, "a purchase in an unknown state");
}

/* Money: the request is sent once, and only by the claim that has made the intent. */
YIELDS
static int buy(struct job *job, struct api *api, struct label_request *r, struct buying *p,
	       struct err *e)
{
	const struct shipment *s = job->data;

	if (shipment_may_ship(job, e)) {
		p->state = "failed";
		p->reason = "not sent";
		return -1;
	}
	job->credential_id = 0;
	if (s->carrier->buy(api, r, &p->found, e) == 0) {
		/* Made at once as a rule: a second look saves a round through the queue. */
		if (p->found.state != PURCHASE_PENDING)
			return judge(job, api, p, e);
		r->purchase_id = p->found.id;
		if (fiber_sleep_ms(300, e) || s->carrier->find(api, r, &p->found, e))
			return look_again(p, e, "the carrier is still making the label");
		return judge(job, api, p, e);
	}
	if (e->code == ERR_CODE_UNKNOWN) {
		p->state = "unknown";
		e->retry_after_ms = LOOK_AGAIN_S * 1000;
		return -1;
	}
	p->state = "failed";
	p->reason = "not sent";
	return -1;
}

int label_act(struct job *job, struct err *e)
{
	struct shipment *s = job->data;
	struct buying *p = s->more;
	struct api api = shipment_api(job, &s->carrier_account);
	struct label_request r = {
		.shipment_id = s->carrier_shipment_id,
		.rate_id = p->rate_id,
		.purchase_id = p->source_id,
		.attempt = p->attempt,
		.since_us = wall_now_us() - p->age_s * 1000000,
		.reference = shipment_reference(job->arena, s->id),
		.format = s->label_format,
		.recipient = &s->to,
	};

	if (p->rerate)
		return 0;
	if (!s->carrier)
		return err_final(e, "the carrier's connector is not in this program");
	if (!p->id)
		return err_bug(e, "there is no purchase to act on");
	if (p->is_fresh)
		return buy(job, &api, &r, p, e);
	job->credential_id = 0;
	if (s->carrier->find(&api, &r, &p->found, e))
		return -1;
	return judge(job, &api, p, e);
}

/* refusals - what the door has refused: every one is counted, and told once a second for each reason */
#include "gateway/refusals.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/runtime/err.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/metrics.h"

enum { REASONS_MAX = 32, EACH_MS = 1000 };

struct reason {
	const char *name;
	struct metric *counter;
	int64_t told_ms, untold; /* untold: since told_ms */
	int status;
	int64_t store_id;
	char error[240];
};

static struct reason reasons[REASONS_MAX];
static size_t count;
static ev_timer teller;

static struct reason *find(const char *reason)
{
	char labels[64];

	for (size_t i = 0; i < count; i++)
		if (strcmp(reasons[i].name, reason) == 0)
			return &reasons[i];
	if (count == REASONS_MAX)
		die("more than %d reasons to refuse a request", REASONS_MAX);
	snprintf(labels, sizeof labels, "result=\"%s\"", reason);
	reasons[count] = (struct reason){
		.name = reason,
		.counter = metric_named(METRIC_COUNTER, "waybill_gateway_requests_total", labels,
					"Requests at the public door"),
	};
	return &reasons[count++];
}

static void tell(struct reason *r, int64_t now_ms)
{
	log_info("event=request_refused status=%d store=%" PRId64 " reason=%s times=%" PRId64
		 " error=%s",
		 r->status, r->store_id, r->name, r->untold, log_quote(r->error));
	r->told_ms = now_ms;
	r->untold = 0;
}

/* Those that were told so long ago; are there others? */
static int tell_older(int64_t ms)
{
	int64_t now_ms = loop_now_ms();
	int others = 0;

	for (size_t i = 0; i < count; i++) {
		if (reasons[i].untold && now_ms - reasons[i].told_ms >= ms)
			tell(&reasons[i], now_ms);
		else if (reasons[i].untold)
			others = 1;
	}
	return others;
}

static void on_teller(EV_P_ ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	if (tell_older(EACH_MS))
		ev_timer_again(loop_ev(), timer);
	else
		ev_timer_stop(loop_ev(), timer);
}

void refusals_tell(void)
{
	tell_older(0);
	ev_timer_stop(loop_ev(), &teller);
}

void refusal_note(const char *reason, int status, int64_t store_id, const char *error)
{
	struct reason *r = find(reason);
	int64_t now_ms = loop_now_ms();

	metric_add(r->counter, 1);
	r->untold++;
	r->status = status;
	r->store_id = store_id;
	snprintf(r->error, sizeof r->error, "%s", error);
	if (!r->told_ms || now_ms - r->told_ms >= EACH_MS) {
		tell(r, now_ms);
	} else if (!ev_is_active(&teller)) {
		ev_timer_init(&teller, on_teller, 0.0, EACH_MS / 1000.0);
		ev_timer_again(loop_ev(), &teller);
	}
}

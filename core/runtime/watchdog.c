/* watchdog - tells systemd that the process gets on, for as long as it does */
#include "core/runtime/watchdog.h"

#include <systemd/sd-daemon.h>

#include "core/runtime/log.h"
#include "core/runtime/loop.h"

enum { TIMES = 4 }; /* it is told so often in the time that systemd waits */

static struct promise *promises;

static struct {
	int (*proof)(void *arg, int64_t deadline_ms, struct err *e);
	void *arg;
	int64_t every_ms;
	struct fiber *fiber; /* NULL: systemd does not watch */
	struct fiber_queue ended;
} dog;

void promise_give(struct promise *p, const char *what, int64_t by_ms)
{
	p->what = what;
	p->by_ms = by_ms;
	if (p->link)
		return;
	p->link = &promises;
	p->next = promises;
	if (p->next)
		p->next->link = &p->next;
	promises = p;
}

void promise_keep(struct promise *p)
{
	if (!p->link)
		return;
	*p->link = p->next;
	if (p->next)
		p->next->link = p->link;
	p->link = NULL;
}

const struct promise *promise_broken(int64_t now_ms)
{
	for (const struct promise *p = promises; p; p = p->next)
		if (p->by_ms < now_ms)
			return p;
	return NULL;
}

YIELDS
static int get_on(int64_t deadline_ms, struct err *e)
{
	const struct promise *broken = promise_broken(loop_now_ms());

	if (broken)
		return err_retry(e, "%s does not end", broken->what);
	return dog.proof ? dog.proof(dog.arg, deadline_ms, e) : 0;
}

static void run(void *unused)
{
	struct err e = {0};

	(void)unused;
	do {
		int64_t next_ms = loop_now_ms() + dog.every_ms;

		if (get_on(next_ms + dog.every_ms, &e) == 0)
			sd_notify(0, "WATCHDOG=1");
		else if (e.code != ERR_CODE_CANCELLED)
			log_err("event=stuck error=%s", log_quote(e.msg));
		while (loop_now_ms() < next_ms && !fiber_sleep_ms(next_ms - loop_now_ms(), &e))
			;
	} while (e.code != ERR_CODE_CANCELLED);
	dog.fiber = NULL;
	fiber_queue_wake_all(&dog.ended);
}

void watchdog_start(int (*proof)(void *arg, int64_t deadline_ms, struct err *e), void *arg)
{
	uint64_t us = 0;

	if (sd_watchdog_enabled(0, &us) <= 0)
		return;
	dog.proof = proof;
	dog.arg = arg;
	dog.every_ms = (int64_t)us / 1000 / TIMES;
	dog.fiber = fiber_start("watchdog", run, NULL);
}

void watchdog_stop(void)
{
	if (dog.fiber)
		fiber_cancel(dog.fiber);
	while (dog.fiber)
		fiber_queue_wait(&dog.ended, 0, NULL);
}

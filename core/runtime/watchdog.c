/* watchdog - tells systemd that the process gets on, for as long as it does */
#include "core/runtime/watchdog.h"

#include <string.h>
#include <systemd/sd-daemon.h>

#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/monitor.h"

enum { TIMES = 4 }; /* it is told so often in the time that systemd waits */

static struct promise *promises;

static struct {
	const struct dependency *dependencies;
	size_t count;
	int (*proof)(void *arg, int64_t deadline_ms, struct err *e);
	void *arg;
	int64_t every_ms;
	char missing[100];
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

/* Told when it changes. */
YIELDS
static void tell_status(void)
{
	struct arena *a = arena_new();
	const char *missing = health_missing(a, dog.dependencies, dog.count);

	if (strcmp(missing, dog.missing) != 0) {
		snprintf(dog.missing, sizeof dog.missing, "%s", missing);
		sd_notifyf(0, "STATUS=%s%s", missing[0] ? "waits for: " : "at work", missing);
	}
	arena_free(a);
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
		tell_status();
		while (loop_now_ms() < next_ms && !fiber_sleep_ms(next_ms - loop_now_ms(), &e))
			;
	} while (e.code != ERR_CODE_CANCELLED);
	dog.fiber = NULL;
	fiber_queue_wake_all(&dog.ended);
}

void watchdog_start(const struct dependency *dependencies, size_t count,
		    int (*proof)(void *arg, int64_t deadline_ms, struct err *e), void *arg)
{
	uint64_t us = 0;

	if (sd_watchdog_enabled(0, &us) <= 0)
		return;
	dog.dependencies = dependencies;
	dog.count = count;
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

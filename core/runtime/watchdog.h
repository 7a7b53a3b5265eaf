/*
 * watchdog - tells systemd that the process gets on, for as long as it does
 *
 * systemd (WatchdogSec= of a unit) ends and restarts a process from which it has not heard for so long. From here it
 * hears four times in that time, by a fiber, so only while the loop turns and fibers run; and only while no promise
 * is overdue and the process's own proof holds. Who waits for PostgreSQL or RabbitMQ renews its promise while it
 * waits: that is not being stuck, and no restart would help. What it waits for is told, too (`systemctl status`).
 */
#ifndef WAYBILL_WATCHDOG_H
#define WAYBILL_WATCHDOG_H

#include <stddef.h>
#include <stdint.h>

#include "core/runtime/err.h"
#include "core/runtime/fiber.h"

struct dependency; /* monitor.h */

/* Something under way that has to be done, or to give its word again, by a time. Zero it to initialize. */
struct promise {
	const char *what; /* for the log; kept, not copied */
	int64_t by_ms;	  /* of loop_now_ms() */
	struct promise *next, **link;
};

/* promise_give - it gets on by then; again: by a later time. It stays the caller's, and where it is. */
void promise_give(struct promise *p, const char *what, int64_t by_ms);

/* promise_keep - it is done. Harmless for one that was not given. */
void promise_keep(struct promise *p);

/* promise_broken - one whose time is over; NULL: all get on */
const struct promise *promise_broken(int64_t now_ms);

/*
 * watchdog_start - nothing happens unless systemd watches ($WATCHDOG_USEC)
 *
 * Dependencies stay the caller's until watchdog_stop(). proof may be NULL. It returns 0, or -1 with what is wrong; it has half
 * of the time.
 */
void watchdog_start(const struct dependency *dependencies, size_t count,
		    int (*proof)(void *arg, int64_t deadline_ms, struct err *e), void *arg);

/* watchdog_stop - systemd is told nothing more; harmless when it was not started */
YIELDS
void watchdog_stop(void);

#endif

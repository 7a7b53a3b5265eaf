/*
 * loop - the one event loop of a process, and its clocks
 *
 * A process has one thread and one libev loop. Watchers' callbacks run on the loop's own
 * stack and never switch fibers; they wake fibers, which run when the callbacks are done.
 */
#ifndef WAYBILL_LOOP_H
#define WAYBILL_LOOP_H

#include <ev.h>
#include <stdint.h>

/* loop_ev - the loop, made on first use. */
struct ev_loop *loop_ev(void);

/* loop_run - until loop_stop(). Ready fibers run before the loop goes to sleep. */
void loop_run(void);
void loop_stop(void);

/* loop_now_ms - monotonic, for deadlines inside this process; never 0. */
int64_t loop_now_ms(void);

/* wall_now_us - microseconds since 1970-01-01 UTC, what PostgreSQL and the outside world use. */
int64_t wall_now_us(void);

#endif

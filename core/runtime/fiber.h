/*
 * fiber - code that waits without blocking the process
 *
 * A fiber has a stack of its own and runs until it waits. Functions that may wait are
 * marked YIELDS: after one, nothing shared is as it was; read it again. Only fibers may call
 * them. A fiber is not durable: what must survive a crash is a committed row.
 *
 * Library callbacks never switch: they call fiber_wake(), and the fiber runs in the same turn
 * of the loop, after the callbacks.
 *
 * Switching: makecontext() creates, sigsetjmp/siglongjmp switch, as QEMU's
 * util/coroutine-ucontext.c does (11 ns; swapcontext costs two system calls). Stacks are 1 MiB
 * of address space with a guard page: jansson recurses up to 2,048 levels deep.
 */
#ifndef WAYBILL_FIBER_H
#define WAYBILL_FIBER_H

#include <stddef.h>
#include <stdint.h>

#include "core/runtime/err.h"

#define YIELDS

enum { FIBER_STACK_BYTES = 1024 * 1024 };

struct fiber;

/*
 * fiber_start - a fiber that runs run(arg) from the next turn on and frees itself at its end
 *
 * name is kept, not copied. The handle is valid until run returns; whoever keeps it must know
 * when that is.
 */
struct fiber *fiber_start(const char *name, void (*run)(void *), void *arg);

/* fiber_self - the running fiber; NULL on the loop's own stack. */
struct fiber *fiber_self(void);

/*
 * fiber_suspend - wait until somebody wakes this fiber
 *
 * deadline_ms is of loop_now_ms(); 0 waits for ever. 0 when woken: the caller looks whether what
 * it waits for has happened, and suspends again if not. -1: ERR_RETRY with ERR_CODE_TIMEOUT, or with
 * ERR_CODE_CANCELLED after fiber_cancel().
 */
YIELDS
int fiber_suspend(int64_t deadline_ms, struct err *e);

YIELDS
int fiber_sleep_ms(int64_t ms, struct err *e);

/* fiber_yield - go on in the next turn of the loop: for work that would make this one long */
YIELDS
void fiber_yield(void);

/* fiber_wake - make a suspended fiber ready; waking twice, or a running one, is harmless. */
void fiber_wake(struct fiber *f);

/* fiber_cancel - this and every later wait of the fiber fails with ERR_CODE_CANCELLED. */
void fiber_cancel(struct fiber *f);

/* fiber_count - fibers that have not ended. */
size_t fiber_count(void);

/*
 * A queue of fibers that wait for the same thing: a free connection, room in a buffer.
 * Zero it to initialize. First come, first served.
 */
struct fiber_queue {
	struct fiber *first, *last;
};

/* fiber_queue_wait - like fiber_suspend(), until a wake of this queue reaches this fiber. */
YIELDS
int fiber_queue_wait(struct fiber_queue *q, int64_t deadline_ms, struct err *e);

void fiber_queue_wake_one(struct fiber_queue *q);
void fiber_queue_wake_all(struct fiber_queue *q);

/*
 * A group counts fibers that belong together, so that one can wait for the end of all.
 * Zero it to initialize.
 */
struct fiber_group {
	size_t running;
	struct fiber_queue idle;
};

void fiber_group_start(struct fiber_group *g, const char *name, void (*run)(void *), void *arg);

YIELDS
int fiber_group_wait(struct fiber_group *g, int64_t deadline_ms, struct err *e);

#endif

/* fiber - code that waits without blocking the process */
#include "core/runtime/fiber.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "core/runtime/loop.h"
#include "core/runtime/sanitizer.h"

#if WAYBILL_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

enum { POOL_MAX = 256 }; /* idle stacks kept */

struct fiber {
	const char *name;
	void (*run)(void *);
	void *arg;
	struct fiber *next; /* ready list, or pool of idle ones */
	struct fiber *queue_next, *queue_previous;
	int is_called;	      /* its queue's wake has reached it */
	unsigned char *stack; /* the guard page is below */
	sigjmp_buf context;
	ev_timer timer;
	int is_entered, is_ready, is_timed_out, is_cancelled, is_done;
	void *asan_stack;
};

static struct {
	struct fiber *current;
	struct fiber *ready_first, *ready_last;
	struct fiber *pool;
	size_t pooled, alive;
	sigjmp_buf loop_context;
	ev_prepare prepare;
	ev_idle idle; /* keeps the loop from sleeping while fibers are ready */
	int is_hooked;
	void *asan_stack;
	const void *asan_loop_bottom;
	size_t asan_loop_size;
} state;

/* The three hooks below tell AddressSanitizer which stack is in use. */
static void asan_leave(void **save, const void *bottom, size_t size)
{
#if WAYBILL_ASAN
	__sanitizer_start_switch_fiber(save, bottom, size);
#else
	(void)save;
	(void)bottom;
	(void)size;
#endif
}

static void asan_arrive(void *save, const void **bottom, size_t *size)
{
#if WAYBILL_ASAN
	__sanitizer_finish_switch_fiber(save, bottom, size);
#else
	(void)save;
	(void)bottom;
	(void)size;
#endif
}

static void asan_forget(struct fiber *f)
{
#if WAYBILL_ASAN
	__asan_unpoison_memory_region(f->stack, FIBER_STACK_BYTES);
#else
	(void)f;
#endif
}

static void timed_out(EV_P_ ev_timer *timer, int events)
{
	struct fiber *f = timer->data;

	(void)loop;
	(void)events;
	f->is_timed_out = 1;
	fiber_wake(f);
}

static void back_to_loop(struct fiber *f)
{
	if (sigsetjmp(f->context, 0) == 0) {
		asan_leave(&f->asan_stack, state.asan_loop_bottom, state.asan_loop_size);
		siglongjmp(state.loop_context, 1);
	}
	asan_arrive(f->asan_stack, &state.asan_loop_bottom, &state.asan_loop_size);
}

/* The bottom frame of every fiber's stack: lives as long as the stack, runs one fiber after another. */
static void trampoline(void)
{
	struct fiber *f = state.current;

	asan_arrive(NULL, &state.asan_loop_bottom, &state.asan_loop_size);
	for (;;) {
		f->run(f->arg);
		f->is_done = 1;
		back_to_loop(f);
	}
}

static _Noreturn void enter_new_stack(struct fiber *f)
{
	static ucontext_t fresh; /* not on a stack whose frame is never left */

	if (getcontext(&fresh))
		die("getcontext failed");
	fresh.uc_stack.ss_sp = f->stack;
	fresh.uc_stack.ss_size = FIBER_STACK_BYTES;
	fresh.uc_link = NULL;
	makecontext(&fresh, trampoline, 0);
	f->is_entered = 1;
	setcontext(&fresh);
	die("setcontext failed");
}

static struct fiber *fiber_new(void)
{
	struct fiber *f = calloc(1, sizeof *f);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *memory =
		mmap(NULL, FIBER_STACK_BYTES + page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (!f || memory == MAP_FAILED || mprotect(memory, page, PROT_NONE))
		die("out of memory: a fiber's stack");
	f->stack = memory + page;
	ev_init(&f->timer, timed_out);
	f->timer.data = f;
	return f;
}

static void fiber_free(struct fiber *f)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	asan_forget(f);
	munmap(f->stack - page, FIBER_STACK_BYTES + page);
	free(f);
}

static void resume(struct fiber *f)
{
	state.current = f;
	if (sigsetjmp(state.loop_context, 0) == 0) {
		asan_leave(&state.asan_stack, f->stack, FIBER_STACK_BYTES);
		if (!f->is_entered)
			enter_new_stack(f);
		siglongjmp(f->context, 1);
	}
	asan_arrive(state.asan_stack, NULL, NULL);
	state.current = NULL;
}

/* Runs what is ready. Fibers made ready meanwhile run in the next turn, so that the loop's I/O has its say. */
static void run_ready(EV_P_ ev_prepare *prepare, int events)
{
	struct fiber *f = state.ready_first;

	(void)prepare;
	(void)events;
	state.ready_first = state.ready_last = NULL;
	while (f) {
		struct fiber *next = f->next;

		f->is_ready = 0;
		resume(f);
		if (f->is_done) {
			state.alive--;
			if (state.pooled < POOL_MAX) {
				f->next = state.pool;
				state.pool = f;
				state.pooled++;
			} else {
				fiber_free(f);
			}
		}
		f = next;
	}
	if (state.ready_first)
		ev_idle_start(EV_A_ & state.idle);
	else
		ev_idle_stop(EV_A_ & state.idle);
}

static void nothing(EV_P_ ev_idle *idle, int events)
{
	(void)loop;
	(void)idle;
	(void)events;
}

static void hook_loop(void)
{
	ev_prepare_init(&state.prepare, run_ready);
	ev_idle_init(&state.idle, nothing);
	ev_prepare_start(loop_ev(), &state.prepare);
	ev_unref(loop_ev());
	state.is_hooked = 1;
}

static void make_ready(struct fiber *f)
{
	f->is_ready = 1;
	f->next = NULL;
	if (state.ready_last)
		state.ready_last->next = f;
	else
		state.ready_first = f;
	state.ready_last = f;
	ev_idle_start(loop_ev(), &state.idle);
}

struct fiber *fiber_start(const char *name, void (*run)(void *), void *arg)
{
	struct fiber *f = state.pool;

	if (!state.is_hooked)
		hook_loop();
	if (f) {
		state.pool = f->next;
		state.pooled--;
	} else {
		f = fiber_new();
	}
	f->name = name;
	f->run = run;
	f->arg = arg;
	f->is_timed_out = f->is_cancelled = f->is_done = 0;
	state.alive++;
	make_ready(f);
	return f;
}

struct fiber *fiber_self(void)
{
	return state.current;
}

int fiber_suspend(int64_t deadline_ms, struct err *e)
{
	struct fiber *f = state.current;

	if (!f)
		die("a wait outside of a fiber");
	if (f->is_cancelled)
		return err_set(e, ERR_RETRY, ERR_CODE_CANCELLED, "stopped: the worker is ending");
	f->is_timed_out = 0;
	if (deadline_ms) {
		int64_t left_ms = deadline_ms - loop_now_ms();

		if (left_ms <= 0)
			return err_set(e, ERR_RETRY, ERR_CODE_TIMEOUT, "ran out of time");
		ev_now_update(loop_ev());
		ev_timer_set(&f->timer, (double)left_ms / 1000.0, 0.0);
		ev_timer_start(loop_ev(), &f->timer);
	}
	back_to_loop(f);
	ev_timer_stop(loop_ev(), &f->timer);
	if (f->is_cancelled)
		return err_set(e, ERR_RETRY, ERR_CODE_CANCELLED, "stopped: the worker is ending");
	if (f->is_timed_out)
		return err_set(e, ERR_RETRY, ERR_CODE_TIMEOUT, "ran out of time");
	return 0;
}

int fiber_sleep_ms(int64_t ms, struct err *e)
{
	int64_t until_ms = loop_now_ms() + (ms > 0 ? ms : 1);
	struct err late = {0};

	while (fiber_suspend(until_ms, &late) == 0)
		;
	if (late.code == ERR_CODE_TIMEOUT)
		return 0;
	if (e)
		*e = late;
	return -1;
}

void fiber_yield(void)
{
	struct fiber *f = state.current;

	if (!f)
		die("a wait outside of a fiber");
	make_ready(f);
	back_to_loop(f);
}

void fiber_wake(struct fiber *f)
{
	if (!f->is_ready && f != state.current && !f->is_done)
		make_ready(f);
}

void fiber_cancel(struct fiber *f)
{
	f->is_cancelled = 1;
	fiber_wake(f);
}

size_t fiber_count(void)
{
	return state.alive;
}

static void queue_remove(struct fiber_queue *q, struct fiber *f)
{
	if (f->queue_previous)
		f->queue_previous->queue_next = f->queue_next;
	else
		q->first = f->queue_next;
	if (f->queue_next)
		f->queue_next->queue_previous = f->queue_previous;
	else
		q->last = f->queue_previous;
}

int fiber_queue_wait(struct fiber_queue *q, int64_t deadline_ms, struct err *e)
{
	struct fiber *f = state.current;

	if (!f)
		die("a wait outside of a fiber");
	f->is_called = 0;
	f->queue_next = NULL;
	f->queue_previous = q->last;
	if (q->last)
		q->last->queue_next = f;
	else
		q->first = f;
	q->last = f;
	while (!f->is_called) {
		if (fiber_suspend(deadline_ms, e) == 0)
			continue;
		if (f->is_called)
			fiber_queue_wake_one(q); /* pass on what this fiber cannot use */
		else
			queue_remove(q, f);
		return -1;
	}
	return 0;
}

void fiber_queue_wake_one(struct fiber_queue *q)
{
	struct fiber *f = q->first;

	if (!f)
		return;
	queue_remove(q, f);
	f->is_called = 1;
	fiber_wake(f);
}

void fiber_queue_wake_all(struct fiber_queue *q)
{
	while (q->first)
		fiber_queue_wake_one(q);
}

struct member {
	struct fiber_group *group;
	void (*run)(void *);
	void *arg;
};

static void run_member(void *arg)
{
	struct member m = *(struct member *)arg;

	free(arg);
	m.run(m.arg);
	if (--m.group->running == 0)
		fiber_queue_wake_all(&m.group->idle);
}

void fiber_group_start(struct fiber_group *g, const char *name, void (*run)(void *), void *arg)
{
	struct member *m = malloc(sizeof *m);

	if (!m)
		die("out of memory: a fiber");
	*m = (struct member){.group = g, .run = run, .arg = arg};
	g->running++;
	fiber_start(name, run_member, m);
}

int fiber_group_wait(struct fiber_group *g, int64_t deadline_ms, struct err *e)
{
	while (g->running)
		if (fiber_queue_wait(&g->idle, deadline_ms, e))
			return -1;
	return 0;
}

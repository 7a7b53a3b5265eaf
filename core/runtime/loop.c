/* loop - the one event loop of a process, and its clocks */
#include "core/runtime/loop.h"

#include <time.h>

#include "core/runtime/err.h"
#include "core/runtime/metrics.h"

enum { SLICES = 6, SLICE_MS = 10000 };

/* Its turns: from waking up to going to sleep, with all callbacks and fibers between. */
static struct {
	ev_check wakes;
	ev_prepare sleeps;
	int64_t began_ms;
	int64_t slice, longest_ms[SLICES]; /* the last minute, ten seconds each */
	int is_watched;
} turn;

static struct metric longest_turn = {
	.name = "waybill_loop_longest_turn_ms",
	.help = "longest turn of the event loop within the last minute",
	.kind = METRIC_GAUGE,
};

struct ev_loop *loop_ev(void)
{
	static struct ev_loop *loop;

	if (!loop) {
		loop = ev_default_loop(EVFLAG_AUTO | EVFLAG_NOENV);
		if (!loop)
			die("cannot make an event loop");
	}
	return loop;
}

/* Slices that have passed since the last turn are forgotten. */
static void keep_turn(int64_t now_ms, int64_t took_ms)
{
	int64_t slice = now_ms / SLICE_MS, longest_ms = 0;

	for (; turn.slice < slice; turn.slice++)
		turn.longest_ms[(turn.slice + 1) % SLICES] = 0;
	if (took_ms > turn.longest_ms[slice % SLICES])
		turn.longest_ms[slice % SLICES] = took_ms;
	for (int n = 0; n < SLICES; n++)
		if (turn.longest_ms[n] > longest_ms)
			longest_ms = turn.longest_ms[n];
	metric_set(&longest_turn, longest_ms);
}

static void turn_begins(EV_P_ ev_check *check, int events)
{
	(void)loop;
	(void)check;
	(void)events;
	turn.began_ms = loop_now_ms();
	keep_turn(turn.began_ms, 0);
}

static void turn_ends(EV_P_ ev_prepare *prepare, int events)
{
	int64_t now_ms = loop_now_ms();

	(void)loop;
	(void)prepare;
	(void)events;
	keep_turn(now_ms, now_ms - turn.began_ms);
}

/* First after the wait, last before the next. */
static void watch_turns(void)
{
	if (turn.is_watched)
		return;
	turn.is_watched = 1;
	turn.began_ms = loop_now_ms();
	turn.slice = turn.began_ms / SLICE_MS;
	ev_check_init(&turn.wakes, turn_begins);
	ev_prepare_init(&turn.sleeps, turn_ends);
	ev_set_priority(&turn.wakes, EV_MAXPRI);
	ev_set_priority(&turn.sleeps, EV_MINPRI);
	ev_check_start(loop_ev(), &turn.wakes);
	ev_unref(loop_ev());
	ev_prepare_start(loop_ev(), &turn.sleeps);
	ev_unref(loop_ev());
}

void loop_run(void)
{
	watch_turns();
	ev_run(loop_ev(), 0);
}

void loop_stop(void)
{
	ev_break(loop_ev(), EVBREAK_ALL);
}

int64_t loop_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

int64_t wall_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

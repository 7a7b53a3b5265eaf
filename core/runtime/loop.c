/* loop - the one event loop of a process, and its clocks */
#include "core/runtime/loop.h"

#include <time.h>

#include "core/runtime/err.h"

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

void loop_run(void)
{
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

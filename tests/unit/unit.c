/* unit - run a body inside a fiber */
#include "tests/unit/unit.h"

#include "core/runtime/fiber.h"
#include "core/runtime/loop.h"

struct run {
	void (*body)(void *);
	void *arg;
};

static void run_and_stop(void *arg)
{
	struct run *r = arg;

	r->body(r->arg);
	loop_stop();
}

void run_in_fiber(void (*body)(void *), void *arg)
{
	struct run r = {.body = body, .arg = arg};

	fiber_start("test", run_and_stop, &r);
	loop_run();
}

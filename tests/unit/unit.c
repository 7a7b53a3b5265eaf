/* unit - run a body inside a fiber; how long to wait */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

#include "core/runtime/fiber.h"
#include "core/runtime/loop.h"

enum { SLOWEST = 10 };

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

static int programs_that_want_to_run(void)
{
	char line[4096];
	int count = 0, found = 0;
	FILE *f = fopen("/proc/stat", "re");

	while (f && !found && fgets(line, sizeof line, f))
		found = sscanf(line, "procs_running %d", &count) == 1;
	if (f)
		fclose(f);
	return count;
}

int patience_ms(int quiet_ms)
{
	int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
	int wanting = programs_that_want_to_run();

	if (wanting <= cores)
		return quiet_ms;
	return wanting >= SLOWEST * cores ? SLOWEST * quiet_ms : quiet_ms * wanting / cores;
}

/* watchdog: systemd hears of the process as long as it gets on, and not otherwise */
#include "core/runtime/watchdog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/runtime/loop.h"
#include "tests/unit/unit.h"

enum { WATCHDOG_MS = 200, WAIT_MS = 5000 };

static int systemd = -1; /* what NOTIFY_SOCKET names */
static int is_well;

static void promises_are_broken_when_their_time_is_over(void **state)
{
	struct promise a = {0}, b = {0}, never_given = {0};

	(void)state;
	promise_give(&a, "a", 1000);
	promise_give(&b, "b", 2000);
	assert_null(promise_broken(1000));
	assert_string_equal(promise_broken(1001)->what, "a");
	promise_give(&a, "a", 3000);
	assert_string_equal(promise_broken(2500)->what, "b");
	promise_keep(&b);
	promise_keep(&b);
	promise_keep(&never_given);
	assert_null(promise_broken(3000));
	assert_ptr_equal(promise_broken(3001), &a);
	promise_keep(&a);
	assert_null(promise_broken(INT64_MAX));
}

static int proof(void *arg, int64_t deadline_ms, struct err *e)
{
	assert_ptr_equal(arg, &is_well);
	assert_true(deadline_ms > loop_now_ms());
	return is_well ? 0 : err_retry(e, "not well");
}

static int beats(void)
{
	char text[256];
	int count = 0;
	ssize_t n;

	while ((n = recv(systemd, text, sizeof text - 1, MSG_DONTWAIT)) > 0) {
		text[n] = '\0';
		count += strstr(text, "WATCHDOG=1") != NULL;
	}
	return count;
}

static void until_it_beats(void)
{
	int64_t deadline_ms = loop_now_ms() + patience_ms(WAIT_MS);

	beats();
	while (!beats()) {
		assert_true(loop_now_ms() < deadline_ms);
		fiber_sleep_ms(1, NULL);
	}
}

static void it_does_not_beat(void)
{
	fiber_sleep_ms(WATCHDOG_MS, NULL); /* the beat that is under way */
	beats();
	fiber_sleep_ms(2 * WATCHDOG_MS, NULL);
	assert_int_equal(beats(), 0);
}

static void life(void *arg)
{
	struct promise promise = {0};

	(void)arg;
	is_well = 1;
	watchdog_start(NULL, 0, proof, &is_well);
	until_it_beats();
	is_well = 0;
	it_does_not_beat();
	is_well = 1;
	until_it_beats();
	promise_give(&promise, "a batch", loop_now_ms() + WAIT_MS * 100);
	until_it_beats();
	promise_give(&promise, "a batch", loop_now_ms() - 1);
	it_does_not_beat();
	promise_keep(&promise);
	until_it_beats();
	watchdog_stop();
	it_does_not_beat();
	watchdog_stop();
}

static void it_beats_while_proof_and_promises_hold(void **state)
{
	char text[32];

	(void)state;
	snprintf(text, sizeof text, "%d", WATCHDOG_MS * 1000);
	setenv("WATCHDOG_USEC", text, 1);
	run_in_fiber(life, NULL);
	unsetenv("WATCHDOG_USEC");
}

static void unwatched(void *arg)
{
	(void)arg;
	is_well = 1;
	watchdog_start(NULL, 0, proof, &is_well);
	it_does_not_beat();
	watchdog_stop();
}

static void nobody_is_told_when_nobody_watches(void **state)
{
	(void)state;
	run_in_fiber(unwatched, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(promises_are_broken_when_their_time_is_over),
		cmocka_unit_test(it_beats_while_proof_and_promises_hold),
		cmocka_unit_test(nobody_is_told_when_nobody_watches),
	};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	/* A name without a file: it begins with a NUL. */
	int len = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "waybill-unit-%d",
			   (int)getpid());
	char name[sizeof address.sun_path];

	snprintf(name, sizeof name, "@%s", address.sun_path + 1);
	setenv("NOTIFY_SOCKET", name, 1);
	systemd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(systemd, (struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)))
		return 1;
	return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}

/* fibers: order, deadlines, cancelling, queues, groups, deep stacks, reuse of stacks */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/fiber.h"
#include "core/runtime/loop.h"
#include "core/runtime/metrics.h"
#include "tests/unit/unit.h"

static char trace[64];
static char a_name[] = "a", b_name[] = "b", c_name[] = "c";

static void note(void *arg)
{
	size_t used = strlen(trace);

	snprintf(trace + used, sizeof trace - used, "%s", (const char *)arg);
}

static void start_three(void *arg)
{
	struct fiber_group g = {0};

	(void)arg;
	fiber_group_start(&g, a_name, note, a_name);
	fiber_group_start(&g, b_name, note, b_name);
	fiber_group_start(&g, c_name, note, c_name);
	assert_int_equal(fiber_group_wait(&g, 0, NULL), 0);
	assert_string_equal(trace, "abc");
}

static void fibers_run_in_the_order_they_were_started(void **state)
{
	(void)state;
	trace[0] = '\0';
	run_in_fiber(start_three, NULL);
}

static void wait_too_long(void *arg)
{
	struct err e = {0};
	int64_t before_ms = loop_now_ms();

	(void)arg;
	assert_int_equal(fiber_suspend(before_ms + 30, &e), -1);
	assert_int_equal(e.code, ERR_CODE_TIMEOUT);
	assert_true(loop_now_ms() - before_ms >= 29);
	assert_int_equal(fiber_suspend(before_ms, &e), -1);
}

static void a_wait_ends_at_its_deadline(void **state)
{
	(void)state;
	run_in_fiber(wait_too_long, NULL);
}

static struct fiber *sleeper;
static struct err sleeper_err;

static void sleep_long(void *arg)
{
	(void)arg;
	sleeper = fiber_self();
	assert_int_equal(fiber_sleep_ms(60000, &sleeper_err), -1);
	assert_int_equal(fiber_sleep_ms(60000, &sleeper_err), -1);
}

static void cancel_sleeper(void *arg)
{
	struct fiber_group g = {0};

	(void)arg;
	fiber_group_start(&g, "sleeper", sleep_long, NULL);
	assert_int_equal(fiber_sleep_ms(2, NULL), 0);
	fiber_cancel(sleeper);
	assert_int_equal(fiber_group_wait(&g, loop_now_ms() + patience_ms(5000), NULL), 0);
	assert_int_equal(sleeper_err.code, ERR_CODE_CANCELLED);
}

static void a_cancelled_fiber_cannot_wait_any_more(void **state)
{
	(void)state;
	run_in_fiber(cancel_sleeper, NULL);
}

static struct fiber_queue queue;
static int served;

static void wait_in_queue(void *arg)
{
	if (fiber_queue_wait(&queue, loop_now_ms() + *(int *)arg, NULL) == 0)
		served++;
}

static void serve_queue(void *arg)
{
	struct fiber_group g = {0};
	int soon = 5, late = 5000;

	(void)arg;
	served = 0;
	fiber_group_start(&g, "soon", wait_in_queue, &soon);
	fiber_group_start(&g, "late", wait_in_queue, &late);
	assert_int_equal(fiber_sleep_ms(20, NULL), 0);
	fiber_queue_wake_one(&queue);
	assert_int_equal(fiber_group_wait(&g, loop_now_ms() + patience_ms(5000), NULL), 0);
	assert_int_equal(served, 1);
	assert_null(queue.first);
}

static void a_wake_is_not_lost_on_one_who_stopped_waiting(void **state)
{
	(void)state;
	run_in_fiber(serve_queue, NULL);
}

static void parse_deep(void *arg)
{
	char *text = malloc(4097);

	(void)arg;
	assert_non_null(text);
	memset(text, '[', 2000);
	memset(text + 2000, ']', 2000);
	text[4000] = '\0';
	json_t *deep = json_loads(text, 0, NULL);

	assert_non_null(deep);
	json_decref(deep);
	free(text);
}

static void jansson_may_recurse_as_deep_as_it_likes(void **state)
{
	(void)state;
	run_in_fiber(parse_deep, NULL);
}

static void count_up(void *arg)
{
	for (int i = 0; i < 20; i++)
		assert_int_equal(fiber_sleep_ms(0, NULL), 0);
	(*(int *)arg)++;
}

static void start_many(void *arg)
{
	struct fiber_group g = {0};

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 500; i++)
			fiber_group_start(&g, "many", count_up, arg);
		assert_int_equal(fiber_group_wait(&g, loop_now_ms() + patience_ms(20000), NULL), 0);
	}
}

static void many_fibers_share_the_loop_and_their_stacks(void **state)
{
	int count = 0;

	(void)state;
	run_in_fiber(start_many, &count);
	assert_int_equal(count, 1000);
	assert_int_equal(fiber_count(), 0);
}

/* Somebody who works for long gives the others their turn. */
static void yield_twice(void *arg)
{
	fiber_yield();
	note(arg);
	fiber_yield();
	note(arg);
}

static void start_two_workers(void *arg)
{
	struct fiber_group g = {0};

	(void)arg;
	fiber_group_start(&g, a_name, yield_twice, a_name);
	fiber_group_start(&g, b_name, yield_twice, b_name);
	assert_int_equal(fiber_group_wait(&g, 0, NULL), 0);
	assert_string_equal(trace, "abab");
}

static void fibers_that_yield_take_turns(void **state)
{
	(void)state;
	trace[0] = '\0';
	run_in_fiber(start_two_workers, NULL);
}

/* ---- the loop's turns ---- */

static int64_t longest_turn(void)
{
	static const char name[] = "\nwaybill_loop_longest_turn_ms ";
	struct arena *a = arena_new();
	const char *at = strstr(metrics_text(a), name);
	int64_t ms = at ? strtoll(at + sizeof name - 1, NULL, 10) : -1;

	arena_free(a);
	return ms;
}

static void work_long(void *arg)
{
	int64_t until_ms = loop_now_ms() + 60;

	(void)arg;
	while (loop_now_ms() < until_ms)
		;
	fiber_sleep_ms(1, NULL);
	assert_in_range(longest_turn(), 59, 60000);
}

static void the_longest_turn_is_a_metric(void **state)
{
	(void)state;
	run_in_fiber(work_long, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fibers_run_in_the_order_they_were_started),
		cmocka_unit_test(a_wait_ends_at_its_deadline),
		cmocka_unit_test(a_cancelled_fiber_cannot_wait_any_more),
		cmocka_unit_test(a_wake_is_not_lost_on_one_who_stopped_waiting),
		cmocka_unit_test(jansson_may_recurse_as_deep_as_it_likes),
		cmocka_unit_test(many_fibers_share_the_loop_and_their_stacks),
		cmocka_unit_test(fibers_that_yield_take_turns),
		cmocka_unit_test(the_longest_turn_is_a_metric),
	};

	return cmocka_run_group_tests_name("fiber", tests, NULL, NULL);
}

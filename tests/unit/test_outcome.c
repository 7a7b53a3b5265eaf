/* outcome: how long a failed job waits, and where the message of one without a row goes */
#include <string.h>

#include "core/runtime/outcome.h"
#include "tests/unit/unit.h"

static const struct role role = {.name = "ingest", .attempts_max = 3};

static struct amqp_delivery delivery = {
	.queue = "wb.ingest",
	.body = (const unsigned char *)"body",
	.body_len = 4,
	.headers = {[AMQP_KIND] = "webhook", [AMQP_STORE] = "7", [AMQP_ATTEMPT] = "9"},
};

static void the_back_off_doubles_up_to_its_limit_give_or_take_a_fifth(void **state)
{
	static const int64_t want_ms[] = {5000,	  10000,  20000,  40000,  80000,
					  160000, 320000, 600000, 600000, 600000};

	(void)state;
	for (int attempt = 0; attempt < 10; attempt++) {
		int64_t want = want_ms[attempt], least = INT64_MAX, most = 0;

		for (int i = 0; i < 500; i++) {
			int64_t delay = outcome_delay_ms(attempt, 0);

			least = delay < least ? delay : least;
			most = delay > most ? delay : most;
		}
		assert_in_range(least, want * 80 / 100, want);
		assert_in_range(most, want, want * 120 / 100);
		assert_true(least < most);
	}
	assert_in_range(outcome_delay_ms(INT32_MAX, 0), 480000, 720000);
}

static void the_other_side_may_ask_for_more_but_not_for_less(void **state)
{
	(void)state;
	assert_int_equal(outcome_delay_ms(0, 3600000), 3600000);
	assert_in_range(outcome_delay_ms(5, 1), 128000, 192000);
}

struct message_case {
	const char *what;
	int attempt;
	struct err err;
	const char *exchange, *routing_key, *attempts, *error;
};

static void check(const struct role *of, const struct message_case *c)
{
	struct arena *a = arena_new();
	struct job job = {.arena = a, .delivery = &delivery, .attempt = c->attempt, .err = c->err};
	struct amqp_message m;

	print_message("%s\n", c->what);
	outcome_message(of, &job, &m);
	if (c->exchange)
		assert_string_equal(m.exchange, c->exchange);
	else
		assert_null(m.exchange);
	assert_string_equal(m.routing_key, c->routing_key);
	assert_string_equal(m.headers[AMQP_ATTEMPT], c->attempts);
	assert_string_equal(m.headers[AMQP_ERROR], c->error);
	assert_string_equal(m.headers[AMQP_KIND], "webhook");
	assert_string_equal(m.headers[AMQP_STORE], "7");
	assert_ptr_equal(m.body, delivery.body);
	assert_int_equal(m.body_len, 4);
	arena_free(a);
}

static void a_message_climbs_the_ladder_and_ends_among_the_dead(void **state)
{
	static const struct message_case cases[] = {
		{"the first failure",
		 0,
		 {.kind = ERR_RETRY, .msg = "away"},
		 "wb.retry.5s",
		 "wb.ingest",
		 "1",
		 "retry/none: away"},
		{"the second",
		 1,
		 {.kind = ERR_RETRY, .msg = "away"},
		 "wb.retry.30s",
		 "wb.ingest",
		 "2",
		 "retry/none: away"},
		{"the last",
		 2,
		 {.kind = ERR_RETRY, .msg = "away"},
		 NULL,
		 "wb.dead",
		 "3",
		 "final/none: gave up after 3 attempts: away"},
		{"a rate limit does not count, however often",
		 2,
		 {.kind = ERR_RETRY,
		  .code = ERR_CODE_RATE_LIMIT,
		  .retry_after_ms = 90000,
		  .msg = "slow"},
		 "wb.retry.2m",
		 "wb.ingest",
		 "2",
		 "retry/rate_limit: slow"},
		{"nor does the end of the process",
		 2,
		 {.kind = ERR_RETRY, .code = ERR_CODE_CANCELLED, .msg = "stopped"},
		 "wb.retry.30s",
		 "wb.ingest",
		 "2",
		 "retry/cancelled: stopped"},
		{"a wait longer than the ladder",
		 0,
		 {.kind = ERR_RETRY, .retry_after_ms = 86400000, .msg = "tomorrow"},
		 "wb.retry.10m",
		 "wb.ingest",
		 "1",
		 "retry/none: tomorrow"},
		{"a final failure",
		 0,
		 {.kind = ERR_FINAL, .code = ERR_CODE_DATA, .msg = "bad"},
		 NULL,
		 "wb.dead",
		 "1",
		 "final/data: bad"},
		{"a hold of what has no row",
		 0,
		 {.kind = ERR_FINAL, .code = ERR_CODE_HELD, .msg = "held"},
		 NULL,
		 "wb.dead",
		 "1",
		 "final/held: held"},
		{"our own mistake",
		 0,
		 {.kind = ERR_BUG, .msg = "oops"},
		 NULL,
		 "wb.dead",
		 "1",
		 "bug/none: oops"},
	};

	(void)state;
	delivery.queue = "wb.ingest";
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(&role, &cases[i]);
}

static void what_cannot_be_kept_among_the_dead_waits_there_as_it_is(void **state)
{
	static const struct role dead = {.name = "dead", .attempts_max = 1};
	static const struct message_case cases[] = {
		{"refused",
		 0,
		 {.kind = ERR_FINAL, .code = ERR_CODE_DATA, .msg = "new"},
		 "wb.retry.2m",
		 "wb.dead",
		 "9",
		 "final/data: old"},
		{"not yet",
		 0,
		 {.kind = ERR_RETRY, .msg = "new"},
		 "wb.retry.2m",
		 "wb.dead",
		 "9",
		 "final/data: old"},
	};

	(void)state;
	delivery.queue = "wb.dead";
	delivery.headers[AMQP_ROLE] = "ingest";
	delivery.headers[AMQP_ERROR] = "final/data: old";
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(&dead, &cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_back_off_doubles_up_to_its_limit_give_or_take_a_fifth),
		cmocka_unit_test(the_other_side_may_ask_for_more_but_not_for_less),
		cmocka_unit_test(a_message_climbs_the_ladder_and_ends_among_the_dead),
		cmocka_unit_test(what_cannot_be_kept_among_the_dead_waits_there_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

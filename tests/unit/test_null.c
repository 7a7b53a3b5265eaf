/* null: it takes what is signed, and is the same at every repeat */
#include <string.h>

#include "connectors/carrier.h"
#include "connectors/platform.h"
#include "tests/unit/unit.h"

#define ORDER                                                                                      \
	"{\"id\":\"B-1\",\"name\":\"#B1\",\"placed_at\":\"2026-11-23T09:00:00Z\","                 \
	"\"updated_at\":\"2026-11-23T09:00:00Z\",\"payment\":\"paid\",\"currency\":\"USD\","       \
	"\"total\":\"5.00\",\"groups\":[{\"kind\":\"none\"}],\"lines\":[{\"id\":\"1\","            \
	"\"sku\":\"A\",\"title\":\"A\",\"quantity\":2,\"unit_price\":\"2.50\"}]}"

static struct arena *arena;
static struct err err;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void only_a_signed_body_is_taken(void **state)
{
	const struct platform *null = platform_by_name("null", &err);
	struct secret secrets[] = {secret_new(arena, "old", 3), secret_new(arena, "new", 3)};
	struct secret stranger = secret_new(arena, "other", 5);
	struct webhook hook = {.body = ORDER, .body_len = strlen(ORDER)};
	unsigned char hmac[32];

	(void)state;
	assert_int_equal(null->webhook_verify(&hook, secrets, 2), -1);
	hook.signature = "new";
	assert_int_equal(null->webhook_verify(&hook, secrets, 2), -1);
	hmac_sha256(secrets[1], hook.body, hook.body_len, hmac);
	hook.signature = base64_encode(arena, hmac, 16);
	assert_int_equal(null->webhook_verify(&hook, secrets, 2), -1);
	hook.signature = base64_encode(arena, hmac, sizeof hmac);
	assert_int_equal(null->webhook_verify(&hook, secrets, 2), 0);
	assert_int_equal(null->webhook_verify(&hook, &stranger, 1), -1);
	assert_int_equal(null->webhook_verify(&hook, secrets, 0), -1);
	hook.body_len--;
	assert_int_equal(null->webhook_verify(&hook, secrets, 2), -1);
}

static void a_webhook_is_an_order(void **state)
{
	struct webhook hook = {.body = ORDER, .body_len = strlen(ORDER)};
	struct webhook_event event;

	(void)state;
	if (platform_by_name("null", &err)->webhook_read(arena, &hook, &event, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(event.kind, WEBHOOK_ORDER);
	assert_string_equal(event.order_id, "B-1");
	assert_int_equal(event.order.line_count, 1);
	hook.body_len = 20;
	assert_int_equal(platform_by_name("null", &err)->webhook_read(arena, &hook, &event, &err),
			 -1);
}

static void an_attempt_buys_and_finds_the_same(void **state)
{
	const struct carrier *null = carrier_by_name("null", &err);
	struct account account = {.connector = "null", .name = "null"};
	struct api api = {.arena = arena, .account = &account};
	struct rate_request r = {.reference = "WB-1"};
	struct rates rates;
	struct purchase bought, found;

	(void)state;
	assert_int_equal(null->rate(&api, &r, &rates, &err), 0);
	assert_int_equal(rates.count, 2);
	struct label_request want = {.rate_id = rates.rates[0].id, .attempt = "7"};

	assert_int_equal(null->buy(&api, &want, &bought, &err), 0);
	assert_int_equal(null->find(&api, &want, &found, &err), 0);
	assert_int_equal(found.state, PURCHASE_BOUGHT);
	assert_string_equal(found.tracking_number, "NULL7");
	assert_string_equal(found.id, bought.id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_a_signed_body_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(a_webhook_is_an_order, setup, teardown),
		cmocka_unit_test_setup_teardown(an_attempt_buys_and_finds_the_same, setup,
						teardown),
	};

	return cmocka_run_group_tests_name("null", tests, NULL, NULL);
}

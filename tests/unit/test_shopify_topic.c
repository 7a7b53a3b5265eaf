/* Shopify's topics, which are not signed: what each takes, and from which body */
#include <string.h>

#include "connectors/shopify/shopify_internal.h"
#include "tests/unit/arena_case.h"
#include "tests/unit/unit.h"

static int read_body(const char *topic, const char *body, struct webhook_event *out, struct err *e)
{
	struct webhook hook = {.topic = topic, .body = body, .body_len = strlen(body)};

	memset(e, 0, sizeof *e);
	return shopify_webhook_read(arena, &hook, out, e);
}

static void topics_say_where_to_look(void **state)
{
	static const struct {
		const char *topic, *body;
		enum webhook_kind kind;
		const char *order_id, *fulfillment_order_id;
	} cases[] = {
		{"orders/edited", "{\"order_edit\":{\"order_id\":820982911946154508}}",
		 WEBHOOK_FETCH, "820982911946154508", NULL},
		{"refunds/create", "{\"id\":1,\"order_id\":9007199254740993}", WEBHOOK_FETCH,
		 "9007199254740993", NULL},
		{"fulfillments/create", "{\"id\":1,\"order_id\":5}", WEBHOOK_FETCH, "5", NULL},
		{"fulfillments/update", "{\"id\":1,\"order_id\":5}", WEBHOOK_FETCH, "5", NULL},
		{"fulfillment_orders/order_routing_complete",
		 "{\"fulfillment_order\":{\"id\":\"gid://shopify/FulfillmentOrder/1\",\"status\":\"open\"}}",
		 WEBHOOK_FETCH, NULL, "1"},
		{"fulfillment_orders/moved",
		 "{\"original_fulfillment_order\":{\"id\":\"gid://shopify/FulfillmentOrder/1\"},"
		 "\"moved_fulfillment_order\":{\"id\":\"gid://shopify/FulfillmentOrder/2\"}}",
		 WEBHOOK_FETCH, NULL, "2"},
		{"fulfillment_orders/cancelled",
		 "{\"fulfillment_order\":{\"id\":\"gid://shopify/FulfillmentOrder/3\"},"
		 "\"replacement_fulfillment_order\":null}",
		 WEBHOOK_FETCH, NULL, "3"},
		{"fulfillment_holds/added",
		 "{\"fulfillment_order\":{\"id\":\"gid://shopify/FulfillmentOrder/4\"}}",
		 WEBHOOK_FETCH, NULL, "4"},
		{"app/uninstalled", "{\"id\":548380009,\"myshopify_domain\":\"a.myshopify.com\"}",
		 WEBHOOK_UNINSTALLED, NULL, NULL},
		{"products/update", "not even JSON", WEBHOOK_IGNORED, NULL, NULL},
		{"orders/created", "{}", WEBHOOK_IGNORED, NULL, NULL},
		{"", "{}", WEBHOOK_IGNORED, NULL, NULL},
		{NULL, "{}", WEBHOOK_IGNORED, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct webhook_event event;
		struct err e;

		if (read_body(cases[i].topic, cases[i].body, &event, &e))
			fail_msg("%s: %s", cases[i].topic, e.msg);
		assert_int_equal(event.kind, cases[i].kind);
		if (cases[i].order_id)
			assert_string_equal(event.order_id, cases[i].order_id);
		else
			assert_null(event.order_id);
		if (cases[i].fulfillment_order_id)
			assert_string_equal(event.fulfillment_order_id,
					    cases[i].fulfillment_order_id);
	}
}

#define SHOP "\"shop_id\":1,\"shop_domain\":\"a.myshopify.com\""
#define CUSTOMER "\"customer\":{\"id\":191167,\"email\":null}"

static void privacy_requests_name_their_orders_and_their_store(void **state)
{
	struct webhook_event event;
	struct err e;

	(void)state;
	assert_int_equal(read_body("customers/redact",
				   "{" SHOP "," CUSTOMER
				   ",\"orders_to_redact\":[299938,9007199254740993]}",
				   &event, &e),
			 0);
	assert_int_equal(event.kind, WEBHOOK_PRIVACY);
	assert_int_equal(event.privacy, PRIVACY_CUSTOMER_REDACT);
	assert_string_equal(event.domain, "a.myshopify.com");
	assert_int_equal(event.privacy_order_count, 2);
	assert_string_equal(event.privacy_orders[1], "9007199254740993");

	assert_int_equal(read_body("customers/data_request",
				   "{" SHOP "," CUSTOMER
				   ",\"orders_requested\":[],\"data_request\":{\"id\":1}}",
				   &event, &e),
			 0);
	assert_int_equal(event.privacy, PRIVACY_DATA_REQUEST);
	assert_int_equal(event.privacy_order_count, 0);

	assert_int_equal(read_body("shop/redact", "{" SHOP "}", &event, &e), 0);
	assert_int_equal(event.privacy, PRIVACY_SHOP_REDACT);

	assert_int_equal(read_body("customers/redact",
				   "{" SHOP "," CUSTOMER ",\"orders_to_redact\":[\"x\"]}", &event,
				   &e),
			 -1);
}

/* The topic is not signed: a signed body does no harm under another one. */
static void a_grave_topic_takes_no_body_but_its_own(void **state)
{
	static const char *const grave[] = {"app/uninstalled", "customers/data_request",
					    "customers/redact", "shop/redact"};
	static const struct {
		const char *body;
		const char *only; /* topic that takes it; NULL: none */
	} cases[] = {
		{"{" SHOP "}", "shop/redact"},
		{"{" SHOP "," CUSTOMER ",\"orders_to_redact\":[1]}", "customers/redact"},
		{"{" SHOP "," CUSTOMER ",\"orders_requested\":[1],\"data_request\":{\"id\":1}}",
		 "customers/data_request"},
		{"{\"id\":1,\"myshopify_domain\":\"a.myshopify.com\"}", "app/uninstalled"},
		{"{\"id\":1,\"updated_at\":\"2026-01-01T00:00:00Z\"}", NULL},
		{"{\"id\":1,\"order_id\":2,\"shop_id\":3}", NULL},
		{"{\"id\":1,\"myshopify_domain\":null}", NULL},
		{"{\"shop_id\":\"x\",\"shop_domain\":\"a.myshopify.com\"}", NULL},
		{"{\"shop_id\":1,\"shop_domain\":7}", NULL},
		{"{" SHOP "," CUSTOMER ",\"orders_to_redact\":7}", NULL},
		{"{" SHOP "," CUSTOMER "}", NULL},
		{"[]", NULL},
		{"null", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t j = 0; j < sizeof grave / sizeof *grave; j++) {
			struct webhook_event event;
			struct err e;
			int is_taken = read_body(grave[j], cases[i].body, &event, &e) == 0;
			int may = cases[i].only && strcmp(cases[i].only, grave[j]) == 0;

			if (is_taken != may)
				fail_msg("%s under %s is %s", cases[i].body, grave[j],
					 is_taken ? "taken" : "refused");
			assert_true(platform_by_name("shopify", NULL)->webhook_is_grave(grave[j]));
		}
	assert_false(platform_by_name("shopify", NULL)->webhook_is_grave("orders/create"));
	assert_false(platform_by_name("shopify", NULL)->webhook_is_grave("shop/update"));
}

static void an_order_names_the_store_of_its_status_page(void **state)
{
	static const struct {
		const char *url, *domain;
	} cases[] = {
		{"\"https://a.myshopify.com/548380009/orders/x/authenticate?key=y\"",
		 "a.myshopify.com"},
		{"\"https://a.myshopify.com\"", "a.myshopify.com"},
		{"\"https://a.myshopify.com?b.myshopify.com/\"", "a.myshopify.com"},
		{"\"http://a.myshopify.com/\"", NULL},
		{"null", NULL},
		{"7", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct webhook_event event;
		struct err e;
		const char *body =
			arena_printf(arena, "{\"id\":1,\"order_status_url\":%s}", cases[i].url);

		assert_int_equal(read_body("orders/create", body, &event, &e), 0);
		if (cases[i].domain)
			assert_string_equal(event.domain, cases[i].domain);
		else
			assert_null(event.domain);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(topics_say_where_to_look),
		cmocka_unit_test(privacy_requests_name_their_orders_and_their_store),
		cmocka_unit_test(a_grave_topic_takes_no_body_but_its_own),
		cmocka_unit_test(an_order_names_the_store_of_its_status_page),
	};

	return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}

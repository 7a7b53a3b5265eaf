/*
 * Shopify orders over GraphQL: the same as by webhook, whole or not at all; what the answers'
 * errors mean; tokens
 */
#include "tests/unit/contract.h"
#include "tests/unit/shopify_fake.h"
#include "tests/unit/shopify_fixture.h"

static struct arena *arena;
static struct api *api;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	api = fake_new(arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct order_doc fetch(void)
{
	struct order_doc doc;
	struct err e = {0};

	if (shopify_order_fetch(api, "820982911946154508", &doc, &e))
		fail_msg("%s", e.msg);
	fake_done();
	return doc;
}

static struct err fetch_fails(void)
{
	struct order_doc doc;
	struct err e = {0};

	assert_int_equal(shopify_order_fetch(api, "820982911946154508", &doc, &e), -1);
	fake_done();
	return e;
}

/* ---- one order, two sources ---- */

static struct order_doc by_webhook(const char *body)
{
	struct webhook hook = {.topic = "orders/updated", .body = body, .body_len = strlen(body)};
	struct webhook_event event;
	struct err e = {0};

	if (shopify_webhook_read(arena, &hook, &event, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(event.kind, WEBHOOK_ORDER);
	return event.order;
}

static void an_order_is_the_same_by_webhook_and_by_fetch(void **state)
{
	static const struct {
		const char *rest_from, *rest_to, *graphql_from, *graphql_to;
	} variants[] = {
		{"", "", "", ""},
		{"\"cancelled_at\": \"2026-11-21T03:00:00-05:00\"", "\"cancelled_at\": null",
		 "\"cancelledAt\": \"2026-11-21T08:00:00Z\"", "\"cancelledAt\": null"},
		{"partially_refunded", "authorized", "PARTIALLY_REFUNDED", "AUTHORIZED"},
		{"partially_refunded", "something_new", "PARTIALLY_REFUNDED", "SOMETHING_NEW"},
		/* nothing paid: outstanding is the total, also in the customer's currency */
		{"\"total_outstanding\": \"0.00\"", "\"total_outstanding\": \"79.90\"",
		 "\"totalOutstandingSet\": {\n    \"shopMoney\": {\n     \"amount\": \"0.0\"\n    },\n"
		 "    \"presentmentMoney\": {\n     \"amount\": \"0.0\"",
		 "\"totalOutstandingSet\": {\n    \"shopMoney\": {\n     \"amount\": \"79.9\"\n    },\n"
		 "    \"presentmentMoney\": {\n     \"amount\": \"11986\""},
		{"\"email\": \"buyer@example.com\"", "\"email\": \"\"",
		 "\"email\": \"buyer@example.com\"", "\"email\": null"},
		{"\"address1\": \"彌敦道 1 號\"", "\"address1\": \"\"",
		 "\"address1\": \"彌敦道 1 號\"", "\"address1\": null"},
		{"\"name\": \"陳 大文\"", "\"name\": null", "\"name\": \"陳 大文\"",
		 "\"name\": \"\""},
		{"\"grams\": 400", "\"grams\": 454",
		 "\"unit\": \"KILOGRAMS\",\n       \"value\": 0.4",
		 "\"unit\": \"POUNDS\",\n       \"value\": 1"},
		{"\"is_removed\": false", "\"is_removed\": true",
		 "{\n      \"title\": \"Express\",\n      \"code\": \"express\"\n     }", ""},
	};
	const char *rest = fixture(arena, "order.rest.json");
	const char *graphql = fixture(arena, "order.graphql.json");

	(void)state;
	for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
		struct order_doc hooked =
			by_webhook(with(arena, rest, variants[i].rest_from, variants[i].rest_to));

		fake_new(arena);
		fake_answer(200,
			    with(arena, graphql, variants[i].graphql_from, variants[i].graphql_to));
		struct order_doc fetched = fetch();

		assert_same_order(&hooked, &fetched);
	}
}

static void a_fetch_asks_for_the_order_with_the_token(void **state)
{
	(void)state;
	fake_answer(200, fixture(arena, "order.graphql.json"));
	fetch();
	assert_string_equal(fake.asked[0].operation, "OrderFull");
	assert_string_equal(fake.asked[0].url_path, "/admin/api/2026-10/graphql.json");
	assert_string_equal(fake.asked[0].auth, "X-Shopify-Access-Token: shpat_1");
	assert_string_equal(fake_asked(0, "id"), "\"gid://shopify/Order/820982911946154508\"");
	assert_int_equal(fake.asked[0].effect, API_READ);
}

static void an_order_without_customer_data_is_taken(void **state)
{
	const char *text = fixture(arena, "order.graphql.json");

	(void)state;
	text = with(arena, text, "\"shippingAddress\": {", "\"shippingAddress\": null, \"x\": {");
	text = with(arena, text, "\"billingAddress\": {", "\"billingAddress\": null, \"y\": {");
	text = with(arena, text, "\"email\": \"buyer@example.com\"", "\"email\": null");
	text = with(arena, text, "\"displayFinancialStatus\": \"PARTIALLY_REFUNDED\"",
		    "\"displayFinancialStatus\": null");
	fake_answer(200, text);
	struct order_doc doc = fetch();

	assert_int_equal(doc.payment, PAYMENT_UNKNOWN);
	assert_null(doc.customer_name);
	assert_int_equal(doc.groups[0].kind, DELIVERY_SHIP);
	assert_false(doc.groups[0].address.name || doc.groups[0].address.country_code);
}

/* ---- pages ---- */

static const char *next_page(const char *updated_at, const char *line_id, int has_next)
{
	return arena_printf(
		arena,
		"{\"data\":{\"order\":{\"id\":\"gid://shopify/Order/820982911946154508\","
		"\"updatedAt\":\"%s\",\"lineItems\":{\"nodes\":[{\"id\":\"gid://shopify/LineItem/%s\","
		"\"quantity\":1,\"currentQuantity\":1,\"requiresShipping\":true,\"isGiftCard\":false,"
		"\"originalUnitPriceSet\":{\"shopMoney\":{\"amount\":\"1.0\"},"
		"\"presentmentMoney\":{\"amount\":\"150.0\"}},\"discountAllocations\":[]}],"
		"\"pageInfo\":{\"hasNextPage\":%s,\"endCursor\":\"c5\"}}}}}",
		updated_at, line_id, has_next ? "true" : "false");
}

static const char *first_of_many(void)
{
	return with(arena, fixture(arena, "order.graphql.json"), "\"hasNextPage\": false",
		    "\"hasNextPage\": true");
}

static void all_pages_of_lines_are_read(void **state)
{
	(void)state;
	fake_answer(200, first_of_many());
	fake_answer(200, next_page("2026-11-21T08:00:01Z", "71", 1));
	fake_answer(200, next_page("2026-11-21T08:00:01Z", "72", 0));
	struct order_doc doc = fetch();

	assert_int_equal(doc.line_count, 6);
	assert_string_equal(doc.lines[0].source_id, "9007199254740993");
	assert_string_equal(doc.lines[5].source_id, "72");
	assert_string_equal(fake_asked(1, "after"), "\"c4\"");
	assert_string_equal(fake_asked(2, "after"), "\"c5\"");
}

static void pages_of_two_versions_make_no_order(void **state)
{
	(void)state;
	fake_answer(200, first_of_many());
	fake_answer(200, next_page("2026-11-21T08:00:02Z", "71", 0));
	assert_int_equal(fetch_fails().kind, ERR_RETRY);
}

static void an_order_the_store_does_not_have_is_not_found(void **state)
{
	struct err e;

	(void)state;
	fake_answer(200, "{\"data\":{\"order\":null}}");
	e = fetch_fails();
	assert_int_equal(e.kind, ERR_FINAL);
	assert_int_equal(e.code, ERR_CODE_NOT_FOUND);
}

static void an_answer_that_cannot_be_read_is_final(void **state)
{
	static const struct {
		const char *from, *to, *field;
	} cases[] = {
		{"\"id\": \"gid://shopify/Order/820982911946154508\"", "\"id\": 7.5", "id"},
		{"\"updatedAt\": \"2026-11-21T08:00:01Z\"", "\"updatedAt\": null", "updatedAt"},
		{"\"currencyCode\": \"USD\"", "\"currencyCode\": 840", "currencyCode"},
		{"\"amount\": \"79.9\"", "\"amount\": \"much\"", "totalPriceSet.shopMoney.amount"},
		{"\"amount\": \"79.9\"", "\"amount\": null", "totalPriceSet.shopMoney.amount"},
		{"\"quantity\": 3", "\"quantity\": \"three\"", "lineItems.nodes[0].quantity"},
		{"\"totalOutstandingSet\"", "\"nothing\"", "outstanding"},
		{"\"originalUnitPriceSet\"", "\"price\"", "price"},
	};
	const char *text = fixture(arena, "order.graphql.json");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fake_new(arena);
		fake_answer(200, with(arena, text, cases[i].from, cases[i].to));
		struct err e = fetch_fails();

		if (e.kind != ERR_FINAL || e.code != ERR_CODE_DATA ||
		    !strstr(e.msg, cases[i].field))
			fail_msg("%s: %s", cases[i].to, e.msg);
	}
}

/* ---- what errors mean ---- */

#define ERRORS(list) "{\"errors\":[" list "]}"
#define CODED(code) ERRORS("{\"message\":\"m\",\"extensions\":{\"code\":\"" code "\"}}")

static void errors_are_judged_by_their_code(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum err_kind kind;
		enum err_code code;
		const char *says;
	} cases[] = {
		{200, CODED("THROTTLED"), ERR_RETRY, ERR_CODE_RATE_LIMIT, "throttled"},
		{200,
		 ERRORS("{\"message\":\"m\",\"extensions\":{\"code\":\"ACCESS_DENIED\","
			"\"requiredAccess\":\"`read_orders` access scope.\"}}"),
		 ERR_FINAL, ERR_CODE_NONE, "`read_orders` access scope."},
		{200,
		 "{\"data\":{\"order\":{\"id\":\"gid://shopify/Order/1\"}}," /* part of an answer */
		 "\"errors\":[{\"message\":\"not approved to access the Customer object\","
		 "\"extensions\":{\"code\":\"ACCESS_DENIED\"}}]}",
		 ERR_FINAL, ERR_CODE_NONE, "Customer object"},
		{200,
		 ERRORS("{\"message\":\"m\",\"extensions\":{\"code\":\"INTERNAL_SERVER_ERROR\","
			"\"requestId\":\"1b355a21\"}}"),
		 ERR_RETRY, ERR_CODE_NONE, "1b355a21"},
		{200, CODED("SHOP_INACTIVE"), ERR_FINAL, ERR_CODE_NONE, "SHOP_INACTIVE"},
		{200, CODED("MAX_COST_EXCEEDED"), ERR_BUG, ERR_CODE_NONE, "MAX_COST_EXCEEDED"},
		{200, CODED("undefinedField"), ERR_BUG, ERR_CODE_NONE, "undefinedField"},
		{200, ERRORS("{\"message\":\"no code\"}"), ERR_BUG, ERR_CODE_NONE, "no code"},
		{200, ERRORS("\"text\""), ERR_BUG, ERR_CODE_NONE, "no message"},
		{400, CODED("BAD_REQUEST"), ERR_BUG, ERR_CODE_NONE, "BAD_REQUEST"},
		{404, "{\"errors\":\"Not Found\"}", ERR_FINAL, ERR_CODE_NONE, "Not Found"},
		{422, "{}", ERR_FINAL, ERR_CODE_NONE, "422"},
		{200, NULL, ERR_RETRY, ERR_CODE_NONE, "no answer"},
		{200, "{}", ERR_RETRY, ERR_CODE_NONE, "without data"},
		{200, "{\"data\":null}", ERR_RETRY, ERR_CODE_NONE, "without data"},
		{200, "[]", ERR_RETRY, ERR_CODE_NONE, "no answer"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fake_new(arena);
		fake_answer(cases[i].status, cases[i].body);
		struct err e = fetch_fails();

		if (e.kind != cases[i].kind || e.code != cases[i].code ||
		    !strstr(e.msg, cases[i].says))
			fail_msg("%s: %s %s: %s", cases[i].body ? cases[i].body : "(empty)",
				 err_kind_name(e.kind), err_code_name(e.code), e.msg);
	}
}

static void a_throttled_call_waits_for_the_bucket(void **state)
{
	static const struct {
		const char *cost;
		int at_least_ms, at_most_ms;
	} cases[] = {
		{"{\"requestedQueryCost\":752,\"actualQueryCost\":null,\"throttleStatus\":"
		 "{\"maximumAvailable\":2000,\"currentlyAvailable\":118,\"restoreRate\":100}}",
		 6340, 6841},
		{"{\"requestedQueryCost\":10,\"throttleStatus\":"
		 "{\"currentlyAvailable\":118,\"restoreRate\":100}}",
		 2000, 2501},
		{"{\"requestedQueryCost\":1e300,\"throttleStatus\":"
		 "{\"currentlyAvailable\":0,\"restoreRate\":0.001}}",
		 60000, 60501},
		{"{}", 2000, 2501},
		{"null", 2000, 2501},
		{"\"?\"", 2000, 2501},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fake_new(arena);
		fake_answer(200,
			    arena_printf(arena,
					 "{\"errors\":[{\"extensions\":{\"code\":\"THROTTLED\"}}],"
					 "\"extensions\":{\"cost\":%s}}",
					 cases[i].cost));
		struct err e = fetch_fails();

		assert_int_equal(e.code, ERR_CODE_RATE_LIMIT);
		assert_in_range(e.retry_after_ms, cases[i].at_least_ms, cases[i].at_most_ms);
	}
}

static void without_a_token_nothing_is_sent(void **state)
{
	(void)state;
	fake.account.token = (struct secret){0};
	struct err e = fetch_fails();

	assert_int_equal(e.kind, ERR_RETRY);
	assert_int_equal(e.code, ERR_CODE_AUTH);
}

/* ---- what changed ---- */

static void changed_orders_come_with_the_cursor_of_the_next_page(void **state)
{
	struct changed_page page;
	struct err e = {0};

	(void)state;
	fake_answer(200,
		    "{\"data\":{\"orders\":{\"nodes\":["
		    "{\"id\":\"gid://shopify/Order/9007199254740993\","
		    "\"updatedAt\":\"2026-11-20T10:01:00Z\"},"
		    "{\"id\":\"gid://shopify/Order/2\",\"updatedAt\":\"2026-11-20T10:02:00Z\"}],"
		    "\"pageInfo\":{\"hasNextPage\":true,\"endCursor\":\"abc\"}}}}");
	fake_answer(200, "{\"data\":{\"orders\":{\"nodes\":[],"
			 "\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null}}}}");
	assert_int_equal(shopify_orders_changed(api, INT64_C(1795168680123456), NULL, &page, &e),
			 0);
	assert_int_equal(page.count, 2);
	assert_string_equal(page.orders[0].source_id, "9007199254740993");
	assert_int_equal(page.orders[1].updated_at_us, INT64_C(1795168920000000));
	assert_string_equal(page.next, "abc");
	assert_string_equal(fake_asked(0, "query"), "\"updated_at:>='2026-11-20T09:58:00Z'\"");
	assert_string_equal(fake_asked(0, "after"), "null");

	assert_int_equal(shopify_orders_changed(api, INT64_C(1795168680123456), "abc", &page, &e),
			 0);
	assert_int_equal(page.count, 0);
	assert_null(page.next);
	assert_string_equal(fake_asked(1, "after"), "\"abc\"");
}

static void the_order_of_a_fulfillment_order_is_found(void **state)
{
	const char *id = NULL;
	struct err e = {0};

	(void)state;
	fake_answer(200,
		    "{\"data\":{\"fulfillmentOrder\":{\"orderId\":\"gid://shopify/Order/9\"}}}");
	fake_answer(200, "{\"data\":{\"fulfillmentOrder\":null}}");
	assert_int_equal(shopify_order_of(api, "76", &id, &e), 0);
	assert_string_equal(id, "9");
	assert_string_equal(fake_asked(0, "id"), "\"gid://shopify/FulfillmentOrder/76\"");
	assert_int_equal(shopify_order_of(api, "77", &id, &e), -1);
	assert_int_equal(e.code, ERR_CODE_NOT_FOUND);
}

/* ---- the account ---- */

static void a_token_is_asked_for_by_client_credentials(void **state)
{
	struct platform_token token;
	struct err e = {0};

	(void)state;
	fake_answer(
		200,
		"{\"access_token\":\"shpat_2\",\"scope\":\"read_orders\",\"expires_in\":86399}");
	assert_int_equal(shopify_token(api, &token, &e), 0);
	assert_string_equal(fake.asked[0].url_path, "/admin/oauth/access_token");
	assert_string_equal(
		fake.asked[0].body,
		"grant_type=client_credentials&client_id=client&client_secret=s%26cret%3D");
	assert_null(fake.asked[0].auth);
	assert_string_equal((const char *)token.token.bytes, "shpat_2");
	assert_int_equal(token.expires_in_s, 86399);
}

static void a_refused_token_is_final(void **state)
{
	static const struct {
		int status;
		const char *body, *says;
	} cases[] = {
		{400, "{\"error\":\"app_not_installed\"}", "app_not_installed"},
		{400, "{\"error\":\"shop_not_permitted\"}", "shop_not_permitted"},
		{400, "{\"error\":\"Dear Jane Doe\"}", "no reason given"},
		{404, NULL, "404"},
		{200, "{\"access_token\":\"\"}", "not a token"},
		{200, "{\"access_token\":7}", "access_token"},
		{200, "{\"expires_in\":1}", "access_token"},
	};
	struct platform_token token;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err e = {0};

		fake_new(arena);
		fake_answer(cases[i].status, cases[i].body);
		assert_int_equal(shopify_token(api, &token, &e), -1);
		if (e.kind != ERR_FINAL || !strstr(e.msg, cases[i].says))
			fail_msg("%s: %s", cases[i].body, e.msg);
	}
}

static void a_bad_client_secret_is_not_renewed_for_ever(void **state)
{
	struct platform_token token;
	struct err e = {0};

	(void)state;
	fake_failure(ERR_RETRY, ERR_CODE_AUTH);
	assert_int_equal(shopify_token(api, &token, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);

	fake_new(arena);
	fake.account.client_secret = (struct secret){0};
	e = (struct err){0};
	assert_int_equal(shopify_token(api, &token, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	fake_done();
}

static void a_check_names_missing_scopes_and_an_old_version(void **state)
{
	struct platform_check check;
	struct err e = {0};
	const struct platform *shopify = platform_by_name("shopify", &e);

	(void)state;
	fake_answer(200,
		    "{\"data\":{\"shop\":{\"name\":\"Demo\",\"currencyCode\":\"CAD\"},"
		    "\"currentAppInstallation\":{\"accessScopes\":[{\"handle\":\"write_orders\"},"
		    "{\"handle\":\"write_merchant_managed_fulfillment_orders\"},"
		    "{\"handle\":\"read_products\"},{\"handle\":\"read_fulfillments\"}]},"
		    "\"publicApiVersions\":[{\"handle\":\"2026-10\",\"supported\":true}]}}");
	assert_int_equal(shopify->check(api, &check, &e), 0);
	assert_string_equal(check.store_name, "Demo");
	assert_string_equal(check.currency, "CAD");
	assert_string_equal(check.missing_scopes,
			    "read_locations,read_third_party_fulfillment_orders");
	assert_null(check.api_version_warning);

	fake_answer(200, "{\"data\":{\"shop\":{\"name\":\"Demo\",\"currencyCode\":\"CAD\"},"
			 "\"currentAppInstallation\":{\"accessScopes\":[]},\"publicApiVersions\":"
			 "[{\"handle\":\"2026-10\",\"supported\":false},"
			 "{\"handle\":\"2027-01\",\"supported\":true}]}}");
	assert_int_equal(shopify->check(api, &check, &e), 0);
	assert_non_null(strstr(check.missing_scopes, "read_orders"));
	assert_non_null(strstr(check.api_version_warning, "2026-10"));
}

/* ---- answers written against the real schema, where they are at hand ---- */

static void answers_of_the_real_schema_are_read(void **state)
{
	static const char *const files[] = {
		"OrderFull-bundle-components",
		"OrderFull-cancelled-unpaid",
		"OrderFull-deleted-product-custom-line-test-order",
		"OrderFull-edited-partially-refunded",
		"OrderFull-gift-card-digital-guest",
		"OrderFull-multicurrency-jpy",
		"OrderFull-pii-redacted",
	};

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const char *text = contract(
			arena, arena_printf(arena, "shopify/fixtures/gql/%s.json", files[i]));
		struct err e = {0};
		json_t *json;

		assert_int_equal(jmap_parse(arena, text, strlen(text), 1 << 24, &json, &e), 0);
		fake_new(arena);
		fake_answer(200, jmap_dump(arena, jmap_at(json, "response")));
		struct order_doc doc = fetch();

		assert_true(doc.line_count > 0 && doc.group_count > 0);
	}
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(an_order_is_the_same_by_webhook_and_by_fetch),
		CASE(a_fetch_asks_for_the_order_with_the_token),
		CASE(an_order_without_customer_data_is_taken),
		CASE(all_pages_of_lines_are_read),
		CASE(pages_of_two_versions_make_no_order),
		CASE(an_order_the_store_does_not_have_is_not_found),
		CASE(an_answer_that_cannot_be_read_is_final),
		CASE(errors_are_judged_by_their_code),
		CASE(a_throttled_call_waits_for_the_bucket),
		CASE(without_a_token_nothing_is_sent),
		CASE(changed_orders_come_with_the_cursor_of_the_next_page),
		CASE(the_order_of_a_fulfillment_order_is_found),
		CASE(a_token_is_asked_for_by_client_credentials),
		CASE(a_refused_token_is_final),
		CASE(a_bad_client_secret_is_not_renewed_for_ever),
		CASE(a_check_names_missing_scopes_and_an_old_version),
		CASE(answers_of_the_real_schema_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

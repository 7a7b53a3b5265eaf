/* Shopify webhooks: who signed them, what their bodies say, and what is not taken at its word */
#include <string.h>

#include "connectors/shopify/shopify_internal.h"
#include "tests/unit/arena_case.h"
#include "tests/unit/contract.h"
#include "tests/unit/shopify_fixture.h"
#include "tests/unit/unit.h"

static int read_bytes(const char *topic, const void *body, size_t len, struct webhook_event *out,
		      struct err *e)
{
	struct webhook hook = {.topic = topic, .body = body, .body_len = len};

	memset(e, 0, sizeof *e);
	return shopify_webhook_read(arena, &hook, out, e);
}

static int read_body(const char *topic, const char *body, struct webhook_event *out, struct err *e)
{
	return read_bytes(topic, body, strlen(body), out, e);
}

static struct webhook_event read_whole(const char *body)
{
	struct webhook_event event;
	struct err e;

	if (read_body("orders/updated", body, &event, &e))
		fail_msg("%s", e.msg);
	return event;
}

/* ---- signatures ---- */

#define SECRET(text)                                                                               \
	{                                                                                          \
		(const unsigned char *)(text), sizeof(text) - 1                                    \
	}

static const char signed_body[] = "{\"id\":820982911946154508}";
static const char signature[] = "qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I="; /* by openssl */

static int verify(const char *body, const char *given, const struct secret *secrets, size_t count)
{
	struct webhook hook = {.body = body, .body_len = strlen(body), .signature = given};

	return shopify_webhook_verify(&hook, secrets, count);
}

static void a_signature_of_any_current_secret_is_good(void **state)
{
	static const struct secret rotated[] = {SECRET("new"), SECRET("hush")};

	(void)state;
	assert_int_equal(verify(signed_body, signature, rotated, 2), 0);
	assert_int_equal(verify(signed_body, signature, rotated + 1, 1), 0);
	assert_int_equal(verify(signed_body, signature, rotated, 1), -1);
	assert_int_equal(verify(signed_body, signature, rotated, 0), -1);
}

static void a_bad_signature_is_refused(void **state)
{
	static const struct secret secrets[] = {SECRET("hush"), {NULL, 0}};
	static const char *const bad[] = {
		NULL,
		"",
		"qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I",			    /* no padding */
		"qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0J=",			    /* loose bits */
		"qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsHw==",			    /* short */
		"a81bebb1917b45f075892e815fa207a894e9e4bf75d4fee29ed9cf7933ec1f42", /* hex */
		"qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I=qBvr",
		"????????????????????????????????????????????",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (verify(signed_body, bad[i], secrets, 2) == 0)
			fail_msg("accepted %s", bad[i] ? bad[i] : "no signature");
	assert_int_equal(verify("{\"id\":820982911946154509}", signature, secrets, 2), -1);
	assert_int_equal(verify("", signature, secrets, 2), -1);
}

static void an_empty_secret_signs_nothing(void **state)
{
	static const struct secret empty = {(const unsigned char *)"", 0};

	(void)state;
	/* HMAC-SHA256 of no bytes under no key */
	assert_int_equal(verify("", "thNnmggU2ex3L5XXeMNfxf8Wl8STcVZTxscSFEKSxa0=", &empty, 1), -1);
}

/* ---- what a body says ---- */

static void an_order_body_is_read_exactly(void **state)
{
	struct webhook_event event = read_whole(fixture(arena, "order.rest.json"));
	const struct order_doc *o = &event.order;

	(void)state;
	assert_int_equal(event.kind, WEBHOOK_ORDER);
	assert_string_equal(event.order_id, "820982911946154508");
	assert_string_equal(o->source_id, "820982911946154508");
	assert_string_equal(o->name, "#2001");
	assert_int_equal(o->placed_at_us, INT64_C(1795168680000000));
	assert_int_equal(o->updated_at_us, INT64_C(1795248001000000));
	assert_int_equal(o->cancelled_at_us, INT64_C(1795248000000000));
	assert_string_equal(o->cancel_reason, "customer");
	assert_true(o->is_test);
	assert_int_equal(o->payment, PAYMENT_PARTIALLY_REFUNDED);
	assert_int_equal(o->total, 799000);
	assert_int_equal(o->presentment_total, 119860000);
	assert_int_equal(o->refunded, 100000);
	assert_int_equal(o->paid, 790000);
	assert_int_equal(o->line_count, 4);
	assert_string_equal(o->lines[0].source_id, "9007199254740993");
	assert_string_equal(o->lines[1].source_id, "9223372036854775807");
	assert_int_equal(o->lines[0].quantity, 3);
	assert_int_equal(o->lines[0].current_quantity, 2);
	assert_int_equal(o->lines[0].unit_price, 86667);
	assert_int_equal(o->lines[0].unit_price_presentment, 13000000);
	assert_null(o->lines[1].sku);
	assert_null(o->lines[3].variant_title);
	assert_null(o->phone);
}

static void what_needs_no_shipping_is_a_group_of_its_own(void **state)
{
	struct webhook_event event = read_whole(fixture(arena, "order.rest.json"));
	const struct order_doc *o = &event.order;

	(void)state;
	assert_int_equal(o->group_count, 2);
	assert_int_equal(o->groups[0].kind, DELIVERY_SHIP);
	assert_int_equal(o->groups[1].kind, DELIVERY_NONE);
	assert_int_equal(o->lines[0].group, 0);
	assert_int_equal(o->lines[2].group, 1);
	/* a gift card says it needs shipping, and does not */
	assert_int_equal(o->lines[3].needs_shipping, 0);
	assert_int_equal(o->lines[3].group, 1);
	assert_string_equal(o->groups[0].service_title, "Express");
	assert_null(o->groups[0].address.company);
	assert_string_equal(o->groups[0].address.email, "buyer@example.com");
	assert_null(o->groups[1].address.name);
}

static void nulls_and_unknown_words_are_taken(void **state)
{
	static const struct {
		const char *from, *to;
	} nulls[] = {
		{"\"email\": \"buyer@example.com\"", "\"email\": null"},
		{"\"name\": \"#2001\"", "\"name\": null"},
		{"\"note\": \"Leave at door 🚪\\nring twice\"", "\"note\": null"},
		{"\"customer_locale\": \"zh-TW\"", "\"customer_locale\": null"},
		{"\"processed_at\": \"2026-11-20T04:58:00-05:00\"", "\"processed_at\": null"},
		{"\"cancel_reason\": \"customer\"", "\"cancel_reason\": null"},
		{"\"cancelled_at\": \"2026-11-21T03:00:00-05:00\"", "\"cancelled_at\": null"},
		{"\"code\": \"express\"", "\"code\": null"},
		{"\"address1\": \"彌敦道 1 號\"", "\"address1\": null"},
		{"\"sku\": \"TEE-RED-M\"", "\"sku\": null"},
		{"\"grams\": 250", "\"grams\": null"},
		{"\"variant_id\": 44000000000001", "\"variant_id\": null"},
		{"\"financial_status\": \"partially_refunded\"", "\"financial_status\": null"},
		{"\"financial_status\": \"partially_refunded\"", "\"financial_status\": \"owed\""},
	};
	const char *body = fixture(arena, "order.rest.json");

	(void)state;
	for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++) {
		struct webhook_event event =
			read_whole(with(arena, body, nulls[i].from, nulls[i].to));

		if (event.kind != WEBHOOK_ORDER)
			fail_msg("%s was not taken", nulls[i].to);
		if (strstr(nulls[i].to, "financial_status"))
			assert_int_equal(event.order.payment, PAYMENT_UNKNOWN);
	}
}

static void every_payment_status_has_its_own_word(void **state)
{
	static const char *const words[PAYMENT_STATUS_COUNT] = {
		"?",	    "pending", "authorized", "partially_paid", "paid", "partially_refunded",
		"refunded", "voided",  "expired"};
	const char *body = fixture(arena, "order.rest.json");

	(void)state;
	for (int i = 0; i < PAYMENT_STATUS_COUNT; i++) {
		struct webhook_event event =
			read_whole(with(arena, body, "partially_refunded", words[i]));

		assert_int_equal(event.order.payment, i);
		/* an authorization, or what failed, is not a payment */
		assert_int_equal(event.order.paid != 0,
				 i >= PAYMENT_PARTIALLY_PAID && i <= PAYMENT_REFUNDED);
	}
}

static void a_body_that_is_not_whole_is_fetched(void **state)
{
	static const struct {
		const char *what, *from, *to;
	} cases[] = {
		{"no name", "\"name\": \"#2001\",", ""},
		{"no updated_at", "\"updated_at\": \"2026-11-21T03:00:01-05:00\",", ""},
		{"null updated_at", "\"updated_at\": \"2026-11-21T03:00:01-05:00\"",
		 "\"updated_at\": null"},
		{"no cancelled_at", "\"cancelled_at\"", "\"was_cancelled_at\""},
		{"no financial status", "\"financial_status\"", "\"status\""},
		{"no currency", "\"currency\": \"USD\",", ""},
		{"null currency", "\"currency\": \"USD\",", "\"currency\": null,"},
		{"no outstanding", "\"total_outstanding\"", "\"outstanding\""},
		{"null outstanding", "\"total_outstanding\": \"0.00\"",
		 "\"total_outstanding\": null"},
		{"no refunds", "\"refunds\"", "\"money_back\""},
		{"no lines", "\"line_items\"", "\"lines\""},
		{"no address", "\"shipping_address\"", "\"destination\""},
		{"no shipping lines", "\"shipping_lines\"", "\"shipping\""},
		{"a line without current_quantity", "\"current_quantity\"", "\"present\""},
		{"a line without requires_shipping", "\"requires_shipping\"", "\"physical\""},
		{"a line without a price in the customer's currency", "\"price_set\"",
		 "\"prices\""},
		{"a total without the customer's currency", "\"total_price_set\"", "\"totals\""},
		{"a refund in another currency",
		 "\"amount\": \"10.00\",\n     \"currency\": \"USD\"",
		 "\"amount\": \"10.00\",\n     \"currency\": \"JPY\""},
		{"outstanding that cannot be converted", "\"total_outstanding\": \"0.00\"",
		 "\"total_outstanding\": \"12.34\""},
	};
	const char *body = fixture(arena, "order.rest.json");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct webhook_event event =
			read_whole(with(arena, body, cases[i].from, cases[i].to));

		if (event.kind != WEBHOOK_FETCH)
			fail_msg("%s: taken as whole", cases[i].what);
		assert_string_equal(event.order_id, "820982911946154508");
	}
}

static void an_order_without_physical_lines_needs_no_address(void **state)
{
	const char *body =
		"{\"id\":1,\"name\":\"#1\",\"updated_at\":\"2026-11-20T10:00:00Z\","
		"\"cancelled_at\":null,\"financial_status\":\"paid\",\"test\":false,"
		"\"currency\":\"USD\",\"presentment_currency\":\"USD\",\"email\":\"\","
		"\"total_price\":5,\"current_total_price\":\"5.00\",\"total_outstanding\":\"0\","
		"\"refunds\":[],\"shipping_lines\":[],\"line_items\":[{\"id\":2,\"quantity\":1,"
		"\"current_quantity\":1,\"requires_shipping\":false,\"gift_card\":false,"
		"\"sku\":null,\"variant_id\":null,\"price\":\"5.00\",\"grams\":0}]}";
	struct webhook_event event = read_whole(body);

	(void)state;
	assert_int_equal(event.kind, WEBHOOK_ORDER);
	assert_int_equal(event.order.group_count, 1);
	assert_int_equal(event.order.groups[0].kind, DELIVERY_NONE);
	/* plain amounts do where there is one currency */
	assert_int_equal(event.order.total, 50000);
	assert_int_equal(event.order.presentment_total, 50000);
	assert_int_equal(event.order.lines[0].unit_price_presentment, 50000);
}

/* ---- bodies that cannot be read ---- */

static void a_wrong_type_is_final_and_names_the_field(void **state)
{
	static const struct {
		const char *from, *to, *field;
	} cases[] = {
		{"\"id\": 820982911946154508", "\"id\": 8.2e17", "id"},
		{"\"id\": 820982911946154508", "\"id\": \"820 or 1=1\"", "id"},
		{"\"id\": 820982911946154508", "\"id\": -1", "id"},
		{"\"name\": \"#2001\"", "\"name\": 2001", "name"},
		{"\"test\": true", "\"test\": \"true\"", "test"},
		{"\"total_price\": \"79.90\"", "\"total_price\": \"79,90\"", "total_price"},
		{"\"total_price\": \"79.90\"", "\"total_price\": {}", "total_price"},
		{"\"updated_at\": \"2026-11-21T03:00:01-05:00\"", "\"updated_at\": \"yesterday\"",
		 "updated_at"},
		{"\"updated_at\": \"2026-11-21T03:00:01-05:00\"", "\"updated_at\": 17",
		 "updated_at"},
		{"\"refunds\": [", "\"refunds\": {}, \"no\": [", "refunds"},
		{"\"line_items\": [", "\"line_items\": \"none\", \"no\": [", "line_items"},
		{"\"shipping_address\": {", "\"shipping_address\": \"here\", \"no\": {",
		 "shipping_address"},
		{"\"quantity\": 3", "\"quantity\": 3.5", "line_items[0].quantity"},
		{"\"quantity\": 3", "\"quantity\": null", "line_items[0].quantity"},
		{"\"sku\": \"TEE-RED-M\"", "\"sku\": [1]", "line_items[0].sku"},
		{"\"gift_card\": false", "\"gift_card\": 0", "line_items[0].gift_card"},
		{"\"price\": \"10.00\"", "\"price\": \"ten\"", "line_items[0].price"},
		{"\"id\": 9007199254740993", "\"id\": \"gid://shopify/LineItem/\"", "line 0"},
		{"\"zip\": null", "\"zip\": 12345", "shipping_address.zip"},
	};
	const char *body = fixture(arena, "order.rest.json");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct webhook_event event;
		struct err e;

		if (!read_body("orders/create", with(arena, body, cases[i].from, cases[i].to),
			       &event, &e))
			fail_msg("%s was taken", cases[i].to);
		if (e.kind != ERR_FINAL || e.code != ERR_CODE_DATA ||
		    !strstr(e.msg, cases[i].field))
			fail_msg("%s: %s", cases[i].to, e.msg);
	}
}

#define DISCOUNT(amount)                                                                           \
	"\"amount_set\": {\n      \"shop_money\": {\n       \"amount\": \"" amount "\""

static void quantities_and_amounts_without_measure_are_refused(void **state)
{
	static const struct {
		const char *from, *to;
		int is_refused;
	} cases[] = {
		{"\"quantity\": 3", "\"quantity\": 9223372036854775807", 1},
		{"\"quantity\": 3", "\"quantity\": -9223372036854775808", 1},
		{"\"quantity\": 3", "\"quantity\": 9223372036854775808", 1},
		{"\"quantity\": 3", "\"quantity\": 1000000", 0},
		{"\"quantity\": 3", "\"quantity\": 1", 1}, /* less than are left of it */
		{"\"current_quantity\": 2", "\"current_quantity\": -7", 1},
		{DISCOUNT("4.00"), DISCOUNT("90000000000000"), 0},
		{DISCOUNT("4.00"), DISCOUNT("-90000000000000"), 0},
		{DISCOUNT("4.00"), DISCOUNT("90000000000001"), 1},
		{"\"amount\": \"10.00\"", "\"amount\": \"-90000000000000\"", 1},
		{"\"amount\": \"10.00\"", "\"amount\": \"1e9\"", 1},
		{"\"grams\": 250", "\"grams\": 9223372036854775807", 1},
		{"\"grams\": 250", "\"grams\": -1", 1},
	};
	const char *body = fixture(arena, "order.rest.json");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct webhook_event event;
		struct err e;
		int is_refused =
			read_body("orders/create", with(arena, body, cases[i].from, cases[i].to),
				  &event, &e) ||
			order_doc_check(arena, &event.order, &e);

		if (is_refused && (e.kind != ERR_FINAL || e.code != ERR_CODE_DATA))
			fail_msg("%s: %s", cases[i].to, e.msg);
		if (is_refused != cases[i].is_refused)
			fail_msg("%s: refused %d", cases[i].to, is_refused);
	}
}

static void a_body_cut_off_anywhere_is_final(void **state)
{
	const char *body = fixture(arena, "order.rest.json");
	size_t len = strlen(body) - 2; /* without the last brace */

	(void)state;
	for (size_t cut = 0; cut < len; cut += 97) {
		struct webhook_event event;
		struct err e;

		assert_int_equal(read_bytes("orders/create", body, cut, &event, &e), -1);
		assert_int_equal(e.kind, ERR_FINAL);
		assert_int_equal(e.code, ERR_CODE_DATA);
	}
}

static void a_body_that_is_no_order_is_final(void **state)
{
	char *deep = arena_alloc(arena, 20001);
	const char *const bodies[] = {"",	   "null",
				      "[]",	   "{}",
				      "\"order\"", "{\"id\":null}",
				      "<html>",	   "{",
				      "17",	   "{\"id\":\"\xff\"}",
				      deep};

	(void)state;
	memset(deep, '[', 10000);
	memset(deep + 10000, ']', 10000);
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		static const char *const topics[] = {"orders/create", "orders/edited",
						     "refunds/create", "fulfillment_orders/moved"};

		for (size_t j = 0; j < sizeof topics / sizeof *topics; j++) {
			struct webhook_event event;
			struct err e;

			if (!read_body(topics[j], bodies[i], &event, &e))
				fail_msg("%s: body %zu was taken", topics[j], i);
			assert_int_equal(e.kind, ERR_FINAL);
			assert_int_equal(e.code, ERR_CODE_DATA);
		}
	}
}

/* ---- real bodies, where they are at hand ---- */

static void real_order_bodies_are_whole(void **state)
{
	static const struct {
		const char *file;
		int64_t total;
		size_t lines;
		enum payment_status payment;
	} cases[] = {
		{"captured-orders-create-hkd-plain.json", 0, 0, PAYMENT_PAID},
		{"captured-orders-create-hkd-4lines-discount.json", 3940000, 4, PAYMENT_PAID},
		{"captured-orders-create-hkd-line-discount.json", 3040000, 3, PAYMENT_PAID},
		{"captured-orders-cancelled-hkd.json", 990000, 1, PAYMENT_REFUNDED},
		{"captured-rest-order-pln-unfulfilled.json", 21192900, 1, PAYMENT_PAID},
		{"docs-samples/orders-create.json", 4049500, 5, PAYMENT_VOIDED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *body =
			contract(arena, arena_printf(arena, "shopify/fixtures/%s", cases[i].file));

		struct webhook_event event = read_whole(body);

		if (event.kind != WEBHOOK_ORDER)
			fail_msg("%s is not taken as whole", cases[i].file);
		assert_int_equal(order_doc_check(arena, &event.order, NULL), 0);
		if (cases[i].total) {
			assert_int_equal(event.order.total, cases[i].total);
			assert_int_equal(event.order.line_count, cases[i].lines);
		}
		assert_int_equal(event.order.payment, cases[i].payment);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_of_any_current_secret_is_good),
		cmocka_unit_test(a_bad_signature_is_refused),
		cmocka_unit_test(an_empty_secret_signs_nothing),
		cmocka_unit_test(an_order_body_is_read_exactly),
		cmocka_unit_test(what_needs_no_shipping_is_a_group_of_its_own),
		cmocka_unit_test(nulls_and_unknown_words_are_taken),
		cmocka_unit_test(every_payment_status_has_its_own_word),
		cmocka_unit_test(a_body_that_is_not_whole_is_fetched),
		cmocka_unit_test(an_order_without_physical_lines_needs_no_address),
		cmocka_unit_test(a_wrong_type_is_final_and_names_the_field),
		cmocka_unit_test(quantities_and_amounts_without_measure_are_refused),
		cmocka_unit_test(a_body_cut_off_anywhere_is_final),
		cmocka_unit_test(a_body_that_is_no_order_is_final),
		cmocka_unit_test(real_order_bodies_are_whole),
	};

	return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}

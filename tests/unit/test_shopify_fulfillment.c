/* Shopify's veto and fulfillments: the calls, in order, and what their answers lead to */
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

static void assert_veto(struct veto veto, enum veto_kind kind, const char *says)
{
	if (veto.kind != kind || (says && (!veto.reason || !strstr(veto.reason, says))))
		fail_msg("veto %d: %s; expected %d: %s", veto.kind,
			 veto.reason ? veto.reason : "(no reason)", kind, says ? says : "");
}

/* ---- what the store answers ---- */

/* One fulfillment order of the store: id, location and the state of line 1. */
static const char *node(const char *id, const char *location, const char *status,
			const char *actions, int remaining)
{
	return arena_printf(
		arena,
		"{\"id\":\"gid://shopify/FulfillmentOrder/%s\",\"status\":\"%s\","
		"\"requestStatus\":\"UNSUBMITTED\",\"fulfillAt\":null,"
		"\"assignedLocation\":{\"name\":\"L%s\",\"location\":"
		"{\"id\":\"gid://shopify/Location/%s\",\"isFulfillmentService\":false}},"
		"\"deliveryMethod\":{\"methodType\":\"SHIPPING\"},\"fulfillmentHolds\":[],"
		"\"supportedActions\":[%s],\"lineItems\":{\"nodes\":["
		"{\"id\":\"gid://shopify/FulfillmentOrderLineItem/%s0\",\"remainingQuantity\":%d,"
		"\"lineItem\":{\"id\":\"gid://shopify/LineItem/1\"}}],"
		"\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null}}}",
		id, status, location, location, actions, id, remaining);
}

#define ALL_ACTIONS "{\"action\":\"CREATE_FULFILLMENT\"},{\"action\":\"MOVE\"}"

static const char *open_node(const char *id, const char *location, int remaining)
{
	return node(id, location, remaining > 0 ? "OPEN" : "CLOSED", ALL_ACTIONS, remaining);
}

static void answer_work(const char *nodes, const char *fulfillments)
{
	fake_answer(200, arena_printf(arena,
				      "{\"data\":{\"order\":{\"id\":\"gid://shopify/Order/5\","
				      "\"cancelledAt\":null,\"fulfillmentOrders\":{\"nodes\":[%s],"
				      "\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null}},"
				      "\"fulfillments\":[%s]}}}",
				      nodes, fulfillments));
}

static void answer_created(const char *id)
{
	fake_answer(200,
		    arena_printf(arena,
				 "{\"data\":{\"fulfillmentCreate\":{\"fulfillment\":"
				 "{\"id\":\"gid://shopify/Fulfillment/%s\",\"status\":\"SUCCESS\"},"
				 "\"userErrors\":[]}}}",
				 id));
}

static void answer_refused(const char *message)
{
	fake_answer(200, arena_printf(arena,
				      "{\"data\":{\"fulfillmentCreate\":{\"fulfillment\":null,"
				      "\"userErrors\":[{\"field\":[\"fulfillment\"],"
				      "\"message\":\"%s\"}]}}}",
				      message));
}

static void answer_moved(void)
{
	fake_answer(200, "{\"data\":{\"fulfillmentOrderMove\":{\"movedFulfillmentOrder\":"
			 "{\"id\":\"gid://shopify/FulfillmentOrder/2\"},\"userErrors\":[]}}}");
}

static const char made_by_us[] = "{\"id\":\"gid://shopify/Fulfillment/90\",\"status\":\"SUCCESS\","
				 "\"trackingInfo\":[{\"number\":\"1Z9\"}]}";

static void answer_lines(int quantity)
{
	fake_answer(
		200,
		arena_printf(arena,
			     "{\"data\":{\"fulfillment\":{\"id\":\"gid://shopify/Fulfillment/90\","
			     "\"fulfillmentLineItems\":{\"nodes\":[{\"quantity\":%d,"
			     "\"lineItem\":{\"id\":\"gid://shopify/LineItem/1\"}}],"
			     "\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null}}}}}",
			     quantity));
}

static struct ship_line shipped[] = {{"1", 2}};

static struct fulfillment shipment(void)
{
	return (struct fulfillment){
		.order_source_id = "5",
		.location_source_id = "10",
		.lines = shipped,
		.line_count = 1,
		.tracking_number = "1Z9",
		.tracking_url = "https://ups.example/1Z9",
		.carrier = "UPS",
		.reference = "WB-7",
		.notify_customer = 1,
	};
}

static struct fulfilled fulfill(struct fulfillment f)
{
	struct fulfilled out;
	struct err e = {0};

	if (shopify_fulfill(api, &f, &out, &e))
		fail_msg("%s", e.msg);
	fake_done();
	return out;
}

static struct err fulfill_fails(struct fulfillment f)
{
	struct fulfilled out;
	struct err e = {0};

	assert_int_equal(shopify_fulfill(api, &f, &out, &e), -1);
	fake_done();
	return e;
}

static void assert_held(struct err e, const char *says)
{
	if (e.kind != ERR_FINAL || e.code != ERR_CODE_HELD || !strstr(e.msg, says))
		fail_msg("%s %s: %s", err_kind_name(e.kind), err_code_name(e.code), e.msg);
}

static void a_shipment_becomes_one_fulfillment(void **state)
{
	struct fulfilled out;

	(void)state;
	answer_work(open_node("1", "10", 5), "");
	answer_created("91");
	out = fulfill(shipment());
	assert_string_equal(out.source_id, "91");
	assert_false(out.was_adopted);
	assert_int_equal(fake.asked[1].effect, API_EFFECT);
	assert_string_equal(
		fake_asked(1, "fulfillment"),
		"{\"lineItemsByFulfillmentOrder\":[{\"fulfillmentOrderId\":"
		"\"gid://shopify/FulfillmentOrder/1\",\"fulfillmentOrderLineItems\":[{\"id\":"
		"\"gid://shopify/FulfillmentOrderLineItem/10\",\"quantity\":2}]}],"
		"\"trackingInfo\":{\"number\":\"1Z9\",\"company\":\"UPS\","
		"\"url\":\"https://ups.example/1Z9\"},\"notifyCustomer\":true}");
	assert_string_equal(fake_asked(1, "message"), "\"WB-7\"");
}

static void without_a_tracking_number_our_reference_is_it(void **state)
{
	struct fulfillment f = shipment();

	(void)state;
	f.tracking_number = f.tracking_url = f.carrier = NULL;
	answer_work(open_node("1", "10", 5), "");
	answer_created("91");
	fulfill(f);
	assert_string_equal(fake_asked(1, "fulfillment.trackingInfo"), "{\"number\":\"WB-7\"}");
}

static void what_was_created_before_is_adopted(void **state)
{
	struct fulfilled out;

	(void)state;
	answer_work(open_node("1", "10", 0), made_by_us);
	answer_lines(2);
	out = fulfill(shipment());
	assert_string_equal(out.source_id, "90");
	assert_true(out.was_adopted);
}

static void only_what_an_adopted_one_lacks_is_created(void **state)
{
	struct fulfilled out;

	(void)state;
	answer_work(open_node("1", "10", 5), made_by_us);
	answer_lines(1);
	answer_created("91");
	out = fulfill(shipment());
	assert_string_equal(out.source_id, "90,91");
	assert_non_null(strstr(fake_asked(2, "fulfillment"), "\"quantity\":1}"));
	/* the first one may have notified */
	assert_string_equal(fake_asked(2, "fulfillment.notifyCustomer"), "false");
}

static void an_unknown_outcome_without_an_effect_leaves_the_customer_to_be_notified(void **state)
{
	struct fulfillment f = shipment();

	(void)state;
	f.may_exist = 1;
	answer_work(open_node("1", "10", 5), "");
	answer_created("91");
	fulfill(f);
	assert_string_equal(fake_asked(1, "fulfillment.notifyCustomer"), "true");
}

static void several_locations_are_several_fulfillments_and_one_mail(void **state)
{
	struct fulfillment f = shipment();
	struct fulfilled out;

	(void)state;
	f.location_source_id = NULL;
	answer_work(arena_printf(arena, "%s,%s", open_node("1", "10", 1), open_node("2", "20", 1)),
		    "");
	answer_created("91");
	answer_created("92");
	out = fulfill(f);
	assert_string_equal(out.source_id, "91,92");
	assert_string_equal(fake_asked(1, "fulfillment.notifyCustomer"), "true");
	assert_string_equal(fake_asked(2, "fulfillment.notifyCustomer"), "false");
	assert_non_null(strstr(fake_asked(2, "fulfillment"), "FulfillmentOrder/2"));
}

static void work_elsewhere_is_moved_first_and_no_more_than_ours(void **state)
{
	struct fulfilled out;

	(void)state;
	answer_work(open_node("1", "20", 5), "");
	answer_moved();
	answer_work(arena_printf(arena, "%s,%s", open_node("1", "20", 3), open_node("2", "10", 2)),
		    "");
	answer_created("91");
	out = fulfill(shipment());
	assert_string_equal(out.source_id, "91");
	assert_string_equal(fake.asked[1].operation, "FoMove");
	assert_int_equal(fake.asked[1].effect, API_EFFECT);
	assert_string_equal(fake_asked(1, "id"), "\"gid://shopify/FulfillmentOrder/1\"");
	assert_string_equal(fake_asked(1, "location"), "\"gid://shopify/Location/10\"");
	assert_string_equal(
		fake_asked(1, "lines"),
		"[{\"id\":\"gid://shopify/FulfillmentOrderLineItem/10\",\"quantity\":2}]");
	assert_non_null(strstr(fake_asked(3, "fulfillment"), "FulfillmentOrder/2"));
}

static void a_refused_move_is_held_with_the_stores_words(void **state)
{
	(void)state;
	answer_work(open_node("1", "20", 5), "");
	fake_answer(200, "{\"data\":{\"fulfillmentOrderMove\":{\"movedFulfillmentOrder\":null,"
			 "\"userErrors\":[{\"code\":null,\"field\":[\"id\"],"
			 "\"message\":\"the location does not stock it\"}]}}}");
	assert_held(fulfill_fails(shipment()), "the location does not stock it");

	fake_new(arena);
	answer_work(node("1", "20", "IN_PROGRESS", "{\"action\":\"CREATE_FULFILLMENT\"}", 5), "");
	assert_held(fulfill_fails(shipment()), "cannot be moved");
}

static void work_that_does_not_stay_moved_is_held(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		answer_work(open_node("1", "20", 5), "");
		answer_moved();
	}
	assert_held(fulfill_fails(shipment()), "do not stay");
}

static void a_refused_quantity_is_looked_at_once_more(void **state)
{
	struct fulfilled out;

	(void)state;
	answer_work(open_node("1", "10", 5), "");
	answer_refused("Invalid fulfillment order line item quantity requested.");
	answer_work(arena_printf(arena, "%s,%s", open_node("1", "10", 0), open_node("2", "10", 5)),
		    "");
	answer_created("91");
	out = fulfill(shipment());
	assert_string_equal(out.source_id, "91");
	assert_non_null(strstr(fake_asked(3, "fulfillment"), "FulfillmentOrder/2"));

	fake_new(arena);
	answer_work(open_node("1", "10", 5), "");
	answer_refused("Invalid quantity.");
	answer_work(open_node("1", "10", 5), "");
	answer_refused("Invalid quantity.");
	assert_held(fulfill_fails(shipment()), "Invalid quantity.");
}

static void what_shipped_but_is_not_open_is_held(void **state)
{
	(void)state;
	answer_work(open_node("1", "10", 1), "");
	assert_held(fulfill_fails(shipment()), "only 1 of 2");

	fake_new(arena);
	answer_work(node("1", "10", "ON_HOLD", "", 2), "");
	assert_held(fulfill_fails(shipment()), "on hold");

	fake_new(arena);
	answer_work("", "");
	assert_int_equal(fulfill_fails(shipment()).kind, ERR_RETRY);
}

static void an_answer_that_says_nothing_is_an_unknown_outcome(void **state)
{
	static const char *const bodies[] = {
		"{\"data\":{\"fulfillmentCreate\":null}}",
		"{\"data\":{\"fulfillmentCreate\":{\"fulfillment\":null,\"userErrors\":[]}}}",
		"{\"data\":null}",
		"{\"errors\":[{\"extensions\":{\"code\":\"INTERNAL_SERVER_ERROR\"}}]}",
		NULL,
	};

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		struct err e;

		fake_new(arena);
		answer_work(open_node("1", "10", 5), "");
		fake_answer(200, bodies[i]);
		e = fulfill_fails(shipment());
		assert_int_equal(e.kind, ERR_RETRY);
		assert_int_equal(e.code, ERR_CODE_UNKNOWN);
	}
	fake_new(arena);
	answer_work(open_node("1", "10", 5), "");
	fake_failure(ERR_RETRY, ERR_CODE_UNKNOWN);
	assert_int_equal(fulfill_fails(shipment()).code, ERR_CODE_UNKNOWN);
	/* throttled: surely nothing happened */
	fake_new(arena);
	answer_work(open_node("1", "10", 5), "");
	fake_answer(200, "{\"errors\":[{\"extensions\":{\"code\":\"THROTTLED\"}}]}");
	assert_int_equal(fulfill_fails(shipment()).code, ERR_CODE_RATE_LIMIT);
}

static void every_page_of_work_is_read(void **state)
{
	const char *first =
		with(arena, open_node("1", "10", 0), "\"hasNextPage\":false,\"endCursor\":null",
		     "\"hasNextPage\":true,\"endCursor\":\"L\"");
	struct ship_question q = {"5", "10", shipped, 1};
	struct veto veto;
	struct err e = {0};

	(void)state;
	fake_answer(200, arena_printf(arena,
				      "{\"data\":{\"order\":{\"fulfillmentOrders\":{\"nodes\":[%s],"
				      "\"pageInfo\":{\"hasNextPage\":true,\"endCursor\":\"F\"}}}}}",
				      with(arena, first, "CLOSED", "OPEN")));
	fake_answer(200,
		    "{\"data\":{\"fulfillmentOrder\":{\"lineItems\":{\"nodes\":["
		    "{\"id\":\"gid://shopify/FulfillmentOrderLineItem/11\",\"remainingQuantity\":1,"
		    "\"lineItem\":{\"id\":\"gid://shopify/LineItem/1\"}}],"
		    "\"pageInfo\":{\"hasNextPage\":false}}}}}");
	answer_work(open_node("2", "10", 1), "");
	assert_int_equal(shopify_may_ship(api, &q, &veto, &e), 0);
	fake_done();
	assert_veto(veto, VETO_NONE, NULL);
	assert_string_equal(fake_asked(1, "after"), "\"L\"");
	assert_string_equal(fake_asked(2, "after"), "\"F\"");
}

static void the_same_line_twice_is_asked_for_in_sum(void **state)
{
	struct ship_line twice[] = {{"1", 1}, {"1", 2}};
	struct ship_question q = {"5", "10", twice, 2};
	struct veto veto;
	struct err e = {0};

	(void)state;
	answer_work(open_node("1", "10", 2), "");
	assert_int_equal(shopify_may_ship(api, &q, &veto, &e), 0);
	assert_veto(veto, VETO_HOLD, "only 2 of 3");
}

static void work_that_cannot_be_read_is_final(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{"\"remainingQuantity\":5", "\"remainingQuantity\":-5"},
		{"\"remainingQuantity\":5", "\"remainingQuantity\":\"many\""},
		{"\"remainingQuantity\":5", "\"remainingQuantity\":null"},
		{"\"gid://shopify/LineItem/1\"", "\"gid://shopify/LineItem/one\""},
		{"\"status\":\"OPEN\"", "\"status\":null"},
		{"\"supportedActions\":[", "\"supportedActions\":\"all\",\"x\":["},
		{"\"fulfillAt\":null", "\"fulfillAt\":\"soon\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err e;

		fake_new(arena);
		answer_work(with(arena, open_node("1", "10", 5), cases[i].from, cases[i].to), "");
		e = fulfill_fails(shipment());
		if (e.kind != ERR_FINAL || e.code != ERR_CODE_DATA)
			fail_msg("%s: %s", cases[i].to, e.msg);
	}
	fake_new(arena);
	fake_answer(200, "{\"data\":{\"order\":null}}");
	assert_int_equal(fulfill_fails(shipment()).code, ERR_CODE_NOT_FOUND);
}

/*
 * The store of contracts/: one closed, one open, one on hold, one at a 3PL, one scheduled for
 * pick-up.
 */
static void a_mixed_order_of_the_real_schema_is_judged_line_by_line(void **state)
{
	static const struct {
		const char *line;
		int64_t quantity;
		enum veto_kind kind;
	} cases[] = {
		{"16000000000001", 1, VETO_CANCELLED}, {"16000000000002", 3, VETO_NONE},
		{"16000000000002", 4, VETO_HOLD},      {"16000000000003", 1, VETO_NONE},
		{"16000000000004", 1, VETO_HOLD},      {"16000000000005", 2, VETO_HOLD},
		{"16000000000006", 1, VETO_PICKUP},    {"16000000000099", 1, VETO_NOT_YET},
	};
	const char *text =
		contract(arena, "shopify/fixtures/gql/OrderFulfillmentOrders-mixed.json");
	struct err e = {0};
	json_t *json;

	(void)state;
	assert_int_equal(jmap_parse(arena, text, strlen(text), 1 << 24, &json, &e), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ship_line line = {cases[i].line, cases[i].quantity};
		struct ship_question q = {"6400000000001", "1", &line, 1};
		struct veto veto;

		fake_new(arena);
		fake_answer(200, jmap_dump(arena, jmap_at(json, "response")));
		assert_int_equal(shopify_may_ship(api, &q, &veto, &e), 0);
		assert_veto(veto, cases[i].kind, NULL);
	}
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_shipment_becomes_one_fulfillment),
		CASE(without_a_tracking_number_our_reference_is_it),
		CASE(what_was_created_before_is_adopted),
		CASE(only_what_an_adopted_one_lacks_is_created),
		CASE(an_unknown_outcome_without_an_effect_leaves_the_customer_to_be_notified),
		CASE(several_locations_are_several_fulfillments_and_one_mail),
		CASE(work_elsewhere_is_moved_first_and_no_more_than_ours),
		CASE(a_refused_move_is_held_with_the_stores_words),
		CASE(work_that_does_not_stay_moved_is_held),
		CASE(a_refused_quantity_is_looked_at_once_more),
		CASE(what_shipped_but_is_not_open_is_held),
		CASE(an_answer_that_says_nothing_is_an_unknown_outcome),
		CASE(every_page_of_work_is_read),
		CASE(the_same_line_twice_is_asked_for_in_sum),
		CASE(work_that_cannot_be_read_is_final),
		CASE(a_mixed_order_of_the_real_schema_is_judged_line_by_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

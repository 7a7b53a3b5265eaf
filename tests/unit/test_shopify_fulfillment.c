/* Shopify's veto and fulfillments: the decisions as pure functions, then the calls that carry them out */
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

/* ---- the veto, decided ---- */

#define LINES(...)                                                                                 \
	(struct work_line[]){__VA_ARGS__},                                                         \
		sizeof((struct work_line[]){__VA_ARGS__}) / sizeof(struct work_line)

/* A fulfillment order of line 1 that may be shipped by us; cases change one thing about it. */
static struct work_order open_order(struct work_line *lines, size_t line_count)
{
	return (struct work_order){
		.id = "gid://shopify/FulfillmentOrder/1",
		.status = "OPEN",
		.request_status = "UNSUBMITTED",
		.location_id = "10",
		.location_name = "East",
		.method = "SHIPPING",
		.can_fulfill = 1,
		.can_move = 1,
		.lines = lines,
		.line_count = line_count,
	};
}

static struct veto veto_of(const struct work_order *orders, size_t count, int is_cancelled,
			   const char *location, int64_t quantity)
{
	struct work work = {.is_cancelled = is_cancelled, .order_count = count};
	struct ship_line line = {"1", quantity};
	struct veto veto;

	work.orders = ARENA_ARRAY(arena, struct work_order, count);
	if (count > 0)
		memcpy(work.orders, orders, count * sizeof *orders);
	decision_veto(arena, &work, location, &line, 1, &veto);
	return veto;
}

static void assert_veto(struct veto veto, enum veto_kind kind, const char *says)
{
	if (veto.kind != kind || (says && (!veto.reason || !strstr(veto.reason, says))))
		fail_msg("veto %d: %s; expected %d: %s", veto.kind,
			 veto.reason ? veto.reason : "(no reason)", kind, says ? says : "");
}

static void an_open_line_may_ship(void **state)
{
	struct work_order o = open_order(LINES({"l", "1", 3}));

	(void)state;
	assert_veto(veto_of(&o, 1, 0, "10", 3), VETO_NONE, NULL);
	assert_veto(veto_of(&o, 1, 0, "20", 3), VETO_NONE, NULL); /* it will be moved */
	assert_veto(veto_of(&o, 1, 0, NULL, 3), VETO_NONE, NULL);
	o.status = "IN_PROGRESS";
	assert_veto(veto_of(&o, 1, 0, "10", 1), VETO_NONE, NULL);
	o.method = NULL;
	assert_veto(veto_of(&o, 1, 0, "10", 1), VETO_NONE, NULL);
}

static void what_is_not_routed_yet_waits(void **state)
{
	struct work_order o = open_order(LINES({"l", "2", 3}));

	(void)state;
	assert_veto(veto_of(NULL, 0, 0, "10", 1), VETO_NOT_YET, "not routed the order");
	assert_veto(veto_of(&o, 1, 0, "10", 1), VETO_NOT_YET, "not routed the line");
}

static void a_line_that_vanished_is_cancelled(void **state)
{
	struct work_order o = open_order(LINES({"l", "2", 3}));
	struct ship_line own[] = {{"2", 3}, {"1", 0}}, line = {"1", 1};
	struct work work = {
		.orders = &o, .order_count = 1, .unfulfilled = own, .unfulfilled_count = 2};
	struct veto veto;

	(void)state;
	decision_veto(arena, &work, "10", &line, 1, &veto);
	assert_veto(veto, VETO_CANCELLED, "nothing is left");
	own[1].quantity = 1;
	decision_veto(arena, &work, "10", &line, 1, &veto);
	assert_veto(veto, VETO_NOT_YET, "not routed the line");
}

static void what_is_scheduled_waits_until_then(void **state)
{
	struct work_order o[] = {open_order(LINES({"l", "1", 1})),
				 open_order(LINES({"m", "1", 1}))};
	struct veto veto;

	(void)state;
	o[0].status = "SCHEDULED";
	o[0].fulfill_at_us = 77;
	veto = veto_of(o, 1, 0, "10", 1);
	assert_veto(veto, VETO_NOT_YET, "scheduled");
	assert_int_equal(veto.retry_at_us, 77);
	/* the other one is enough */
	assert_veto(veto_of(o, 2, 0, "10", 1), VETO_NONE, NULL);
	assert_veto(veto_of(o, 2, 0, "10", 2), VETO_NOT_YET, NULL);
}

static void what_the_store_withholds_is_held_with_its_reason(void **state)
{
	struct {
		const char *says;
		struct work_order order;
	} cases[9];
	struct work_line lines[] = {{"l", "1", 2}};
	size_t n = sizeof cases / sizeof *cases;

	(void)state;
	for (size_t i = 0; i < n; i++)
		cases[i].order = open_order(lines, 1);
	cases[0].says = "HIGH_RISK_OF_FRAUD";
	cases[0].order.status = "ON_HOLD";
	cases[0].order.holds = "HIGH_RISK_OF_FRAUD";
	cases[1].says = "no reason given";
	cases[1].order.status = "ON_HOLD";
	cases[2].says = "fulfillment service East";
	cases[2].order.is_at_service = 1;
	cases[3].says = "fulfillment service";
	cases[3].order.request_status = "SUBMITTED";
	cases[4].says = "fulfillment service";
	cases[4].order.request_status = "ACCEPTED";
	cases[5].says = "PICK_UP";
	cases[5].order.method = "PICK_UP";
	cases[6].says = "status OPEN";
	cases[6].order.can_fulfill = 0;
	cases[7].says = "status INCOMPLETE";
	cases[7].order.status = "INCOMPLETE";
	cases[8].says = "location East and does not let it be moved";
	cases[8].order.can_move = 0;
	for (size_t i = 0; i < n; i++)
		assert_veto(veto_of(&cases[i].order, 1, 0, i == 8 ? "20" : "10", 2), VETO_HOLD,
			    cases[i].says);
}

static void what_is_gone_is_cancelled_and_what_is_short_is_held(void **state)
{
	struct work_order o = open_order(LINES({"l", "1", 2}));

	(void)state;
	assert_veto(veto_of(&o, 1, 1, "10", 1), VETO_CANCELLED, "order is cancelled");
	assert_veto(veto_of(&o, 1, 0, "10", 3), VETO_HOLD, "only 2 of 3");
	o.status = "CLOSED";
	assert_veto(veto_of(&o, 1, 0, "10", 1), VETO_CANCELLED,
		    "nothing is left to ship of line 1");
	o.status = "OPEN";
	o.lines[0].remaining = 0;
	assert_veto(veto_of(&o, 1, 0, "10", 1), VETO_CANCELLED, "nothing is left");
}

static void the_gravest_of_several_lines_decides(void **state)
{
	struct work_order orders[] = {open_order(LINES({"a", "1", 1})),
				      open_order(LINES({"b", "2", 1})),
				      open_order(LINES({"c", "3", 1}))};
	struct work work = {.orders = orders, .order_count = 3};
	struct ship_line lines[] = {{"1", 1}, {"2", 1}, {"3", 1}};
	struct veto veto;

	(void)state;
	orders[1].status = orders[2].status = "SCHEDULED";
	orders[1].fulfill_at_us = 5;
	orders[2].fulfill_at_us = 9;
	decision_veto(arena, &work, NULL, lines, 3, &veto);
	assert_int_equal(veto.kind, VETO_NOT_YET);
	assert_int_equal(veto.retry_at_us, 9);
	orders[0].status = "ON_HOLD";
	decision_veto(arena, &work, NULL, lines, 3, &veto);
	assert_int_equal(veto.kind, VETO_HOLD);
	orders[1].status = "CLOSED";
	decision_veto(arena, &work, NULL, lines, 3, &veto);
	assert_int_equal(veto.kind, VETO_CANCELLED);
}

/* ---- the choice of lines ---- */

static struct work_plan plan_of(struct work_order *orders, size_t count, const char *location,
				struct ship_line *lines, size_t line_count)
{
	struct work work = {.orders = orders, .order_count = count};
	struct work_plan plan;

	decision_plan(arena, &work, location, lines, line_count, &plan);
	return plan;
}

static void lines_at_our_location_are_taken_first(void **state)
{
	struct work_order o[] = {open_order(LINES({"closed", "1", 9})),
				 open_order(LINES({"stuck", "1", 2})),
				 open_order(LINES({"far", "1", 2})),
				 open_order(LINES({"other", "2", 2}, {"ours", "1", 2}))};
	struct ship_line line = {"1", 3};
	struct work_plan plan;

	(void)state;
	o[0].status = "CLOSED";
	o[1].location_id = o[2].location_id = "20";
	o[1].can_move = 0;
	plan = plan_of(o, 4, "10", &line, 1);
	assert_int_equal(plan.pick_count, 2);
	assert_string_equal(plan.picks[0].line->id, "ours");
	assert_int_equal(plan.picks[0].quantity, 2);
	assert_false(plan.picks[0].must_move);
	assert_string_equal(plan.picks[1].line->id, "far");
	assert_int_equal(plan.picks[1].quantity, 1);
	assert_true(plan.picks[1].must_move && plan.must_move);
	assert_false(plan.is_short);

	line.quantity = 7;
	assert_true(plan_of(o, 4, "10", &line, 1).is_short);
}

static void a_location_that_is_not_mapped_moves_nothing(void **state)
{
	struct work_order o[] = {open_order(LINES({"a", "1", 1})),
				 open_order(LINES({"b", "1", 1}))};
	struct ship_line line = {"1", 2};
	struct work_plan plan;

	(void)state;
	o[1].location_id = "20";
	plan = plan_of(o, 2, NULL, &line, 1);
	assert_false(plan.must_move);
	assert_int_equal(plan.group_count, 2);
	/* nor does work whose location is gone */
	o[1].location_id = NULL;
	assert_false(plan_of(o, 2, "10", &line, 1).must_move);
}

static void one_fulfillment_has_one_location_and_one_method(void **state)
{
	struct work_order o[] = {open_order(LINES({"a", "1", 1})), open_order(LINES({"b", "1", 1})),
				 open_order(LINES({"c", "1", 1})),
				 open_order(LINES({"d", "1", 1}))};
	struct ship_line line = {"1", 4};
	struct work_plan plan;

	(void)state;
	o[1].location_id = "20";
	o[2].method = "PICKUP_POINT";
	plan = plan_of(o, 4, NULL, &line, 1);
	assert_int_equal(plan.group_count, 3);
	assert_int_equal(plan.picks[0].group, plan.picks[3].group);
	assert_true(plan.picks[0].group != plan.picks[1].group);
	assert_true(plan.picks[1].group != plan.picks[2].group);
	assert_true(plan.picks[0].group != plan.picks[2].group);
}

static void more_lines_than_a_call_takes_are_several_groups(void **state)
{
	struct work_order o = open_order(NULL, 1100);
	struct ship_line *lines = ARENA_ARRAY(arena, struct ship_line, 1100);
	size_t sizes[3] = {0};
	struct work_plan plan;

	(void)state;
	o.lines = ARENA_ARRAY(arena, struct work_line, 1100);
	for (size_t i = 0; i < 1100; i++) {
		o.lines[i] = (struct work_line){"l", arena_printf(arena, "%zu", i), 1};
		lines[i] = (struct ship_line){o.lines[i].line_id, 1};
	}
	plan = plan_of(&o, 1, "10", lines, 1100);
	assert_int_equal(plan.group_count, 3);
	for (size_t i = 0; i < 1100; i++)
		sizes[plan.picks[i].group]++;
	assert_in_range(sizes[0], 1, 512);
	assert_in_range(sizes[1], 1, 512);
	assert_int_equal(sizes[0] + sizes[1] + sizes[2], 1100);
}

static void ours_is_what_stands_and_carries_our_number(void **state)
{
	static const struct {
		const char *status, *number;
		int is_ours;
	} cases[] = {
		{"SUCCESS", "1Z9", 1}, {"SUCCESS", "WB-7", 1},	{"SUCCESS", "1Z90", 0},
		{"SUCCESS", NULL, 0},  {"SUCCESS", "", 0},	{"CANCELLED", "1Z9", 0},
		{"ERROR", "1Z9", 0},   {"FAILURE", "1Z9", 0},	{"OPEN", "1Z9", 1},
		{NULL, "1Z9", 1},      {"SUCCESS", "WB-77", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct work_tracking tracking[] = {{"another"}, {cases[i].number}};
		struct work_fulfillment f = {.status = cases[i].status, .tracking = {tracking, 2}};

		assert_int_equal(decision_is_ours(&f, "1Z9", "WB-7"), cases[i].is_ours);
		assert_int_equal(decision_is_ours(&f, NULL, NULL), 0);
	}
}

/* ---- the calls ---- */

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

static void after_an_unknown_outcome_nobody_is_notified(void **state)
{
	struct fulfillment f = shipment();

	(void)state;
	f.may_exist = 1;
	answer_work(open_node("1", "10", 5), "");
	answer_created("91");
	fulfill(f);
	assert_string_equal(fake_asked(1, "fulfillment.notifyCustomer"), "false");
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

/* The store of contracts/: one closed, one open, one on hold, one at a 3PL, one scheduled for pick-up. */
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
		{"16000000000006", 1, VETO_HOLD},      {"16000000000099", 1, VETO_NOT_YET},
	};
	const char *text = contract(arena, "fixtures/gql/OrderFulfillmentOrders-mixed.json");
	struct err e = {0};
	json_t *json;

	(void)state;
	if (!text)
		skip();
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
		CASE(an_open_line_may_ship),
		CASE(what_is_not_routed_yet_waits),
		CASE(a_line_that_vanished_is_cancelled),
		CASE(what_is_scheduled_waits_until_then),
		CASE(what_the_store_withholds_is_held_with_its_reason),
		CASE(what_is_gone_is_cancelled_and_what_is_short_is_held),
		CASE(the_gravest_of_several_lines_decides),
		CASE(lines_at_our_location_are_taken_first),
		CASE(a_location_that_is_not_mapped_moves_nothing),
		CASE(one_fulfillment_has_one_location_and_one_method),
		CASE(more_lines_than_a_call_takes_are_several_groups),
		CASE(ours_is_what_stands_and_carries_our_number),
		CASE(a_shipment_becomes_one_fulfillment),
		CASE(without_a_tracking_number_our_reference_is_it),
		CASE(what_was_created_before_is_adopted),
		CASE(only_what_an_adopted_one_lacks_is_created),
		CASE(after_an_unknown_outcome_nobody_is_notified),
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

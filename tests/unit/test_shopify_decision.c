/*
 * What a store's fulfillment orders mean for a shipment: the pure part of Shopify's veto and
 * fulfilling
 */
#include <string.h>

#include "connectors/shopify/shopify_internal.h"
#include "tests/unit/arena_case.h"
#include "tests/unit/unit.h"

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
		assert_veto(veto_of(&cases[i].order, 1, 0, i == 8 ? "20" : "10", 2),
			    i == 5 ? VETO_PICKUP : VETO_HOLD, cases[i].says);
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

int main(void)
{
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

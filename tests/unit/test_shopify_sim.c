/*
 * The Shopify connector against the simulator, over real HTTP: orders, vetoes, fulfillments, and
 * answers that get lost
 */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "connectors/shopify/shopify_internal.h"
#include "tests/unit/shopify_fixture.h"
#include "tests/unit/unit.h"

#define SHOP "demo.myshopify.com"

static pid_t node;
static int node_stdin = -1;
static char sim_url[128], door_url[128];
static struct arena *arena;
static struct account account;
static struct api api;

/* ---- the simulator ---- */

static int start_node(void **state)
{
	int in[2], out[2];
	char line[256] = "";

	(void)state;
	if (pipe(in) || pipe(out))
		return -1;
	node = fork();
	if (node == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execlp("node", "node", "tests/unit/shopify_sim.js", (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	node_stdin = in[1];
	FILE *ready = fdopen(out[0], "r");
	int is_ready = fgets(line, sizeof line, ready) &&
		       sscanf(line, "%127s %127s", sim_url, door_url) == 2;

	fclose(ready);
	return is_ready ? 0 : -1;
}

static int stop_node(void **state)
{
	(void)state;
	close(node_stdin);
	waitpid(node, NULL, 0);
	return 0;
}

static const char *http_text(const char *method, const char *url, const char *body)
{
	struct http_request req = {.method = method,
				   .url = url,
				   .headers = {"Content-Type: application/json"},
				   .body = body,
				   .body_len = body ? strlen(body) : 0};
	struct http_response res;
	struct err e = {0};

	if (http_call(arena, &req, &res, &e))
		fail_msg("%s: %s", url, e.msg);
	if (res.status != 200)
		fail_msg("%s: %d %s", url, res.status, res.body);
	return res.body;
}

/* control - POST to the simulator's control; path is below /_sim */
static json_t *control(const char *path, const char *body)
{
	const char *url = arena_printf(arena, "%s/_sim%s", sim_url, path);
	const char *text = http_text(body ? "POST" : "GET", url, body);
	struct err e = {0};
	json_t *json = NULL;

	if (jmap_parse(arena, text, strlen(text), 1 << 24, &json, &e))
		fail_msg("%s: %s", url, e.msg);
	return json;
}

static const char *text_of(json_t *json, const char *path)
{
	const char *text = json_string_value(jmap_at(json, path));

	if (!text)
		fail_msg("no %s in the simulator's answer", path);
	return text;
}

static void get_token(void)
{
	struct platform_token token;
	struct err e = {0};

	if (shopify_token(&api, &token, &e))
		fail_msg("%s", e.msg);
	account.token = token.token;
}

/* A fresh shop for every test: two warehouses and a 3PL, three things to sell. */
static void open_shop(void)
{
	account = (struct account){
		.connector = "shopify",
		.name = SHOP,
		.api_base = arena_printf(arena, "%s/" SHOP, sim_url),
		.client_id = secret_new(arena, "sim-client", 10),
		.client_secret = secret_new(arena, "hush", 4),
	};
	api = (struct api){.arena = arena, .account = &account};
	control("/shops",
		"{\"domain\":\"" SHOP "\",\"currency\":\"USD\",\"client_secret\":\"hush\"}");
	control("/shops/" SHOP "/locations",
		"[{\"id\":\"10\",\"name\":\"East\"},{\"id\":\"20\",\"name\":\"West\"},"
		"{\"id\":\"30\",\"name\":\"Acme 3PL\",\"is_fulfillment_service\":true}]");
	control("/shops/" SHOP "/variants",
		"[{\"sku\":\"A\",\"title\":\"Tee «Réd»\",\"price\":\"12.50\",\"grams\":200},"
		"{\"sku\":\"B\",\"title\":\"Mug ☕\",\"price\":\"7.95\",\"grams\":454},"
		"{\"sku\":\"GIFT\",\"price\":\"25\",\"gift_card\":true}]");
	get_token();
}

static void (*body_now)(void);

static void run_body(void *arg)
{
	(void)arg;
	open_shop();
	body_now();
}

static void in_fiber(void (*body)(void))
{
	arena = arena_new();
	body_now = body;
	run_in_fiber(run_body, NULL);
	arena_free(arena);
}

static const char *order_of(const char *words)
{
	return text_of(control("/shops/" SHOP "/orders", words), "id");
}

static json_t *act(const char *order, const char *action, const char *words)
{
	return control(arena_printf(arena, "/shops/" SHOP "/orders/%s/%s", order, action), words);
}

static json_t *books(const char *order)
{
	return control(arena_printf(arena, "/shops/" SHOP "/orders/%s", order), NULL);
}

static const char *line_of(const char *order, size_t i)
{
	return text_of(json_array_get(jmap_at(books(order), "lines"), i), "id");
}

/* ---- orders ---- */

static void assert_both_ways_the_same(const char *what, const char *order)
{
	struct webhook hook = {.topic = "orders/updated"};
	struct webhook_event event;
	struct order_doc fetched;
	struct err e = {0};

	hook.body = http_text("GET", arena_printf(arena, "%s/" SHOP "/%s", door_url, order), NULL);
	hook.body_len = strlen(hook.body);
	if (shopify_webhook_read(arena, &hook, &event, &e) ||
	    shopify_order_fetch(&api, order, &fetched, &e))
		fail_msg("%s: %s", what, e.msg);
	if (event.kind != WEBHOOK_ORDER)
		fail_msg("%s: the body is not taken as whole", what);
	assert_same_order(&event.order, &fetched);
	assert_string_equal(fetched.source_id, order);
}

static const char *long_order(size_t lines)
{
	const char *text = "{\"lines\":[{\"sku\":\"A\"}";

	for (size_t i = 1; i < lines; i++)
		text = arena_printf(arena, "%s,{\"sku\":\"B\",\"quantity\":%zu}", text, i % 4 + 1);
	return arena_printf(arena, "%s]}", text);
}

static void compare_orders(void)
{
	static const char *const words[] = {
		"{\"lines\":[{\"sku\":\"A\",\"quantity\":2}]}",
		"{\"id\":\"9007199254740993\",\"lines\":[{\"sku\":\"A\",\"id\":\"820982911946154508\"}]}",
		"{\"lines\":[{\"sku\":\"A\",\"quantity\":3,\"discount\":\"4\"},{\"sku\":\"B\"}]}",
		"{\"presentment_currency\":\"JPY\",\"presentment_rate\":150,\"note\":\"陳 🚪\","
		"\"lines\":[{\"sku\":\"A\",\"quantity\":3,\"discount\":\"4\"}]}",
		"{\"presentment_currency\":\"EUR\",\"presentment_rate\":0.93,"
		"\"financial_status\":\"pending\",\"lines\":[{\"sku\":\"B\",\"quantity\":7}]}",
		"{\"financial_status\":\"authorized\",\"lines\":[{\"sku\":\"A\"}]}",
		"{\"lines\":[{\"sku\":\"GIFT\"},{\"sku\":\"UNKNOWN\",\"price\":\"3\"}]}",
		"{\"lines\":[{\"sku\":\"GIFT\"}],\"customer\":null,\"email\":null}",
		"{\"test\":true,\"shipping_address\":null,\"lines\":[{\"sku\":\"A\",\"title\":\"\"}]}",
		"{\"shipping\":null,\"email\":null,\"lines\":[{\"sku\":\"\",\"price\":\"0\"}]}",
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		assert_both_ways_the_same(words[i], order_of(words[i]));
	assert_both_ways_the_same("150 lines", order_of(long_order(150)));
}

static void an_order_is_the_same_by_webhook_and_by_fetch(void **state)
{
	(void)state;
	in_fiber(compare_orders);
}

static void compare_a_life(void)
{
	const char *order =
		order_of("{\"financial_status\":\"pending\",\"lines\":["
			 "{\"sku\":\"A\",\"quantity\":3},{\"sku\":\"B\",\"quantity\":2}]}");

	assert_both_ways_the_same("new", order);
	act(order, "pay", "{}");
	assert_both_ways_the_same("paid", order);
	act(order, "edit",
	    "{\"lines\":[{\"sku\":\"A\",\"quantity\":2},{\"sku\":\"GIFT\",\"quantity\":1}]}");
	assert_both_ways_the_same("edited", order);
	act(order, "refund",
	    "{\"lines\":[{\"sku\":\"B\",\"quantity\":1}],\"restock_type\":\"cancel\"}");
	assert_both_ways_the_same("partly refunded", order);
	act(order, "cancel", "{\"reason\":\"customer\",\"refund\":true}");
	assert_both_ways_the_same("cancelled", order);
}

static void it_stays_the_same_over_its_life(void **state)
{
	(void)state;
	in_fiber(compare_a_life);
}

static void list_changes(void)
{
	struct changed_page page = {0};
	const char *cursor = NULL;
	struct err e = {0};
	size_t count = 0;

	for (int i = 0; i < 260; i++)
		order_of("{\"lines\":[{\"sku\":\"A\"}]}");
	do {
		if (shopify_orders_changed(&api, 0, cursor, &page, &e))
			fail_msg("%s", e.msg);
		for (size_t i = 1; i < page.count; i++)
			assert_true(page.orders[i - 1].updated_at_us <=
				    page.orders[i].updated_at_us);
		count += page.count;
		cursor = page.next;
	} while (cursor);
	assert_int_equal(count, 260);
}

static void changed_orders_are_listed_to_the_last(void **state)
{
	(void)state;
	in_fiber(list_changes);
}

/* ---- vetoes ---- */

static enum veto_kind may_ship(const char *order, const char *location, int64_t quantity,
			       const char **reason)
{
	struct ship_line line = {line_of(order, 0), quantity};
	struct ship_question q = {order, location, &line, 1};
	struct veto veto;
	struct err e = {0};

	if (shopify_may_ship(&api, &q, &veto, &e))
		fail_msg("%s", e.msg);
	*reason = veto.reason;
	return veto.kind;
}

static void ask_for_vetoes(void)
{
	static const struct {
		const char *words, *action, *location;
		enum veto_kind kind;
	} cases[] = {
		{"{\"lines\":[{\"sku\":\"A\",\"quantity\":2}]}", NULL, "10", VETO_NONE},
		{"{\"lines\":[{\"sku\":\"A\",\"quantity\":2}]}", NULL, "20", VETO_NONE},
		{"{\"lines\":[{\"sku\":\"A\",\"quantity\":1}]}", NULL, "10", VETO_HOLD},
		{"{\"routing\":\"later\",\"lines\":[{\"sku\":\"A\",\"quantity\":2}]}", NULL, "10",
		 VETO_NOT_YET},
		{"{\"hold\":\"HIGH_RISK_OF_FRAUD\",\"lines\":[{\"sku\":\"A\",\"quantity\":2}]}",
		 NULL, "10", VETO_HOLD},
		{"{\"fulfill_at\":\"2036-01-01T00:00:00Z\",\"lines\":[{\"sku\":\"A\",\"quantity\":2}]}",
		 NULL, "10", VETO_NOT_YET},
		{"{\"delivery\":\"PICK_UP\",\"lines\":[{\"sku\":\"A\",\"quantity\":2}]}", NULL,
		 "10", VETO_PICKUP},
		{"{\"location\":\"Acme 3PL\",\"lines\":[{\"sku\":\"A\",\"quantity\":2}]}", NULL,
		 "10", VETO_HOLD},
		{"{\"lines\":[{\"sku\":\"A\",\"quantity\":2}]}", "cancel", "10", VETO_CANCELLED},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *order = order_of(cases[i].words), *reason;

		if (cases[i].action)
			act(order, cases[i].action, "{}");
		enum veto_kind kind = may_ship(order, cases[i].location, 2, &reason);

		if (kind != cases[i].kind)
			fail_msg("%s: %d (%s)", cases[i].words, kind, reason ? reason : "");
	}
}

/* The store takes a line whose units are all refunded out of its fulfillment orders. */
static void ask_for_a_vanished_line(void)
{
	const char *order = order_of("{\"lines\":[{\"sku\":\"A\"},{\"sku\":\"B\"}]}"), *reason;

	act(order, "refund",
	    "{\"lines\":[{\"sku\":\"A\",\"quantity\":1}],\"restock_type\":\"cancel\"}");
	assert_int_equal(may_ship(order, "10", 1, &reason), VETO_CANCELLED);
}

static void a_refunded_line_is_cancelled(void **state)
{
	(void)state;
	in_fiber(ask_for_a_vanished_line);
}

static void the_store_has_a_veto(void **state)
{
	(void)state;
	in_fiber(ask_for_vetoes);
}

/* ---- fulfillments ---- */

static int fulfill(const char *order, const char *location, int64_t quantity, const char *number,
		   struct fulfilled *out, struct err *e)
{
	struct ship_line line = {line_of(order, 0), quantity};
	struct fulfillment f = {
		.order_source_id = order,
		.location_source_id = location,
		.lines = &line,
		.line_count = 1,
		.tracking_number = number,
		.carrier = "UPS",
		.reference = "WB-1",
		.notify_customer = 1,
	};

	*e = (struct err){0};
	return shopify_fulfill(&api, &f, out, e);
}

static void assert_fulfillments(const char *order, size_t count)
{
	json_t *made = jmap_at(books(order), "fulfillments");

	if (json_array_size(made) != count)
		fail_msg("%zu fulfillments: %s", json_array_size(made), jmap_dump(arena, made));
}

/* Every way an answer can be lost: the repeat finds what has happened, or does it. */
static void lose_answers(void)
{
	static const struct {
		const char *fault;
		int has_effect;
	} cases[] = {
		{"{\"close\":true,\"after_effect\":true}", 1},
		{"{\"close\":true}", 0},
		{"{\"status\":503,\"after_effect\":true}", 1},
		{"{\"status\":503}", 0},
		{"{\"truncate\":true}", 1},
		{"{\"html\":true}", 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *order = order_of("{\"lines\":[{\"sku\":\"A\",\"quantity\":3}]}");
		struct fulfilled out;
		struct err e;

		control("/faults", arena_printf(arena,
						"{\"match\":{\"operation\":\"fulfillmentCreate\","
						"\"times\":1},\"do\":%s}",
						cases[i].fault));
		assert_int_equal(fulfill(order, "10", 2, "1Z9", &out, &e), -1);
		if (e.kind != ERR_RETRY || e.code != ERR_CODE_UNKNOWN)
			fail_msg("%s: %s %s %s", cases[i].fault, err_kind_name(e.kind),
				 err_code_name(e.code), e.msg);
		if (fulfill(order, "10", 2, "1Z9", &out, &e))
			fail_msg("%s: %s", cases[i].fault, e.msg);
		if (cases[i].has_effect != out.was_adopted)
			fail_msg("%s: adopted %d", cases[i].fault, out.was_adopted);
		assert_fulfillments(order, 1);
	}
}

static void a_lost_answer_never_fulfills_twice(void **state)
{
	(void)state;
	in_fiber(lose_answers);
}

static void fulfill_from_elsewhere(void)
{
	const char *order =
		order_of("{\"location\":\"East\",\"lines\":[{\"sku\":\"A\",\"quantity\":3}]}");
	struct fulfilled out;
	struct err e;

	if (fulfill(order, "20", 2, "W-1", &out, &e) || fulfill(order, "10", 1, "E-1", &out, &e))
		fail_msg("%s", e.msg);
	json_t *made = jmap_at(books(order), "fulfillments");

	assert_int_equal(json_array_size(made), 2);
	assert_string_equal(text_of(json_array_get(made, 0), "location"), "West");
	assert_string_equal(text_of(json_array_get(made, 1), "location"), "East");
	/* nothing is left, and nobody else's number is ours */
	assert_int_equal(fulfill(order, "10", 1, "E-2", &out, &e), -1);
	assert_int_equal(e.code, ERR_CODE_HELD);
	assert_int_equal(fulfill(order, "10", 1, "E-1", &out, &e), 0);
	assert_true(out.was_adopted);
}

static void work_elsewhere_is_moved_to_where_it_ships(void **state)
{
	(void)state;
	in_fiber(fulfill_from_elsewhere);
}

static void be_refused(void)
{
	const char *order = order_of("{\"lines\":[{\"sku\":\"A\",\"quantity\":3}]}");
	const char *held = order_of("{\"hold\":\"OTHER\",\"lines\":[{\"sku\":\"A\"}]}");
	struct fulfilled out;
	struct err e;

	control("/faults", "{\"match\":{\"operation\":\"fulfillmentCreate\",\"times\":1},"
			   "\"do\":{\"throttled\":true}}");
	assert_int_equal(fulfill(order, "10", 1, "1Z9", &out, &e), -1);
	assert_int_equal(e.code, ERR_CODE_RATE_LIMIT);
	assert_true(e.retry_after_ms > 0);

	control("/shops/" SHOP "/tokens/expire", "{}");
	assert_int_equal(fulfill(order, "10", 1, "1Z9", &out, &e), -1);
	assert_int_equal(e.code, ERR_CODE_AUTH);
	get_token();

	assert_int_equal(fulfill(held, "10", 1, "1Z9", &out, &e), -1);
	assert_int_equal(e.code, ERR_CODE_HELD);

	control("/shops/" SHOP "/settings",
		"{\"scopes\":[\"read_orders\",\"read_merchant_managed_fulfillment_orders\"]}");
	assert_int_equal(fulfill(order, "10", 1, "1Z9", &out, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	assert_non_null(strstr(e.msg, "write_"));
	assert_fulfillments(order, 0);
}

static void a_refusal_is_what_it_is(void **state)
{
	(void)state;
	in_fiber(be_refused);
}

static void check_account(void)
{
	struct platform_check check;
	struct err e = {0};

	if (platform_by_name("shopify", &e)->check(&api, &check, &e))
		fail_msg("%s", e.msg);
	assert_string_equal(check.currency, "USD");
	assert_null(check.missing_scopes);
	assert_null(check.api_version_warning);
}

static void the_account_has_every_right_that_is_needed(void **state)
{
	(void)state;
	in_fiber(check_account);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_is_the_same_by_webhook_and_by_fetch),
		cmocka_unit_test(it_stays_the_same_over_its_life),
		cmocka_unit_test(changed_orders_are_listed_to_the_last),
		cmocka_unit_test(the_store_has_a_veto),
		cmocka_unit_test(a_refunded_line_is_cancelled),
		cmocka_unit_test(a_lost_answer_never_fulfills_twice),
		cmocka_unit_test(work_elsewhere_is_moved_to_where_it_ships),
		cmocka_unit_test(a_refusal_is_what_it_is),
		cmocka_unit_test(the_account_has_every_right_that_is_needed),
	};

	http_init(&(struct http_settings){.user_agent = "waybill-test"});
	return cmocka_run_group_tests(tests, start_node, stop_node);
}

/*
 * shippo: what its answers about purchases mean, in all the shapes that have been seen and worse. No network: the
 * end-to-end test is test_shippo_sim.
 */
#include "tests/unit/shippo_answer.h"

/* ---- what a purchase became ---- */

#define LABEL "\"label_url\":\"https://l.example.com/1.pdf\",\"tracking_number\":\"92\""

static void a_purchase_is_bought_only_when_shippo_says_so(void **state)
{
	static const struct {
		const char *name;
		int status;
		const char *json;
		int result;
		enum purchase_state state;
		int is_stale, is_passing;
		const char *reason;
	} cases[] = {
		{"still printing", 201, IS("QUEUED") "}", 0, PURCHASE_PENDING, 0, 0, NULL},
		{"waiting", 201, IS("WAITING") "}", 0, PURCHASE_PENDING, 0, 0, NULL},
		{"bought", 201, IS("SUCCESS") "," LABEL "}", 0, PURCHASE_BOUGHT, 0, 0, NULL},
		{"bought, not printed", 201, IS("SUCCESS") ",\"label_url\":\"\"}", 0,
		 PURCHASE_BOUGHT, 0, 0, NULL},
		{"bought, messages null", 201,
		 IS("SUCCESS") ",\"messages\":null,\"rate\":null," LABEL "}", 0, PURCHASE_BOUGHT, 0,
		 0, NULL},
		{"null status", 201, "{\"object_id\":\"t\",\"status\":null}", 0, PURCHASE_PENDING,
		 0, 0, NULL},
		{"a status of tomorrow", 201, IS("ENCHANTED") "," LABEL "}", 0, PURCHASE_PENDING, 0,
		 0, NULL},
		{"declined", 201, IS("ERROR") "," SAYS("UPS", "Missing shipper number") "}", 0,
		 PURCHASE_REFUSED, 0, 0, "UPS: Missing shipper number"},
		{"declined without a word", 201, IS("ERROR") ",\"messages\":[]}", 0,
		 PURCHASE_REFUSED, 0, 0, "no reason given"},
		{"declined as text", 201, IS("ERROR") ",\"messages\":\"no\"}", 0, PURCHASE_REFUSED,
		 0, 0, "no"},
		{"stale rate", 201, IS("ERROR") "," SAYS("USPS", "Rate has expired") "}", 0,
		 PURCHASE_REFUSED, 1, 0, "USPS: Rate has expired"},
		{"unknown rate", 400, "{\"rate\":[\"Rate with supplied object_id r1 not found.\"]}",
		 0, PURCHASE_REFUSED, 1, 0, "rate: Rate with supplied object_id r1 not found."},
		{"a missing field", 400, "{\"rate\":[\"This field is required.\"]}", 0,
		 PURCHASE_REFUSED, 0, 0, "rate: This field is required."},
		{"a detail", 400, "{\"detail\":\"Payment method required\"}", 0, PURCHASE_REFUSED,
		 0, 0, "Payment method required"},
		{"all fields", 422, "{\"__all__\":[\"Insufficient funds\"],\"a\":{\"b\":[\"c\"]}}",
		 0, PURCHASE_REFUSED, 0, 0, "Insufficient funds; a.b: c"},
		{"a list", 400, "[\"no\",\"never\"]", 0, PURCHASE_REFUSED, 0, 0, "no; never"},
		{"a carrier out of reach", 201, IS("ERROR") "," TIMED_OUT "}", 0, PURCHASE_REFUSED,
		 0, 1, "UPS: ?"},
		{"given back", 200, IS("REFUNDPENDING") "," LABEL "}", 0, PURCHASE_REFUSED, 0, 0,
		 "the label was given back at shippo"},
		{"not taken back", 200, IS("REFUNDREJECTED") "," LABEL "}", 0, PURCHASE_BOUGHT, 0,
		 0, NULL},
		{"no id", 201, "{\"status\":\"SUCCESS\"," LABEL "}", 0, PURCHASE_BOUGHT, 0, 0,
		 NULL},
		{"neither id nor status", 201, "{" LABEL "}", -1, 0, 0, 0, NULL},
		{"a list where an object was due", 201, "[]", -1, 0, 0, 0, NULL},
		{"wrong type", 201, "{\"object_id\":\"t\",\"status\":7}", 0, PURCHASE_PENDING, 0, 0,
		 NULL},
		{"conflict", 409, "{\"detail\":\"being made\"}", -1, 0, 0, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct purchase p = {0};

		print_message("  %s\n", cases[i].name);
		err = (struct err){0};
		assert_int_equal(
			shippo_read_bought(arena, cases[i].status, parse(cases[i].json), &p, &err),
			cases[i].result);
		if (cases[i].result) { /* it may be a label all the same */
			assert_int_equal(err.kind, ERR_RETRY);
			assert_int_equal(err.code, ERR_CODE_UNKNOWN);
			continue;
		}
		assert_int_equal(p.state, cases[i].state);
		assert_int_equal(p.rate_is_stale, cases[i].is_stale);
		assert_int_equal(p.is_passing, cases[i].is_passing);
		if (cases[i].reason)
			assert_string_equal(p.reason, cases[i].reason);
		else
			assert_null(p.reason);
	}
}

static void an_answer_without_a_document_may_hide_a_label(void **state)
{
	struct purchase p;

	(void)state;
	assert_int_equal(shippo_read_bought(arena, 201, NULL, &p, &err), -1);
	assert_int_equal(err.code, ERR_CODE_UNKNOWN);
	assert_int_equal(shippo_read_bought(arena, 404, NULL, &p, &err), -1);
	assert_int_equal(err.kind, ERR_FINAL);
}

static void the_recorded_shapes_are_read_whole(void **state)
{
	struct purchase p;

	(void)state;
	assert_int_equal(
		shippo_read_purchase(arena, load(FIXTURES "transaction-bought.json"), &p, &err), 0);
	assert_int_equal(p.state, PURCHASE_BOUGHT);
	assert_string_equal(p.id, "d40c6a10");
	assert_string_equal(p.tracking_number, "9205500000000000000017");
	assert_string_equal(
		p.label_url,
		"https://labels.example.com/d40c6a10.pdf?Signature=fD0%2B9x%3D&Expires=1923386634");
	assert_int_equal(
		shippo_read_purchase(arena, load(FIXTURES "transaction-refused.json"), &p, &err),
		0);
	assert_int_equal(p.state, PURCHASE_REFUSED);
	assert_null(p.tracking_number);
	assert_null(p.label_url);
	assert_string_equal(p.reason, "UPS: Hard: Missing or invalid shipper number");
}

static void a_carriers_speech_is_cut_between_characters(void **state)
{
	char json[1600] = "{\"object_id\":\"t\",\"status\":\"ERROR\",\"messages\":[{\"text\":\"x";
	struct purchase p;

	(void)state;
	for (int i = 0; i < 300; i++)
		memcpy(json + strlen(json), "\xC3\xA9", 3);
	memcpy(json + strlen(json), "\"}]}", 5);
	assert_int_equal(shippo_read_purchase(arena, parse(json), &p, &err), 0);
	assert_int_equal(strlen(p.reason), SHIPPO_WORDS_MAX - 1);
	assert_string_equal(p.reason + strlen(p.reason) - 2, "\xC3\xA9");
}

/* ---- looking for a purchase ---- */

static void of_several_the_one_that_says_most_is_found(void **state)
{
	json_t *list = load(FIXTURES "transactions.json"),
	       *results = json_object_get(list, "results");
	static const struct {
		const char *name;
		enum purchase_state state;
		const char *id;
	} cases[] = {
		{"all of them", PURCHASE_BOUGHT, "t1"},
		{"without the bought one", PURCHASE_PENDING, "t2"},
		{"refused ones only", PURCHASE_REFUSED, "t3"},
		{"strangers only", PURCHASE_NONE, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct purchase best = {0};
		int has_more = 0;

		print_message("  %s\n", cases[i].name);
		assert_int_equal(
			shippo_read_page(arena, list, "wb:" ATTEMPT, &best, &has_more, &err), 0);
		assert_int_equal(best.state, cases[i].state);
		assert_int_equal(has_more, 1);
		if (cases[i].id)
			assert_string_equal(best.id, cases[i].id);
		if (best.state == PURCHASE_BOUGHT) { /* this one brought its rate along */
			assert_int_equal(best.cost, 57000);
			assert_string_equal(best.currency, "USD");
			assert_string_equal(best.carrier, "USPS");
			assert_string_equal(best.service, "usps_ground_advantage");
		}
		json_array_remove(results, json_array_size(results) - 1);
	}
}

static void nothing_follows_from_a_list_that_is_not_whole(void **state)
{
	static const struct {
		const char *json;
		int result;
	} cases[] = {
		{"{\"results\":null,\"next\":null}", -1},
		{"{\"results\":null,\"next\":\"https://api.goshippo.com/?page=2\"}", -1},
		{"{}", -1},
		{"{\"results\":{}}", -1},
		{"{\"results\":\"\"}", -1},
		{"[]", -1},
		{"{\"results\":[null,{\"metadata\":7}]}", -1},
		{"{\"results\":[7]}", -1},
		{"{\"results\":[],\"count\":3,\"next\":null}", -1},
		{"{\"results\":[],\"next\":\"https://api.goshippo.com/?page=2\"}", -1},
		{"{\"results\":[{\"metadata\":\"wb:" ATTEMPT "\"}]}", -1},
		{"{\"results\":[{\"metadata\":7},{\"metadata\":null},{}]}", 0},
		{"{\"results\":[],\"count\":0,\"next\":null}", 0},
		{"{\"results\":[]}", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct purchase best = {0};
		int has_more = 0;

		print_message("  %s\n", cases[i].json);
		err = (struct err){0};
		assert_int_equal(shippo_read_page(arena, parse(cases[i].json), "wb:" ATTEMPT, &best,
						  &has_more, &err),
				 cases[i].result);
		assert_int_equal(err.kind, cases[i].result ? ERR_RETRY : ERR_NONE);
		assert_int_equal(best.state, PURCHASE_NONE);
		assert_int_equal(has_more, 0);
	}
}

/* Whatever is said beside it: bought is bought. */
static void an_ornament_never_makes_a_purchase_unreadable(void **state)
{
	static const char *const odd[] = {
		"null", "7", "1.5", "true", "[]", "{}", "\"\"", "\"\\n\\u0001\\u00e9\"", "[[{}]]"};
	static const char *const keys[] = {
		"object_id", "tracking_number", "tracking_url_provider", "label_url", "rate",
		"messages",  "metadata"};
	static char json[20000];

	(void)state;
	for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
		for (size_t i = 0; i <= sizeof odd / sizeof *odd; i++) {
			struct purchase p = {0};
			char value[10010] = "\"";

			if (i < sizeof odd / sizeof *odd)
				snprintf(value, sizeof value, "%s", odd[i]);
			else
				memcpy(memset(value + 1, 'x', 10000) ? value + 10001 : value, "\"",
				       2);
			snprintf(json, sizeof json, "{\"status\":\"SUCCESS\",\"%s\":%s}", keys[k],
				 value);
			print_message("  %s: %zu\n", keys[k], i);
			assert_int_equal(shippo_read_purchase(arena, parse(json), &p, &err), 0);
			assert_int_equal(p.state, PURCHASE_BOUGHT);
			assert_null(p.id);
			assert_null(p.tracking_number);
			assert_null(p.tracking_url);
			assert_null(p.label_url);
			assert_null(p.currency);
		}
	}
}

static void what_a_carrier_says_beside_it_fits(void **state)
{
	static char text[301], json[4000];
	struct purchase p;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	snprintf(json, sizeof json,
		 "{\"status\":\"SUCCESS\",\"object_id\":\"%s\",\"tracking_number\":\"%s\","
		 "\"rate\":{\"provider\":\"%s\",\"amount\":\"5.70\",\"currency\":\"USD\","
		 "\"servicelevel\":{\"token\":\"%s\"}},\"label_url\":\"file:///etc/passwd\","
		 "\"tracking_url_provider\":\"javascript:alert(1)\"}",
		 text, text, text, text);
	assert_int_equal(shippo_read_purchase(arena, parse(json), &p, &err), 0);
	assert_int_equal(p.state, PURCHASE_BOUGHT);
	assert_null(p.id);
	assert_null(p.tracking_number); /* a part of it is another number */
	assert_null(p.service);
	assert_null(p.tracking_url);
	assert_null(p.label_url);
	assert_int_equal(strlen(p.carrier), 100);
	assert_int_equal(p.cost, 57000);
	assert_string_equal(p.currency, "USD");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_purchase_is_bought_only_when_shippo_says_so),
		CASE(an_answer_without_a_document_may_hide_a_label),
		CASE(the_recorded_shapes_are_read_whole),
		CASE(a_carriers_speech_is_cut_between_characters),
		CASE(of_several_the_one_that_says_most_is_found),
		CASE(nothing_follows_from_a_list_that_is_not_whole),
		CASE(an_ornament_never_makes_a_purchase_unreadable),
		CASE(what_a_carrier_says_beside_it_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

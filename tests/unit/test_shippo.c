/*
 * shippo: what is asked of it, and what its answers mean. No network: the end-to-end test is
 * test_shippo_sim.
 */
#include "connectors/shippo/shippo_internal.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/contract.h"
#include "tests/unit/unit.h"

#define ATTEMPT "0190b5a2-0000-7000-8000-000000000017"
#define IS(status) "{\"object_id\":\"t\",\"status\":\"" status "\""
#define SAYS(source, text) "\"messages\":[{\"source\":\"" source "\",\"text\":\"" text "\"}]"
#define TIMED_OUT "\"messages\":[{\"source\":\"UPS\",\"code\":\"carrier_timeout\",\"text\":\"?\"}]"
#define FIXTURES "connectors/shippo/fixtures/"
#define RECORDINGS "shippo/recordings/"

static struct arena *arena;
static struct err err;

static json_t *parse(const char *text)
{
	json_t *json = NULL;

	assert_int_equal(jmap_parse(arena, text, strlen(text), HTTP_BODY_MAX, &json, &err), 0);
	return json;
}

static json_t *load(const char *path)
{
	const char *text = file_text(arena, path);

	assert_non_null(text);
	return parse(text);
}

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	err = (struct err){0};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* ---- what we ask ---- */

static struct rate_request request(void)
{
	return (struct rate_request){
		.from = {.company = "Example Goods",
			 .address1 = "1 Dock Rd",
			 .city = "Reno",
			 .province_code = "NV",
			 .zip = "89501",
			 .country_code = "US"},
		.to = {.name = "Ada Lovelace",
		       .address1 = "12 Analytical Way",
		       .city = "Springfield",
		       .province = "Illinois",
		       .zip = "62701",
		       .country_code = "US",
		       .email = "ada@example.com"},
		.parcel = {.length_mm = 305, .width_mm = 200, .height_mm = 7, .grams = 1250},
		.reference = "WB-17",
	};
}

static const char *asked(const struct rate_request *r, const char *path)
{
	json_t *body = NULL;

	assert_int_equal(shippo_shipment_body(arena, r, &body, &err), 0);
	json_t *at = jmap_at(body, path);

	return !at ? NULL : json_is_string(at) ? json_string_value(at) : jmap_dump(arena, at);
}

static void a_shipment_is_asked_for_in_grams_and_centimetres(void **state)
{
	struct rate_request r = request();

	(void)state;
	assert_string_equal(asked(&r, "parcels"),
			    "[{\"length\":\"30.5\",\"width\":\"20.0\",\"height\":\"0.7\","
			    "\"distance_unit\":\"cm\",\"weight\":\"1250\",\"mass_unit\":\"g\"}]");
	assert_string_equal(asked(&r, "async"), "false");
	assert_string_equal(asked(&r, "metadata"), "WB-17");
	assert_string_equal(asked(&r, "address_to.state"), "Illinois");
	assert_string_equal(asked(&r, "address_from.state"), "NV");
	assert_null(asked(&r, "address_to.phone"));
	assert_null(asked(&r, "customs_declaration"));
}

static void a_company_stands_in_for_a_missing_name(void **state)
{
	struct rate_request r = request();

	(void)state;
	assert_string_equal(asked(&r, "address_from.name"), "Example Goods");
	r.to.name = "";
	r.to.company = "Lovelace Ltd";
	assert_string_equal(asked(&r, "address_to.name"), "Lovelace Ltd");
}

static void the_reference_is_cut_between_characters(void **state)
{
	struct rate_request r = request();
	char reference[140];

	(void)state;
	memset(reference, 'x', sizeof reference - 1);
	reference[sizeof reference - 1] = '\0';
	memcpy(reference + 99, "\xC3\xA9", 2);
	r.reference = reference;
	assert_int_equal(strlen(asked(&r, "metadata")), 99);
}

static void customs_get_weight_and_value_of_all_pieces(void **state)
{
	struct rate_request r = request();
	struct customs_item item = {.description = "Mug",
				    .hs_code = "691200",
				    .origin_country = "PT",
				    .sku = "MUG",
				    .quantity = 3,
				    .grams_each = 400,
				    .value_each = 125000,
				    .currency = "USD"};

	(void)state;
	r.to.country_code = "DE";
	r.customs = &item;
	r.customs_count = 1;
	assert_string_equal(asked(&r, "customs_declaration.items"),
			    "[{\"description\":\"Mug\",\"quantity\":3,\"net_weight\":\"1200\","
			    "\"mass_unit\":\"g\",\"value_amount\":\"37.50\",\"value_currency\":"
			    "\"USD\",\"origin_country\":\"PT\",\"hs_code\":\"691200\","
			    "\"sku_code\":\"MUG\"}]");
	assert_string_equal(asked(&r, "customs_declaration.certify_signer"), "Example Goods");
	assert_string_equal(asked(&r, "customs_declaration.contents_type"), "MERCHANDISE");
	assert_string_equal(asked(&r, "customs_declaration.non_delivery_option"), "RETURN");
	assert_string_equal(asked(&r, "customs_declaration.eel_pfc"), "NOEEI_30_37_a");
	r.from.country_code = "CA";
	assert_null(asked(&r, "customs_declaration.eel_pfc"));
}

static void what_no_carrier_takes_is_held_before_it_is_sent(void **state)
{
	struct customs_item too_much = {.description = "Mug",
					.origin_country = "PT",
					.quantity = 1000000,
					.value_each = INT64_MAX / 2,
					.currency = "USD"};
	struct rate_request cases[4] = {request(), request(), request(), request()};

	(void)state;
	cases[0].parcel.grams = 0;
	cases[1].parcel.height_mm = 0;
	cases[2].customs = &too_much;
	cases[2].customs_count = 1;
	too_much.grams_each = 1;
	cases[3].parcel.grams = -5;
	for (size_t i = 0; i < 4; i++) {
		json_t *body = NULL;

		assert_int_equal(shippo_shipment_body(arena, &cases[i], &body, &err), -1);
		assert_int_equal(err.kind, ERR_FINAL);
		assert_int_equal(err.code, ERR_CODE_HELD);
	}
}

/* ---- what carriers ask ---- */

static void rates_are_read_exactly(void **state)
{
	struct rates rates;
	int is_ready = 0;

	(void)state;
	assert_int_equal(shippo_read_shipment(arena, load(FIXTURES "shipment.json"), NULL, &rates,
					      &is_ready, &err),
			 0);
	assert_int_equal(is_ready, 1);
	assert_string_equal(rates.shipment_id, "5b1f0c2e9a7d4c11a0f3e6d2b8c40001");
	assert_int_equal(rates.count, 2); /* the third has no amount */
	assert_string_equal(rates.rates[0].id, "7c2d11aa");
	assert_int_equal(rates.rates[0].amount, 57000);
	assert_int_equal(rates.rates[0].days, 5);
	assert_string_equal(rates.rates[1].carrier, "UPS");
	assert_string_equal(rates.rates[1].service, "ups_next_day_air");
	assert_int_equal(rates.rates[1].amount, 359800);
	assert_int_equal(rates.rates[1].days, 1);
	assert_string_equal(rates.messages, "FedEx: Account number is missing.");
}

static void a_shipment_without_rates_is_judged_by_the_carriers_words(void **state)
{
	static const struct {
		const char *name, *json;
		int result, is_ready;
		enum err_kind kind;
		enum err_code code;
		const char *words;
	} cases[] = {
		{"still asking", IS("QUEUED") "}", 0, 0, ERR_NONE, 0, NULL},
		{"waiting", IS("WAITING") "}", 0, 0, ERR_NONE, 0, NULL},
		{"refused", IS("ERROR") "," SAYS("USPS", "The parcel is too heavy.") "}", -1, 0,
		 ERR_FINAL, ERR_CODE_HELD, "USPS: The parcel is too heavy."},
		{"none offered", IS("SUCCESS") ",\"messages\":[]}", -1, 0, ERR_FINAL, ERR_CODE_HELD,
		 "no reason given"},
		{"null everywhere",
		 "{\"object_id\":\"s1\",\"status\":null,\"rates\":null,\"messages\":null}", -1, 0,
		 ERR_FINAL, ERR_CODE_HELD, "no reason given"},
		{"out of reach by code", IS("SUCCESS") "," TIMED_OUT "}", -1, 0, ERR_RETRY, 0,
		 "UPS"},
		{"out of reach by text",
		 IS("ERROR") "," SAYS(
			 "UPS", "UPS API did not respond. Please try again in a few minutes.") "}",
		 -1, 0, ERR_RETRY, 0, "did not respond"},
		{"the address said back",
		 IS("ERROR") "," SAYS(
			 "USPS",
			 "No such place: ADA lovelace, 12 analytical way, Springfield\\n62701") "}",
		 -1, 0, ERR_FINAL, ERR_CODE_HELD,
		 "USPS: No such place: *** ***, 12 *** ***, *** ***"},
		{"no shipment", "{\"status\":\"SUCCESS\"}", -1, 0, ERR_FINAL, ERR_CODE_DATA,
		 "object_id"},
	};
	struct rate_request r = request();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rates rates = {0};
		int is_ready = 0;

		print_message("  %s\n", cases[i].name);
		err = (struct err){0};
		assert_int_equal(shippo_read_shipment(arena, parse(cases[i].json), &r.to, &rates,
						      &is_ready, &err),
				 cases[i].result);
		assert_int_equal(is_ready, cases[i].is_ready);
		assert_int_equal(err.kind, cases[i].kind);
		assert_int_equal(err.code, cases[i].code);
		if (cases[i].words)
			assert_non_null(strstr(err.msg, cases[i].words));
	}
}

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

/* ---- where the parcel is ---- */

static void tracking_is_mapped_and_survives_news(void **state)
{
	static const struct {
		const char *status;
		enum tracking_status ours;
	} cases[] = {
		{"null", TRACKING_LABEL_CREATED},
		{"{\"status\":\"UNKNOWN\"}", TRACKING_LABEL_CREATED},
		{"{\"status\":\"PRE_TRANSIT\"}", TRACKING_LABEL_CREATED},
		{"{\"status\":\"TRANSIT\"}", TRACKING_IN_TRANSIT},
		{"{\"status\":\"TRANSIT\",\"substatus\":{\"code\":\"out_for_delivery\"}}",
		 TRACKING_OUT_FOR_DELIVERY},
		{"{\"status\":\"TRANSIT\",\"substatus\":{\"code\":\"pickup_available\","
		 "\"action_required\":true}}",
		 TRACKING_PICKUP_READY},
		{"{\"status\":\"TRANSIT\",\"substatus\":{\"code\":\"notice_left\","
		 "\"action_required\":true}}",
		 TRACKING_ATTENTION},
		{"{\"status\":\"DELIVERED\",\"substatus\":null}", TRACKING_DELIVERED},
		{"{\"status\":\"RETURNED\"}", TRACKING_RETURNED},
		{"{\"status\":\"FAILURE\"}", TRACKING_FAILURE},
		{"{\"status\":\"TELEPORTED\"}", TRACKING_UNKNOWN},
		{"{\"status\":null}", TRACKING_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tracking t;

		assert_int_equal(
			shippo_read_tracking(arena,
					     parse(arena_printf(arena, "{\"tracking_status\":%s}",
								cases[i].status)),
					     &t, &err),
			0);
		assert_int_equal(t.status, cases[i].ours);
	}
}

/* ---- recorded traffic, where it is at hand ---- */

static json_t *recorded(const char *path, const char *method, const char *url_part)
{
	json_t *exchanges = json_object_get(parse(contract(arena, path)), "exchanges"), *exchange;
	size_t i;

	json_array_foreach (exchanges, i, exchange) {
		const char *url = json_string_value(jmap_at(exchange, "request.url"));
		const char *how = json_string_value(jmap_at(exchange, "request.method"));

		if (strcmp(how, method) == 0 && strstr(url, url_part))
			return jmap_at(exchange, "response.body");
	}
	fail_msg("%s has no %s %s", path, method, url_part);
	return NULL;
}

static void recorded_rates_are_read(void **state)
{
	json_t *json =
		recorded(RECORDINGS "shipment.test_get_rates_blocking.json", "POST", "/shipments/");
	struct rates rates;
	int is_ready = 0;

	(void)state;
	assert_int_equal(shippo_read_shipment(arena, json, NULL, &rates, &is_ready, &err), 0);
	assert_int_equal(rates.count, 22);
	assert_string_equal(rates.rates[0].service, "ups_next_day_air");
	assert_int_equal(rates.rates[0].amount, 359800);
	assert_true(strlen(rates.messages) <= SHIPPO_WORDS_MAX);
}

static void recorded_transactions_are_read(void **state)
{
	json_t *json = recorded(RECORDINGS "transaction.test_list_all.json", "GET",
				"/transactions/"),
	       *entry;
	int seen[PURCHASE_REFUSED + 1] = {0};
	size_t i;

	(void)state;
	json_array_foreach (json_object_get(json, "results"), i, entry) {
		struct purchase p;

		assert_int_equal(shippo_read_purchase(arena, entry, &p, &err), 0);
		seen[p.state]++;
	}
	assert_true(seen[PURCHASE_PENDING] && seen[PURCHASE_BOUGHT] && seen[PURCHASE_REFUSED]);
}

static void a_recorded_refusal_is_a_refusal(void **state)
{
	json_t *json = recorded(RECORDINGS "transaction.test_invalid_create.json", "POST",
				"/transactions/");
	struct purchase p;

	(void)state;
	assert_int_equal(shippo_read_bought(arena, 400, json, &p, &err), 0);
	assert_int_equal(p.state, PURCHASE_REFUSED);
	assert_string_equal(p.reason, "rate: This field is required.");
}

static void recorded_tracking_is_read(void **state)
{
	json_t *json = recorded(RECORDINGS "track.test_get_status.json", "GET", "/tracks/");
	struct tracking t;

	(void)state;
	assert_int_equal(shippo_read_tracking(arena, json, &t, &err), 0);
	assert_int_equal(t.status, TRACKING_DELIVERED);
	assert_true(t.at_us == INT64_C(1481210340000000));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_shipment_is_asked_for_in_grams_and_centimetres),
		CASE(a_company_stands_in_for_a_missing_name),
		CASE(the_reference_is_cut_between_characters),
		CASE(customs_get_weight_and_value_of_all_pieces),
		CASE(what_no_carrier_takes_is_held_before_it_is_sent),
		CASE(rates_are_read_exactly),
		CASE(a_shipment_without_rates_is_judged_by_the_carriers_words),
		CASE(a_purchase_is_bought_only_when_shippo_says_so),
		CASE(an_answer_without_a_document_may_hide_a_label),
		CASE(the_recorded_shapes_are_read_whole),
		CASE(a_carriers_speech_is_cut_between_characters),
		CASE(of_several_the_one_that_says_most_is_found),
		CASE(nothing_follows_from_a_list_that_is_not_whole),
		CASE(an_ornament_never_makes_a_purchase_unreadable),
		CASE(what_a_carrier_says_beside_it_fits),
		CASE(tracking_is_mapped_and_survives_news),
		CASE(recorded_rates_are_read),
		CASE(recorded_transactions_are_read),
		CASE(a_recorded_refusal_is_a_refusal),
		CASE(recorded_tracking_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

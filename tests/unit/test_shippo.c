/*
 * shippo: what is asked of it, and what its answers mean. No network: the end-to-end test is
 * test_shippo_sim.
 */
#include "tests/unit/contract.h"
#include "tests/unit/shippo_answer.h"

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
				    .grams = 1200,
				    .value = 375000,
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
	struct rate_request cases[3] = {request(), request(), request()};

	(void)state;
	cases[0].parcel.grams = 0;
	cases[1].parcel.height_mm = 0;
	cases[2].parcel.grams = -5;
	for (size_t i = 0; i < 3; i++) {
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
		{"none offered", IS("SUCCESS") ",\"rates\":[],\"messages\":[]}", -1, 0, ERR_FINAL,
		 ERR_CODE_HELD, "no reason given"},
		{"null everywhere",
		 "{\"object_id\":\"s1\",\"status\":null,\"rates\":null,\"messages\":null}", -1, 0,
		 ERR_RETRY, 0, "list of rates"},
		{"rates that are no list", IS("SUCCESS") ",\"rates\":{}}", -1, 0, ERR_RETRY, 0,
		 "list of rates"},
		{"out of reach by code", IS("SUCCESS") ",\"rates\":[]," TIMED_OUT "}", -1, 0,
		 ERR_RETRY, 0, "UPS"},
		{"out of reach by text",
		 IS("ERROR") "," SAYS(
			 "UPS", "UPS API did not respond. Please try again in a few minutes.") "}",
		 -1, 0, ERR_RETRY, 0, "did not respond"},
		{"the address said back",
		 IS("ERROR") "," SAYS(
			 "USPS",
			 "No such place: ADA lovelace, 12 analytical way, Springfield\\n62701") "}",
		 -1, 0, ERR_FINAL, ERR_CODE_HELD, "USPS: No such place: ***, ***, *** ***"},
		{"words that only look like the address",
		 IS("ERROR") "," SAYS(
			 "UPS", "The way to 12 Springfields is 627010: no Ada Love there") "}",
		 -1, 0, ERR_FINAL, ERR_CODE_HELD,
		 "UPS: The way to 12 Springfields is 627010: no Ada Love there"},
		{"no shipment", "{\"status\":\"SUCCESS\"}", -1, 0, ERR_RETRY, 0, "object_id"},
		{"a status of another type", "{\"object_id\":\"s1\",\"status\":7,\"rates\":[]}", -1,
		 0, ERR_RETRY, 0, "status"},
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
		CASE(tracking_is_mapped_and_survives_news),
		CASE(recorded_rates_are_read),
		CASE(recorded_transactions_are_read),
		CASE(a_recorded_refusal_is_a_refusal),
		CASE(recorded_tracking_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

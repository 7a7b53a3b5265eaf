/*
 * shippo, end to end against the simulator: whatever gets lost, one attempt buys one label
 *
 * Starts `node tests/sim/run.js`; skips itself where there is no node.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "connectors/carrier.h"
#include "core/runtime/http.h"
#include "core/runtime/jmap.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/metrics.h"
#include "tests/unit/unit.h"

#define TOKEN "shippo_test_secretword"
#define ANSWER_LOST "{\"close\":true,\"after_effect\":true}"

static pid_t simulator;
static FILE *simulator_out;
static const char *base;
static struct arena *arena;
static struct account account = {.id = 3, .connector = "shippo", .name = "test"};
static struct api api;
static struct err err;
static const struct carrier *carrier;

/* ---- the simulator ---- */

static void be_the_simulator(int out)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	dup2(out, STDOUT_FILENO);
	execlp("node", "node", "tests/sim/run.js", "--seed", "7", (char *)NULL);
	_exit(127);
}

static int start(void **state)
{
	static char line[512];
	int ends[2];

	(void)state;
	log_init("test", LOG_CRIT);
	arena = arena_new();
	assert_int_equal(pipe(ends), 0);
	simulator = fork();
	if (simulator == 0)
		be_the_simulator(ends[1]);
	close(ends[1]);
	simulator_out = fdopen(ends[0], "r");
	if (!fgets(line, sizeof line, simulator_out) || strncmp(line, "ready ", 6) != 0)
		return 0; /* every test skips itself */
	json_t *ready = NULL;

	assert_int_equal(jmap_parse(arena, line + 6, strlen(line + 6), sizeof line, &ready, &err),
			 0);
	base = json_string_value(jmap_at(ready, "shippo"));
	http_init(&(struct http_settings){0});
	carrier = carrier_by_name("shippo", &err);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	kill(simulator, SIGTERM);
	waitpid(simulator, NULL, 0);
	fclose(simulator_out);
	arena_free(arena);
	return 0;
}

static json_t *control(const char *method, const char *path, const char *body)
{
	struct http_request request = {
		.method = method,
		.url = arena_printf(arena, "%s/_sim/%s", base, path),
		.headers = {"Content-Type: application/json"},
		.body = body,
		.body_len = body ? strlen(body) : 0,
		.timeout_ms = patience_ms(5000),
	};
	struct http_response answer = {0};
	json_t *json = NULL;

	assert_int_equal(http_call(arena, &request, &answer, &err), 0);
	assert_int_equal(answer.status / 100, 2);
	if (answer.body_len)
		jmap_parse(arena, answer.body, answer.body_len, HTTP_BODY_MAX, &json, &err);
	return json;
}

static void misbehave(const char *operation, const char *how)
{
	control("POST", "faults",
		arena_printf(arena, "{\"match\":{\"operation\":\"%s\",\"times\":1},\"do\":%s}",
			     operation, how));
}

/* Labels ever made for this attempt, paid or refused. */
static size_t made(const struct label_request *r)
{
	json_t *entries = json_object_get(jmap_at(control("GET", "books", NULL), "by_metadata"),
					  arena_printf(arena, "wb:%s", r->attempt));

	return json_array_size(entries);
}

/* ---- the carrier ---- */

static void in_fiber(void (*body)(void *))
{
	if (!base)
		skip();
	account.api_base = base;
	account.token = secret_new(arena, TOKEN, strlen(TOKEN));
	api = (struct api){.arena = arena,
			   .account = &account,
			   .deadline_ms = loop_now_ms() + patience_ms(30000)};
	err = (struct err){0};
	run_in_fiber(body, NULL);
}

static struct rate_request parcel(void)
{
	return (struct rate_request){
		.from = {.company = "Example Goods", .city = "Reno", .country_code = "US"},
		.to = {.name = "Ada Lovelace", .city = "Springfield", .country_code = "US"},
		.parcel = {.length_mm = 300, .width_mm = 200, .height_mm = 100, .grams = 1200},
		.reference = "WB-17",
	};
}

/* A new attempt at a label for a new shipment. */
static struct label_request rated(void)
{
	struct rate_request r = parcel();
	struct rates rates;
	char attempt[37];

	assert_int_equal(carrier->rate(&api, &r, &rates, &err), 0);
	assert_int_equal(rates.count, 4);
	uuid_v7(attempt);
	return (struct label_request){
		.shipment_id = rates.shipment_id,
		.rate_id = rates.rates[0].id,
		.attempt = arena_strdup(arena, attempt),
		.reference = r.reference,
		.format = "PDF_4x6",
	};
}

static struct purchase bought(struct label_request *r)
{
	struct purchase p = {0};

	assert_int_equal(carrier->buy(&api, r, &p, &err), 0);
	assert_int_equal(p.state, PURCHASE_PENDING);
	r->purchase_id = p.id;
	assert_int_equal(carrier->find(&api, r, &p, &err), 0);
	return p;
}

static void good_day(void *arg)
{
	struct label_request r = rated();
	struct purchase p = bought(&r);
	const char *bytes, *type, *mode, *state;
	struct tracking t;
	size_t len;

	(void)arg;
	assert_int_equal(p.state, PURCHASE_BOUGHT);
	assert_non_null(p.tracking_number);
	assert_non_null(p.tracking_url);
	assert_int_equal(carrier->label(&api, p.label_url, &bytes, &len, &type, &err), 0);
	assert_true(len > 100);
	assert_memory_equal(bytes, "%PDF-", 5);
	assert_string_equal(type, "application/pdf");
	assert_int_equal(carrier->track(&api, "USPS", p.tracking_number, &t, &err), 0);
	assert_int_equal(t.status, TRACKING_LABEL_CREATED);
	assert_int_equal(carrier->check(&api, &mode, &err), 0);
	assert_string_equal(mode, "test");
	assert_int_equal(carrier->refund(&api, p.id, &state, &err), 0);
	assert_string_equal(state, "pending");
	assert_int_equal(carrier->find(&api, &r, &p, &err), 0);
	assert_int_equal(p.state, PURCHASE_REFUSED);
	assert_int_equal(made(&r), 1);
}

static void a_label_is_rated_bought_fetched_and_given_back(void **state)
{
	(void)state;
	in_fiber(good_day);
}

static void lost_answer(void *arg)
{
	static const char *const ways[] = {ANSWER_LOST, "{\"truncate\":true}",
					   "{\"status\":503,\"after_effect\":true}"};

	(void)arg;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct label_request r = rated();
		struct purchase p = {0};

		misbehave("transaction_create", ways[i]);
		assert_int_equal(carrier->buy(&api, &r, &p, &err), -1);
		assert_int_equal(err.kind, ERR_RETRY);
		assert_int_equal(err.code, ERR_CODE_UNKNOWN);
		assert_null(strstr(err.msg, "secretword"));
		assert_int_equal(carrier->find(&api, &r, &p, &err), 0);
		assert_int_equal(p.state, PURCHASE_BOUGHT);
		assert_int_equal(made(&r), 1);
	}
}

static void a_purchase_whose_answer_is_lost_is_found(void **state)
{
	(void)state;
	in_fiber(lost_answer);
}

static void never_sent(void *arg)
{
	struct label_request r = rated();
	struct purchase p = {0};

	(void)arg;
	misbehave("transaction_create", "{\"close\":true}");
	assert_int_equal(carrier->buy(&api, &r, &p, &err), -1);
	assert_int_equal(err.code, ERR_CODE_UNKNOWN);
	assert_int_equal(carrier->find(&api, &r, &p, &err), 0);
	assert_int_equal(p.state, PURCHASE_NONE);
	assert_int_equal(made(&r), 0);
	assert_int_equal(bought(&r).state, PURCHASE_BOUGHT);
	assert_int_equal(made(&r), 1);
}

static void a_purchase_that_never_arrived_is_not_found(void **state)
{
	(void)state;
	in_fiber(never_sent);
}

static void null_list(void *arg)
{
	struct label_request r = rated();
	struct purchase p = {0};

	(void)arg;
	misbehave("transaction_create", ANSWER_LOST);
	assert_int_equal(carrier->buy(&api, &r, &p, &err), -1);
	misbehave("transaction_list", "{\"results_null\":true}");
	assert_int_equal(carrier->find(&api, &r, &p, &err), 0);
	assert_int_equal(p.state, PURCHASE_BOUGHT);
}

static void a_list_that_comes_back_null_hides_no_purchase(void **state)
{
	(void)state;
	in_fiber(null_list);
}

static void refusals(void *arg)
{
	struct label_request r = rated();
	struct purchase p;

	(void)arg;
	misbehave("transaction_create", "{\"carrier_error\":\"No pickup in Springfield\"}");
	r.recipient = &(struct address){.city = "Springfield"};
	p = bought(&r);
	assert_int_equal(p.state, PURCHASE_REFUSED);
	assert_string_equal(p.reason, "USPS: No pickup in ***");
	assert_int_equal(p.rate_is_stale, 0);

	r = rated();
	r.rate_id = "nosuchrate";
	assert_int_equal(carrier->buy(&api, &r, &p, &err), 0);
	assert_int_equal(p.state, PURCHASE_REFUSED);
	assert_int_equal(p.rate_is_stale, 1);

	r = rated();
	control("POST", "clock", "{\"advance_ms\":691200000}");
	p = bought(&r);
	assert_int_equal(p.state, PURCHASE_REFUSED);
	assert_int_equal(p.rate_is_stale, 1);
}

static void a_refused_purchase_says_why_and_whether_to_rate_again(void **state)
{
	(void)state;
	in_fiber(refusals);
}

static void no_rates(void *arg)
{
	struct rate_request r = parcel();
	struct rates rates;

	(void)arg;
	misbehave("shipment_create", "{\"carrier_error\":\"Nobody goes to Springfield\"}");
	assert_int_equal(carrier->rate(&api, &r, &rates, &err), -1);
	assert_int_equal(err.code, ERR_CODE_HELD);
	assert_non_null(strstr(err.msg, "Shippo: Nobody goes to ***"));
	misbehave("shipment_create", "{\"carrier_error\":\"UPS API did not respond\"}");
	assert_int_equal(carrier->rate(&api, &r, &rates, &err), -1);
	assert_int_equal(err.kind, ERR_RETRY);
	r.to.country_code = "Narnia";
	assert_int_equal(carrier->rate(&api, &r, &rates, &err), -1);
	assert_int_equal(err.code, ERR_CODE_HELD);
	assert_non_null(strstr(err.msg, "address_to.country: "));
	misbehave("shipment_create", "{\"status\":429,\"retry_after\":2}");
	assert_int_equal(carrier->rate(&api, &r, &rates, &err), -1);
	assert_int_equal(err.code, ERR_CODE_RATE_LIMIT);
	assert_int_equal(err.retry_after_ms, 2000);
}

static void a_shipment_nobody_takes_is_held_with_the_reason(void **state)
{
	(void)state;
	in_fiber(no_rates);
}

static void bad_labels(void *arg)
{
	struct label_request r = rated();
	struct purchase p = bought(&r);
	const char *bytes, *type;
	size_t len;
	const char *const urls[] = {
		arena_strndup(arena, p.label_url, strcspn(p.label_url, "?")),
		arena_printf(arena, "%s/labels/none.pdf?Signature=x&Expires=1", base),
	};

	(void)arg;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(carrier->label(&api, urls[i], &bytes, &len, &type, &err), -1);
		assert_int_equal(err.kind, ERR_RETRY);
	}
	misbehave("label_get", "{\"html\":true}");
	assert_int_equal(carrier->label(&api, p.label_url, &bytes, &len, &type, &err), -1);
	assert_int_equal(err.kind, ERR_RETRY);
	assert_int_equal(carrier->label(&api, p.label_url, &bytes, &len, &type, &err), 0);
}

static void a_label_that_is_not_there_yet_is_asked_for_again(void **state)
{
	(void)state;
	in_fiber(bad_labels);
}

static void wrong_token(void *arg)
{
	const char *mode;

	(void)arg;
	account.token = secret_new(arena, "nonsense", 8);
	assert_int_equal(carrier->check(&api, &mode, &err), -1);
	assert_int_equal(err.code, ERR_CODE_AUTH);
	assert_null(strstr(err.msg, "nonsense"));
	account.token = (struct secret){0};
	assert_int_equal(carrier->check(&api, &mode, &err), -1);
	assert_int_equal(err.code, ERR_CODE_AUTH);
}

static void a_wrong_token_is_said_to_be_one(void **state)
{
	(void)state;
	in_fiber(wrong_token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_label_is_rated_bought_fetched_and_given_back),
		cmocka_unit_test(a_purchase_whose_answer_is_lost_is_found),
		cmocka_unit_test(a_purchase_that_never_arrived_is_not_found),
		cmocka_unit_test(a_list_that_comes_back_null_hides_no_purchase),
		cmocka_unit_test(a_refused_purchase_says_why_and_whether_to_rate_again),
		cmocka_unit_test(a_shipment_nobody_takes_is_held_with_the_reason),
		cmocka_unit_test(a_label_that_is_not_there_yet_is_asked_for_again),
		cmocka_unit_test(a_wrong_token_is_said_to_be_one),
	};

	return cmocka_run_group_tests(tests, start, stop);
}

/* api: what an answer means before the connector looks at it, and where a token may go */
#include "connectors/api.h"

#include <stdio.h>
#include <string.h>

#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/metrics.h"
#include "tests/unit/http_server.h"
#include "tests/unit/unit.h"

#define ANSWER(status, headers, length, body)                                                      \
	"HTTP/1.1 " status "\r\n" headers "Content-Length: " length "\r\n\r\n" body
#define EMPTY(status) ANSWER(status, "", "0", "")

static const struct http_page pages[] = {
	{"/ok", ANSWER("200 OK", "X-Request-Id: r-1\r\n", "8", "{\"a\": 1}"), 0},
	{"/created", ANSWER("201 Created", "", "2", "{}"), 0},
	{"/empty", EMPTY("204 No"), 0},
	{"/bad", ANSWER("422 No", "", "8", "{\"a\": 1}"), 0},
	{"/bad-html", ANSWER("404 No", "Content-Type: text/html\r\n", "6", "<html>"), 0},
	{"/conflict", EMPTY("409 No"), 0},
	{"/who", EMPTY("401 No"), 0},
	{"/slow-down", ANSWER("429 No", "Retry-After: 2.0\r\n", "0", ""), 0},
	{"/pay", EMPTY("402 No"), 0},
	{"/forbidden", EMPTY("403 No"), 0},
	{"/locked", EMPTY("423 No"), 0},
	{"/security", ANSWER("430 No", "Content-Type: text/html\r\n", "6", "<html>"), 0},
	{"/moved", ANSWER("302 No", "Location: http://127.0.0.1:1/\r\n", "0", ""), 0},
	{"/gone", EMPTY("410 No"), 0},
	{"/teapot", EMPTY("418 No"), 0},
	{"/late", EMPTY("408 No"), 0},
	{"/broken", ANSWER("503 No", "Retry-After: 7\r\n", "0", ""), 0},
	{"/html", ANSWER("200 OK", "Content-Type: text/html; charset=utf-8\r\n", "6", "<html>"), 0},
	{"/cut", ANSWER("200 OK", "", "6", "{\"a\": "), 0},
	{"/latin",
	 ANSWER("200 OK", "Content-Type: application/json; charset=iso-8859-1\r\n", "8",
		"{\"a\":\"\xE4\"}"),
	 0},
	{"/short", ANSWER("200 OK", "", "99", "{\"a\": "), SERVER_CLOSE},
	{"/lost", "", SERVER_CLOSE},
	{"/label", ANSWER("200 OK", "Content-Type: application/pdf\r\n", "5", "%PDF-"), 0},
	{0},
};

static struct account account = {.id = 17, .connector = "test", .name = "shop.example"};
static struct api api = {.account = &account};
static struct api_response res;
static struct err err;

static int call(const char *path, enum api_effect effect)
{
	struct api_request req = {.operation = "op",
				  .method = effect == API_READ ? "GET" : "POST",
				  .path = path,
				  .auth = "X-Token: secret-word",
				  .effect = effect};

	if (effect == API_EFFECT) {
		req.body = "{}";
		req.headers[0] = "Content-Type: application/json";
	}
	res = (struct api_response){0};
	err = (struct err){0};
	return api_call(&api, &req, &res, &err);
}

static void judge_all(void *arg)
{
	static const struct {
		const char *path;
		enum err_kind kind; /* ERR_NONE: success; what is UNKNOWN is always a RETRY */
		enum err_code read, effect;
		int retry_after_ms;
	} cases[] = {
		{"/ok", ERR_NONE, 0, 0, 0},
		{"/created", ERR_NONE, 0, 0, 0},
		{"/empty", ERR_NONE, 0, 0, 0},
		{"/bad", ERR_NONE, 0, 0, 0},
		{"/bad-html", ERR_NONE, 0, 0, 0},
		{"/conflict", ERR_NONE, 0, 0, 0},
		{"/label-that-is-not-there", ERR_NONE, 0, 0, 0},
		{"/who", ERR_RETRY, ERR_CODE_AUTH, ERR_CODE_AUTH, 0},
		{"/slow-down", ERR_RETRY, ERR_CODE_RATE_LIMIT, ERR_CODE_RATE_LIMIT, 2000},
		{"/pay", ERR_FINAL, 0, 0, 0},
		{"/forbidden", ERR_FINAL, 0, 0, 0},
		{"/locked", ERR_FINAL, 0, 0, 0},
		{"/security", ERR_FINAL, 0, 0, 0},
		{"/moved", ERR_FINAL, 0, ERR_CODE_UNKNOWN, 0},
		{"/gone", ERR_FINAL, 0, ERR_CODE_UNKNOWN, 0},
		{"/teapot", ERR_FINAL, 0, ERR_CODE_UNKNOWN, 0},
		{"/late", ERR_RETRY, 0, ERR_CODE_UNKNOWN, 0},
		{"/broken", ERR_RETRY, 0, ERR_CODE_UNKNOWN, 7000},
		{"/html", ERR_RETRY, 0, ERR_CODE_UNKNOWN, 0},
		{"/cut", ERR_RETRY, 0, ERR_CODE_UNKNOWN, 0},
		{"/latin", ERR_RETRY, 0, ERR_CODE_UNKNOWN, 0},
		{"/short", ERR_RETRY, ERR_CODE_DISCONNECTED, ERR_CODE_UNKNOWN, 0},
		{"/lost", ERR_RETRY, ERR_CODE_DISCONNECTED, ERR_CODE_UNKNOWN, 0},
	};

	(void)arg;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int effect = API_READ; effect <= API_EFFECT; effect++) {
			enum err_code want = effect == API_READ ? cases[i].read : cases[i].effect;
			/* Nobody may conclude that nothing was done. */
			enum err_kind kind = want == ERR_CODE_UNKNOWN ? ERR_RETRY : cases[i].kind;
			int failed = call(cases[i].path, (enum api_effect)effect);

			if (failed != (kind ? -1 : 0) || err.kind != kind || err.code != want ||
			    err.retry_after_ms != cases[i].retry_after_ms)
				fail_msg("%s: %d %s %s %d: %s", cases[i].path, failed,
					 err_kind_name(err.kind), err_code_name(err.code),
					 err.retry_after_ms, err.msg);
			if (failed)
				assert_ptr_equal(strstr(err.msg, "test op: "), err.msg);
		}
}

static void every_answer_means_the_same_for_every_connector(void **state)
{
	(void)state;
	run_in_fiber(judge_all, NULL);
}

static void successes(void *arg)
{
	struct api_request label = {
		.operation = "label", .method = "GET", .path = "/label", .wants_bytes = 1};

	(void)arg;
	assert_int_equal(call("/ok", API_READ), 0);
	assert_int_equal(json_integer_value(json_object_get(res.json, "a")), 1);
	assert_string_equal(res.request_id, "r-1");
	assert_int_equal(call("/bad", API_READ), 0);
	assert_int_equal(res.status, 422);
	assert_non_null(res.json);
	assert_int_equal(call("/empty", API_READ), 0);
	assert_null(res.json);
	assert_int_equal(call("/bad-html", API_READ), 0);
	assert_null(res.json);
	assert_int_equal(api_call(&api, &label, &res, &err), 0);
	assert_null(res.json);
	assert_int_equal(res.len, 5);
	assert_string_equal(res.content_type, "application/pdf");
	http_server_books();

	json_t *json = json_pack("{s:s}", "query", "{ shop }");
	struct api_request graphql = {
		.operation = "shop", .method = "POST", .path = "/ok", .json = json};

	assert_int_equal(api_call(&api, &graphql, &res, &err), 0);
	json_decref(json);
	struct http_server_books books = http_server_books();

	assert_non_null(strstr(books.last_request, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(books.last_request, "Accept: application/json\r\n"));
	assert_non_null(strstr(books.last_request, "\r\n\r\n{\"query\":\"{ shop }\"}"));
}

static void answers_reach_the_connector(void **state)
{
	(void)state;
	run_in_fiber(successes, NULL);
}

static void no_time(void *arg)
{
	(void)arg;
	http_server_books();
	api.deadline_ms = loop_now_ms() + 200;
	assert_int_equal(call("/ok", API_EFFECT), -1);
	api.deadline_ms = 0;
	assert_int_equal(err.kind, ERR_RETRY);
	assert_int_equal(err.code, ERR_CODE_TIMEOUT);
	assert_int_equal(http_server_books().requests, 0);
}

static void nothing_is_sent_when_the_deadline_is_near(void **state)
{
	(void)state;
	run_in_fiber(no_time, NULL);
}

static void foreign_urls(void *arg)
{
	char url[128];
	struct api_request req = {.operation = "label",
				  .method = "GET",
				  .url = url,
				  .auth = "X-Token: secret-word",
				  .wants_bytes = 1};

	(void)arg;
	http_server_books();
	snprintf(url, sizeof url, "%s.evil.example/label", account.api_base);
	assert_int_equal(api_call(&api, &req, &res, &err), -1);
	assert_int_equal(err.kind, ERR_BUG);
	assert_null(strstr(err.msg, "secret"));
	assert_int_equal(http_server_books().requests, 0);
	snprintf(url, sizeof url, "%s/label", account.api_base);
	assert_int_equal(api_call(&api, &req, &res, &err), 0);
	assert_non_null(strstr(http_server_books().last_request, "X-Token: secret-word\r\n"));
}

static void a_token_goes_nowhere_but_to_its_service(void **state)
{
	(void)state;
	run_in_fiber(foreign_urls, NULL);
}

static void calls_are_counted_by_result(void **state)
{
	(void)state;
	const char *text = metrics_text(api.arena);

	assert_non_null(strstr(text, "waybill_api_calls_total{connector=\"test\",operation=\"op\","
				     "result=\"unknown_outcome\"}"));
	assert_non_null(strstr(text,
			       "waybill_api_calls_total{connector=\"test\",operation=\"shop\","
			       "result=\"ok\"} 1\n"));
	assert_non_null(strstr(text, "waybill_api_seconds_count{connector=\"test\"}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_means_the_same_for_every_connector),
		cmocka_unit_test(answers_reach_the_connector),
		cmocka_unit_test(nothing_is_sent_when_the_deadline_is_near),
		cmocka_unit_test(a_token_goes_nowhere_but_to_its_service),
		cmocka_unit_test(calls_are_counted_by_result),
	};

	log_init("test", LOG_ERR);
	http_init(&(struct http_settings){0});
	account.api_base = http_server_start(pages, 0);
	api.arena = arena_new();
	int failed = cmocka_run_group_tests_name("api", tests, NULL, NULL);

	arena_free(api.arena);
	http_server_stop();
	return failed;
}

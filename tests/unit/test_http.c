/*
 * http: what an exchange gives back, what was sent when it fails, and that a request is never sent
 * twice unasked
 */
#include "core/runtime/http.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/runtime/loop.h"
#include "tests/unit/arena_case.h"
#include "tests/unit/http_server.h"
#include "tests/unit/unit.h"

enum { PER_HOST = 5, MANY = 50, LARGE = 100000 };

static char large_answer[LARGE + 128];
static const struct http_page pages[] = {
	{"/ok",
	 "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Request-Id: r-7\r\n"
	 "Content-Length: 5\r\n\r\nhello",
	 0},
	{"/latin-1",
	 "HTTP/1.1 200 OK\r\nContent-Type: application/pdf; name=\"\xFC\tx\x01\"\r\n"
	 "X-Request-Id: \xC3\xBC\r\nContent-Length: 0\r\n\r\n",
	 0},
	{"/none", "HTTP/1.1 204 No Content\r\n\r\n", 0},
	{"/continue",
	 "HTTP/1.1 100 Continue\r\nX-Request-Id: old\r\n\r\n"
	 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	 0},
	{"/moved", "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n", 0},
	{"/busy", "HTTP/1.1 429 Too Many\r\nRetry-After: 1.5\r\nContent-Length: 0\r\n\r\n", 0},
	{"/busy-until",
	 "HTTP/1.1 429 Too Many\r\nRetry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n"
	 "Content-Length: 0\r\n\r\n",
	 0},
	{"/busy-window",
	 "HTTP/1.1 429 Too Many\r\nX-Rate-Limit-Time-Reset-Ms: 2500\r\n"
	 "Content-Length: 0\r\n\r\n",
	 0},
	{"/window",
	 "HTTP/1.1 200 OK\r\nX-Rate-Limit-Time-Reset-Ms: 2500\r\n"
	 "Content-Length: 0\r\n\r\n",
	 0},
	{"/large", large_answer, 0},
	{"/short", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", SERVER_CLOSE},
	{"/silent", NULL, SERVER_SILENT},
	{"/dribble", NULL, SERVER_DRIBBLE},
	{"/lost", "", SERVER_CLOSE},
	{"/kept", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", SERVER_DIE_IF_KEPT},
	{"/meet", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", SERVER_MEET},
	{0},
};

static const char *base;
static struct http_response response;
static struct err err;

/* A name whose lookup takes as long as the test wants. libcurl calls this one in a thread of its own. */
static int lookup_pipe[2];

int getaddrinfo(const char *restrict name, const char *restrict service,
		const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
	char byte;

	(void)name;
	(void)service;
	(void)hints;
	(void)result;
	return read(lookup_pipe[0], &byte, 1) < 0 ? EAI_FAIL : EAI_NONAME;
}

static int call(struct http_request request, const char *path)
{
	request.url = arena_printf(arena, "%s%s", base, path);
	err = (struct err){0};
	response = (struct http_response){0};
	return http_call(arena, &request, &response, &err);
}

static int get(const char *path)
{
	return call((struct http_request){.method = "GET", .timeout_ms = patience_ms(5000)}, path);
}

static int post(const char *path)
{
	return call((struct http_request){.method = "POST",
					  .headers = {"Content-Type: text/plain"},
					  .body = "buy",
					  .body_len = 3,
					  .timeout_ms = patience_ms(5000)},
		    path);
}

static void answers(void *arg)
{
	(void)arg;
	assert_int_equal(get("/ok"), 0);
	assert_int_equal(response.status, 200);
	assert_string_equal(response.body, "hello");
	assert_string_equal(response.content_type, "text/plain");
	assert_string_equal(response.request_id, "r-7");
	assert_int_equal(get("/latin-1"), 0);
	assert_string_equal(response.content_type, "application/pdf; name=\"?\tx?\"");
	assert_string_equal(response.request_id, "??");
	assert_int_equal(get("/none"), 0);
	assert_int_equal(response.status, 204);
	assert_int_equal(response.body_len, 0);
	assert_string_equal(response.body, "");
	assert_int_equal(get("/moved"), 0);
	assert_int_equal(response.status, 302);
	assert_int_equal(get("/continue"), 0);
	assert_int_equal(response.status, 200);
	assert_null(response.request_id);
	assert_int_equal(get("/busy"), 0);
	assert_int_equal(response.retry_after_ms, 1500);
	assert_int_equal(get("/busy-until"), 0);
	assert_int_equal(response.retry_after_ms, 24 * 3600 * 1000);
	assert_int_equal(get("/busy-window"), 0);
	assert_int_equal(response.retry_after_ms, 2500);
	assert_int_equal(get("/window"), 0);
	assert_int_equal(response.retry_after_ms, 0);
	struct http_server_books books = http_server_books();

	assert_int_equal(books.requests, 9);
	assert_int_equal(books.connections, 1);
}

static void one_connection_carries_many_answers_of_every_kind(void **state)
{
	(void)state;
	run_in_fiber(answers, NULL);
}

static void requests(void *arg)
{
	(void)arg;
	assert_int_equal(post("/ok"), 0);
	struct http_server_books books = http_server_books();

	assert_non_null(strstr(books.last_request, "POST /ok HTTP/1.1\r\n"));
	assert_non_null(strstr(books.last_request, "Content-Length: 3\r\n"));
	assert_non_null(strstr(books.last_request, "Content-Type: text/plain\r\n"));
	assert_non_null(strstr(books.last_request, "User-Agent: waybill-test\r\n"));
	assert_non_null(strstr(books.last_request, "\r\n\r\nbuy"));
	assert_null(strcasestr(books.last_request, "Expect"));
	assert_int_equal(call((struct http_request){.method = "PUT"}, "/ok"), 0);
	books = http_server_books();
	assert_non_null(strstr(books.last_request, "PUT /ok HTTP/1.1\r\n"));
	assert_non_null(strstr(books.last_request, "Content-Length: 0\r\n"));
	assert_null(strcasestr(books.last_request, "Content-Type"));
	assert_int_equal(call((struct http_request){.method = "DELETE"}, "/ok"), 0);
	books = http_server_books();
	assert_non_null(strstr(books.last_request, "DELETE /ok HTTP/1.1\r\n"));
}

static void a_request_says_what_the_caller_said(void **state)
{
	(void)state;
	run_in_fiber(requests, NULL);
}

static void bad_requests(void *arg)
{
	(void)arg;
	assert_int_equal(
		call((struct http_request){.method = "GET", .headers = {"X-A: b\r\nX-Injected: 1"}},
		     "/ok"),
		-1);
	assert_int_equal(err.kind, ERR_BUG);
	assert_null(strstr(err.msg, "Injected"));
	assert_int_equal(call((struct http_request){.method = "GET\r\n"}, "/ok"), -1);
	assert_int_equal(err.kind, ERR_BUG);
	assert_int_equal(call((struct http_request){.method = "P"}, "/ok"), -1);
	assert_int_equal(http_server_books().requests, 0);
}

static void headers_cannot_be_injected(void **state)
{
	(void)state;
	run_in_fiber(bad_requests, NULL);
}

static void too_large(void *arg)
{
	struct http_request request = {.method = "POST", .body = "x", .body_len = 1};

	(void)arg;
	assert_int_equal(get("/large"), 0);
	assert_int_equal(response.body_len, LARGE);
	request.body_max = LARGE;
	assert_int_equal(call(request, "/large"), 0);
	request.body_max = LARGE - 1;
	assert_int_equal(call(request, "/large"), -1);
	assert_int_equal(err.kind, ERR_FINAL);
	assert_int_equal(err.code, ERR_CODE_DATA);
}

static void an_answer_has_a_size_limit(void **state)
{
	(void)state;
	run_in_fiber(too_large, NULL);
}

static void nobody_there(void *arg)
{
	const char *there = base;

	(void)arg;
	base = "http://127.0.0.1:1";
	assert_int_equal(post("/"), -1);
	base = there;
	assert_int_equal(err.kind, ERR_RETRY);
	assert_int_equal(err.code, ERR_CODE_DISCONNECTED);
}

static void a_refused_connection_has_surely_sent_nothing(void **state)
{
	(void)state;
	run_in_fiber(nobody_there, NULL);
}

static void lost_answers(void *arg)
{
	static const char *const paths[] = {"/lost", "/short", "/silent", "/dribble"};

	(void)arg;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		http_server_books();
		assert_int_equal(call((struct http_request){.method = "POST",
							    .body = "buy",
							    .body_len = 3,
							    .timeout_ms = 200},
				      paths[i]),
				 -1);
		assert_int_equal(err.kind, ERR_RETRY);
		assert_int_equal(err.code, ERR_CODE_UNKNOWN);
		assert_int_equal(http_server_books().requests, 1);
	}
}

static void a_request_whose_answer_is_lost_may_have_arrived(void **state)
{
	(void)state;
	run_in_fiber(lost_answers, NULL);
}

static void dead_connections(void *arg)
{
	(void)arg;
	assert_int_equal(get("/kept"), 0);
	http_server_books();
	assert_int_equal(get("/kept"), 0); /* dies, and is asked again on a new connection */
	assert_int_equal(http_server_books().requests, 2);
	assert_int_equal(call((struct http_request){.method = "POST",
						    .body = "{}",
						    .body_len = 2,
						    .is_read = 1},
			      "/kept"),
			 0);
	assert_int_equal(http_server_books().requests, 2);
	assert_int_equal(post("/kept"), -1);
	assert_int_equal(err.code, ERR_CODE_UNKNOWN);
	assert_int_equal(http_server_books().requests, 1);
	assert_int_equal(get("/kept"), 0);
	http_server_books();
	/*
	 * Without a body nothing could stop libcurl from asking again, so the connection is a new
	 * one.
	 */
	assert_int_equal(call((struct http_request){.method = "POST"}, "/kept"), 0);
	struct http_server_books books = http_server_books();

	assert_int_equal(books.requests, 1);
	assert_int_equal(books.connections, 1);
}

static void only_a_read_is_sent_again_when_a_kept_connection_has_died(void **state)
{
	(void)state;
	run_in_fiber(dead_connections, NULL);
}

static int answered;

static void get_meeting(void *arg)
{
	struct arena *a = arena_new();
	struct http_request request = {.method = "GET",
				       .url = arena_printf(a, "%s/meet", (const char *)arg)};
	struct http_response mine;
	struct err e = {0};

	if (http_call(a, &request, &mine, &e) == 0 && mine.status == 200)
		answered++;
	else
		print_message("  %s\n", e.msg);
	arena_free(a);
}

static void many_at_once(void *arg)
{
	struct fiber_group group = {0};
	char *url = arena_strdup(arena, base);

	(void)arg;
	http_server_books();
	for (int i = 0; i < MANY; i++)
		fiber_group_start(&group, "get", get_meeting, url);
	assert_int_equal(fiber_group_wait(&group, loop_now_ms() + patience_ms(10000), NULL), 0);
	struct http_server_books books = http_server_books();

	assert_int_equal(answered, MANY);
	assert_int_equal(books.most_at_once, PER_HOST);
	/* The connections are kept, whoever uses them next; earlier tests may have left one. */
	assert_true(books.connections <= PER_HOST);
}

static void fifty_at_once_wait_for_their_host(void **state)
{
	(void)state;
	run_in_fiber(many_at_once, NULL);
}

static void silent_get(void *arg)
{
	struct arena *a = arena_new();
	struct http_request request = {.method = "GET",
				       .timeout_ms = 1000,
				       .url = arena_printf(a, "%s/silent", (const char *)arg)};

	http_call(a, &request, &(struct http_response){0}, NULL);
	arena_free(a);
}

static void queue_too_long(void *arg)
{
	struct fiber_group group = {0};
	char *url = arena_strdup(arena, base);

	(void)arg;
	for (int i = 0; i < PER_HOST; i++)
		fiber_group_start(&group, "get", silent_get, url);
	fiber_sleep_ms(1, NULL);
	assert_int_equal(call((struct http_request){.method = "POST", .timeout_ms = 50}, "/ok"),
			 -1);
	assert_int_equal(err.code, ERR_CODE_TIMEOUT);
	assert_int_equal(fiber_group_wait(&group, loop_now_ms() + patience_ms(5000), NULL), 0);
}

static void waiting_for_a_turn_counts_against_the_deadline_and_has_sent_nothing(void **state)
{
	(void)state;
	run_in_fiber(queue_too_long, NULL);
}

static struct fiber *caller;

static void call_silent(void *arg)
{
	(void)arg;
	caller = fiber_self();
	post("/silent");
}

static void cancel_call(void *arg)
{
	struct fiber_group group = {0};
	int64_t deadline_ms = loop_now_ms() + patience_ms(5000);

	(void)arg;
	http_server_books();
	fiber_group_start(&group, "post", call_silent, NULL);
	while (!http_server_books().requests && loop_now_ms() < deadline_ms)
		fiber_sleep_ms(1, NULL);
	fiber_cancel(caller);
	assert_int_equal(fiber_group_wait(&group, deadline_ms, NULL), 0);
	assert_int_equal(err.kind, ERR_RETRY);
	assert_int_equal(err.code, ERR_CODE_UNKNOWN);
}

static void a_call_cancelled_after_sending_may_have_arrived(void **state)
{
	(void)state;
	run_in_fiber(cancel_call, NULL);
}

static void slow_lookup(void *arg)
{
	int64_t before_ms = loop_now_ms();
	struct http_request request = {
		.method = "POST", .url = "https://slow.example/", .timeout_ms = 50};

	(void)arg;
	assert_int_equal(http_call(arena, &request, &response, &err), -1);
	assert_int_equal(err.code, ERR_CODE_TIMEOUT);
	assert_true(loop_now_ms() - before_ms < patience_ms(2000));
	assert_int_equal(get("/ok"), 0); /* the loop goes on while the thread still waits */
	assert_int_equal(write(lookup_pipe[1], "x", 1), 1);
}

static void a_slow_name_lookup_holds_up_nobody(void **state)
{
	(void)state;
	assert_int_equal(pipe(lookup_pipe), 0);
	run_in_fiber(slow_lookup, NULL);
}

static int set_up(void **state)
{
	http_server_books();
	return arena_set_up(state);
}

#define HTTP_CASE(name) cmocka_unit_test_setup_teardown(name, set_up, arena_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HTTP_CASE(one_connection_carries_many_answers_of_every_kind),
		HTTP_CASE(a_request_says_what_the_caller_said),
		HTTP_CASE(headers_cannot_be_injected),
		HTTP_CASE(an_answer_has_a_size_limit),
		HTTP_CASE(a_refused_connection_has_surely_sent_nothing),
		HTTP_CASE(a_request_whose_answer_is_lost_may_have_arrived),
		HTTP_CASE(only_a_read_is_sent_again_when_a_kept_connection_has_died),
		HTTP_CASE(fifty_at_once_wait_for_their_host),
		HTTP_CASE(waiting_for_a_turn_counts_against_the_deadline_and_has_sent_nothing),
		HTTP_CASE(a_call_cancelled_after_sending_may_have_arrived),
		HTTP_CASE(a_slow_name_lookup_holds_up_nobody),
	};
	size_t head = (size_t)snprintf(large_answer, sizeof large_answer,
				       "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LARGE);

	memset(large_answer + head, 'x', LARGE);
	http_init(&(struct http_settings){.per_host = PER_HOST, .user_agent = "waybill-test"});
	base = http_server_start(pages, PER_HOST);
	int failed = cmocka_run_group_tests_name("http", tests, NULL, NULL);

	http_server_stop();
	return failed;
}

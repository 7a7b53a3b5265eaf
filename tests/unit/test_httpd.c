/*
 * httpd: requests are answered in fibers; what is too large, too slow or malformed is refused
 * without being read
 */
#include "core/runtime/httpd.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/runtime/http.h"
#include "core/runtime/loop.h"
#include "tests/unit/arena_case.h"
#include "tests/unit/unit.h"

enum { BODY_MAX = 1000, BODIES_MAX = 16 * 1024, TIMEOUT_S = 1 };

static struct httpd *httpd;
static int answered;
static struct fiber_queue gate; /* requests of /wait stand here */
static int waiting;

static void admit(const struct httpd_request *r, struct httpd_answer *out, void *arg)
{
	(void)arg;
	if (strcmp(r->path, "/nowhere") == 0)
		*out = (struct httpd_answer){.status = 404, .body = "nothing here\n"};
	if (strcmp(r->method, "DELETE") == 0)
		*out = (struct httpd_answer){.status = 405, .allow = "GET, POST"};
}

static void answer(const struct httpd_request *r, struct httpd_answer *out, void *arg)
{
	const char *name = httpd_header(r, "x-name");

	(void)arg;
	answered++;
	if (strcmp(r->path, "/wait") == 0) {
		waiting++;
		fiber_queue_wait(&gate, loop_now_ms() + patience_ms(5000), NULL);
	}
	*out = (struct httpd_answer){
		.status = 200,
		.body = arena_printf(r->arena, "%s %zu %s", r->path, r->body_len,
				     name ? name : "-"),
	};
}

static const char *url(const char *path)
{
	return arena_printf(arena, "http://127.0.0.1:%d%s", httpd_port(httpd), path);
}

static struct http_response call(struct http_request request, const char *path)
{
	struct http_response response = {0};

	request.url = url(path);
	request.timeout_ms = patience_ms(5000);
	if (http_call(arena, &request, &response, NULL))
		response.status = -1;
	return response;
}

static void open_httpd(void)
{
	struct err e = {0};

	answered = waiting = 0;
	assert_int_equal(httpd_open(&(struct httpd_settings){.listen = "127.0.0.1:0",
							     .body_max = BODY_MAX,
							     .bodies_max = BODIES_MAX,
							     .timeout_s = TIMEOUT_S,
							     .admit = admit,
							     .answer = answer},
				    &httpd, &e),
			 0);
}

static void plain_requests(void *arg)
{
	static const char body[BODY_MAX + 1];

	(void)arg;
	open_httpd();
	struct http_response got = call((struct http_request){.method = "GET"}, "/a%2Fb?c=d");

	assert_int_equal(got.status, 200);
	assert_string_equal(got.body, "/a/b 0 -");
	got = call((struct http_request){.method = "POST",
					 .headers = {"X-Name: Ada"},
					 .body = body,
					 .body_len = BODY_MAX},
		   "/");
	assert_int_equal(got.status, 200);
	assert_string_equal(got.body, "/ 1000 Ada");
	answered = 0;
	got = call((struct http_request){.method = "POST", .body = body, .body_len = BODY_MAX + 1},
		   "/");
	assert_int_equal(got.status, 413);
	got = call((struct http_request){.method = "POST", .body = body, .body_len = 5},
		   "/nowhere");
	assert_int_equal(got.status, 404);
	assert_string_equal(got.body, "nothing here\n");
	got = call((struct http_request){.method = "DELETE"}, "/");
	assert_int_equal(got.status, 405);
	assert_int_equal(answered, 0);
	httpd_close(httpd, loop_now_ms() + patience_ms(5000));
}

static void requests_are_answered_or_refused_at_their_head(void **state)
{
	(void)state;
	run_in_fiber(plain_requests, NULL);
}

static int together_ok;

static void get_wait(void *arg)
{
	(void)arg;
	if (call((struct http_request){.method = "GET"}, "/wait").status == 200)
		together_ok++;
}

static void together(void *arg)
{
	struct fiber_group group = {0};
	int64_t deadline_ms = loop_now_ms() + patience_ms(5000);

	(void)arg;
	open_httpd();
	together_ok = 0;
	for (int i = 0; i < 8; i++)
		fiber_group_start(&group, "get", get_wait, NULL);
	while (waiting < 8 && loop_now_ms() < deadline_ms)
		fiber_sleep_ms(1, NULL);
	assert_int_equal(waiting, 8);
	assert_int_equal(call((struct http_request){.method = "GET"}, "/").status, 200);
	fiber_queue_wake_all(&gate);
	assert_int_equal(fiber_group_wait(&group, deadline_ms, NULL), 0);
	assert_int_equal(together_ok, 8);
	httpd_close(httpd, deadline_ms);
}

static void a_request_that_waits_holds_up_no_other(void **state)
{
	(void)state;
	run_in_fiber(together, NULL);
}

static void open_gate(void *arg)
{
	(void)arg;
	fiber_sleep_ms(20, NULL);
	fiber_queue_wake_all(&gate);
}

static void closing(void *arg)
{
	struct fiber_group group = {0};
	int64_t deadline_ms = loop_now_ms() + patience_ms(5000);

	(void)arg;
	open_httpd();
	together_ok = 0;
	fiber_group_start(&group, "get", get_wait, NULL);
	while (!waiting && loop_now_ms() < deadline_ms)
		fiber_sleep_ms(1, NULL);
	const char *late = url("/");

	fiber_start("gate", open_gate, NULL);
	httpd_close(httpd, deadline_ms);
	assert_int_equal(fiber_group_wait(&group, deadline_ms, NULL), 0);
	assert_int_equal(together_ok, 1);
	struct http_request request = {.method = "POST", .url = late};
	struct http_response response;
	struct err e = {0};

	assert_int_equal(http_call(arena, &request, &response, &e), -1);
	assert_int_equal(e.code, ERR_CODE_DISCONNECTED);
}

static void closing_finishes_what_is_in_hand_and_takes_nothing_new(void **state)
{
	(void)state;
	run_in_fiber(closing, NULL);
}

/* A client that speaks bytes, in a thread of its own. */
struct raw {
	const char *first; /* sent once before; NULL: nothing */
	const char *text;
	int times; /* text is sent so often */
	int gap_ms;
	int port;
	char got[512];
	_Atomic int is_done;
};

static void *speak(void *arg)
{
	struct raw *r = arg;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)r->port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t len = 0;
	ssize_t n = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	n = connect(fd, (struct sockaddr *)&address, sizeof address) ? 0 : 1;
	if (n > 0 && r->first)
		n = send(fd, r->first, strlen(r->first), MSG_NOSIGNAL);
	for (int i = 0; n > 0 && i < r->times; i++) {
		struct timespec gap = {.tv_nsec = r->gap_ms * 1000000L};

		n = send(fd, r->text, strlen(r->text), MSG_NOSIGNAL);
		if (r->gap_ms)
			nanosleep(&gap, NULL);
	}
	while ((n = recv(fd, r->got + len, sizeof r->got - len - 1, 0)) > 0)
		len += (size_t)n;
	r->got[len] = '\0';
	close(fd);
	atomic_store(&r->is_done, 1);
	return NULL;
}

static void converse(struct raw *r, int64_t within_ms)
{
	int64_t deadline_ms = loop_now_ms() + within_ms;
	pthread_t thread;

	r->port = httpd_port(httpd);
	atomic_store(&r->is_done, 0);
	assert_int_equal(pthread_create(&thread, NULL, speak, r), 0);
	while (!atomic_load(&r->is_done)) {
		assert_true(loop_now_ms() < deadline_ms);
		fiber_sleep_ms(2, NULL);
	}
	pthread_join(thread, NULL);
}

static void odd_clients(void *arg)
{
	static char long_head[40000];
	char chunked[2048];
	struct raw r = {.times = 1};

	(void)arg;
	open_httpd();
	/* One chunk of 2,000 bytes, more to come. */
	int head =
		snprintf(chunked, sizeof chunked,
			 "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n");

	memset(chunked + head, 'x', sizeof chunked - (size_t)head - 1);
	r.text = chunked;
	converse(&r, patience_ms(5000));
	assert_ptr_equal(strstr(r.got, "HTTP/1.1 413 "), r.got);

	r.text = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\nhello";
	converse(&r, patience_ms(5000));
	assert_ptr_equal(strstr(r.got, "HTTP/1.1 400 "), r.got);

	r.text = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n";
	converse(&r, patience_ms(5000));
	assert_true(strstr(r.got, "HTTP/1.1 4") == r.got);

	snprintf(long_head, sizeof long_head, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: ");
	memset(long_head + strlen(long_head), 'x', sizeof long_head - strlen(long_head) - 5);
	memcpy(long_head + sizeof long_head - 5, "\r\n\r\n", 5);
	r.text = long_head;
	converse(&r, patience_ms(5000));
	assert_ptr_equal(strstr(r.got, "HTTP/1.1 431 "), r.got);

	r.text = "nonsense\r\n\r\n";
	converse(&r, patience_ms(5000));
	assert_int_equal(answered, 0);

	r.text = "GET / HTTP/1.1\r\nHost: x\r\n"; /* and silence */
	converse(&r, patience_ms(5000));
	assert_int_equal(answered, 0);
	httpd_close(httpd, loop_now_ms() + patience_ms(5000));
}

static void malformed_oversized_and_silent_clients_are_cut_off(void **state)
{
	(void)state;
	run_in_fiber(odd_clients, NULL);
}

static void dribbling(void *arg)
{
	/* Never silent for a second, never done. */
	struct raw r = {.first = "GET / HTTP/1.1\r\nHost: x\r\n",
			.text = "X-More: x\r\n",
			.times = 100,
			.gap_ms = 100};
	int64_t before_ms = loop_now_ms();

	(void)arg;
	open_httpd();
	converse(&r, patience_ms(8000));
	assert_true(loop_now_ms() - before_ms < patience_ms(5000));
	httpd_close(httpd, loop_now_ms() + patience_ms(5000));
}

static void a_request_that_dribbles_in_is_cut_off(void **state)
{
	(void)state;
	run_in_fiber(dribbling, NULL);
}

static void bad_addresses_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "8480", "127.0.0.1:http",
		"a-name-far-too-long-to-be-the-address-of-any-interface-of-ours:1"};
	struct httpd *h;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err e = {0};

		assert_int_equal(httpd_open(&(struct httpd_settings){.listen = bad[i]}, &h, &e),
				 -1);
		assert_int_equal(e.kind, ERR_FINAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(requests_are_answered_or_refused_at_their_head),
		CASE(a_request_that_waits_holds_up_no_other),
		CASE(closing_finishes_what_is_in_hand_and_takes_nothing_new),
		CASE(malformed_oversized_and_silent_clients_are_cut_off),
		CASE(a_request_that_dribbles_in_is_cut_off),
		CASE(bad_addresses_are_refused),
	};

	http_init(&(struct http_settings){.per_host = 16});
	return cmocka_run_group_tests_name("httpd", tests, NULL, NULL);
}

/*
 * http_target: which urls are called, and which addresses a connection may lead to
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/http.h"
#include "tests/unit/arena_case.h"
#include "tests/unit/http_server.h"

static const struct http_page pages[] = {
	{"/ok", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0},
	{0},
};

static const char *base;
static struct http_response response;
static struct err err;

static struct addrinfo *this_machine(const char *service)
{
	struct addrinfo *found = calloc(1, sizeof *found + sizeof(struct sockaddr_in));
	struct sockaddr_in *address = (struct sockaddr_in *)(void *)(found + 1);

	*address = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtol(service, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	*found = (struct addrinfo){
		.ai_family = AF_INET,
		.ai_socktype = SOCK_STREAM,
		.ai_addrlen = sizeof *address,
		.ai_addr = (struct sockaddr *)address,
	};
	return found;
}

/* Every name leads to this machine. libcurl calls this one in a thread of its own. */
int getaddrinfo(const char *restrict name, const char *restrict service,
		const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
	(void)name;
	(void)hints;
	*result = this_machine(service);
	return 0;
}

static void configured_urls(void *arg)
{
	static const char *const urls[] = {
		"",
		"nonsense",
		"ftp://127.0.0.1/x",
		"http://example.com/",
		"http://127.evil.example/",
		"http://127.0.0.1.evil.example/",
		"http://0.0.0.0/",
		"http://[::ffff:10.0.0.1]/",
		"file:///etc/passwd",
		"http://user:word@127.0.0.1/",
		"http://127.0.0.1/a\r\nb",
	};

	(void)arg;
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct http_request request = {.method = "GET", .url = urls[i]};

		assert_int_equal(http_call(arena, &request, &response, &err), -1);
		assert_int_equal(err.kind, ERR_FINAL);
	}
	assert_int_equal(http_server_books().requests, 0);
}

static void only_https_is_spoken_and_plain_http_to_this_machine(void **state)
{
	(void)state;
	run_in_fiber(configured_urls, NULL);
}

/* Nothing of these reaches the server, which listens there. */
static void answered_urls(void *arg)
{
	static const struct {
		const char *url; /* %s: the server's port */
		enum http_origin origin;
		const char *why; /* NULL: it is called */
	} cases[] = {
		{"http://127.0.0.1:%s/ok", HTTP_ANSWERED, "not https"},
		{"https://127.0.0.1:%s/ok", HTTP_ANSWERED, "public address"},
		{"https://127.1.2.3:%s/ok", HTTP_ANSWERED, "public address"},
		{"https://2130706433:%s/ok", HTTP_ANSWERED, "public address"},
		{"https://0:%s/ok", HTTP_ANSWERED, "public address"},
		{"https://[::1]:%s/ok", HTTP_ANSWERED, "public address"},
		{"https://[::ffff:127.0.0.1]:%s/ok", HTTP_ANSWERED, "public address"},
		{"https://localhost:%s/ok", HTTP_ANSWERED, "public address"},
		{"https://inside.example:%s/ok", HTTP_ANSWERED, "public address"},
		{"https://169.254.169.254/latest/meta-data", HTTP_ANSWERED, "public address"},
		{"https://10.0.0.1/", HTTP_ANSWERED, "public address"},
		{"https://user:word@127.0.0.1:%s/", HTTP_ANSWERED, "malformed"},
		{"file:///etc/passwd", HTTP_ANSWERED_HERE, "malformed"},
		{"gopher://127.0.0.1:%s/", HTTP_ANSWERED_HERE, "not https"},
		{"http://inside.example:%s/ok", HTTP_ANSWERED_HERE, "not https"},
		{"https://inside.example:%s/ok", HTTP_ANSWERED_HERE, "public address"},
		{"https://0.0.0.0:%s/ok", HTTP_ANSWERED_HERE, "public address"},
		{"http://127.0.0.1:%s/ok", HTTP_ANSWERED_HERE, NULL},
		{"http://127.0.0.1:%s/ok", HTTP_CONFIGURED, NULL},
	};
	size_t called = 0;

	(void)arg;
	http_server_books();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *url = arena_strdup(arena, cases[i].url), *hole = strstr(url, "%s");
		struct http_request request = {.method = "GET", .origin = cases[i].origin};

		if (hole)
			*hole = '\0';
		request.url =
			hole ? arena_printf(arena, "%s%s%s", url, strrchr(base, ':') + 1, hole + 2)
			     : url;
		print_message("  %s\n", request.url);
		err = (struct err){0};
		assert_int_equal(http_call(arena, &request, &response, &err),
				 cases[i].why ? -1 : 0);
		if (cases[i].why) {
			assert_int_equal(err.kind, ERR_FINAL);
			assert_non_null(strstr(err.msg, cases[i].why));
		} else {
			called++;
		}
	}
	struct http_server_books books = http_server_books();

	assert_int_equal(books.requests, called);
	assert_true(books.connections <= 1); /* not even a connection of the others */
}

static void a_url_out_of_an_answer_leads_to_the_public_internet_only(void **state)
{
	(void)state;
	run_in_fiber(answered_urls, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_https_is_spoken_and_plain_http_to_this_machine),
		CASE(a_url_out_of_an_answer_leads_to_the_public_internet_only),
	};

	http_init(&(struct http_settings){.user_agent = "waybill-test"});
	base = http_server_start(pages, 1);
	int failed = cmocka_run_group_tests_name("http_target", tests, NULL, NULL);

	http_server_stop();
	return failed;
}

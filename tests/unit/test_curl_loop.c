/* curl_loop: transfers end, time out and are cancelled without blocking the loop or losing a watcher */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/runtime/curl_loop.h"
#include "core/runtime/loop.h"
#include "tests/unit/unit.h"

/* A listener on loopback; the kernel completes connections, nobody answers. */
static int silent_listener(char *url, size_t size)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(url, size, "http://127.0.0.1:%d/", (int)ntohs(address.sin_port));
	return fd;
}

static void get_from_nobody(void *arg)
{
	char url[64];
	struct err e = {0};
	CURLcode result = CURLE_OK;
	CURL *easy = curl_easy_init();

	(void)arg;
	close(silent_listener(url, sizeof url));
	curl_easy_setopt(easy, CURLOPT_URL, url);
	assert_int_equal(curl_loop_perform(easy, loop_now_ms() + patience_ms(5000), &result, &e),
			 0);
	assert_int_equal(result, CURLE_COULDNT_CONNECT);
	/* The handle is off the loop: it can be used again. */
	assert_int_equal(curl_loop_perform(easy, loop_now_ms() + patience_ms(5000), &result, &e),
			 0);
	assert_int_equal(result, CURLE_COULDNT_CONNECT);
	curl_easy_cleanup(easy);
}

static void a_refused_connection_is_libcurls_word(void **state)
{
	(void)state;
	run_in_fiber(get_from_nobody, NULL);
}

static void get_from_silence(void *arg)
{
	const char *url = arg;
	struct err e = {0};
	CURLcode result = CURLE_OK;
	CURL *easy = curl_easy_init();
	int64_t before_ms = loop_now_ms();

	curl_easy_setopt(easy, CURLOPT_URL, url);
	assert_int_equal(curl_loop_perform(easy, before_ms + 50, &result, &e), -1);
	assert_int_equal(e.code, ERR_CODE_TIMEOUT);
	assert_true(loop_now_ms() - before_ms >= 49);
	curl_easy_cleanup(easy);
}

static void get_many(void *arg)
{
	struct fiber_group g = {0};

	for (int i = 0; i < 10; i++)
		fiber_group_start(&g, "get", get_from_silence, arg);
	assert_int_equal(fiber_group_wait(&g, loop_now_ms() + patience_ms(5000), NULL), 0);
}

static void many_transfers_wait_together_until_their_deadline(void **state)
{
	char url[64];
	int fd = silent_listener(url, sizeof url);
	int64_t before_ms = loop_now_ms();

	(void)state;
	run_in_fiber(get_many, url);
	assert_true(loop_now_ms() - before_ms < patience_ms(2000));
	close(fd);
}

static struct fiber *getter;
static struct err getter_err;

static void get_until_cancelled(void *arg)
{
	CURLcode result = CURLE_OK;
	CURL *easy = curl_easy_init();

	getter = fiber_self();
	curl_easy_setopt(easy, CURLOPT_URL, (const char *)arg);
	assert_int_equal(curl_loop_perform(easy, 0, &result, &getter_err), -1);
	curl_easy_cleanup(easy);
}

static void cancel_get(void *arg)
{
	struct fiber_group g = {0};

	fiber_group_start(&g, "get", get_until_cancelled, arg);
	assert_int_equal(fiber_sleep_ms(20, NULL), 0);
	fiber_cancel(getter);
	assert_int_equal(fiber_group_wait(&g, loop_now_ms() + patience_ms(5000), NULL), 0);
	assert_int_equal(getter_err.code, ERR_CODE_CANCELLED);
}

static void a_cancelled_transfer_lets_go(void **state)
{
	char url[64];
	int fd = silent_listener(url, sizeof url);

	(void)state;
	run_in_fiber(cancel_get, url);
	close(fd);
}

static void every_error_of_libcurl_is_decided(void **state)
{
	static const struct {
		CURLcode result;
		enum err_kind kind;
	} others[] = {
		{CURLE_UNSUPPORTED_PROTOCOL, ERR_FINAL}, {CURLE_URL_MALFORMAT, ERR_FINAL},
		{CURLE_NOT_BUILT_IN, ERR_BUG},		 {CURLE_UNKNOWN_OPTION, ERR_BUG},
		{CURLE_BAD_FUNCTION_ARGUMENT, ERR_BUG},
	};

	(void)state;
	for (int result = 1; result < CURL_LAST; result++) {
		enum err_kind wanted = ERR_RETRY;

		for (size_t i = 0; i < sizeof others / sizeof *others; i++)
			if ((int)others[i].result == result)
				wanted = others[i].kind;
		if (result != CURLE_OUT_OF_MEMORY && curl_loop_kind((CURLcode)result) != wanted)
			fail_msg("%s", curl_easy_strerror((CURLcode)result));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_of_libcurl_is_decided),
		cmocka_unit_test(a_refused_connection_is_libcurls_word),
		cmocka_unit_test(many_transfers_wait_together_until_their_deadline),
		cmocka_unit_test(a_cancelled_transfer_lets_go),
	};

	return cmocka_run_group_tests_name("curl_loop", tests, NULL, NULL);
}

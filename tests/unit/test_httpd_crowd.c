/*
 * httpd in a crowd: it listens again after all places were taken, those who do not come on give way,
 * and ambiguous heads are refused
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/runtime/http.h"
#include "core/runtime/httpd.h"
#include "core/runtime/loop.h"
#include "tests/unit/arena_case.h"
#include "tests/unit/unit.h"

enum { PLACES = 8, BODY_MAX = 256 * 1024, WAIT_MS = 5000, STATUS_MAX = 600 };

static struct httpd *httpd;
static int refused[STATUS_MAX];
static int decided;
static struct fiber_queue gate;

static void admit(const struct httpd_request *r, struct httpd_answer *out, void *arg)
{
	(void)arg;
	if (strcmp(r->path, "/later") == 0 || strcmp(r->path, "/never") == 0)
		out->status = HTTPD_LATER;
}

static void decide(const struct httpd_request *r, struct httpd_answer *out, void *arg)
{
	(void)arg;
	decided++;
	assert_int_equal(r->body_len, 0);
	fiber_queue_wait(&gate, loop_now_ms() + patience_ms(WAIT_MS), NULL);
	if (strcmp(r->path, "/never") == 0)
		*out = (struct httpd_answer){.status = 404, .body = "no\n"};
}

static void answer(const struct httpd_request *r, struct httpd_answer *out, void *arg)
{
	(void)arg;
	*out = (struct httpd_answer){.status = 200,
				     .body = arena_printf(r->arena, "%zu", r->body_len)};
}

static void note_refused(int status, void *arg)
{
	(void)arg;
	refused[status]++;
}

static void open_httpd(void)
{
	memset(refused, 0, sizeof refused);
	decided = 0;
	assert_int_equal(httpd_open(&(struct httpd_settings){.listen = "127.0.0.1:0",
							     .connections = PLACES,
							     .body_max = BODY_MAX,
							     .bodies_max = (size_t)2 * BODY_MAX,
							     .admit = admit,
							     .decide = decide,
							     .answer = answer,
							     .refused = note_refused},
				    &httpd, NULL),
			 0);
}

static int get(const char *path)
{
	struct http_request request = {
		.method = "GET",
		.url = arena_printf(arena, "http://127.0.0.1:%d%s", httpd_port(httpd), path),
		.headers = {"Connection: close"}, /* holds no place afterwards */
		.timeout_ms = WAIT_MS,
	};
	struct http_response response = {0};

	return http_call(arena, &request, &response, NULL) ? -1 : response.status;
}

/* A client that is already connected as far as the kernel is concerned, and has said text. */
static int client(const char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)httpd_port(httpd)),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	return fd;
}

static int descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static void until_descriptors(int count)
{
	int64_t deadline_ms = loop_now_ms() + patience_ms(WAIT_MS);

	while (descriptors() != count) {
		assert_true(loop_now_ms() < deadline_ms);
		fiber_sleep_ms(1, NULL);
	}
}

static void fill_and_leave(void *arg)
{
	int fds[PLACES];

	(void)arg;
	open_httpd();
	assert_int_equal(get("/"), 200); /* what the client needs is there now */
	httpd_close(httpd, loop_now_ms() + patience_ms(WAIT_MS));
	open_httpd();
	int before = descriptors();

	for (int round = 0; round < 3; round++) {
		until_descriptors(before);
		for (int i = 0; i < PLACES; i++)
			fds[i] = client("");
		until_descriptors(before + 2 * PLACES);
		/* All within one turn of the loop. */
		for (int i = 0; i < PLACES; i++)
			close(fds[i]);
		assert_int_equal(get("/"), 200);
	}
	httpd_close(httpd, loop_now_ms() + patience_ms(WAIT_MS));
}

static void it_listens_again_after_all_places_were_taken_and_left_at_once(void **state)
{
	(void)state;
	run_in_fiber(fill_and_leave, NULL);
}

static void slow_heads(void *arg)
{
	int fds[4 * PLACES];

	(void)arg;
	open_httpd();
	for (int i = 0; i < 4 * PLACES; i++)
		fds[i] = client(i % 2 ? "" : "GET / HTTP/1.1\r\nHost: x\r\nX-More: ");
	int64_t before_ms = loop_now_ms();

	assert_int_equal(get("/"), 200);
	/* Long before silence ends them. */
	assert_true(loop_now_ms() - before_ms < WAIT_MS);
	assert_true(refused[408] >= 3 * PLACES);
	for (int i = 0; i < 4 * PLACES; i++)
		close(fds[i]);
	httpd_close(httpd, loop_now_ms() + patience_ms(WAIT_MS));
}

static void heads_that_do_not_come_give_way(void **state)
{
	(void)state;
	run_in_fiber(slow_heads, NULL);
}

static int post_whole(void)
{
	static const char body[BODY_MAX];
	struct http_request request = {
		.method = "POST",
		.url = arena_printf(arena, "http://127.0.0.1:%d/", httpd_port(httpd)),
		.body = body,
		.body_len = BODY_MAX,
		.timeout_ms = WAIT_MS,
	};
	struct http_response response = {0};

	return http_call(arena, &request, &response, NULL) ? -1 : response.status;
}

static void slow_bodies(void *arg)
{
	static char most[BODY_MAX];
	int fds[2];
	int64_t deadline_ms = loop_now_ms() + patience_ms(WAIT_MS);

	(void)arg;
	open_httpd();
	/* Each a byte short of the whole, and both together all that may be in hand. */
	int head = snprintf(most, sizeof most,
			    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", BODY_MAX);

	memset(most + head, 'x', sizeof most - (size_t)head - 1);
	for (int i = 0; i < 2; i++)
		fds[i] = client(most);
	int status = 0;

	while ((status = post_whole()) != 200) {
		assert_int_equal(status, 503);
		assert_true(loop_now_ms() < deadline_ms);
		fiber_sleep_ms(50, NULL);
	}
	assert_true(refused[408] >= 1);
	for (int i = 0; i < 2; i++)
		close(fds[i]);
	httpd_close(httpd, loop_now_ms() + patience_ms(WAIT_MS));
}

static void bodies_that_do_not_come_on_give_way(void **state)
{
	(void)state;
	run_in_fiber(slow_bodies, NULL);
}

/* What came back until the other side hung up. */
static const char *reply(const char *text)
{
	static char got[1024];
	int64_t deadline_ms = loop_now_ms() + patience_ms(WAIT_MS);
	int fd = client(text);
	size_t len = 0;

	for (;;) {
		ssize_t n = recv(fd, got + len, sizeof got - len - 1, MSG_DONTWAIT);

		if (n == 0 || loop_now_ms() > deadline_ms)
			break;
		if (n > 0)
			len += (size_t)n;
		else
			fiber_sleep_ms(1, NULL);
	}
	got[len] = '\0';
	close(fd);
	return got;
}

static void odd_heads(void *arg)
{
	static const struct {
		const char *what, *text;
	} heads[] = {
		{"two lengths", "Content-Length: 0\r\nContent-Length: 5\r\n"},
		{"two equal lengths", "Content-Length: 0\r\nContent-Length: 0\r\n"},
		{"length and coding", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"},
		{"coding and length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"},
		{"a coding nobody knows", "Transfer-Encoding: xchunked\r\n"},
		{"two codings in one", "Transfer-Encoding: identity, chunked\r\n"},
		{"two codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"},
		{"two hosts", "Host: y\r\n"},
		{"a blank before the colon", "Content-Length : 5\r\n"},
		{"a name that is none", "X(y): 5\r\n"},
		{"a bare CR in a value", "X-Note: a\rContent-Length: 5\r\n"},
		{"a control character", "X-Note: a\001b\r\n"},
		{"a plus", "Content-Length: +5\r\n"},
	};

	(void)arg;
	open_httpd();
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		/* What follows would be a request to somebody who believes the other length. */
		const char *got =
			reply(arena_printf(arena,
					   "POST / HTTP/1.1\r\nHost: x\r\n%s\r\n"
					   "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
					   heads[i].text));

		if (strncmp(got, "HTTP/1.1 400 ", 13) != 0 || strstr(got, "HTTP/1.1 2"))
			fail_msg("%s: %s", heads[i].what, got);
	}
	/* And without a host, which HTTP/1.1 demands. */
	assert_ptr_equal(
		strstr(reply("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), "HTTP/1.1 400 "),
		strstr(reply("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), "HTTP"));
	httpd_close(httpd, loop_now_ms() + patience_ms(WAIT_MS));
}

static void ambiguous_heads_are_refused_at_once(void **state)
{
	(void)state;
	run_in_fiber(odd_heads, NULL);
}

static int statuses[2];

static void get_later(void *arg)
{
	(void)arg;
	statuses[0] = get("/later");
}

static void get_never(void *arg)
{
	(void)arg;
	statuses[1] = get("/never");
}

static void undecided(void *arg)
{
	struct fiber_group group = {0};
	int64_t deadline_ms = loop_now_ms() + patience_ms(WAIT_MS);

	(void)arg;
	open_httpd();
	/* A body of which nothing comes: decided without it. */
	int fd = client("POST /never HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");

	fiber_group_start(&group, "later", get_later, NULL);
	fiber_group_start(&group, "never", get_never, NULL);
	while (decided < 3 && loop_now_ms() < deadline_ms)
		fiber_sleep_ms(1, NULL);
	assert_int_equal(get("/"), 200);
	/* A quarter of the places and one: that is enough. */
	assert_int_equal(get("/never"), 503);
	fiber_queue_wake_all(&gate);
	assert_int_equal(fiber_group_wait(&group, deadline_ms, NULL), 0);
	assert_int_equal(statuses[0], 200);
	assert_int_equal(statuses[1], 404);
	char got[16] = "";

	assert_int_equal(recv(fd, got, 12, 0), 12);
	assert_string_equal(got, "HTTP/1.1 404");
	close(fd);
	httpd_close(httpd, deadline_ms);
}

static void who_may_come_in_can_be_looked_up_before_the_body_is_read(void **state)
{
	(void)state;
	run_in_fiber(undecided, NULL);
}

static void never_answer(const struct httpd_request *r, struct httpd_answer *out, void *arg)
{
	(void)r;
	(void)arg;
	fiber_queue_wait(&gate, loop_now_ms() + patience_ms(WAIT_MS), NULL);
	*out = (struct httpd_answer){.status = 200};
}

static void ask_itself(void *arg)
{
	struct err e = {0};

	(void)arg;
	open_httpd();
	assert_int_equal(httpd_answers(httpd, loop_now_ms() + patience_ms(WAIT_MS), &e), 0);
	httpd_close(httpd, loop_now_ms() + patience_ms(WAIT_MS));
	httpd_open(&(struct httpd_settings){.listen = "127.0.0.1:0", .answer = never_answer},
		   &httpd, NULL);
	assert_int_equal(httpd_answers(httpd, loop_now_ms() + 100, &e), -1);
	assert_int_equal(e.code, ERR_CODE_TIMEOUT);
	fiber_queue_wake_all(&gate);
	httpd_close(httpd, loop_now_ms() + patience_ms(WAIT_MS));
}

static void it_can_be_asked_whether_it_answers(void **state)
{
	(void)state;
	run_in_fiber(ask_itself, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_listens_again_after_all_places_were_taken_and_left_at_once),
		CASE(heads_that_do_not_come_give_way),
		CASE(bodies_that_do_not_come_on_give_way),
		CASE(ambiguous_heads_are_refused_at_once),
		CASE(who_may_come_in_can_be_looked_up_before_the_body_is_read),
		CASE(it_can_be_asked_whether_it_answers),
	};

	http_init(&(struct http_settings){.per_host = 16});
	return cmocka_run_group_tests_name("httpd_crowd", tests, NULL, NULL);
}

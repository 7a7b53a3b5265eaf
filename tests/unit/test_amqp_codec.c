/* AMQP without a broker: addresses, frames in pieces, garbage, brokers that are not there */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/runtime/amqp_internal.h"
#include "core/runtime/loop.h"
#include "tests/unit/unit.h"

/* ---- Addresses ---- */

static void urls_are_taken_apart(void **state)
{
	static const struct {
		const char *url, *user, *password, *host, *port, *vhost, *ca_file;
		int is_tls;
	} cases[] = {
		{"amqp://h", "guest", "guest", "h", "5672", "/", NULL, 0},
		{"amqps://h", "guest", "guest", "h", "5671", "/", NULL, 1},
		{"amqp://u:p@h:99/v", "u", "p", "h", "99", "v", NULL, 0},
		{"amqp://u:@h/v", "u", "", "h", "5672", "v", NULL, 0},
		{"amqp://u%40x:p%3A%2f%2C@h:1/%2f", "u@x", "p:/,", "h", "1", "/", NULL, 0},
		{"amqp://u:a:b@[::1]:7/v", "u", "a:b", "::1", "7", "v", NULL, 0},
		{"amqp://[fe80::1]", "guest", "guest", "fe80::1", "5672", "/", NULL, 0},
		{"amqps://h/v?cacertfile=/a%20b.pem", "guest", "guest", "h", "5671", "v",
		 "/a b.pem", 1},
		{"amqp://h:1/%c3%a4", "guest", "guest", "h", "1", "\xc3\xa4", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct amqp_endpoint to = {0};

		assert_int_equal(amqp_url_parse(cases[i].url, strlen(cases[i].url), &to, NULL), 0);
		assert_string_equal(to.user, cases[i].user);
		assert_string_equal(to.password, cases[i].password);
		assert_string_equal(to.host, cases[i].host);
		assert_string_equal(to.port, cases[i].port);
		assert_string_equal(to.vhost, cases[i].vhost);
		assert_int_equal(to.is_tls, cases[i].is_tls);
		if (cases[i].ca_file)
			assert_string_equal(to.ca_file, cases[i].ca_file);
		else
			assert_null(to.ca_file);
		amqp_endpoint_clear(&to);
	}
}

static void bad_urls_are_refused_without_showing_the_password(void **state)
{
	static const char *const cases[] = {
		"",
		"h",
		"http://h",
		"amqp://",
		"amqp://u:secret@",
		"amqp://u:secret@/v",
		"amqp://secret@h",
		"amqp://:secret@h",
		"amqp://u:secret@h:0",
		"amqp://u:secret@h:65536",
		"amqp://u:secret@h:5x",
		"amqp://u:secret@h:-1",
		"amqp://u:secret@h:",
		"amqp://u:secret@h/",
		"amqp://u:secret@h/a/b",
		"amqp://u:secret@h//b",
		"amqp://u:secret@h/%",
		"amqp://u:secret@h/%2",
		"amqp://u:secret@h/%zz",
		"amqp://u:secret@h/%00",
		"amqp://u:secret%@h",
		"amqp://u:sec@ret@h",
		"amqp://u:secret@[::1",
		"amqp://u:secret@[::1]5",
		"amqp://u:secret@h/v?heartbeat=1",
		"amqp://u:secret@h/v?cacertfile=/a",
		"amqps://u:secret@h/v?cacertfile=",
		"amqp://u:secret@h\n",
	};
	char long_url[400] = "amqp://u:secret@";

	(void)state;
	memset(long_url + 16, 'h', 300);
	for (size_t i = 0; i <= sizeof cases / sizeof *cases; i++) {
		const char *url = i < sizeof cases / sizeof *cases ? cases[i] : long_url;
		struct amqp_endpoint to = {0};
		struct err e = {0};

		if (amqp_url_parse(url, strlen(url), &to, &e) != -1)
			fail_msg("was taken: %s", url);
		assert_int_equal(e.kind, ERR_FINAL);
		assert_null(strstr(e.msg, "sec"));
		assert_null(to.host);
	}
}

static void every_url_of_a_list_is_checked(void **state)
{
	struct amqp_settings settings = {.urls = "amqp://a,amqp://b,", .name = "test"};
	struct amqp *m = NULL;
	struct err e = {0};

	(void)state;
	assert_int_equal(amqp_open(&settings, &m, &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	assert_null(m);
}

/* ---- Frames ---- */

struct seen {
	size_t frames, body_bytes, last;
	struct amqp_delivery delivery;
};

static int see(void *arg, const amqp_frame_t *frame, int is_last, struct err *e)
{
	struct seen *seen = arg;

	(void)e;
	seen->frames++;
	seen->last += (size_t)is_last;
	if (frame->frame_type == AMQP_FRAME_BODY)
		seen->body_bytes += frame->payload.body_fragment.len;
	if (frame->frame_type == AMQP_FRAME_HEADER && seen->delivery.arena) {
		const amqp_basic_properties_t *p = frame->payload.properties.decoded;

		amqp_headers_read(&p->headers, &seen->delivery);
	}
	return 0;
}

/* A delivery of body_len bytes with some headers, and a heartbeat behind it. */
static void encode_delivery(struct amqp_codec *c, size_t body_len)
{
	unsigned char *body = calloc(1, body_len + 1);
	char with_nul[] = "a\0b";
	amqp_table_entry_t death[] = {
		{amqp_text("queue"), {AMQP_FIELD_KIND_UTF8, {.bytes = amqp_text("wb.ingest")}}},
	};
	amqp_field_value_t deaths[] = {{AMQP_FIELD_KIND_TABLE, {.table = {1, death}}}};
	amqp_table_entry_t headers[] = {
		{amqp_text("x-wb-kind"), {AMQP_FIELD_KIND_UTF8, {.bytes = amqp_text("webhook")}}},
		{amqp_text("x-wb-store"), {AMQP_FIELD_KIND_I32, {.i32 = 7}}},
		{amqp_text("x-wb-key"), {AMQP_FIELD_KIND_BYTES, {.bytes = {3, with_nul}}}},
		{amqp_text("x-wb-error"), {AMQP_FIELD_KIND_UTF8, {.bytes = {0, NULL}}}},
		{amqp_text("x-delivery-count"), {AMQP_FIELD_KIND_I64, {.i64 = 3}}},
		{amqp_text("other"), {AMQP_FIELD_KIND_BOOLEAN, {.boolean = 1}}},
		{amqp_text("x-death"), {AMQP_FIELD_KIND_ARRAY, {.array = {1, deaths}}}},
	};
	amqp_basic_deliver_t deliver = {.consumer_tag = amqp_text("1"),
					.delivery_tag = 1,
					.routing_key = amqp_text("wb.test")};
	amqp_basic_properties_t properties = {._flags = AMQP_BASIC_HEADERS_FLAG,
					      .headers = {7, headers}};

	amqp_codec_method(c, AMQP_CHANNEL_CONSUME, AMQP_BASIC_DELIVER_METHOD, &deliver);
	amqp_codec_content(c, AMQP_CHANNEL_CONSUME, &properties, body, body_len);
	amqp_codec_heartbeat(c);
	free(body);
}

static void frames_come_out_whole_however_they_arrive(void **state)
{
	static const size_t steps[] = {1, 2, 7, 8, 100, 8191, 1 << 20};
	struct amqp_codec from;

	(void)state;
	amqp_codec_init(&from);
	encode_delivery(&from, 20000);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct amqp_codec to;
		struct seen seen = {.delivery = {.arena = arena_new()}};
		const struct amqp_delivery *d = &seen.delivery;
		size_t len = amqp_codec_unsent(&from);

		amqp_codec_init(&to);
		for (size_t at = 0, part; at < len; at += part) {
			part = len - at < steps[i] ? len - at : steps[i];
			assert_int_equal(
				amqp_codec_feed(&to, from.out + at, part, see, &seen, NULL), 0);
		}
		assert_int_equal(seen.frames, 6); /* method, header, three of the body, heartbeat */
		assert_int_equal(seen.body_bytes, 20000);
		assert_int_equal(seen.last, 2);
		assert_string_equal(d->headers[AMQP_KIND], "webhook");
		assert_null(d->headers[AMQP_STORE]); /* no text */
		assert_null(d->headers[AMQP_KEY]);
		assert_string_equal(d->headers[AMQP_ERROR], "");
		assert_int_equal(d->delivery_count, 3);
		assert_string_equal(d->dead_from, "wb.ingest");
		arena_free(seen.delivery.arena);
		amqp_codec_clear(&to);
	}
	amqp_codec_clear(&from);
}

static void changed_bytes_never_do_harm(void **state)
{
	struct amqp_codec from;
	unsigned seed = 1;
	size_t refused = 0;

	(void)state;
	amqp_codec_init(&from);
	encode_delivery(&from, 300);
	size_t len = amqp_codec_unsent(&from);
	unsigned char *bytes = malloc(len);

	for (int round = 0; round < 4000; round++) {
		struct amqp_codec to;
		struct seen seen = {.delivery = {.arena = arena_new()}};

		memcpy(bytes, from.out, len);
		for (int changes = 1 + rand_r(&seed) % 4; changes; changes--)
			bytes[(size_t)rand_r(&seed) % len] = (unsigned char)rand_r(&seed);
		amqp_codec_init(&to);
		refused += amqp_codec_feed(&to, bytes, len, see, &seen, NULL) != 0;
		arena_free(seen.delivery.arena);
		amqp_codec_clear(&to);
	}
	assert_true(refused > 100);
	free(bytes);
	amqp_codec_clear(&from);
}

static void noise_is_refused(void **state)
{
	unsigned char noise[512];
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 500; round++) {
		struct amqp_codec to;
		struct seen seen = {0};
		struct err e = {0};

		for (size_t i = 0; i < sizeof noise; i++)
			noise[i] = (unsigned char)rand_r(&seed);
		noise[0] |= 0x80; /* no type of frame begins so */
		amqp_codec_init(&to);
		if (amqp_codec_feed(&to, noise, sizeof noise, see, &seen, &e))
			assert_int_equal(e.kind, ERR_RETRY);
		assert_int_equal(seen.frames, 0);
		amqp_codec_clear(&to);
	}
}

static void frames_out_of_order_are_refused(void **state)
{
	static const struct {
		const char *what;
		size_t len;
		const char *bytes;
	} cases[] = {
		{"a body without its method", 9, "\3\0\1\0\0\0\1x\xce"},
		{"a header without its method", 22,
		 "\2\0\1\0\0\0\x0e\0\x3c\0\0\0\0\0\0\0\0\0\5\0\0\xce"},
		{"a channel that was never opened", 13, "\1\0\x09\0\0\0\5\0\x14\0\x0b\0\xce"},
		{"a frame larger than allowed", 12, "\3\0\1\0\2\0\0xxxxx"},
		{"a frame with a wrong end", 8, "\x8\0\0\0\0\0\0\0"},
		{"HTTP", 24, "HTTP/1.1 400 Bad Request"},
		{"a broker of another version", 8, "AMQP\0\1\0\0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct amqp_codec to;
		struct seen seen = {0};

		amqp_codec_init(&to);
		if (amqp_codec_feed(&to, (const unsigned char *)cases[i].bytes, cases[i].len, see,
				    &seen, NULL) == 0)
			fail_msg("was taken: %s", cases[i].what);
		amqp_codec_clear(&to);
	}
}

/* ---- Brokers that are not there ---- */

static void ladder_takes_the_next_longer_rung(void **state)
{
	(void)state;
	assert_string_equal(amqp_retry_rung(0), "wb.retry.5s");
	assert_string_equal(amqp_retry_rung(5000), "wb.retry.5s");
	assert_string_equal(amqp_retry_rung(5001), "wb.retry.30s");
	assert_string_equal(amqp_retry_rung(120000), "wb.retry.2m");
	assert_string_equal(amqp_retry_rung(INT64_MAX), "wb.retry.10m");
}

/* A socket that listens on a port of its own and never answers. */
static int listen_silently(char *url, size_t size)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	snprintf(url, size, "amqp://127.0.0.1:%d", ntohs(at.sin_port));
	return fd;
}

static void wait_for_nobody(void *arg)
{
	struct amqp_settings settings = {.urls = arg, .name = "test", .connect_timeout_ms = 50};
	struct amqp_message message = {.routing_key = "wb.x"};
	struct amqp *m = NULL;
	struct err e = {0};
	int64_t deadline_ms = loop_now_ms() + 300, ready, consumers;

	assert_int_equal(amqp_open(&settings, &m, &e), 0);
	assert_int_equal(amqp_wait_up(m, deadline_ms, &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_false(amqp_is_up(m));
	assert_true(amqp_is_blocked(m));
	deadline_ms = loop_now_ms() + 50;
	assert_int_equal(amqp_publish(m, &message, 1, deadline_ms, &e), -1);
	assert_int_equal(e.code, ERR_CODE_TIMEOUT); /* it surely did not arrive */
	assert_int_equal(amqp_queue_depth(m, "wb.x", &ready, &consumers, loop_now_ms() + 50, &e),
			 -1);
	assert_int_equal(e.kind, ERR_RETRY);
	amqp_close(m);
}

static void a_broker_that_is_away_is_a_retry(void **state)
{
	char silent[64], gone[64], several[160], nowhere[] = "amqp://host.invalid";

	(void)state;
	close(listen_silently(gone, sizeof gone));
	run_in_fiber(wait_for_nobody, gone);
	run_in_fiber(wait_for_nobody, nowhere);
	int fd = listen_silently(silent, sizeof silent);

	run_in_fiber(wait_for_nobody, silent);
	snprintf(several, sizeof several, "%s,%s", silent, gone);
	run_in_fiber(wait_for_nobody, several);
	close(fd);
}

/* What a connection thinks of a server that begins with these bytes. */
struct stranger {
	const char *bytes;
	size_t len;
	const char *verdict;
};

static void meet_stranger(void *arg)
{
	const struct stranger *s = arg;
	char url[64];
	int listener = listen_silently(url, sizeof url), fd = -1;
	struct amqp_settings settings = {.urls = url, .name = "test"};
	struct amqp *m = NULL;
	int64_t deadline_ms = loop_now_ms() + patience_ms(5000);

	fcntl(listener, F_SETFL, O_NONBLOCK);
	assert_int_equal(amqp_open(&settings, &m, NULL), 0);
	while (!strstr(m->reason, s->verdict)) {
		if (loop_now_ms() > deadline_ms)
			fail_msg("%s instead of %s", m->reason, s->verdict);
		if (fd < 0 && (fd = accept(listener, NULL, NULL)) >= 0)
			assert_int_equal(send(fd, s->bytes, s->len, 0), s->len);
		fiber_suspend(loop_now_ms() + 2, NULL);
	}
	amqp_close(m);
	close(listener);
	close(fd);
}

static void a_server_that_speaks_otherwise_is_left(void **state)
{
	static struct stranger strangers[] = {
		{"HTTP/1.1 400 Bad Request\r\n\r\n", 28, "malformed"},
		{"AMQP\0\1\0\0", 8, "frame"},
		{"\1\0\0\0\0\0\4\0\x0a\0\x33\xce", 12, "CONNECTION_CLOSE_OK"},
		{"\1\0\0\0\0\0\5\0\x0a\0\x29\0\xce", 13, "CONNECTION_OPEN_OK"},
		{"\1\0\1\0\0\0\5\0\x3c\0\x50\0\xce", 13, "malformed"},
		{"\1\0\1\0\0\0\4\0\x14\0\x29\xce", 12, "CHANNEL_CLOSE_OK"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
		run_in_fiber(meet_stranger, &strangers[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_taken_apart),
		cmocka_unit_test(bad_urls_are_refused_without_showing_the_password),
		cmocka_unit_test(every_url_of_a_list_is_checked),
		cmocka_unit_test(frames_come_out_whole_however_they_arrive),
		cmocka_unit_test(changed_bytes_never_do_harm),
		cmocka_unit_test(noise_is_refused),
		cmocka_unit_test(frames_out_of_order_are_refused),
		cmocka_unit_test(ladder_takes_the_next_longer_rung),
		cmocka_unit_test(a_broker_that_is_away_is_a_retry),
		cmocka_unit_test(a_server_that_speaks_otherwise_is_left),
	};

	return cmocka_run_group_tests_name("amqp_codec", tests, NULL, NULL);
}

/* AMQP against a real RabbitMQ: there and back, what it refuses, the ladder, dead letters */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/loop.h"
#include "tests/unit/broker.h"

/* ---- There and back ---- */

static void send_thousands(void *arg)
{
	enum { BATCHES = 40, PER_BATCH = 250 };
	struct amqp *from = broker_connect(), *to = broker_connect();
	struct inbox in = {0};
	struct err e = {0};
	char body[256];

	(void)arg;
	broker_declare(from);
	broker_consume(to, &in, 500);
	memset(body, 'x', sizeof body);
	int64_t start_ms = loop_now_ms();

	for (int i = 0; i < BATCHES; i++) {
		struct amqp_message messages[PER_BATCH];

		for (size_t k = 0; k < PER_BATCH; k++)
			messages[k] = (struct amqp_message){
				.routing_key = broker_queue, .body = body, .body_len = sizeof body};
		if (amqp_publish(from, messages, PER_BATCH, broker_deadline(), &e))
			fail_msg("%s", e.msg);
	}
	int64_t published_ms = loop_now_ms();

	inbox_wait(&in, (size_t)BATCHES * PER_BATCH);
	int64_t received_ms = loop_now_ms(), thousandfold = BATCHES * PER_BATCH * INT64_C(1000);

	print_message("%d messages: %" PRId64 " per second published and confirmed, %" PRId64
		      " there and back\n",
		      BATCHES * PER_BATCH, thousandfold / (published_ms - start_ms),
		      thousandfold / (received_ms - start_ms));
	assert_int_equal(in.body_bytes, (size_t)BATCHES * PER_BATCH * sizeof body);
	assert_int_equal(in.redelivered, 0);
	amqp_close(to); /* sends the acknowledgements first */
	broker_wait_depth(from, 0);
	broker_delete_queue(from, broker_queue);
	amqp_close(from);
}

static void thousands_of_messages_arrive_once(void **state)
{
	(void)state;
	run_with_broker(send_thousands);
}

static void send_large(void *arg)
{
	static const size_t sizes[] = {0, 1, 131064, 131065, 65536, 5 * 1024 * 1024, AMQP_BODY_MAX};
	struct amqp *m = broker_connect();
	struct inbox in = {.keeps = 1};
	unsigned char *body = malloc(AMQP_BODY_MAX);

	(void)arg;
	for (size_t i = 0; i < AMQP_BODY_MAX; i++)
		body[i] = (unsigned char)(i * 2654435761U >> 24);
	broker_declare(m);
	broker_consume(m, &in, 4);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		broker_publish(m, body, sizes[i]);
		inbox_wait(&in, i + 1);
		assert_int_equal(in.kept[i]->body_len, sizes[i]);
		assert_memory_equal(in.kept[i]->body, body, sizes[i]);
		assert_string_equal(in.kept[i]->queue, broker_queue);
		amqp_ack(m, in.kept[i]);
	}
	struct amqp_message larger = {
		.routing_key = broker_queue, .body = body, .body_len = (size_t)AMQP_BODY_MAX + 1};
	struct err e = {0};

	assert_int_equal(amqp_publish(m, &larger, 1, broker_deadline(), &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	inbox_free(&in);
	free(body);
	broker_delete_queue(m, broker_queue);
	amqp_close(m);
}

static void bodies_of_every_size_arrive_unchanged(void **state)
{
	(void)state;
	run_with_broker(send_large);
}

/* Puts a message there that amqp_publish() would refuse. */
static void send_too_large(void *arg)
{
	struct amqp *m = broker_connect();
	struct inbox in = {0};
	size_t len = AMQP_BODY_MAX + 1;
	void *body = calloc(1, len);
	amqp_basic_publish_t publish = {.routing_key = amqp_text(broker_queue)};
	amqp_basic_properties_t properties = {0};

	(void)arg;
	broker_declare(m);
	m->publishing.published++; /* the broker counts it */
	m->publishing.confirmed++;
	amqp_codec_method(&m->codec, AMQP_CHANNEL_PUBLISH, AMQP_BASIC_PUBLISH_METHOD, &publish);
	amqp_codec_content(&m->codec, AMQP_CHANNEL_PUBLISH, &properties, body, len);
	broker_publish(m, "small", 5);
	broker_consume(m, &in, 10);
	inbox_wait(&in, 1);
	assert_int_equal(in.body_bytes, 5);
	amqp_cancel(m, broker_queue);
	broker_wait_depth(m, 0);
	free(body);
	broker_delete_queue(m, broker_queue);
	amqp_close(m);
}

static void a_body_above_the_limit_is_rejected_and_skipped(void **state)
{
	(void)state;
	run_with_broker(send_too_large);
}

static void send_headers(void *arg)
{
	struct amqp *m = broker_connect();
	struct inbox in = {.keeps = 1};
	struct amqp_message message = {.routing_key = broker_queue, .body = "{}", .body_len = 2};
	struct err e = {0};
	char text[256];

	(void)arg;
	broker_declare(m);
	broker_consume(m, &in, 4);
	memset(text, 'e', 255);
	text[255] = '\0';
	message.headers[AMQP_KIND] = "webhook";
	message.headers[AMQP_ERROR] = text;
	message.headers[AMQP_KEY] = "\xc3\xa4";
	message.headers[AMQP_ROLE] = "";
	assert_int_equal(amqp_publish(m, &message, 1, broker_deadline(), &e), 0);
	inbox_wait(&in, 1);
	assert_string_equal(in.kept[0]->headers[AMQP_KIND], "webhook");
	assert_string_equal(in.kept[0]->headers[AMQP_ERROR], text);
	assert_string_equal(in.kept[0]->headers[AMQP_KEY], "\xc3\xa4");
	assert_string_equal(in.kept[0]->headers[AMQP_ROLE], "");
	assert_null(in.kept[0]->headers[AMQP_STORE]);
	assert_int_equal(in.kept[0]->delivery_count, 0);
	amqp_reject(m, in.kept[0], 1);
	inbox_wait(&in, 2);
	assert_int_equal(in.kept[1]->delivery_count, 1);
	assert_true(in.kept[1]->is_redelivered);
	assert_string_equal(in.kept[1]->headers[AMQP_KIND], "webhook");
	inbox_free(&in);
	broker_delete_queue(m, broker_queue);
	amqp_close(m);
}

static void headers_and_the_delivery_count_come_along(void **state)
{
	(void)state;
	run_with_broker(send_headers);
}

/* ---- What the broker does not take ---- */

static void send_to_nobody(void *arg)
{
	struct amqp *m = broker_connect();
	struct amqp_message messages[] = {
		{.routing_key = broker_queue},
		{.routing_key = "wb.nobody-has-made-this"},
		{.routing_key = broker_queue},
	};
	struct amqp_message no_exchange = {.routing_key = broker_queue,
					   .exchange = "wb.no-such-exchange"};
	struct err e = {0};
	int64_t ready, consumers;

	(void)arg;
	broker_declare(m);
	assert_int_equal(amqp_publish(m, messages, 3, broker_deadline(), &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_int_equal(e.code, ERR_CODE_NOT_FOUND);
	assert_int_equal(amqp_publish(m, &no_exchange, 1, broker_deadline(), &e), -1);
	assert_int_equal(e.code, ERR_CODE_NOT_FOUND);
	broker_publish(m, "x", 1); /* the channel was opened again */
	broker_wait_depth(m, 3);
	assert_int_equal(
		amqp_queue_depth(m, "wb.no-such-queue", &ready, &consumers, broker_deadline(), &e),
		-1);
	assert_int_equal(e.kind, ERR_FINAL);
	assert_int_equal(e.code, ERR_CODE_NOT_FOUND);
	broker_wait_depth(m, 3);
	broker_delete_queue(m, broker_queue);
	amqp_close(m);
}

static void a_message_that_fits_no_queue_is_not_found(void **state)
{
	(void)state;
	run_with_broker(send_to_nobody);
}

static void declare_otherwise(void *arg)
{
	struct amqp *m = broker_connect();
	const char *const roles[] = {broker_role};
	amqp_queue_declare_t classic = {
		.queue = amqp_text(broker_queue), .durable = 1, .nowait = 1};
	struct err e = {0};

	(void)arg;
	amqp_codec_method(&m->codec, AMQP_CHANNEL_DECLARE, AMQP_QUEUE_DECLARE_METHOD, &classic);
	assert_int_equal(amqp_declare_topology(m, roles, 1, broker_deadline(), &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	assert_non_null(strstr(e.msg, broker_queue));
	broker_publish(m, "x", 1);
	broker_delete_queue(m, broker_queue);
	broker_declare(m);
	broker_delete_queue(m, broker_queue);
	amqp_close(m);
}

static void a_queue_with_other_arguments_is_final(void **state)
{
	(void)state;
	run_with_broker(declare_otherwise);
}

static void knock_with_a_wrong_password(void *arg)
{
	const char *at = strchr(broker_url, '@');
	char wrong[300];

	(void)arg;
	snprintf(wrong, sizeof wrong, "amqp://nobody:wrongsecret%s", at ? at : "@localhost");
	broker_expect_refused(wrong, "403");
}

static void a_wrong_password_is_said_so(void **state)
{
	(void)state;
	run_with_broker(knock_with_a_wrong_password);
}

/* ---- Dead letters ---- */

static void reject_for_good(void *arg)
{
	struct amqp *m = broker_connect();
	struct inbox in = {.keeps = 1}, dead = {.keeps = 1, .m = m};
	struct amqp_message message = {.routing_key = broker_queue, .body = "bad", .body_len = 3};
	struct err e = {0};
	char command[500];

	(void)arg;
	broker_declare(m);
	snprintf(command, sizeof command, "RABBITMQCTL='%s' VHOST='%s' tools/broker-policy",
		 broker_ctl_command, m->endpoints[0].vhost);
	run_command(command);
	broker_consume(m, &in, 4);
	message.headers[AMQP_KIND] = broker_role;
	assert_int_equal(amqp_publish(m, &message, 1, broker_deadline(), &e), 0);
	inbox_wait(&in, 1);
	amqp_reject(m, in.kept[0], 0);
	assert_int_equal(amqp_consume(m, "wb.dead", 4, inbox_receive, &dead, &e), 0);
	inbox_wait(&dead, 1);
	assert_string_equal(dead.kept[0]->headers[AMQP_KIND], broker_role);
	assert_memory_equal(dead.kept[0]->body, "bad", 3);
	amqp_ack(m, dead.kept[0]);
	inbox_free(&in);
	inbox_free(&dead);
	broker_delete_queue(m, broker_queue);
	amqp_close(m);
}

static void what_is_rejected_becomes_a_dead_letter(void **state)
{
	(void)state;
	run_with_ctl(reject_for_good);
}

/* ---- The ladder ---- */

static void note_change(void *arg)
{
	++*(int *)arg;
}

/* The ladder takes long enough for a connection without heartbeats to be closed by the broker. */
static void climb_down(void *arg)
{
	struct amqp_settings settings = {.urls = broker_url, .name = "unit test", .heartbeat_s = 1};
	struct amqp *m = broker_connect_with(&settings);
	struct inbox in = {.keeps = 1};
	struct amqp_message message = {.routing_key = broker_queue,
				       .exchange = amqp_retry_rung(1000),
				       .body = "again",
				       .body_len = 5};
	struct err e = {0};
	int changes = 0;

	(void)arg;
	amqp_on_change(m, note_change, &changes);
	broker_declare(m);
	broker_consume(m, &in, 10);
	message.headers[AMQP_ATTEMPT] = "2";
	int64_t start_ms = loop_now_ms();

	assert_int_equal(amqp_publish(m, &message, 1, broker_deadline(), &e), 0);
	inbox_wait(&in, 1);
	assert_in_range(loop_now_ms() - start_ms, 4900, 9000);
	assert_string_equal(in.kept[0]->headers[AMQP_ATTEMPT], "2");
	assert_memory_equal(in.kept[0]->body, "again", 5);
	assert_int_equal(changes, 0);
	amqp_ack(m, in.kept[0]);
	inbox_free(&in);
	broker_delete_queue(m, broker_queue);
	amqp_close(m);
}

static void the_ladder_brings_a_message_back_to_its_queue(void **state)
{
	(void)state;
	run_with_broker(climb_down);
}

/* More bodies than may be in hand: the rest is read when those are acknowledged, not before. */
static void hold_many(void *arg)
{
	enum {
		BODY_BYTES = 1 << 20,
		HELD = AMQP_HELD_MAX / BODY_BYTES,
		COUNT = HELD + 4,
		LOOKS = 200
	};
	struct amqp *from = broker_connect(), *to = broker_connect();
	struct inbox in = {.keeps = 1};
	char *body = calloc(1, BODY_BYTES);
	int64_t ready, consumers;
	struct err e = {0};

	(void)arg;
	assert_non_null(body);
	broker_declare(from);
	broker_consume(to, &in, COUNT);
	for (int i = 0; i < COUNT; i++)
		broker_publish(from, body, BODY_BYTES);
	inbox_wait(&in, HELD + 1);
	/* The broker answers others many times meanwhile. */
	for (int i = 0; i < LOOKS; i++)
		assert_int_equal(amqp_queue_depth(from, broker_queue, &ready, &consumers,
						  broker_deadline(), &e),
				 0);
	assert_int_equal(in.count, HELD + 1);
	for (size_t i = 0; i < HELD + 1; i++)
		amqp_ack(to, in.kept[i]);
	inbox_wait(&in, COUNT);
	for (size_t i = HELD + 1; i < COUNT; i++)
		amqp_ack(to, in.kept[i]);
	inbox_free(&in);
	free(body);
	amqp_close(to);
	broker_delete_queue(from, broker_queue);
	amqp_close(from);
}

static void no_more_bodies_are_read_than_may_be_in_hand(void **state)
{
	(void)state;
	run_with_broker(hold_many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_more_bodies_are_read_than_may_be_in_hand),
		cmocka_unit_test(thousands_of_messages_arrive_once),
		cmocka_unit_test(bodies_of_every_size_arrive_unchanged),
		cmocka_unit_test(a_body_above_the_limit_is_rejected_and_skipped),
		cmocka_unit_test(headers_and_the_delivery_count_come_along),
		cmocka_unit_test(a_message_that_fits_no_queue_is_not_found),
		cmocka_unit_test(a_queue_with_other_arguments_is_final),
		cmocka_unit_test(a_wrong_password_is_said_so),
		cmocka_unit_test(what_is_rejected_becomes_a_dead_letter),
		cmocka_unit_test(the_ladder_brings_a_message_back_to_its_queue),
	};

	return cmocka_run_group_tests_name("amqp", tests, NULL, NULL);
}

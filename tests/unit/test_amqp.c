/*
 * AMQP against a real RabbitMQ: WAYBILL_TEST_AMQP_URL is its address; WAYBILL_TEST_BROKER_CTL a shell command that is rabbitmqctl for it
 * (some tests need it). What is not given is skipped.
 */
#include <inttypes.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/runtime/amqp_internal.h"
#include "core/runtime/loop.h"
#include "tests/unit/unit.h"

extern char **environ;

enum { PATIENCE_MS = 20000 };

static const char *url, *broker_ctl;
static char role[64], queue[80]; /* of the running test */

/* What a consumer has received. */
struct inbox {
	struct amqp *m;
	size_t count, redelivered, body_bytes;
	int keeps; /* deliveries are kept instead of acknowledged */
	struct amqp_delivery *kept[64];
	struct fiber_queue news;
};

static int64_t soon(void)
{
	return loop_now_ms() + PATIENCE_MS;
}

static struct amqp *connect_to_broker(void)
{
	struct amqp_settings settings = {.urls = url, .name = "unit test"};
	struct amqp *m = NULL;
	struct err e = {0};

	if (amqp_open(&settings, &m, &e) || amqp_wait_up(m, soon(), &e))
		fail_msg("%s", e.msg);
	return m;
}

static void delete_queue(struct amqp *m, const char *name)
{
	amqp_queue_delete_t delete = {.queue = amqp_text(name), .nowait = 1};

	amqp_codec_method(&m->codec, AMQP_CHANNEL_DECLARE, AMQP_QUEUE_DELETE_METHOD, &delete);
	amqp_connection_flush(m);
}

static void declare(struct amqp *m)
{
	const char *const roles[] = {role};
	struct err e = {0};

	if (amqp_declare_topology(m, roles, 1, soon(), &e))
		fail_msg("%s", e.msg);
}

static void receive(struct amqp_delivery *d, void *arg)
{
	struct inbox *in = arg;

	in->redelivered += d->is_redelivered != 0;
	in->body_bytes += d->body_len;
	if (in->keeps && in->count < sizeof in->kept / sizeof *in->kept) {
		in->kept[in->count] = d;
	} else {
		amqp_ack(in->m, d);
		arena_free(d->arena);
	}
	in->count++;
	fiber_queue_wake_all(&in->news);
}

static void consume(struct amqp *m, struct inbox *in, int prefetch)
{
	struct err e = {0};

	in->m = m;
	if (amqp_consume(m, queue, prefetch, receive, in, &e))
		fail_msg("%s", e.msg);
}

static void wait_for(struct inbox *in, size_t count)
{
	struct err e = {0};
	int64_t deadline_ms = soon();

	while (in->count < count)
		if (fiber_queue_wait(&in->news, deadline_ms, &e))
			fail_msg("only %zu of %zu messages came: %s", in->count, count, e.msg);
}

static void free_kept(struct inbox *in)
{
	for (size_t i = 0; i < in->count && i < 64; i++)
		arena_free(in->kept[i]->arena);
}

static void publish_one(struct amqp *m, const void *body, size_t len)
{
	struct amqp_message message = {.routing_key = queue, .body = body, .body_len = len};
	struct err e = {0};

	if (amqp_publish(m, &message, 1, soon(), &e))
		fail_msg("%s", e.msg);
}

/* Asks until a queue holds so many messages; the broker counts a little late. */
static void wait_for_depth(struct amqp *m, int64_t wanted)
{
	int64_t ready = -1, consumers, deadline_ms = soon();
	struct err e = {0};

	while (ready != wanted) {
		if (amqp_queue_depth(m, queue, &ready, &consumers, deadline_ms, &e))
			fail_msg("%s", e.msg);
		if (ready != wanted && fiber_suspend(loop_now_ms() + 20, NULL) &&
		    loop_now_ms() > deadline_ms)
			fail_msg("the queue holds %" PRId64, ready);
	}
}

/* The messages of a test in a fiber, on a queue of its own that is gone afterwards. */
static void run(void (*body)(void *))
{
	static int serial;

	if (!url) {
		print_message("WAYBILL_TEST_AMQP_URL is not set\n");
		skip();
	}
	snprintf(role, sizeof role, "unit-%d-%d", (int)getpid(), ++serial);
	snprintf(queue, sizeof queue, "wb.%s", role);
	run_in_fiber(body, NULL);
}

static void run_ctl(void (*body)(void *))
{
	if (!broker_ctl) {
		print_message("WAYBILL_TEST_BROKER_CTL is not set\n");
		skip();
	}
	run(body);
}

static void ctl_ended(EV_P_ ev_child *child, int what)
{
	(void)what;
	ev_child_stop(EV_A_ child);
	fiber_wake(child->data);
}

/* rabbitmqctl, while the loop turns */
static void ctl(const char *arguments)
{
	char command[600], shell[] = "/bin/sh", option[] = "-c";
	char *argv[] = {shell, option, command, NULL};
	ev_child child;
	pid_t pid;

	snprintf(command, sizeof command, "%s %s >/dev/null", broker_ctl, arguments);
	assert_int_equal(posix_spawn(&pid, shell, NULL, NULL, argv, environ), 0);
	ev_child_init(&child, ctl_ended, pid, 0);
	child.data = fiber_self();
	ev_child_start(loop_ev(), &child);
	while (ev_is_active(&child))
		assert_int_equal(fiber_suspend(soon(), NULL), 0);
	assert_int_equal(child.rstatus, 0);
}

/* Shuts every socket of this process that is connected to the broker, as a broken network would. */
static void cut_connections(const struct amqp *m)
{
	int port = (int)strtol(m->endpoints[0].port, NULL, 10);

	for (int fd = 3; fd < 256; fd++) {
		struct sockaddr_in peer;
		socklen_t size = sizeof peer;

		if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
		    peer.sin_family == AF_INET && ntohs(peer.sin_port) == port)
			shutdown(fd, SHUT_RDWR);
	}
}

/* ---- There and back ---- */

static void send_thousands(void *arg)
{
	enum { BATCHES = 40, PER_BATCH = 250 };
	struct amqp *from = connect_to_broker(), *to = connect_to_broker();
	struct inbox in = {0};
	struct err e = {0};
	char body[256];

	(void)arg;
	declare(from);
	consume(to, &in, 500);
	memset(body, 'x', sizeof body);
	int64_t start_ms = loop_now_ms();

	for (int i = 0; i < BATCHES; i++) {
		struct amqp_message messages[PER_BATCH];

		for (size_t k = 0; k < PER_BATCH; k++)
			messages[k] = (struct amqp_message){
				.routing_key = queue, .body = body, .body_len = sizeof body};
		if (amqp_publish(from, messages, PER_BATCH, soon(), &e))
			fail_msg("%s", e.msg);
	}
	int64_t published_ms = loop_now_ms();

	wait_for(&in, (size_t)BATCHES * PER_BATCH);
	int64_t received_ms = loop_now_ms(), thousandfold = BATCHES * PER_BATCH * INT64_C(1000);

	print_message("%d messages: %" PRId64 " per second published and confirmed, %" PRId64
		      " there and back\n",
		      BATCHES * PER_BATCH, thousandfold / (published_ms - start_ms),
		      thousandfold / (received_ms - start_ms));
	assert_int_equal(in.body_bytes, (size_t)BATCHES * PER_BATCH * sizeof body);
	assert_int_equal(in.redelivered, 0);
	amqp_close(to); /* sends the acknowledgements first */
	wait_for_depth(from, 0);
	delete_queue(from, queue);
	amqp_close(from);
}

static void thousands_of_messages_arrive_once(void **state)
{
	(void)state;
	run(send_thousands);
}

static void send_large(void *arg)
{
	static const size_t sizes[] = {0, 1, 131064, 131065, 65536, 5 * 1024 * 1024, AMQP_BODY_MAX};
	struct amqp *m = connect_to_broker();
	struct inbox in = {.keeps = 1};
	unsigned char *body = malloc(AMQP_BODY_MAX);

	(void)arg;
	for (size_t i = 0; i < AMQP_BODY_MAX; i++)
		body[i] = (unsigned char)(i * 2654435761U >> 24);
	declare(m);
	consume(m, &in, 4);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		publish_one(m, body, sizes[i]);
		wait_for(&in, i + 1);
		assert_int_equal(in.kept[i]->body_len, sizes[i]);
		assert_memory_equal(in.kept[i]->body, body, sizes[i]);
		assert_string_equal(in.kept[i]->queue, queue);
		amqp_ack(m, in.kept[i]);
	}
	struct amqp_message larger = {
		.routing_key = queue, .body = body, .body_len = (size_t)AMQP_BODY_MAX + 1};
	struct err e = {0};

	assert_int_equal(amqp_publish(m, &larger, 1, soon(), &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	free_kept(&in);
	free(body);
	delete_queue(m, queue);
	amqp_close(m);
}

static void bodies_of_every_size_arrive_unchanged(void **state)
{
	(void)state;
	run(send_large);
}

/* Puts a message there that amqp_publish() would refuse. */
static void send_too_large(void *arg)
{
	struct amqp *m = connect_to_broker();
	struct inbox in = {0};
	size_t len = AMQP_BODY_MAX + 1;
	void *body = calloc(1, len);
	amqp_basic_publish_t publish = {.routing_key = amqp_text(queue)};
	amqp_basic_properties_t properties = {0};

	(void)arg;
	declare(m);
	m->publishing.published++; /* the broker counts it */
	m->publishing.confirmed++;
	amqp_codec_method(&m->codec, AMQP_CHANNEL_PUBLISH, AMQP_BASIC_PUBLISH_METHOD, &publish);
	amqp_codec_content(&m->codec, AMQP_CHANNEL_PUBLISH, &properties, body, len);
	publish_one(m, "small", 5);
	consume(m, &in, 10);
	wait_for(&in, 1);
	assert_int_equal(in.body_bytes, 5);
	amqp_cancel(m, queue);
	wait_for_depth(m, 0);
	free(body);
	delete_queue(m, queue);
	amqp_close(m);
}

static void a_body_above_the_limit_is_rejected_and_skipped(void **state)
{
	(void)state;
	run(send_too_large);
}

static void send_headers(void *arg)
{
	struct amqp *m = connect_to_broker();
	struct inbox in = {.keeps = 1};
	struct amqp_message message = {.routing_key = queue, .body = "{}", .body_len = 2};
	struct err e = {0};
	char text[256];

	(void)arg;
	declare(m);
	consume(m, &in, 4);
	memset(text, 'e', 255);
	text[255] = '\0';
	message.headers[AMQP_KIND] = "webhook";
	message.headers[AMQP_ERROR] = text;
	message.headers[AMQP_KEY] = "\xc3\xa4";
	message.headers[AMQP_ROLE] = "";
	assert_int_equal(amqp_publish(m, &message, 1, soon(), &e), 0);
	wait_for(&in, 1);
	assert_string_equal(in.kept[0]->headers[AMQP_KIND], "webhook");
	assert_string_equal(in.kept[0]->headers[AMQP_ERROR], text);
	assert_string_equal(in.kept[0]->headers[AMQP_KEY], "\xc3\xa4");
	assert_string_equal(in.kept[0]->headers[AMQP_ROLE], "");
	assert_null(in.kept[0]->headers[AMQP_STORE]);
	assert_int_equal(in.kept[0]->delivery_count, 0);
	amqp_reject(m, in.kept[0], 1);
	wait_for(&in, 2);
	assert_int_equal(in.kept[1]->delivery_count, 1);
	assert_true(in.kept[1]->is_redelivered);
	assert_string_equal(in.kept[1]->headers[AMQP_KIND], "webhook");
	free_kept(&in);
	delete_queue(m, queue);
	amqp_close(m);
}

static void headers_and_the_delivery_count_come_along(void **state)
{
	(void)state;
	run(send_headers);
}

/* ---- What the broker does not take ---- */

static void send_to_nobody(void *arg)
{
	struct amqp *m = connect_to_broker();
	struct amqp_message messages[] = {
		{.routing_key = queue},
		{.routing_key = "wb.nobody-has-made-this"},
		{.routing_key = queue},
	};
	struct amqp_message no_exchange = {.routing_key = queue, .exchange = "wb.no-such-exchange"};
	struct err e = {0};
	int64_t ready, consumers;

	(void)arg;
	declare(m);
	assert_int_equal(amqp_publish(m, messages, 3, soon(), &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_int_equal(e.code, ERR_CODE_NOT_FOUND);
	assert_int_equal(amqp_publish(m, &no_exchange, 1, soon(), &e), -1);
	assert_int_equal(e.code, ERR_CODE_NOT_FOUND);
	publish_one(m, "x", 1); /* the channel was opened again */
	wait_for_depth(m, 3);
	assert_int_equal(amqp_queue_depth(m, "wb.no-such-queue", &ready, &consumers, soon(), &e),
			 -1);
	assert_int_equal(e.kind, ERR_FINAL);
	assert_int_equal(e.code, ERR_CODE_NOT_FOUND);
	wait_for_depth(m, 3);
	delete_queue(m, queue);
	amqp_close(m);
}

static void a_message_that_fits_no_queue_is_not_found(void **state)
{
	(void)state;
	run(send_to_nobody);
}

static void declare_otherwise(void *arg)
{
	struct amqp *m = connect_to_broker();
	const char *const roles[] = {role};
	amqp_queue_declare_t classic = {.queue = amqp_text(queue), .durable = 1, .nowait = 1};
	struct err e = {0};

	(void)arg;
	amqp_codec_method(&m->codec, AMQP_CHANNEL_DECLARE, AMQP_QUEUE_DECLARE_METHOD, &classic);
	assert_int_equal(amqp_declare_topology(m, roles, 1, soon(), &e), -1);
	assert_int_equal(e.kind, ERR_FINAL);
	assert_non_null(strstr(e.msg, queue));
	publish_one(m, "x", 1);
	delete_queue(m, queue);
	declare(m);
	delete_queue(m, queue);
	amqp_close(m);
}

static void a_queue_with_other_arguments_is_final(void **state)
{
	(void)state;
	run(declare_otherwise);
}

static void knock_with_a_wrong_password(void *arg)
{
	struct amqp *m = NULL;
	struct err e = {0};
	const char *at = strchr(url, '@');
	char wrong[300];

	(void)arg;
	snprintf(wrong, sizeof wrong, "amqp://nobody:wrongsecret%s", at ? at : "@localhost");
	struct amqp_settings settings = {.urls = wrong, .name = "unit test"};

	assert_int_equal(amqp_open(&settings, &m, &e), 0);
	assert_int_equal(amqp_wait_up(m, loop_now_ms() + 1500, &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_non_null(strstr(e.msg, "403"));
	assert_null(strstr(e.msg, "wrongsecret"));
	amqp_close(m);
}

static void a_wrong_password_is_said_so(void **state)
{
	(void)state;
	run(knock_with_a_wrong_password);
}

/* ---- Losses ---- */

static void lose_the_connection(void *arg)
{
	struct amqp *m = connect_to_broker();
	struct inbox in = {.keeps = 1};
	struct err e = {0};

	(void)arg;
	declare(m);
	consume(m, &in, 10);
	publish_one(m, "a", 1);
	publish_one(m, "b", 1);
	wait_for(&in, 2);
	amqp_ack(m, in.kept[0]);
	fiber_sleep_ms(0, NULL); /* the acknowledgement leaves at the end of the turn */
	wait_for_depth(m, 0);
	cut_connections(m);
	while (amqp_is_up(m))
		fiber_suspend(loop_now_ms() + 5, NULL);
	wait_for(&in, 3);
	assert_int_equal(in.redelivered, 1);
	assert_memory_equal(in.kept[2]->body, "b", 1);
	amqp_ack(m, in.kept[0]); /* dead tags, which are no longer what they were */
	amqp_ack(m, in.kept[1]);
	amqp_reject(m, in.kept[1], 0);
	amqp_ack(m, in.kept[2]);
	assert_int_equal(amqp_wait_up(m, soon(), &e), 0);
	publish_one(m, "c", 1);
	wait_for(&in, 4);
	amqp_ack(m, in.kept[3]);
	amqp_cancel(m, queue);
	wait_for_depth(m, 0);
	free_kept(&in);
	delete_queue(m, queue);
	amqp_close(m);
}

static void a_lost_connection_comes_back_and_old_tags_are_dead(void **state)
{
	(void)state;
	run(lose_the_connection);
}

struct sender {
	struct amqp *m;
	int result;
	struct err e;
};

static void send_large_batch(void *arg)
{
	struct sender *s = arg;
	struct amqp_message messages[200];
	size_t len = 100000;
	void *body = calloc(1, len);

	for (size_t i = 0; i < 200; i++)
		messages[i] =
			(struct amqp_message){.routing_key = queue, .body = body, .body_len = len};
	s->result = amqp_publish(s->m, messages, 200, soon(), &s->e);
	free(body);
}

static void lose_a_batch(void *arg)
{
	struct sender s = {.m = connect_to_broker()};
	struct fiber_group g = {0};

	(void)arg;
	declare(s.m);
	fiber_group_start(&g, "sender", send_large_batch, &s);
	fiber_sleep_ms(5, NULL);
	assert_int_equal(g.running, 1); /* 20 MB are on their way */
	cut_connections(s.m);
	assert_int_equal(fiber_group_wait(&g, soon(), NULL), 0);
	assert_int_equal(s.result, -1);
	assert_int_equal(s.e.kind, ERR_RETRY);
	assert_int_equal(s.e.code, ERR_CODE_UNKNOWN);
	assert_int_equal(amqp_wait_up(s.m, soon(), &s.e), 0);
	publish_one(s.m, "x", 1);
	delete_queue(s.m, queue);
	amqp_close(s.m);
}

static void a_batch_that_was_under_way_is_of_unknown_outcome(void **state)
{
	(void)state;
	run(lose_a_batch);
}

static void close_under_a_sender(void *arg)
{
	struct sender s = {.m = connect_to_broker(), .result = -2};
	struct amqp *other = connect_to_broker();
	struct fiber_group g = {0};

	(void)arg;
	declare(s.m);
	fiber_group_start(&g, "sender", send_large_batch, &s);
	fiber_sleep_ms(5, NULL);
	amqp_close(s.m);
	assert_int_equal(fiber_group_wait(&g, soon(), NULL), 0);
	assert_int_not_equal(s.result, -2);
	delete_queue(other, queue);
	amqp_close(other);
}

static void closing_ends_whoever_still_waits(void **state)
{
	(void)state;
	run(close_under_a_sender);
}

static void delete_the_queue(void *arg)
{
	struct amqp *m = connect_to_broker();
	struct inbox in = {0};
	int64_t ready, consumers = 0;
	struct err e = {0};

	(void)arg;
	declare(m);
	consume(m, &in, 10);
	publish_one(m, "a", 1);
	wait_for(&in, 1);
	delete_queue(m, queue);
	while (consumers != 1) { /* declared and consumed again */
		if (amqp_queue_depth(m, queue, &ready, &consumers, soon(), &e) &&
		    e.code != ERR_CODE_NOT_FOUND)
			fail_msg("%s", e.msg);
		fiber_suspend(loop_now_ms() + 20, NULL);
	}
	publish_one(m, "b", 1);
	wait_for(&in, 2);
	delete_queue(m, queue);
	amqp_close(m);
}

static void a_consumer_survives_the_loss_of_its_queue(void **state)
{
	(void)state;
	run(delete_the_queue);
}

static void stop_consuming(void *arg)
{
	struct amqp *m = connect_to_broker();
	struct inbox in = {.keeps = 1};
	struct err e = {0};

	(void)arg;
	declare(m);
	for (int i = 0; i < 5; i++)
		publish_one(m, "x", 1);
	consume(m, &in, 2);
	assert_int_equal(amqp_consume(m, queue, 2, receive, &in, &e), -1);
	assert_int_equal(e.kind, ERR_BUG);
	wait_for(&in, 2);
	amqp_cancel(m, queue);
	amqp_cancel(m, queue);
	amqp_ack(m, in.kept[1]);
	amqp_reject(m, in.kept[0], 1);
	wait_for_depth(m, 4);
	assert_int_equal(in.count, 2);
	consume(m, &in, 10);
	wait_for(&in, 6);
	free_kept(&in);
	delete_queue(m, queue);
	amqp_close(m);
}

static void a_cancelled_consumer_gets_nothing_but_may_settle(void **state)
{
	(void)state;
	run(stop_consuming);
}

/* ---- Alarms ---- */

static void note_tick(EV_P_ ev_timer *timer, int what)
{
	int64_t *worst_ms = timer->data, now_ms = loop_now_ms();

	(void)loop;
	(void)what;
	if (worst_ms[1] && now_ms - worst_ms[1] > worst_ms[0])
		worst_ms[0] = now_ms - worst_ms[1];
	worst_ms[1] = now_ms;
}

static void publish_under_alarm(void *arg)
{
	struct amqp *from = connect_to_broker(), *to = connect_to_broker();
	struct sender s = {.m = from};
	struct inbox in = {0};
	struct fiber_group g = {0};
	struct amqp_message message = {.routing_key = queue};
	struct err e = {0};
	int64_t worst_ms[2] = {0};
	ev_timer tick;

	(void)arg;
	declare(from);
	publish_one(from, "before", 6);
	ctl("eval 'rabbit_alarm:set_alarm({{resource_limit, memory, node()}, []}).'");
	ev_timer_init(&tick, note_tick, 0.0, 0.01);
	tick.data = worst_ms;
	ev_timer_start(loop_ev(), &tick);
	fiber_group_start(&g, "sender", send_large_batch, &s);
	while (!amqp_is_blocked(from))
		fiber_suspend(loop_now_ms() + 5, NULL);
	assert_int_equal(amqp_publish(from, &message, 1, loop_now_ms() + 200, &e), -1);
	assert_int_equal(e.code, ERR_CODE_TIMEOUT); /* never left */
	consume(to, &in, 10);
	wait_for(&in, 1); /* others go on */
	assert_int_equal(g.running, 1);
	ctl("eval 'rabbit_alarm:clear_alarm({resource_limit, memory, node()}).'");
	assert_int_equal(fiber_group_wait(&g, soon(), NULL), 0);
	assert_int_equal(s.result, 0);
	assert_false(amqp_is_blocked(from));
	ev_timer_stop(loop_ev(), &tick);
	print_message("longest turn of the loop under an alarm: %" PRId64 " ms\n", worst_ms[0]);
	assert_true(worst_ms[0] < 1000);
	delete_queue(from, queue);
	amqp_close(from);
	amqp_close(to);
}

static void under_an_alarm_publishers_wait_and_the_loop_does_not(void **state)
{
	(void)state;
	run_ctl(publish_under_alarm);
}

/* ---- The ladder ---- */

static void climb_down(void *arg)
{
	struct amqp *m = connect_to_broker();
	struct inbox in = {.keeps = 1};
	struct amqp_message message = {.routing_key = queue,
				       .exchange = amqp_retry_rung(1000),
				       .body = "again",
				       .body_len = 5};
	struct err e = {0};

	(void)arg;
	declare(m);
	consume(m, &in, 10);
	message.headers[AMQP_ATTEMPT] = "2";
	int64_t start_ms = loop_now_ms();

	assert_int_equal(amqp_publish(m, &message, 1, soon(), &e), 0);
	wait_for(&in, 1);
	assert_in_range(loop_now_ms() - start_ms, 4900, 9000);
	assert_string_equal(in.kept[0]->headers[AMQP_ATTEMPT], "2");
	assert_memory_equal(in.kept[0]->body, "again", 5);
	amqp_ack(m, in.kept[0]);
	free_kept(&in);
	delete_queue(m, queue);
	amqp_close(m);
}

static void the_ladder_brings_a_message_back_to_its_queue(void **state)
{
	(void)state;
	run(climb_down);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thousands_of_messages_arrive_once),
		cmocka_unit_test(bodies_of_every_size_arrive_unchanged),
		cmocka_unit_test(a_body_above_the_limit_is_rejected_and_skipped),
		cmocka_unit_test(headers_and_the_delivery_count_come_along),
		cmocka_unit_test(a_message_that_fits_no_queue_is_not_found),
		cmocka_unit_test(a_queue_with_other_arguments_is_final),
		cmocka_unit_test(a_wrong_password_is_said_so),
		cmocka_unit_test(a_lost_connection_comes_back_and_old_tags_are_dead),
		cmocka_unit_test(a_batch_that_was_under_way_is_of_unknown_outcome),
		cmocka_unit_test(closing_ends_whoever_still_waits),
		cmocka_unit_test(a_consumer_survives_the_loss_of_its_queue),
		cmocka_unit_test(a_cancelled_consumer_gets_nothing_but_may_settle),
		cmocka_unit_test(under_an_alarm_publishers_wait_and_the_loop_does_not),
		cmocka_unit_test(the_ladder_brings_a_message_back_to_its_queue),
	};

	url = getenv("WAYBILL_TEST_AMQP_URL");
	broker_ctl = getenv("WAYBILL_TEST_BROKER_CTL");
	return cmocka_run_group_tests_name("amqp", tests, NULL, NULL);
}

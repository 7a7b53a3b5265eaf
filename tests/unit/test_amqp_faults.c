/* AMQP against a real RabbitMQ: lost connections and queues, alarms, certificates */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/runtime/loop.h"
#include "tests/unit/broker.h"

/* ---- Losses ---- */

static void lose_the_connection(void *arg)
{
	struct amqp *m = broker_connect();
	struct inbox in = {.keeps = 1};
	struct err e = {0};

	(void)arg;
	broker_declare(m);
	broker_consume(m, &in, 10);
	broker_publish(m, "a", 1);
	broker_publish(m, "b", 1);
	inbox_wait(&in, 2);
	amqp_ack(m, in.kept[0]);
	fiber_sleep_ms(0, NULL); /* the acknowledgement leaves at the end of the turn */
	broker_wait_depth(m, 0);
	broker_cut(m);
	while (amqp_is_up(m))
		fiber_suspend(loop_now_ms() + 5, NULL);
	inbox_wait(&in, 3);
	assert_int_equal(in.redelivered, 1);
	assert_memory_equal(in.kept[2]->body, "b", 1);
	amqp_reject(m, in.kept[0], 1); /* dead tags, one of which names another message now */
	amqp_ack(m, in.kept[1]);
	amqp_ack(m, in.kept[2]);
	assert_int_equal(amqp_wait_up(m, broker_deadline(), &e), 0);
	broker_publish(m, "c", 1);
	inbox_wait(&in, 4);
	amqp_ack(m, in.kept[3]);
	amqp_cancel(m, broker_queue);
	broker_wait_depth(m, 0);
	assert_int_equal(in.count, 4);
	inbox_free(&in);
	broker_delete_queue(m, broker_queue);
	amqp_close(m);
}

static void a_lost_connection_comes_back_and_old_tags_are_dead(void **state)
{
	(void)state;
	run_with_broker(lose_the_connection);
}

static void connect_to_the_second(void *arg)
{
	char urls[600];

	(void)arg;
	snprintf(urls, sizeof urls, "amqp://127.0.0.1:1,%s,amqp://127.0.0.1:2", broker_url);
	struct amqp_settings settings = {.urls = urls, .name = "unit test"};

	for (int i = 0; i < 4; i++) /* each begins with a host by chance */
		amqp_close(broker_connect_with(&settings));
}

static void of_several_hosts_one_that_answers_is_enough(void **state)
{
	(void)state;
	run_with_broker(connect_to_the_second);
}

struct sender {
	struct amqp *m;
	size_t len; /* of each message */
	int result;
	struct err e;
};

static void send_batch(void *arg)
{
	struct sender *s = arg;
	struct amqp_message messages[200];
	void *body = calloc(1, s->len);

	for (size_t i = 0; i < 200; i++)
		messages[i] = (struct amqp_message){
			.routing_key = broker_queue, .body = body, .body_len = s->len};
	s->result = amqp_publish(s->m, messages, 200, broker_deadline(), &s->e);
	free(body);
}

static void lose_a_batch(void *arg)
{
	struct sender s = {.m = broker_connect(), .len = 100000};
	struct fiber_group g = {0};

	(void)arg;
	broker_declare(s.m);
	fiber_group_start(&g, "sender", send_batch, &s);
	fiber_sleep_ms(5, NULL);
	assert_int_equal(g.running, 1); /* 20 MB are on their way */
	broker_cut(s.m);
	assert_int_equal(fiber_group_wait(&g, broker_deadline(), NULL), 0);
	assert_int_equal(s.result, -1);
	assert_int_equal(s.e.kind, ERR_RETRY);
	assert_int_equal(s.e.code, ERR_CODE_UNKNOWN);
	assert_int_equal(amqp_wait_up(s.m, broker_deadline(), &s.e), 0);
	broker_publish(s.m, "x", 1);
	broker_delete_queue(s.m, broker_queue);
	amqp_close(s.m);
}

static void a_batch_that_was_under_way_is_of_unknown_outcome(void **state)
{
	(void)state;
	run_with_broker(lose_a_batch);
}

static void close_under_a_sender(void *arg)
{
	struct sender s = {.m = broker_connect(), .len = 100000, .result = -2};
	struct amqp *other = broker_connect();
	struct fiber_group g = {0};

	(void)arg;
	broker_declare(s.m);
	fiber_group_start(&g, "sender", send_batch, &s);
	fiber_sleep_ms(5, NULL);
	amqp_close(s.m);
	assert_int_equal(fiber_group_wait(&g, broker_deadline(), NULL), 0);
	assert_int_not_equal(s.result, -2);
	broker_delete_queue(other, broker_queue);
	amqp_close(other);
}

static void closing_ends_whoever_still_waits(void **state)
{
	(void)state;
	run_with_broker(close_under_a_sender);
}

static void delete_the_queue(void *arg)
{
	struct amqp *m = broker_connect();
	struct inbox in = {0};
	int64_t ready, consumers = 0;
	struct err e = {0};

	(void)arg;
	broker_declare(m);
	broker_consume(m, &in, 10);
	broker_publish(m, "a", 1);
	inbox_wait(&in, 1);
	broker_delete_queue(m, broker_queue);
	while (consumers != 1) { /* declared and consumed again */
		if (amqp_queue_depth(m, broker_queue, &ready, &consumers, broker_deadline(), &e) &&
		    e.code != ERR_CODE_NOT_FOUND)
			fail_msg("%s", e.msg);
		fiber_suspend(loop_now_ms() + 20, NULL);
	}
	broker_publish(m, "b", 1);
	inbox_wait(&in, 2);
	broker_delete_queue(m, broker_queue);
	amqp_close(m);
}

static void a_consumer_survives_the_loss_of_its_queue(void **state)
{
	(void)state;
	run_with_broker(delete_the_queue);
}

static void stop_consuming(void *arg)
{
	struct amqp *m = broker_connect();
	struct inbox in = {.keeps = 1};
	struct err e = {0};

	(void)arg;
	broker_declare(m);
	for (int i = 0; i < 5; i++)
		broker_publish(m, "x", 1);
	broker_consume(m, &in, 2);
	assert_int_equal(amqp_consume(m, broker_queue, 2, inbox_receive, &in, &e), -1);
	assert_int_equal(e.kind, ERR_BUG);
	inbox_wait(&in, 2);
	amqp_cancel(m, broker_queue);
	amqp_cancel(m, broker_queue);
	amqp_ack(m, in.kept[1]);
	amqp_reject(m, in.kept[0], 1);
	broker_wait_depth(m, 4);
	assert_int_equal(in.count, 2);
	broker_consume(m, &in, 10);
	inbox_wait(&in, 6);
	inbox_free(&in);
	broker_delete_queue(m, broker_queue);
	amqp_close(m);
}

static void a_cancelled_consumer_gets_nothing_but_may_settle(void **state)
{
	(void)state;
	run_with_broker(stop_consuming);
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
	struct amqp *from = broker_connect(), *to = broker_connect();
	struct sender s = {.m = from, .len = 100};
	struct inbox in = {0};
	struct fiber_group g = {0};
	struct amqp_message message = {.routing_key = broker_queue};
	struct err e = {0};
	int64_t worst_ms[2] = {0};
	ev_timer tick;

	(void)arg;
	broker_declare(from);
	broker_publish(from, "before", 6);
	broker_ctl("eval 'rabbit_alarm:set_alarm({{resource_limit, memory, node()}, []}).'");
	ev_timer_init(&tick, note_tick, 0.0, 0.01);
	tick.data = worst_ms;
	ev_timer_start(loop_ev(), &tick);
	fiber_group_start(&g, "sender", send_batch, &s);
	while (!amqp_is_blocked(from))
		fiber_suspend(loop_now_ms() + 5, NULL);
	assert_int_equal(amqp_publish(from, &message, 1, loop_now_ms() + 200, &e), -1);
	assert_int_equal(e.code, ERR_CODE_TIMEOUT); /* never left */
	broker_consume(to, &in, 10);
	inbox_wait(&in, 1); /* others go on */
	assert_int_equal(g.running, 1);
	broker_ctl("eval 'rabbit_alarm:clear_alarm({resource_limit, memory, node()}).'");
	assert_int_equal(fiber_group_wait(&g, broker_deadline(), NULL), 0);
	assert_int_equal(s.result, 0);
	assert_false(amqp_is_blocked(from));
	ev_timer_stop(loop_ev(), &tick);
	print_message("longest turn of the loop under an alarm: %" PRId64 " ms\n", worst_ms[0]);
	assert_true(worst_ms[0] < 1000);
	broker_delete_queue(from, broker_queue);
	amqp_close(from);
	amqp_close(to);
}

static void under_an_alarm_publishers_wait_and_the_loop_does_not(void **state)
{
	(void)state;
	run_with_ctl(publish_under_alarm);
}

/* ---- TLS ---- */

static int free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	close(fd);
	return ntohs(at.sin_port);
}

/* A listener with a certificate for localhost only; sets the paths and the port. */
static void start_tls_listener(char *dir, size_t dir_size, int port)
{
	char command[1000];

	snprintf(dir, dir_size, "/tmp/waybill-%s", broker_role);
	snprintf(command, sizeof command,
		 "umask 022; mkdir %s && openssl req -x509 -newkey ec -pkeyopt "
		 "ec_paramgen_curve:prime256v1 -nodes -keyout %s/key -out %s/cert -days 2 "
		 "-subj /CN=localhost -addext subjectAltName=DNS:localhost && chmod 644 %s/key",
		 dir, dir, dir, dir);
	run_command(command);
	snprintf(command, sizeof command,
		 "eval 'application:ensure_all_started(ssl), "
		 "rabbit_networking:start_ssl_listener({\"127.0.0.1\", %d}, "
		 "[{certfile, \"%s/cert\"}, {keyfile, \"%s/key\"}], 2).'",
		 port, dir, dir);
	broker_ctl(command);
}

static void publish_over_tls(void *arg)
{
	const char *plain = broker_url, *at = strchr(broker_url, '@'),
		   *vhost = at ? strchr(at, '/') : NULL;
	size_t len = 3 * 1024 * 1024;
	struct inbox in = {.keeps = 1};
	unsigned char *body = malloc(len);
	char dir[160], tls_url[500], login[300], command[300];
	int port = free_port();

	(void)arg;
	assert_non_null(vhost);
	snprintf(login, sizeof login, "%.*s", (int)(at - broker_url - 7), broker_url + 7);
	start_tls_listener(dir, sizeof dir, port);
	snprintf(tls_url, sizeof tls_url, "amqps://%s@localhost:%d%s", login, port, vhost);
	broker_expect_refused(tls_url, "self-signed certificate");
	snprintf(tls_url, sizeof tls_url, "amqps://%s@127.0.0.1:%d%s?cacertfile=%s/cert", login,
		 port, vhost, dir);
	broker_expect_refused(tls_url, "IP address mismatch");
	snprintf(tls_url, sizeof tls_url, "amqps://%s@localhost:%d%s?cacertfile=%s/cert", login,
		 port, vhost, dir);
	broker_url = tls_url;
	struct amqp *m = broker_connect();

	broker_url = plain;
	memset(body, 'x', len);
	broker_declare(m);
	broker_consume(m, &in, 4);
	for (size_t i = 0; i < 10; i++) {
		broker_publish(m, body, len - i);
		inbox_wait(&in, i + 1);
		assert_int_equal(in.kept[i]->body_len, len - i);
		assert_memory_equal(in.kept[i]->body, body, len - i);
		amqp_ack(m, in.kept[i]);
	}
	inbox_free(&in);
	free(body);
	broker_delete_queue(m, broker_queue);
	amqp_close(m);
	snprintf(command, sizeof command,
		 "eval 'rabbit_networking:stop_tcp_listener({\"127.0.0.1\", %d}).'", port);
	broker_ctl(command);
	snprintf(command, sizeof command, "rm -r %s", dir);
	run_command(command);
}

static void tls_takes_only_the_right_certificate(void **state)
{
	(void)state;
	run_with_ctl(publish_over_tls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lost_connection_comes_back_and_old_tags_are_dead),
		cmocka_unit_test(of_several_hosts_one_that_answers_is_enough),
		cmocka_unit_test(a_batch_that_was_under_way_is_of_unknown_outcome),
		cmocka_unit_test(closing_ends_whoever_still_waits),
		cmocka_unit_test(a_consumer_survives_the_loss_of_its_queue),
		cmocka_unit_test(a_cancelled_consumer_gets_nothing_but_may_settle),
		cmocka_unit_test(under_an_alarm_publishers_wait_and_the_loop_does_not),
		cmocka_unit_test(tls_takes_only_the_right_certificate),
	};

	return cmocka_run_group_tests_name("amqp_faults", tests, NULL, NULL);
}

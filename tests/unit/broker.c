/* broker - a real RabbitMQ for unit tests */
#include "tests/unit/broker.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/runtime/loop.h"

extern char **environ;

enum { PATIENCE_MS = 20000 };

const char *broker_url, *broker_ctl_command;
char broker_role[64], broker_queue[80];

int64_t broker_deadline(void)
{
	return loop_now_ms() + patience_ms(PATIENCE_MS);
}

struct amqp *broker_connect_with(const struct amqp_settings *settings)
{
	struct amqp *m = NULL;
	struct err e = {0};

	if (amqp_open(settings, &m, &e) || amqp_wait_up(m, broker_deadline(), &e))
		fail_msg("%s", e.msg);
	return m;
}

struct amqp *broker_connect(void)
{
	return broker_connect_with(
		&(struct amqp_settings){.urls = broker_url, .name = "unit test"});
}

void broker_expect_refused(const char *url, const char *why)
{
	struct amqp_settings settings = {.urls = url, .name = "unit test"};
	struct amqp *m = NULL;
	struct err e = {0};
	int64_t deadline_ms = broker_deadline();

	assert_int_equal(amqp_open(&settings, &m, &e), 0);
	do {
		assert_int_equal(amqp_wait_up(m, loop_now_ms() + 20, &e), -1);
		assert_int_equal(e.kind, ERR_RETRY);
		assert_null(strstr(e.msg, "secret"));
	} while (!strstr(e.msg, why) && loop_now_ms() < deadline_ms);
	if (!strstr(e.msg, why))
		fail_msg("%s instead of %s", e.msg, why);
	amqp_close(m);
}

void broker_delete_queue(struct amqp *m, const char *name)
{
	amqp_queue_delete_t delete = {.queue = amqp_text(name), .nowait = 1};

	amqp_codec_method(&m->codec, AMQP_CHANNEL_DECLARE, AMQP_QUEUE_DELETE_METHOD, &delete);
	amqp_connection_flush(m);
}

void broker_declare(struct amqp *m)
{
	const char *const roles[] = {broker_role};
	struct err e = {0};

	if (amqp_declare_topology(m, roles, 1, broker_deadline(), &e))
		fail_msg("%s", e.msg);
}

void inbox_receive(struct amqp_delivery *d, void *arg)
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

void broker_consume(struct amqp *m, struct inbox *in, int prefetch)
{
	struct err e = {0};

	in->m = m;
	if (amqp_consume(m, broker_queue, prefetch, inbox_receive, in, &e))
		fail_msg("%s", e.msg);
}

void inbox_wait(struct inbox *in, size_t count)
{
	struct err e = {0};
	int64_t deadline_ms = broker_deadline();

	while (in->count < count)
		if (fiber_queue_wait(&in->news, deadline_ms, &e))
			fail_msg("only %zu of %zu messages came: %s", in->count, count, e.msg);
}

void inbox_free(struct inbox *in)
{
	for (size_t i = 0; i < in->count && i < 64; i++)
		arena_free(in->kept[i]->arena);
}

void broker_publish(struct amqp *m, const void *body, size_t len)
{
	struct amqp_message message = {.routing_key = broker_queue, .body = body, .body_len = len};
	struct err e = {0};

	if (amqp_publish(m, &message, 1, broker_deadline(), &e))
		fail_msg("%s", e.msg);
}

void broker_wait_depth(struct amqp *m, int64_t wanted)
{
	int64_t ready = -1, consumers, deadline_ms = broker_deadline();
	struct err e = {0};

	while (ready != wanted) {
		if (amqp_queue_depth(m, broker_queue, &ready, &consumers, deadline_ms, &e))
			fail_msg("%s", e.msg);
		if (ready != wanted && fiber_suspend(loop_now_ms() + 20, NULL) &&
		    loop_now_ms() > deadline_ms)
			fail_msg("the queue holds %" PRId64, ready);
	}
}

void run_with_broker(void (*body)(void *))
{
	static int serial;

	broker_url = getenv("WAYBILL_TEST_AMQP_URL");
	if (!broker_url) {
		print_message("WAYBILL_TEST_AMQP_URL is not set\n");
		skip();
	}
	snprintf(broker_role, sizeof broker_role, "unit-%d-%d", (int)getpid(), ++serial);
	snprintf(broker_queue, sizeof broker_queue, "wb.%s", broker_role);
	run_in_fiber(body, NULL);
}

void run_with_ctl(void (*body)(void *))
{
	broker_ctl_command = getenv("WAYBILL_TEST_BROKER_CTL");
	if (!broker_ctl_command) {
		print_message("WAYBILL_TEST_BROKER_CTL is not set\n");
		skip();
	}
	run_with_broker(body);
}

static void command_ended(EV_P_ ev_child *child, int what)
{
	(void)what;
	ev_child_stop(EV_A_ child);
	fiber_wake(child->data);
}

void run_command(const char *command)
{
	char program[] = "/bin/sh", option[] = "-c", text[1200];
	char *argv[] = {program, option, text, NULL};
	ev_child child;
	pid_t pid;

	snprintf(text, sizeof text, "exec >/dev/null 2>&1; %s", command);
	assert_int_equal(posix_spawn(&pid, program, NULL, NULL, argv, environ), 0);
	ev_child_init(&child, command_ended, pid, 0);
	child.data = fiber_self();
	ev_child_start(loop_ev(), &child);
	while (ev_is_active(&child))
		assert_int_equal(fiber_suspend(broker_deadline(), NULL), 0);
	if (child.rstatus)
		fail_msg("ended with %d: %s", child.rstatus, command);
}

void broker_ctl(const char *arguments)
{
	char command[1000];

	snprintf(command, sizeof command, "%s %s", broker_ctl_command, arguments);
	run_command(command);
}

void broker_cut(const struct amqp *m)
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

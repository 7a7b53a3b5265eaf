/* amqp - the public face: opening, closing, looking at the state */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/runtime/amqp_internal.h"
#include "core/runtime/loop.h"

enum {
	HEARTBEAT_S = 10,
	CONNECT_TIMEOUT_MS = 5000,
	BUFFER_BYTES = 1024 * 1024,
	CLOSE_MS = 2000,
};

static void free_all(struct amqp *m)
{
	for (size_t i = 0; i < m->endpoint_count; i++)
		amqp_endpoint_clear(&m->endpoints[i]);
	amqp_publish_clear(m);
	amqp_declare_clear(m);
	free(m->endpoints);
	free(m->name);
	free(m);
}

static int add_url(struct amqp *m, const char *url, size_t len, struct err *e)
{
	struct amqp_endpoint *list = realloc(m->endpoints, (m->endpoint_count + 1) * sizeof *list);

	if (!list)
		die("out of memory: a broker's url");
	m->endpoints = list;
	if (amqp_url_parse(url, len, &list[m->endpoint_count], e))
		return -1;
	m->endpoint_count++;
	return 0;
}

static int add_urls(struct amqp *m, const char *urls, struct err *e)
{
	for (;; urls++) {
		size_t len = strcspn(urls, ",");

		if (add_url(m, urls, len, e))
			return -1;
		urls += len;
		if (*urls == '\0')
			return 0;
	}
}

int amqp_open(const struct amqp_settings *settings, struct amqp **out, struct err *e)
{
	struct amqp *m = calloc(1, sizeof *m);
	unsigned random = 0;

	if (!m)
		die("out of memory: a broker's connection");
	m->heartbeat_s = settings->heartbeat_s ? settings->heartbeat_s : HEARTBEAT_S;
	m->connect_timeout_ms =
		settings->connect_timeout_ms ? settings->connect_timeout_ms : CONNECT_TIMEOUT_MS;
	m->buffer_bytes = settings->buffer_bytes ? settings->buffer_bytes : BUFFER_BYTES;
	m->name = strndup(settings->name ? settings->name : "waybill", AMQP_NAME_MAX);
	if (!m->name)
		die("out of memory: a broker's connection");
	if (add_urls(m, settings->urls, e)) {
		free_all(m);
		return -1;
	}
	/*
	 * Many workers start at once: they begin with different hosts and come back at
	 * different times.
	 */
	if (getrandom(&random, sizeof random, 0) < 0)
		die("getrandom failed");
	srand48((long)random);
	m->endpoint_next = random % m->endpoint_count;
	amqp_consume_init(m);
	amqp_connection_start(m);
	*out = m;
	return 0;
}

/*
 * Waits for a change of the connection; 0 at the deadline, or when this fiber must not wait any
 * more.
 */
static int has_changed(struct amqp *m, int64_t deadline_ms)
{
	return fiber_queue_wait(&m->changes, deadline_ms, NULL) == 0;
}

void amqp_close(struct amqp *m)
{
	int64_t deadline_ms = loop_now_ms() + CLOSE_MS;

	if (!m)
		return;
	m->users++;
	m->is_closing = 1;
	fiber_queue_wake_all(&m->changes);
	amqp_publish_room(m);
	amqp_consume_settle(m);
	while (m->state == AMQP_UP && m->users > 1 && has_changed(m, deadline_ms))
		; /* batches that are out get their confirms */
	if (m->state == AMQP_UP) {
		amqp_connection_say_goodbye(m);
		while (m->state == AMQP_CLOSING && has_changed(m, deadline_ms))
			;
	}
	amqp_connection_end(m);
	amqp_consume_clear(m);
	amqp_leave(m);
}

void amqp_leave(struct amqp *m)
{
	if (--m->users == 0 && m->state == AMQP_CLOSED)
		free_all(m);
	else if (m->is_closing)
		fiber_queue_wake_all(&m->changes);
}

int amqp_is_up(const struct amqp *m)
{
	return m->state == AMQP_UP;
}

int amqp_is_blocked(const struct amqp *m)
{
	return m->state != AMQP_UP || m->is_blocked;
}

int amqp_wait_up(struct amqp *m, int64_t deadline_ms, struct err *e)
{
	int result = 0;

	m->users++;
	while (m->state != AMQP_UP && !m->is_closing && result == 0)
		result = fiber_queue_wait(&m->changes, deadline_ms, e);
	if (result)
		err_prefix(e, "no connection to the broker (%s)", m->reason);
	else if (m->is_closing)
		result = err_retry(e, "the connection to the broker is being closed");
	amqp_leave(m);
	return result;
}

void amqp_on_change(struct amqp *m, void (*fn)(void *), void *arg)
{
	m->on_change = fn;
	m->on_change_arg = arg;
}

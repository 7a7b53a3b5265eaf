/*
 * amqp_connection - the life of a connection: handshake, heartbeats, alarms, loss and back-off
 *
 * connection.open-ok is answered by everything else in one go: channels, confirm.select, the
 * topology, consumers. The connection is up when the topology has been answered, so that what
 * is published finds its queue even after the broker was wiped.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/amqp_internal.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/text.h"

enum {
	READ_BYTES = 128 * 1024,
	READS_PER_EVENT = 16, /* then others have their turn */
	BACKOFF_MIN_MS = 200,
	BACKOFF_MAX_MS = 15000,
};

double amqp_backoff_s(int attempt)
{
	int64_t ms = BACKOFF_MAX_MS;

	if (attempt < 7)
		ms = (int64_t)BACKOFF_MIN_MS << attempt;
	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;
	return (double)ms / 1000.0 * (0.5 + drand48() / 2);
}

static void changed(struct amqp *m)
{
	fiber_queue_wake_all(&m->changes);
	amqp_publish_room(m);
	if (m->on_change && !m->is_closing)
		m->on_change(m->on_change_arg);
}

static void set_timer(struct amqp *m, double seconds)
{
	ev_now_update(loop_ev());
	ev_timer_stop(loop_ev(), &m->timer);
	ev_timer_set(&m->timer, seconds, 0.0);
	ev_timer_start(loop_ev(), &m->timer);
}

int amqp_malformed(struct err *e, const amqp_frame_t *frame)
{
	return err_retry(e, "the broker sent %s, which has no place there",
			 frame->frame_type == AMQP_FRAME_METHOD
				 ? amqp_method_name(frame->payload.method.id)
				 : "content");
}

/* ---- Ending ---- */

static void tear_down(struct amqp *m)
{
	struct err lost = {0};

	err_set(&lost, ERR_RETRY, ERR_CODE_UNKNOWN, "the broker's connection was lost: %s",
		m->reason);
	amqp_transport_close(m->transport);
	m->is_paused = 0;
	m->transport = NULL;
	amqp_codec_clear(&m->codec);
	ev_timer_stop(loop_ev(), &m->timer);
	ev_timer_stop(loop_ev(), &m->heartbeat_in);
	m->heartbeat_in.repeat =
		0.0; /* of the next connection; the handshake has its own deadline */
	ev_timer_stop(loop_ev(), &m->heartbeat_out);
	m->is_blocked = 0;
	amqp_publish_lost(m, &lost);
	amqp_consume_lost(m);
}

void amqp_connection_drop(struct amqp *m, const char *why)
{
	int was_up = m->state == AMQP_UP;

	if (m->state == AMQP_CLOSED)
		return;
	text_printf(m->reason, sizeof m->reason, "%s", why);
	if (!m->is_closing)
		log_warn("event=broker_%s connection=%s attempt=%d reason=%s",
			 was_up ? "lost" : "away", log_quote(m->name), m->attempt,
			 log_quote(m->reason));
	tear_down(m);
	m->state = m->is_closing ? AMQP_CLOSED : AMQP_WAITING;
	if (!m->is_closing)
		set_timer(m, amqp_backoff_s(m->attempt++));
	changed(m);
}

void amqp_connection_say_goodbye(struct amqp *m)
{
	amqp_connection_close_t bye = {.reply_code = AMQP_REPLY_SUCCESS,
				       .reply_text = amqp_text("closed by the client")};

	amqp_codec_method(&m->codec, AMQP_CHANNEL_CONTROL, AMQP_CONNECTION_CLOSE_METHOD, &bye);
	m->state = AMQP_CLOSING;
	amqp_connection_flush(m);
}

void amqp_connection_end(struct amqp *m)
{
	snprintf(m->reason, sizeof m->reason, "closed");
	tear_down(m);
	m->state = AMQP_CLOSED;
	changed(m);
}

/* ---- Handshake ---- */

static amqp_table_entry_t capability(const char *name)
{
	return (amqp_table_entry_t){.key = amqp_text(name),
				    .value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1}};
}

static void answer_start(struct amqp *m, const struct amqp_endpoint *to)
{
	amqp_table_entry_t capabilities[] = {
		capability("publisher_confirms"),	    capability("basic.nack"),
		capability("consumer_cancel_notify"),	    capability("connection.blocked"),
		capability("authentication_failure_close"),
	};
	amqp_table_entry_t properties[] = {
		amqp_text_entry("product", "Waybill"),
		amqp_text_entry("connection_name", m->name),
		{.key = amqp_text("capabilities"),
		 .value = {.kind = AMQP_FIELD_KIND_TABLE,
			   .value.table = {sizeof capabilities / sizeof *capabilities,
					   capabilities}}},
	};
	char response[2 * AMQP_NAME_MAX + 3] = "";
	size_t user_len = strlen(to->user), password_len = strlen(to->password);

	memcpy(response + 1, to->user, user_len);
	memcpy(response + 2 + user_len, to->password, password_len);
	amqp_connection_start_ok_t ok = {
		.client_properties = {sizeof properties / sizeof *properties, properties},
		.mechanism = amqp_text("PLAIN"),
		.response = {2 + user_len + password_len, response},
		.locale = amqp_text("en_US"),
	};

	amqp_codec_method(&m->codec, AMQP_CHANNEL_CONTROL, AMQP_CONNECTION_START_OK_METHOD, &ok);
	explicit_bzero(response, sizeof response);
	m->state = AMQP_TUNING;
}

static int answer_tune(struct amqp *m, const amqp_connection_tune_t *tune, struct err *e)
{
	const struct amqp_endpoint *to = &m->endpoints[m->endpoint_next];
	size_t frame_max = tune->frame_max && tune->frame_max < AMQP_FRAME_LIMIT ? tune->frame_max
										 : AMQP_FRAME_LIMIT;
	int heartbeat_s = tune->heartbeat && tune->heartbeat < m->heartbeat_s ? tune->heartbeat
									      : m->heartbeat_s;

	if (frame_max < AMQP_FRAME_MIN)
		return err_retry(e, "the broker's frame_max %zu is below %d", frame_max,
				 AMQP_FRAME_MIN);
	if (tune->channel_max && tune->channel_max < AMQP_CHANNEL_COUNT - 1)
		return err_retry(e, "the broker allows no more than %d channels",
				 tune->channel_max);
	amqp_connection_tune_ok_t ok = {.channel_max = AMQP_CHANNEL_COUNT,
					.frame_max = (uint32_t)frame_max,
					.heartbeat = (uint16_t)heartbeat_s};
	amqp_connection_open_t open = {.virtual_host = amqp_text(to->vhost)};

	if (tune->channel_max && tune->channel_max < ok.channel_max)
		ok.channel_max = tune->channel_max;
	amqp_codec_method(&m->codec, AMQP_CHANNEL_CONTROL, AMQP_CONNECTION_TUNE_OK_METHOD, &ok);
	amqp_codec_method(&m->codec, AMQP_CHANNEL_CONTROL, AMQP_CONNECTION_OPEN_METHOD, &open);
	if (amqp_codec_tune(&m->codec, frame_max, heartbeat_s, e))
		return -1;
	m->heartbeat_out.repeat = heartbeat_s / 2.0;
	m->heartbeat_in.repeat = heartbeat_s * 2.0;
	ev_timer_again(loop_ev(), &m->heartbeat_out);
	ev_timer_again(loop_ev(), &m->heartbeat_in);
	m->state = AMQP_OPENING;
	return 0;
}

void amqp_open_channel(struct amqp *m, enum amqp_channel_number channel)
{
	amqp_channel_open_t open = {.out_of_band = amqp_empty_bytes};

	amqp_codec_method(&m->codec, channel, AMQP_CHANNEL_OPEN_METHOD, &open);
}

static void prepare(struct amqp *m)
{
	m->state = AMQP_PREPARING;
	ev_timer_stop(loop_ev(), &m->timer); /* heartbeats watch from here on */
	amqp_publish_open(m);
	amqp_declare_open(m);
	amqp_consume_open(m);
	amqp_connection_prepared(m);
}

void amqp_connection_prepared(struct amqp *m)
{
	if (m->state != AMQP_PREPARING || !m->publishing.is_confirming ||
	    m->declarations.topology_left)
		return;
	m->state = AMQP_UP;
	m->attempt = 0;
	m->reason[0] = '\0';
	log_info("event=broker_up connection=%s", log_quote(m->name));
	changed(m);
}

/* ---- Frames ---- */

static void set_blocked(struct amqp *m, int is_blocked)
{
	if (m->is_blocked == is_blocked)
		return;
	m->is_blocked = is_blocked;
	log_warn("event=broker_%s connection=%s", is_blocked ? "alarm" : "alarm_over",
		 log_quote(m->name));
	changed(m);
}

static int closed_by_broker(struct amqp *m, const amqp_connection_close_t *why, struct err *e)
{
	amqp_connection_close_ok_t ok = {0};

	amqp_codec_method(&m->codec, AMQP_CHANNEL_CONTROL, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
	amqp_connection_flush(m);
	return err_retry(e, "the broker said %d %s", why->reply_code,
			 text_cut(why->reply_text.bytes, why->reply_text.len));
}

static int control_method(struct amqp *m, const amqp_frame_t *frame, struct err *e)
{
	const void *fields = frame->payload.method.decoded;

	switch (frame->payload.method.id) {
	case AMQP_CONNECTION_START_METHOD:
		if (m->state != AMQP_GREETING)
			break;
		answer_start(m, &m->endpoints[m->endpoint_next]);
		return 0;
	case AMQP_CONNECTION_TUNE_METHOD:
		if (m->state != AMQP_TUNING)
			break;
		return answer_tune(m, fields, e);
	case AMQP_CONNECTION_OPEN_OK_METHOD:
		if (m->state != AMQP_OPENING)
			break;
		prepare(m);
		return 0;
	case AMQP_CONNECTION_BLOCKED_METHOD:
	case AMQP_CONNECTION_UNBLOCKED_METHOD:
		if (m->state < AMQP_PREPARING)
			break;
		set_blocked(m, frame->payload.method.id == AMQP_CONNECTION_BLOCKED_METHOD);
		return 0;
	case AMQP_CONNECTION_CLOSE_METHOD:
		return closed_by_broker(m, fields, e);
	case AMQP_CONNECTION_CLOSE_OK_METHOD:
		if (m->state != AMQP_CLOSING)
			break;
		return err_retry(e, "closed");
	default:
		break;
	}
	return amqp_malformed(e, frame);
}

/* What the broker refuses ends its channel, which is opened again. */
static void channel_closed(struct amqp *m, const amqp_frame_t *frame)
{
	const amqp_channel_close_t *why = frame->payload.method.decoded;
	amqp_channel_close_ok_t ok = {0};
	struct err e;
	char text[160];

	amqp_codec_method(&m->codec, frame->channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
	text_printf(text, sizeof text, "%d %s", why->reply_code,
		    text_cut(why->reply_text.bytes, why->reply_text.len));
	switch ((enum amqp_channel_number)frame->channel) {
	case AMQP_CHANNEL_DECLARE:
		amqp_declare_refused(m, why);
		break;
	case AMQP_CHANNEL_PUBLISH:
		log_warn("event=publish_refused reason=%s", log_quote(text));
		err_set(&e, ERR_RETRY,
			why->reply_code == AMQP_NOT_FOUND ? ERR_CODE_NOT_FOUND : ERR_CODE_UNKNOWN,
			"the broker refused to take messages: %s", text);
		amqp_publish_lost(m, &e);
		amqp_publish_open(m);
		break;
	case AMQP_CHANNEL_CONSUME:
		log_warn("event=consume_refused reason=%s", log_quote(text));
		amqp_consume_lost(m);
		amqp_open_channel(m, AMQP_CHANNEL_CONSUME);
		amqp_consume_again(m);
		break;
	case AMQP_CHANNEL_CONTROL:
	case AMQP_CHANNEL_COUNT:
		break;
	}
}

static int on_frame(void *arg, const amqp_frame_t *frame, int is_last, struct err *e)
{
	struct amqp *m = arg;
	amqp_method_number_t id =
		frame->frame_type == AMQP_FRAME_METHOD ? frame->payload.method.id : 0;

	if (frame->frame_type == AMQP_FRAME_HEARTBEAT)
		return 0;
	if (frame->channel == AMQP_CHANNEL_CONTROL)
		return id ? control_method(m, frame, e) : amqp_malformed(e, frame);
	if (m->state == AMQP_CLOSING)
		return 0;
	if (m->state < AMQP_PREPARING)
		return amqp_malformed(e, frame);
	if (id == AMQP_CHANNEL_CLOSE_METHOD) {
		channel_closed(m, frame);
		return 0;
	}
	if (id == AMQP_CHANNEL_OPEN_OK_METHOD)
		return 0;
	switch ((enum amqp_channel_number)frame->channel) {
	case AMQP_CHANNEL_CONSUME:
		return amqp_consume_frame(m, frame, is_last, e);
	case AMQP_CHANNEL_PUBLISH:
		return amqp_publish_frame(m, frame, is_last, e);
	case AMQP_CHANNEL_DECLARE:
		return amqp_declare_frame(m, frame, e);
	case AMQP_CHANNEL_CONTROL:
	case AMQP_CHANNEL_COUNT:
		break;
	}
	return 0;
}

/* ---- Events ---- */

void amqp_connection_flush(struct amqp *m)
{
	size_t unsent;

	while (m->transport && (unsent = amqp_codec_unsent(&m->codec)) > 0) {
		ssize_t n = amqp_transport_write(m->transport, m->codec.out + m->codec.out_start,
						 unsent);

		if (n <= 0)
			break;
		amqp_codec_sent(&m->codec, (size_t)n);
		m->is_written = 1;
	}
	amqp_publish_room(m);
}

static void opened(void *arg)
{
	struct amqp *m = arg;

	m->state = AMQP_GREETING;
	amqp_codec_protocol_header(&m->codec);
	amqp_connection_flush(m);
}

/* The broker's heartbeats are not seen either meanwhile; ours go on. */
static int pause_if_full(struct amqp *m)
{
	if (!amqp_consume_is_full(m))
		return 0;
	m->is_paused = 1;
	ev_timer_stop(loop_ev(), &m->heartbeat_in);
	amqp_transport_pause(m->transport);
	return 1;
}

void amqp_connection_look_again(struct amqp *m)
{
	if (!m->is_paused || amqp_consume_is_full(m))
		return;
	m->is_paused = 0;
	ev_timer_again(loop_ev(), &m->heartbeat_in);
	amqp_transport_resume(m->transport);
}

static void readable(void *arg)
{
	static unsigned char bytes[READ_BYTES]; /* one thread, and nothing stays in it */
	struct amqp *m = arg;
	struct err e = {0};
	ssize_t n = 0;

	for (int i = 0; i < READS_PER_EVENT; i++) {
		if (pause_if_full(m)) {
			n = 0;
			break;
		}
		n = amqp_transport_read(m->transport, bytes, sizeof bytes);
		if (n <= 0)
			break;
		ev_timer_again(loop_ev(), &m->heartbeat_in);
		if (amqp_codec_feed(&m->codec, bytes, (size_t)n, on_frame, m, &e)) {
			amqp_connection_drop(m, e.msg);
			return;
		}
	}
	if (n > 0)
		amqp_transport_more(m->transport);
	amqp_connection_flush(m);
}

static void writable(void *arg)
{
	amqp_connection_flush(arg);
}

static void failed(void *arg, const char *why)
{
	amqp_connection_drop(arg, why);
}

static void connect_now(struct amqp *m)
{
	static const struct amqp_transport_events events = {opened, readable, writable, failed};

	m->endpoint_next = (m->endpoint_next + 1) % m->endpoint_count;
	amqp_codec_init(&m->codec);
	m->state = AMQP_CONNECTING;
	set_timer(m, m->connect_timeout_ms / 1000.0);
	m->transport = amqp_transport_open(&m->endpoints[m->endpoint_next], &events, m);
}

static void timer_fired(EV_P_ ev_timer *timer, int what)
{
	struct amqp *m = timer->data;
	char why[80];

	(void)loop;
	(void)what;
	if (m->state == AMQP_WAITING) {
		connect_now(m);
		return;
	}
	snprintf(why, sizeof why, "no connection within %d ms", m->connect_timeout_ms);
	amqp_connection_drop(m, why);
}

/* Nothing is added to bytes that the broker does not take anyway. */
static void send_heartbeat(EV_P_ ev_timer *timer, int what)
{
	struct amqp *m = timer->data;

	(void)loop;
	(void)what;
	if (!m->is_written && amqp_codec_unsent(&m->codec) == 0) {
		amqp_codec_heartbeat(&m->codec);
		amqp_connection_flush(m);
	}
	m->is_written = 0;
}

static void heard_nothing(EV_P_ ev_timer *timer, int what)
{
	(void)loop;
	(void)what;
	amqp_connection_drop(timer->data, "no heartbeat from the broker");
}

void amqp_connection_start(struct amqp *m)
{
	ev_init(&m->timer, timer_fired);
	ev_init(&m->heartbeat_out, send_heartbeat);
	ev_init(&m->heartbeat_in, heard_nothing);
	m->timer.data = m->heartbeat_out.data = m->heartbeat_in.data = m;
	snprintf(m->reason, sizeof m->reason, "still connecting");
	m->state = AMQP_WAITING;
	set_timer(m, 0.0);
}

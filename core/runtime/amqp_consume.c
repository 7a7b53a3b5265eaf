/*
 * amqp_consume - the channel of consuming: consumers, deliveries, acknowledgements
 *
 * A consumer's queue is declared before it is consumed: consuming a queue that is not there
 * would close the channel under all consumers. When the broker cancels a consumer (its queue
 * was deleted, its leader was lost) it is declared and consumed again after a back-off.
 *
 * Delivery tags count from 1 in each life of the channel. A byte per tag, from the first that
 * is not settled to the last that was delivered, holds the verdict; once per turn of the loop
 * verdicts are sent, those of the ring's beginning with one `multiple`.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/amqp_internal.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"

enum verdict { PENDING, ACK, REQUEUE, DEAD, SENT };

enum consumer_state { STOPPED, DECLARING, CONSUMING, CANCELLED };

struct amqp_consumer {
	struct amqp_consumer *next;
	struct amqp *m;
	char queue[AMQP_NAME_MAX + 1];
	char tag[24]; /* of its present life */
	int prefetch, attempt;
	enum consumer_state state;
	void (*on_delivery)(struct amqp_delivery *d, void *arg);
	void *arg;
	struct amqp_question *question; /* while DECLARING */
	ev_timer again;
};

/* ---- Verdicts ---- */

static unsigned char *verdict(struct amqp_consuming *c, uint64_t tag)
{
	return &c->verdicts[tag & (c->verdicts_size - 1)];
}

static void grow_verdicts(struct amqp_consuming *c)
{
	struct amqp_consuming old = *c;

	c->verdicts_size = old.verdicts_size ? 2 * old.verdicts_size : 1024;
	c->verdicts = calloc(1, c->verdicts_size);
	if (!c->verdicts)
		die("out of memory: delivery tags");
	for (uint64_t tag = old.settled + 1; tag <= old.delivered; tag++)
		*verdict(c, tag) = *verdict(&old, tag);
	free(old.verdicts);
}

/* -1: the broker numbers otherwise than it should. */
static int note_delivered(struct amqp_consuming *c, uint64_t tag)
{
	if (tag != c->delivered + 1)
		return -1;
	if (c->delivered - c->settled == c->verdicts_size)
		grow_verdicts(c);
	c->delivered = tag;
	*verdict(c, tag) = PENDING;
	return 0;
}

static void decide(struct amqp *m, const struct amqp_delivery *d, enum verdict what)
{
	struct amqp_consuming *c = &m->consuming;
	uint64_t tag = d->tag;

	if (d->epoch != c->epoch || tag <= c->settled || tag > c->delivered ||
	    *verdict(c, tag) != PENDING)
		return;
	*verdict(c, tag) = (unsigned char)what;
	c->held_bytes -= d->body_len;
	if (c->dirty_count == c->dirty_size) {
		c->dirty_size = c->dirty_size ? 2 * c->dirty_size : 256;
		c->dirty = realloc(c->dirty, c->dirty_size * sizeof *c->dirty);
		if (!c->dirty)
			die("out of memory: acknowledgements");
	}
	c->dirty[c->dirty_count++] = tag;
}

void amqp_ack(struct amqp *m, const struct amqp_delivery *d)
{
	decide(m, d, ACK);
}

void amqp_reject(struct amqp *m, const struct amqp_delivery *d, int requeue)
{
	decide(m, d, requeue ? REQUEUE : DEAD);
}

static void send_ack(struct amqp *m, uint64_t tag, int is_multiple)
{
	amqp_basic_ack_t ack = {.delivery_tag = tag, .multiple = is_multiple};

	amqp_codec_method(&m->codec, AMQP_CHANNEL_CONSUME, AMQP_BASIC_ACK_METHOD, &ack);
}

/* Rejects go first: the `multiple` behind them would take them along. */
static void send_rejects(struct amqp *m)
{
	struct amqp_consuming *c = &m->consuming;

	for (size_t i = 0; i < c->dirty_count; i++) {
		unsigned char *v = verdict(c, c->dirty[i]);
		amqp_basic_reject_t reject = {.delivery_tag = c->dirty[i],
					      .requeue = *v == REQUEUE};

		if (*v != REQUEUE && *v != DEAD)
			continue;
		*v = SENT;
		amqp_codec_method(&m->codec, AMQP_CHANNEL_CONSUME, AMQP_BASIC_REJECT_METHOD,
				  &reject);
	}
}

static void send_settled_beginning(struct amqp *m)
{
	struct amqp_consuming *c = &m->consuming;
	uint64_t last_ack = 0;

	for (; c->settled < c->delivered && *verdict(c, c->settled + 1) != PENDING; c->settled++)
		if (*verdict(c, c->settled + 1) == ACK)
			last_ack = c->settled + 1;
	if (last_ack)
		send_ack(m, last_ack, 1);
}

void amqp_consume_settle(struct amqp *m)
{
	struct amqp_consuming *c = &m->consuming;

	if (!c->dirty_count)
		return;
	send_rejects(m);
	send_settled_beginning(m);
	for (size_t i = 0; i < c->dirty_count; i++) {
		uint64_t tag = c->dirty[i];

		if (tag > c->settled && *verdict(c, tag) == ACK) {
			send_ack(m, tag, 0);
			*verdict(c, tag) = SENT;
		}
	}
	c->dirty_count = 0;
	amqp_connection_flush(m);
	amqp_connection_look_again(m);
}

int amqp_consume_is_full(const struct amqp *m)
{
	return m->consuming.held_bytes > AMQP_HELD_MAX;
}

static void settle_turn(EV_P_ ev_prepare *prepare, int what)
{
	(void)loop;
	(void)what;
	amqp_consume_settle(prepare->data);
}

/* ---- Consumers ---- */

static void start_consumer(struct amqp_consumer *c);

static void again(EV_P_ ev_timer *timer, int what)
{
	struct amqp_consumer *c = timer->data;

	(void)loop;
	(void)what;
	if (c->state == STOPPED && (c->m->state == AMQP_UP || c->m->state == AMQP_PREPARING)) {
		start_consumer(c);
		amqp_connection_flush(c->m);
	}
}

static void start_later(struct amqp_consumer *c)
{
	c->state = STOPPED;
	ev_now_update(loop_ev());
	ev_timer_stop(loop_ev(), &c->again);
	ev_timer_set(&c->again, amqp_backoff_s(c->attempt++), 0.0);
	ev_timer_start(loop_ev(), &c->again);
}

static void declared(void *arg, const struct amqp_answer *answer)
{
	struct amqp_consumer *c = arg;
	struct amqp *m = c->m;
	amqp_basic_qos_t qos = {.prefetch_count = (uint16_t)c->prefetch};
	amqp_basic_consume_t consume = {.queue = amqp_text(c->queue)};

	c->question = NULL;
	if (answer->error) {
		log_warn("event=consume_failed queue=%s reason=%s", c->queue,
			 log_quote(answer->error->msg));
		start_later(c);
		return;
	}
	snprintf(c->tag, sizeof c->tag, "%" PRIu64, ++m->consuming.serial);
	consume.consumer_tag = amqp_text(c->tag);
	c->state = CONSUMING;
	amqp_codec_method(&m->codec, AMQP_CHANNEL_CONSUME, AMQP_BASIC_QOS_METHOD, &qos);
	amqp_codec_method(&m->codec, AMQP_CHANNEL_CONSUME, AMQP_BASIC_CONSUME_METHOD, &consume);
}

static void start_consumer(struct amqp_consumer *c)
{
	struct amqp_declaration queue = {.kind = AMQP_DECLARE_QUEUE};

	ev_timer_stop(loop_ev(), &c->again);
	snprintf(queue.name, sizeof queue.name, "%s", c->queue);
	c->state = DECLARING;
	c->question = amqp_declare_ask(c->m, &queue, declared, c);
}

static void free_consumer(struct amqp_consumer *c)
{
	struct amqp_consumer **at = &c->m->consuming.first;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	ev_timer_stop(loop_ev(), &c->again);
	if (c->question)
		c->question->arg = NULL;
	free(c);
}

static struct amqp_consumer *find_by_queue(struct amqp *m, const char *queue)
{
	struct amqp_consumer *c = m->consuming.first;

	while (c && (c->state == CANCELLED || strcmp(c->queue, queue) != 0))
		c = c->next;
	return c;
}

static struct amqp_consumer *find_by_tag(struct amqp *m, amqp_bytes_t tag)
{
	struct amqp_consumer *c = m->consuming.first;

	while (c && !((c->state == CONSUMING || c->state == CANCELLED) &&
		      strlen(c->tag) == tag.len && memcmp(c->tag, tag.bytes, tag.len) == 0))
		c = c->next;
	return c;
}

int amqp_consume(struct amqp *m, const char *queue, int prefetch,
		 void (*on_delivery)(struct amqp_delivery *d, void *arg), void *arg, struct err *e)
{
	struct amqp_consumer *c;

	if (strlen(queue) > AMQP_NAME_MAX || prefetch < 1 || prefetch > UINT16_MAX)
		return err_bug(e, "cannot consume %s with a prefetch of %d", queue, prefetch);
	if (find_by_queue(m, queue))
		return err_bug(e, "%s is being consumed already", queue);
	c = calloc(1, sizeof *c);
	if (!c)
		die("out of memory: a consumer");
	c->m = m;
	snprintf(c->queue, sizeof c->queue, "%s", queue);
	c->prefetch = prefetch;
	c->on_delivery = on_delivery;
	c->arg = arg;
	ev_init(&c->again, again);
	c->again.data = c;
	c->next = m->consuming.first;
	m->consuming.first = c;
	if (m->state == AMQP_UP || m->state == AMQP_PREPARING) {
		start_consumer(c);
		amqp_connection_flush(m);
	}
	return 0;
}

void amqp_cancel(struct amqp *m, const char *queue)
{
	struct amqp_consumer *c = find_by_queue(m, queue);
	amqp_basic_cancel_t cancel = {0};

	if (!c)
		return;
	if (c->state != CONSUMING) {
		free_consumer(c);
		return;
	}
	c->state = CANCELLED;
	cancel.consumer_tag = amqp_text(c->tag);
	amqp_codec_method(&m->codec, AMQP_CHANNEL_CONSUME, AMQP_BASIC_CANCEL_METHOD, &cancel);
	amqp_connection_flush(m);
}

/* ---- Deliveries ---- */

static void forget_incoming(struct amqp_consuming *c)
{
	if (c->incoming.delivery)
		arena_free(c->incoming.delivery->arena);
	memset(&c->incoming, 0, sizeof c->incoming);
}

static int begin_delivery(struct amqp *m, const amqp_basic_deliver_t *deliver, struct err *e)
{
	struct amqp_consuming *c = &m->consuming;
	struct amqp_consumer *consumer = find_by_tag(m, deliver->consumer_tag);
	struct arena *a;

	if (!consumer || note_delivered(c, deliver->delivery_tag))
		return err_retry(e, "the broker sent a delivery for nobody");
	a = arena_new();
	c->incoming.delivery = ARENA_NEW(a, struct amqp_delivery);
	c->incoming.consumer = consumer;
	*c->incoming.delivery = (struct amqp_delivery){
		.tag = deliver->delivery_tag,
		.epoch = c->epoch,
		.queue = arena_strdup(a, consumer->queue),
		.is_redelivered = deliver->redelivered != 0,
		.arena = a,
	};
	return 0;
}

static void read_properties(struct amqp_consuming *c, const amqp_frame_t *frame)
{
	struct amqp_delivery *d = c->incoming.delivery;
	const amqp_basic_properties_t *properties = frame->payload.properties.decoded;

	if (properties->_flags & AMQP_BASIC_HEADERS_FLAG)
		amqp_headers_read(&properties->headers, d);
	if (frame->payload.properties.body_size > AMQP_BODY_MAX) {
		c->incoming.is_too_large = 1;
		return;
	}
	d->body_len = (size_t)frame->payload.properties.body_size;
	d->body = c->incoming.body = arena_alloc(d->arena, d->body_len + 1);
}

static void add_body(struct amqp_consuming *c, const amqp_bytes_t *part)
{
	if (c->incoming.is_too_large)
		return;
	memcpy(c->incoming.body + c->incoming.received, part->bytes, part->len);
	c->incoming.received += part->len;
}

static void finish_delivery(struct amqp *m)
{
	struct amqp_consuming *c = &m->consuming;
	struct amqp_delivery *d = c->incoming.delivery;
	struct amqp_consumer *consumer = c->incoming.consumer;

	c->held_bytes += d->body_len;
	if (c->incoming.is_too_large) {
		log_warn("event=message_too_large queue=%s limit_bytes=%d", d->queue,
			 AMQP_BODY_MAX);
		amqp_reject(m, d, 0);
		forget_incoming(c);
	} else if (consumer->state == CANCELLED) {
		amqp_reject(m, d, 1);
		forget_incoming(c);
	} else {
		memset(&c->incoming, 0, sizeof c->incoming);
		consumer->on_delivery(d, consumer->arg);
	}
}

static int consume_method(struct amqp *m, const amqp_frame_t *frame, struct err *e)
{
	const void *fields = frame->payload.method.decoded;
	struct amqp_consumer *c;

	switch (frame->payload.method.id) {
	case AMQP_BASIC_DELIVER_METHOD:
		return begin_delivery(m, fields, e);
	case AMQP_BASIC_QOS_OK_METHOD:
		return 0;
	case AMQP_BASIC_CONSUME_OK_METHOD:
		c = find_by_tag(m, ((const amqp_basic_consume_ok_t *)fields)->consumer_tag);
		if (c)
			c->attempt = 0;
		return 0;
	case AMQP_BASIC_CANCEL_OK_METHOD:
		c = find_by_tag(m, ((const amqp_basic_cancel_ok_t *)fields)->consumer_tag);
		if (c && c->state == CANCELLED)
			free_consumer(c);
		return 0;
	case AMQP_BASIC_CANCEL_METHOD:
		c = find_by_tag(m, ((const amqp_basic_cancel_t *)fields)->consumer_tag);
		if (c && c->state == CONSUMING) {
			log_warn("event=consumer_cancelled queue=%s", c->queue);
			start_later(c);
		}
		return 0;
	default:
		return amqp_malformed(e, frame);
	}
}

int amqp_consume_frame(struct amqp *m, const amqp_frame_t *frame, int is_last, struct err *e)
{
	struct amqp_consuming *c = &m->consuming;

	if (frame->frame_type == AMQP_FRAME_METHOD)
		return consume_method(m, frame, e);
	if (!c->incoming.delivery)
		return amqp_malformed(e, frame);
	if (frame->frame_type == AMQP_FRAME_HEADER)
		read_properties(c, frame);
	else
		add_body(c, &frame->payload.body_fragment);
	if (is_last)
		finish_delivery(m);
	return 0;
}

/* ---- Lives of the channel ---- */

void amqp_consume_init(struct amqp *m)
{
	ev_prepare_init(&m->consuming.settle, settle_turn);
	m->consuming.settle.data = m;
	/* After the fibers have run, which is a prepare watcher of normal priority. */
	ev_set_priority(&m->consuming.settle, EV_MINPRI);
	ev_prepare_start(loop_ev(), &m->consuming.settle);
	m->consuming.epoch = 1;
}

void amqp_consume_open(struct amqp *m)
{
	amqp_open_channel(m, AMQP_CHANNEL_CONSUME);
	for (struct amqp_consumer *c = m->consuming.first; c; c = c->next)
		if (c->state == STOPPED)
			start_consumer(c);
}

void amqp_consume_again(struct amqp *m)
{
	for (struct amqp_consumer *c = m->consuming.first; c; c = c->next)
		if (c->state == STOPPED)
			start_later(c);
}

void amqp_consume_lost(struct amqp *m)
{
	struct amqp_consuming *c = &m->consuming;

	forget_incoming(c);
	c->epoch++;
	c->settled = c->delivered = 0;
	c->dirty_count = 0;
	c->held_bytes = 0;
	for (struct amqp_consumer *consumer = c->first, *next; consumer; consumer = next) {
		next = consumer->next;
		if (consumer->state == CANCELLED)
			free_consumer(consumer);
		else if (consumer->state == CONSUMING)
			consumer->state = STOPPED;
	}
}

void amqp_consume_clear(struct amqp *m)
{
	forget_incoming(&m->consuming);
	while (m->consuming.first)
		free_consumer(m->consuming.first);
	ev_prepare_stop(loop_ev(), &m->consuming.settle);
	free(m->consuming.verdicts);
	free(m->consuming.dirty);
}

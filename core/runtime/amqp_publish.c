/*
 * amqp_publish - the channel of publishing: sequence numbers, confirms, returns
 *
 * The broker numbers the messages of a channel from 1 and confirms by number. A ring holds, for
 * every number that is not settled, the batch it belongs to. A message that fits no queue comes
 * back before it is confirmed; its message id tells its number. A batch lives on the stack of
 * the fiber that waits for it, and leaves the ring before the fiber returns.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/runtime/amqp_internal.h"
#include "core/runtime/loop.h"

enum {
	RING_MIN = 256,
	MESSAGE_ID_BYTES = 40,
};

struct amqp_batch {
	struct fiber *fiber;
	size_t sent, unconfirmed, refused, returned;
	int is_lost;
	struct err error; /* why it is lost */
};

static struct amqp_batch **slot(struct amqp_publishing *p, uint64_t number)
{
	return &p->ring[number & (p->ring_size - 1)];
}

static void grow_ring(struct amqp_publishing *p)
{
	struct amqp_publishing old = *p;

	p->ring_size = old.ring_size ? 2 * old.ring_size : RING_MIN;
	p->ring = calloc(p->ring_size, sizeof *p->ring);
	if (!p->ring)
		die("out of memory: unconfirmed messages");
	for (uint64_t n = old.confirmed + 1; n <= old.published; n++)
		*slot(p, n) = *slot(&old, n);
	free(old.ring);
}

static int can_publish(const struct amqp *m)
{
	return m->state == AMQP_UP && !m->is_blocked && m->publishing.is_confirming &&
	       amqp_codec_unsent(&m->codec) <= m->buffer_bytes;
}

void amqp_publish_room(struct amqp *m)
{
	if (m->is_closing)
		fiber_queue_wake_all(&m->publishing.room);
	else if (can_publish(m))
		fiber_queue_wake_one(&m->publishing.room);
}

/* ---- Out ---- */

static int check_message(const struct amqp_message *message, struct err *e)
{
	if (!message->routing_key || strlen(message->routing_key) > AMQP_NAME_MAX ||
	    (message->exchange && strlen(message->exchange) > AMQP_NAME_MAX))
		return err_bug(e, "a message's routing key or exchange is missing or too long");
	if (message->body_len > AMQP_BODY_MAX)
		return err_final(e, "a message of %zu bytes is larger than %d", message->body_len,
				 AMQP_BODY_MAX);
	for (int i = 0; i < AMQP_HEADER_COUNT; i++)
		if (message->headers[i] && strlen(message->headers[i]) > AMQP_NAME_MAX)
			return err_bug(e, "the message header %s is too long",
				       amqp_header_names[i]);
	return 0;
}

static void send_message(struct amqp *m, const struct amqp_message *message,
			 struct amqp_batch *batch)
{
	struct amqp_publishing *p = &m->publishing;
	amqp_table_entry_t headers[AMQP_HEADER_COUNT];
	char id[MESSAGE_ID_BYTES];
	amqp_basic_publish_t publish = {
		.exchange = amqp_text(message->exchange ? message->exchange : ""),
		.routing_key = amqp_text(message->routing_key),
		.mandatory = 1,
	};
	amqp_basic_properties_t properties = {
		._flags = AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
			  AMQP_BASIC_MESSAGE_ID_FLAG,
		.headers.entries = headers,
		.delivery_mode = 2, /* persistent */
	};

	for (int i = 0; i < AMQP_HEADER_COUNT; i++)
		if (message->headers[i])
			headers[properties.headers.num_entries++] =
				amqp_text_entry(amqp_header_names[i], message->headers[i]);
	if (p->published - p->confirmed == p->ring_size)
		grow_ring(p);
	*slot(p, ++p->published) = batch;
	batch->sent++;
	batch->unconfirmed++;
	snprintf(id, sizeof id, "%016" PRIx64 "-%" PRIu64, p->nonce, p->published);
	properties.message_id = amqp_text(id);
	amqp_codec_method(&m->codec, AMQP_CHANNEL_PUBLISH, AMQP_BASIC_PUBLISH_METHOD, &publish);
	amqp_codec_content(&m->codec, AMQP_CHANNEL_PUBLISH, &properties, message->body,
			   message->body_len);
}

static int wait_for_room(struct amqp *m, struct amqp_batch *batch, int64_t deadline_ms,
			 struct err *e)
{
	while (!can_publish(m)) {
		if (m->is_closing)
			return err_retry(e, "the connection to the broker is being closed");
		if (amqp_codec_unsent(&m->codec) > m->buffer_bytes)
			amqp_connection_flush(m);
		if (can_publish(m))
			break;
		if (fiber_queue_wait(&m->publishing.room, deadline_ms, e) == 0 && !batch->is_lost)
			continue;
		if (batch->is_lost)
			return -1;
		if (m->is_blocked)
			return err_prefix(e, "the broker has an alarm and takes no messages");
		return err_prefix(e, "could not publish (%s)",
				  m->reason[0] ? m->reason : "the broker takes too little");
	}
	return 0;
}

/* Nobody waits for these confirms any more. */
static void forget(struct amqp_publishing *p, const struct amqp_batch *batch)
{
	for (uint64_t n = p->confirmed + 1; n <= p->published; n++)
		if (*slot(p, n) == batch)
			*slot(p, n) = NULL;
}

static int judge(const struct amqp_batch *batch, size_t count, struct err *e)
{
	if (batch->is_lost) {
		if (e)
			*e = batch->error;
		return -1;
	}
	if (batch->returned)
		return err_set(e, ERR_RETRY, ERR_CODE_NOT_FOUND,
			       "%zu of %zu messages fit no queue of the broker", batch->returned,
			       count);
	if (batch->refused)
		return err_retry(e,
				 "the broker refused %zu of %zu messages: a queue is full or "
				 "has no majority",
				 batch->refused, count);
	return 0;
}

static int publish(struct amqp *m, const struct amqp_message *messages, size_t count,
		   struct amqp_batch *batch, int64_t deadline_ms, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		if (!can_publish(m) && wait_for_room(m, batch, deadline_ms, e))
			return batch->is_lost ? judge(batch, count, e) : -1;
		send_message(m, &messages[i], batch);
	}
	amqp_connection_flush(m);
	while (batch->unconfirmed && !batch->is_lost)
		if (fiber_suspend(deadline_ms, e))
			return err_prefix(e, "the broker has not confirmed %zu of %zu messages",
					  batch->unconfirmed, count);
	return judge(batch, count, e);
}

int amqp_publish(struct amqp *m, const struct amqp_message *messages, size_t count,
		 int64_t deadline_ms, struct err *e)
{
	struct amqp_batch batch = {.fiber = fiber_self()};

	for (size_t i = 0; i < count; i++)
		if (check_message(&messages[i], e))
			return -1;
	m->users++;
	int result = publish(m, messages, count, &batch, deadline_ms, e);

	if (batch.unconfirmed)
		forget(&m->publishing, &batch);
	if (result && batch.sent && e && e->code == ERR_CODE_TIMEOUT)
		e->code = ERR_CODE_UNKNOWN; /* some may have arrived, or will */
	amqp_leave(m);
	return result;
}

/* ---- In ---- */

static void settle_one(struct amqp_publishing *p, uint64_t number, int is_refused)
{
	struct amqp_batch *batch = *slot(p, number);

	*slot(p, number) = NULL;
	if (!batch)
		return;
	batch->refused += (size_t)is_refused;
	if (--batch->unconfirmed == 0)
		fiber_wake(batch->fiber);
}

static int confirmed(struct amqp *m, uint64_t number, int is_multiple, int is_refused,
		     struct err *e)
{
	struct amqp_publishing *p = &m->publishing;

	if (is_multiple && number == 0)
		number = p->published;
	if (number > p->published || (!is_multiple && number == 0))
		return err_retry(e, "the broker confirmed a message that was never sent");
	if (number <= p->confirmed)
		return 0; /* nobody waited for it any more */
	for (uint64_t n = is_multiple ? p->confirmed + 1 : number; n <= number; n++)
		settle_one(p, n, is_refused);
	return 0;
}

/*
 * The settled ones at the ring's beginning leave it; those nobody waits for leave it too, their
 * confirm is not needed.
 */
static void advance(struct amqp_publishing *p)
{
	while (p->confirmed < p->published && !*slot(p, p->confirmed + 1))
		p->confirmed++;
}

static void returned(struct amqp_publishing *p, const amqp_basic_properties_t *properties)
{
	char id[MESSAGE_ID_BYTES] = "", *end;

	if (!(properties->_flags & AMQP_BASIC_MESSAGE_ID_FLAG) ||
	    properties->message_id.len >= sizeof id)
		return;
	memcpy(id, properties->message_id.bytes, properties->message_id.len);
	uint64_t nonce = strtoull(id, &end, 16);
	uint64_t number = *end == '-' ? strtoull(end + 1, NULL, 10) : 0;

	if (nonce != p->nonce || number <= p->confirmed || number > p->published)
		return;
	if (*slot(p, number))
		(*slot(p, number))->returned++;
}

int amqp_publish_frame(struct amqp *m, const amqp_frame_t *frame, int is_last, struct err *e)
{
	struct amqp_publishing *p = &m->publishing;
	const void *fields = frame->payload.method.decoded;
	int result = 0;

	(void)is_last;
	if (frame->frame_type == AMQP_FRAME_HEADER) {
		returned(p, frame->payload.properties.decoded);
		return 0;
	}
	if (frame->frame_type != AMQP_FRAME_METHOD)
		return 0; /* the body of what came back */
	switch (frame->payload.method.id) {
	case AMQP_BASIC_ACK_METHOD: {
		const amqp_basic_ack_t *ack = fields;

		result = confirmed(m, ack->delivery_tag, ack->multiple, 0, e);
		break;
	}
	case AMQP_BASIC_NACK_METHOD: {
		const amqp_basic_nack_t *nack = fields;

		result = confirmed(m, nack->delivery_tag, nack->multiple, 1, e);
		break;
	}
	case AMQP_BASIC_RETURN_METHOD:
		return 0;
	case AMQP_CONFIRM_SELECT_OK_METHOD:
		p->is_confirming = 1;
		amqp_connection_prepared(m);
		amqp_publish_room(m);
		return 0;
	default:
		return amqp_malformed(e, frame);
	}
	advance(p);
	return result;
}

/* ---- Lives of the channel ---- */

void amqp_publish_open(struct amqp *m)
{
	amqp_confirm_select_t select = {0};

	m->publishing.confirmed = m->publishing.published = 0;
	m->publishing.is_confirming = 0;
	if (getrandom(&m->publishing.nonce, sizeof m->publishing.nonce, 0) < 0)
		die("getrandom failed");
	amqp_open_channel(m, AMQP_CHANNEL_PUBLISH);
	amqp_codec_method(&m->codec, AMQP_CHANNEL_PUBLISH, AMQP_CONFIRM_SELECT_METHOD, &select);
}

void amqp_publish_lost(struct amqp *m, const struct err *error)
{
	struct amqp_publishing *p = &m->publishing;

	for (uint64_t n = p->confirmed + 1; n <= p->published; n++) {
		struct amqp_batch *batch = *slot(p, n);

		*slot(p, n) = NULL;
		if (!batch || batch->is_lost)
			continue;
		batch->is_lost = 1;
		batch->error = *error;
		fiber_wake(batch->fiber);
	}
	p->confirmed = p->published;
	p->is_confirming = 0;
}

void amqp_publish_clear(struct amqp *m)
{
	free(m->publishing.ring);
	m->publishing = (struct amqp_publishing){0};
}

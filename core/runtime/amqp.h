/*
 * amqp - RabbitMQ for fibers: confirmed publishing and batched consuming on the loop
 *
 * rabbitmq-c is used as a codec only (amqp_handle_input, amqp_encode_method, ...): its blocking
 * calls freeze the loop for as long as the broker has an alarm. The socket belongs to libev.
 * One struct amqp is one connection; a worker has one for consuming and one for publishing,
 * because an alarm blocks every connection that has published.
 *
 * A connection that is lost comes back by itself: jittered back-off from 0.2 to 15 s, hosts in
 * turn. Then the topology is declared again, consumers are started again, and the tags of
 * earlier deliveries are dead (amqp_ack() on them does nothing: the broker has put the messages
 * back).
 */
#ifndef WAYBILL_AMQP_H
#define WAYBILL_AMQP_H

#include <stddef.h>
#include <stdint.h>

#include "core/runtime/arena.h"
#include "core/runtime/err.h"
#include "core/runtime/fiber.h"

struct amqp;

struct amqp_settings {
	/* amqp://user:password@host:port/vhost, several by commas; amqps://...?cacertfile=path */
	const char *urls;
	const char *name;	/* connection_name, shown by the broker */
	int heartbeat_s;	/* 0: 10 */
	int connect_timeout_ms; /* 0: 5 000, TCP, TLS and handshake together */
	size_t buffer_bytes;	/* unsent bytes above which publishers wait; 0: 1 MiB */
};

enum amqp_header {		  /* our own message headers; all text, at most 255 bytes */
		   AMQP_KIND,	  /* what an ingest message is: webhook | fetch | order */
		   AMQP_STORE,	  /* store id */
		   AMQP_TOPIC,	  /* webhook topic */
		   AMQP_SHARED,	  /* a webhook whose secret signs for other stores, too */
		   AMQP_KEY,	  /* the store's order id, when the publisher knows it */
		   AMQP_ATTEMPT,  /* how often it was tried */
		   AMQP_FIRST_AT, /* microseconds since 1970 of the first publish */
		   AMQP_ERROR,	  /* why it was put on the ladder or into wb.dead */
		   AMQP_ROLE,	  /* wb.dead: whose message it was */
		   AMQP_SUSPECT,  /* its job is a suspect (suspect.h) */
		   AMQP_HEADER_COUNT,
};

struct amqp_message {
	const char *routing_key; /* queue name, or the queue a ladder rung returns it to */
	const char *exchange;	 /* NULL: the default exchange */
	const void *body;
	size_t body_len;			/* at most AMQP_BODY_MAX */
	const char *headers[AMQP_HEADER_COUNT]; /* NULL: absent */
};

enum {
	AMQP_BODY_MAX = 12 * 1024 * 1024,
	AMQP_HELD_MAX =
		8 * 1024 * 1024, /* bodies in hand, above which a connection stops reading */
};

/* amqp_open - starts connecting; returns at once. Settings are copied. ERR_FINAL: a bad url. */
int amqp_open(const struct amqp_settings *settings, struct amqp **out, struct err *e);

/* amqp_close - sends what is buffered (up to 2 s), closes, frees. Takes NULL. */
YIELDS
void amqp_close(struct amqp *m);

int amqp_is_up(const struct amqp *m);
/*
 * amqp_is_blocked - the broker has an alarm, or is away: do not claim work whose messages could
 * not be published.
 */
int amqp_is_blocked(const struct amqp *m);

/* amqp_wait_up - until connected, or ERR_RETRY at the deadline. */
YIELDS
int amqp_wait_up(struct amqp *m, int64_t deadline_ms, struct err *e);

/*
 * amqp_declare_topology - the queues of DESIGN section 5, idempotent
 *
 * Quorum queues wb.<role> for each role, wb.dead, the ladder wb.retry.{5s,30s,2m,10m} with its
 * exchange. Remembered and done again after each reconnect. ERR_FINAL when the broker has a
 * queue of that name with other arguments.
 */
YIELDS
int amqp_declare_topology(struct amqp *m, const char *const *roles, size_t role_count,
			  int64_t deadline_ms, struct err *e);

/*
 * amqp_publish - persistent, mandatory, and confirmed by the broker when this returns 0
 *
 * The messages go out in one write and are waited for together. ERR_RETRY (ERR_CODE_UNKNOWN
 * when the connection was lost or the time was up in between, so they may have arrived) or a
 * nack; ERR_RETRY with ERR_CODE_NOT_FOUND when a queue does not exist. While the broker has an
 * alarm or much is unsent it waits.
 */
YIELDS
int amqp_publish(struct amqp *m, const struct amqp_message *messages, size_t count,
		 int64_t deadline_ms, struct err *e);

struct amqp_delivery {
	uint64_t tag, epoch; /* epoch: which life of the connection the tag belongs to */
	const char *queue;
	int is_redelivered;
	int64_t delivery_count; /* x-delivery-count; 0 when new */
	const unsigned char *body;
	size_t body_len;
	const char *headers[AMQP_HEADER_COUNT];
	const char *dead_from; /* the queue that the broker gave it up in, last; NULL: none */
	struct arena *arena;   /* holds all of it; free it when done */
};

/*
 * amqp_consume - deliveries of one queue go to on_delivery, which must not wait
 *
 * prefetch is the number of unacknowledged messages the broker may hand out. When the bodies of those in hand
 * are more than AMQP_HELD_MAX, nothing more is read from the socket until some are acknowledged. on_delivery owns
 * d->arena (and d, which is in it). The queue is declared first. Started again after each
 * reconnect, until amqp_cancel(): no new deliveries; those in hand can still be acknowledged.
 */
int amqp_consume(struct amqp *m, const char *queue, int prefetch,
		 void (*on_delivery)(struct amqp_delivery *d, void *arg), void *arg, struct err *e);
void amqp_cancel(struct amqp *m, const char *queue);

/* Acknowledgements are gathered and sent once per turn of the loop. None of these waits. */
void amqp_ack(struct amqp *m, const struct amqp_delivery *d);
/* amqp_reject - put back (counts towards the delivery limit) or, requeue 0, to the dead letters */
void amqp_reject(struct amqp *m, const struct amqp_delivery *d, int requeue);

/*
 * amqp_queue_depth - messages ready in a queue (passive declare); ERR_FINAL with
 * ERR_CODE_NOT_FOUND.
 */
YIELDS
int amqp_queue_depth(struct amqp *m, const char *queue, int64_t *ready, int64_t *consumers,
		     int64_t deadline_ms, struct err *e);

/*
 * amqp_on_change - called when the connection comes up, goes down, is blocked or unblocked
 */
void amqp_on_change(struct amqp *m, void (*fn)(void *), void *arg);

/*
 * amqp_retry_rung - the name of the exchange and queue of the ladder whose delay is the
 * shortest that is not below delay_ms
 */
const char *amqp_retry_rung(int64_t delay_ms);

#endif

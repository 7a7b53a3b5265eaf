/*
 * amqp_internal - what the files of the AMQP client share; only they and their test include it
 *
 * amqp_url          addresses from text
 * amqp_transport    bytes to and from a host: name look-up, TCP, TLS
 * amqp_codec        frames to and from bytes; knows no socket and no connection
 * amqp_connection   the life of a connection: handshake, heartbeats, loss, back-off
 * amqp_declare      the channel of questions: queues, exchanges, bindings, depth
 * amqp_publish      the channel of publishing: sequence numbers, confirms, returns
 * amqp_consume      the channel of consuming: deliveries, acknowledgements
 * amqp              the public face
 */
#ifndef WAYBILL_AMQP_INTERNAL_H
#define WAYBILL_AMQP_INTERNAL_H

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#endif
#include <ev.h>
#include <sys/types.h>

#include "core/runtime/amqp.h"

/* ---- amqp_url ---- */

enum { AMQP_NAME_MAX = 255 }; /* of everything the protocol calls a short string */

struct amqp_endpoint {
	int is_tls;
	char *host, *port, *user, *password, *vhost;
	char *ca_file; /* NULL: the system's */
};

/*
 * amqp_url_parse - one url, with percent-decoding
 *
 * amqp[s]://[user:password@]host[:port][/vhost][?cacertfile=path]; left out: guest, 5672 or
 * 5671, "/". Errors are ERR_FINAL and do not show the url, which holds a password. Free with
 * amqp_endpoint_clear().
 */
int amqp_url_parse(const char *url, size_t len, struct amqp_endpoint *out, struct err *e);
void amqp_endpoint_clear(struct amqp_endpoint *endpoint);

/* ---- amqp_transport ---- */

struct amqp_transport;

/* All are called from the loop, none from inside the functions below. */
struct amqp_transport_events {
	void (*opened)(void *arg);
	void (*readable)(void *arg);
	void (*writable)(void *arg);
	void (*failed)(void *arg, const char *why);
};

/*
 * amqp_transport_open - starts; opened or failed follows. The endpoint must outlive the
 * transport.
 */
struct amqp_transport *amqp_transport_open(const struct amqp_endpoint *to,
					   const struct amqp_transport_events *events, void *arg);
/* The number of bytes; 0: none for now, an event follows; -1: over, failed follows. */
ssize_t amqp_transport_read(struct amqp_transport *t, void *into, size_t size);
ssize_t amqp_transport_write(struct amqp_transport *t, const void *from, size_t len);
/* amqp_transport_more - reading stopped before there was nothing left: readable again soon. */
void amqp_transport_more(struct amqp_transport *t);
/* amqp_transport_pause - readable is not called until amqp_transport_resume() */
void amqp_transport_pause(struct amqp_transport *t);
void amqp_transport_resume(struct amqp_transport *t);
void amqp_transport_close(struct amqp_transport *t); /* takes NULL */

/* ---- amqp_codec ---- */

enum amqp_channel_number {
	AMQP_CHANNEL_CONTROL,
	AMQP_CHANNEL_CONSUME,
	AMQP_CHANNEL_PUBLISH,
	AMQP_CHANNEL_DECLARE,
	AMQP_CHANNEL_COUNT,
};

enum {
	AMQP_FRAME_MIN = 8192, /* what RabbitMQ 4.1 and newer insist on */
	AMQP_FRAME_LIMIT = 131072,
};

struct amqp_codec {
	amqp_connection_state_t library; /* never given a socket */
	size_t frame_max;
	unsigned char *out; /* unsent bytes are [out_start, out_end) */
	size_t out_start, out_end, out_size;
	struct {
		int wants_header;   /* a method with content came */
		uint64_t body_left; /* of its body */
	} content[AMQP_CHANNEL_COUNT];
};

void amqp_codec_init(struct amqp_codec *c);
void amqp_codec_clear(struct amqp_codec *c);
/* amqp_codec_tune - frame_max is of both directions. */
int amqp_codec_tune(struct amqp_codec *c, size_t frame_max, int heartbeat_s, struct err *e);

/*
 * amqp_codec_feed - bytes in, frames out
 *
 * on_frame sees frames in an order that makes sense (method, then header and body if the method
 * has content) and must copy what it keeps. is_last: the frame ends a message, or is a method
 * without content. Memory of a frame is given back after it. Errors: ERR_RETRY for malformed
 * bytes, or what on_frame says; the codec is of no use afterwards.
 */
int amqp_codec_feed(struct amqp_codec *c, const unsigned char *bytes, size_t len,
		    int (*on_frame)(void *arg, const amqp_frame_t *frame, int is_last,
				    struct err *e),
		    void *arg, struct err *e);

/* These append to the unsent bytes. Texts must have been checked for their length. */
void amqp_codec_protocol_header(struct amqp_codec *c);
void amqp_codec_heartbeat(struct amqp_codec *c);
void amqp_codec_method(struct amqp_codec *c, enum amqp_channel_number channel,
		       amqp_method_number_t id, void *fields);
void amqp_codec_content(struct amqp_codec *c, enum amqp_channel_number channel,
			amqp_basic_properties_t *properties, const void *body, size_t body_len);

size_t amqp_codec_unsent(const struct amqp_codec *c);
/* amqp_codec_sent - forget the first len unsent bytes; an oversized empty buffer is given back. */
void amqp_codec_sent(struct amqp_codec *c, size_t len);

/* amqp_header_names - as they travel, by enum amqp_header */
extern const char *const amqp_header_names[AMQP_HEADER_COUNT];
/* amqp_headers_read - ours and the broker's, into d; what is not text, or too long, is left out. */
void amqp_headers_read(const amqp_table_t *table, struct amqp_delivery *d);

static inline amqp_bytes_t amqp_text(const char *text)
{
	return amqp_cstring_bytes(text);
}

static inline amqp_table_entry_t amqp_text_entry(const char *name, const char *text)
{
	return (amqp_table_entry_t){
		.key = amqp_text(name),
		.value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_text(text)}};
}

/* ---- The connection and its channels ---- */

enum amqp_state {
	AMQP_WAITING,	 /* for the next attempt */
	AMQP_CONNECTING, /* name look-up, TCP, TLS */
	AMQP_GREETING,	 /* for connection.start */
	AMQP_TUNING,	 /* for connection.tune */
	AMQP_OPENING,	 /* for connection.open-ok */
	AMQP_PREPARING,	 /* channels, topology */
	AMQP_UP,
	AMQP_CLOSING, /* for connection.close-ok */
	AMQP_CLOSED,
};

enum amqp_declaration_kind {
	AMQP_DECLARE_QUEUE, /* quorum; with ttl_ms a rung of the ladder */
	AMQP_DECLARE_EXCHANGE,
	AMQP_DECLARE_BINDING, /* name is the queue and the key, other the exchange */
	AMQP_DECLARE_LOOK,    /* passive: does the queue exist, and how deep is it? */
};

struct amqp_declaration {
	enum amqp_declaration_kind kind;
	char name[AMQP_NAME_MAX + 1];
	char other[AMQP_NAME_MAX + 1]; /* exchange: its type; binding: the exchange */
	int64_t ttl_ms;
};

struct amqp_answer {
	const struct err *error; /* NULL: fine */
	int64_t ready, consumers;
};

/* A question on the channel AMQP_CHANNEL_DECLARE; answers come in the order of the questions. */
struct amqp_question {
	struct amqp_question *next;
	struct amqp_declaration declaration;
	void (*answered)(void *arg, const struct amqp_answer *answer);
	void *arg; /* NULL: nobody waits for the answer any more */
	int is_sent;
};

struct amqp_declarations {
	struct amqp_question *first, *last;
	struct amqp_declaration *topology; /* said again after each reconnect */
	size_t topology_count, topology_left;
};

struct amqp_batch; /* the messages of one amqp_publish() */

struct amqp_publishing {
	struct amqp_batch **ring;      /* by number; NULL: settled, or nobody waits any more */
	size_t ring_size;	       /* a power of two */
	uint64_t confirmed, published; /* sequence numbers: all up to the first are settled */
	uint64_t nonce;		       /* begins the message ids of this life of the channel */
	struct fiber_queue room;
	int is_confirming;
};

struct amqp_consumer;

struct amqp_consuming {
	struct amqp_consumer *first;
	uint64_t epoch, serial;
	unsigned char *verdicts; /* of tags settled + 1 ... delivered; size is a power of two */
	size_t verdicts_size;
	uint64_t settled, delivered; /* all tags up to settled are done with */
	uint64_t *dirty;	     /* tags judged in this turn of the loop */
	size_t dirty_count, dirty_size;
	size_t held_bytes; /* bodies of deliveries without a verdict */
	ev_prepare settle;
	struct { /* the delivery that is being received */
		struct amqp_delivery *delivery;
		struct amqp_consumer *consumer;
		unsigned char *body;
		size_t received;
		int is_too_large;
	} incoming;
};

struct amqp {
	char *name;
	int heartbeat_s, connect_timeout_ms;
	size_t buffer_bytes;
	struct amqp_endpoint *endpoints;
	size_t endpoint_count, endpoint_next;

	enum amqp_state state;
	int is_blocked, is_closing, users, attempt;
	struct amqp_transport *transport;
	struct amqp_codec codec;
	ev_timer timer; /* the handshake's deadline, or the next attempt */
	ev_timer heartbeat_out, heartbeat_in;
	int is_written;	  /* since the last tick of heartbeat_out */
	int is_paused;	  /* nothing is read: too much is in hand */
	char reason[200]; /* why it is not up */
	struct fiber_queue changes;
	void (*on_change)(void *arg);
	void *on_change_arg;

	struct amqp_declarations declarations;
	struct amqp_publishing publishing;
	struct amqp_consuming consuming;
};

/* amqp - calls that wait count as users; the last one to leave a closed connection frees it. */
void amqp_leave(struct amqp *m);

/* amqp_connection */
void amqp_connection_start(struct amqp *m);
/*
 * amqp_connection_drop - the connection is of no use any more; tries again unless it is
 * closing. Only from the loop.
 */
void amqp_connection_drop(struct amqp *m, const char *why);
void amqp_connection_say_goodbye(struct amqp *m);
void amqp_connection_end(struct amqp *m);
/* amqp_connection_flush - write what is unsent, as far as the socket takes it. */
void amqp_connection_flush(struct amqp *m);
/* amqp_connection_look_again - read again, if reading has paused and there is room */
void amqp_connection_look_again(struct amqp *m);
/* amqp_connection_prepared - is everything ready for AMQP_UP? Then it is. */
void amqp_connection_prepared(struct amqp *m);
/* amqp_backoff_s - 0.2 s doubling up to 15 s, with jitter */
double amqp_backoff_s(int attempt);
void amqp_open_channel(struct amqp *m, enum amqp_channel_number channel);
/* amqp_malformed - a frame that has no place there. Returns -1. */
int amqp_malformed(struct err *e, const amqp_frame_t *frame);

/* amqp_declare */
void amqp_declare_open(struct amqp *m); /* a new life of the channel: says everything again */
int amqp_declare_frame(struct amqp *m, const amqp_frame_t *frame, struct err *e);
void amqp_declare_refused(struct amqp *m, const amqp_channel_close_t *why);
void amqp_declare_clear(struct amqp *m);
struct amqp_question *amqp_declare_ask(struct amqp *m, const struct amqp_declaration *declaration,
				       void (*answered)(void *, const struct amqp_answer *),
				       void *arg);

/* amqp_publish */
void amqp_publish_open(struct amqp *m);
/* amqp_publish_lost - all that wait for confirms fail with error. */
void amqp_publish_lost(struct amqp *m, const struct err *error);
void amqp_publish_room(struct amqp *m); /* let waiting publishers look again */
int amqp_publish_frame(struct amqp *m, const amqp_frame_t *frame, int is_last, struct err *e);
void amqp_publish_clear(struct amqp *m);

/* amqp_consume */
void amqp_consume_init(struct amqp *m);
void amqp_consume_open(struct amqp *m);
/*
 * amqp_consume_lost - earlier tags are dead; consumers wait for amqp_consume_open(), or their
 * back-off.
 */
void amqp_consume_lost(struct amqp *m);
void amqp_consume_again(struct amqp *m); /* all consumers, each after its back-off */
int amqp_consume_frame(struct amqp *m, const amqp_frame_t *frame, int is_last, struct err *e);
void amqp_consume_settle(struct amqp *m);	/* send gathered acknowledgements */
int amqp_consume_is_full(const struct amqp *m); /* more is in hand than AMQP_HELD_MAX */
void amqp_consume_clear(struct amqp *m);

#endif

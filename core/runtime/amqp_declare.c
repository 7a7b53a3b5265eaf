/*
 * amqp_declare - the channel of questions: queues, exchanges, bindings, and how deep a queue is
 *
 * Questions are pipelined and stay in a list until they are answered; whatever a lost
 * connection or a refusal leaves unanswered is asked again. A refusal closes the channel and is
 * about the first unanswered question.
 *
 * Work queues are declared with nothing but their type: what may change later is a policy's
 * (tools/broker-policy). A rung of the ladder is the opposite: without its delay and its way
 * back a message would wait there for ever, and neither ever changes.
 */
#include <stdlib.h>
#include <string.h>

#include "core/runtime/amqp_internal.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/text.h"

static const char return_exchange[] = "wb.return";

static const struct rung {
	const char *name;
	int64_t delay_ms;
} rungs[] = {
	{"wb.retry.5s", 5000},
	{"wb.retry.30s", 30000},
	{"wb.retry.2m", 120000},
	{"wb.retry.10m", 600000},
};

enum { RUNG_COUNT = sizeof rungs / sizeof *rungs };

const char *amqp_retry_rung(int64_t delay_ms)
{
	for (size_t i = 0; i < RUNG_COUNT; i++)
		if (rungs[i].delay_ms >= delay_ms)
			return rungs[i].name;
	return rungs[RUNG_COUNT - 1].name;
}

/* ---- Asking ---- */

static void send_queue(struct amqp *m, const struct amqp_declaration *d)
{
	amqp_table_entry_t arguments[] = {
		amqp_text_entry("x-queue-type", "quorum"),
		amqp_text_entry("x-dead-letter-exchange", return_exchange),
		amqp_text_entry("x-dead-letter-strategy", "at-least-once"),
		amqp_text_entry("x-overflow", "reject-publish"),
		{.key = amqp_text("x-message-ttl"),
		 .value = {.kind = AMQP_FIELD_KIND_I64, .value.i64 = d->ttl_ms}},
	};
	amqp_queue_declare_t declare = {
		.queue = amqp_text(d->name),
		.passive = d->kind == AMQP_DECLARE_LOOK,
		.durable = 1,
		.arguments = {d->ttl_ms ? sizeof arguments / sizeof *arguments : 1, arguments},
	};

	if (declare.passive)
		declare.arguments = amqp_empty_table;
	amqp_codec_method(&m->codec, AMQP_CHANNEL_DECLARE, AMQP_QUEUE_DECLARE_METHOD, &declare);
}

static void send_exchange(struct amqp *m, const struct amqp_declaration *d)
{
	amqp_exchange_declare_t declare = {
		.exchange = amqp_text(d->name), .type = amqp_text(d->other), .durable = 1};

	amqp_codec_method(&m->codec, AMQP_CHANNEL_DECLARE, AMQP_EXCHANGE_DECLARE_METHOD, &declare);
}

static void send_binding(struct amqp *m, const struct amqp_declaration *d)
{
	amqp_queue_bind_t bind = {.queue = amqp_text(d->name),
				  .exchange = amqp_text(d->other),
				  .routing_key = amqp_text(d->name)};

	amqp_codec_method(&m->codec, AMQP_CHANNEL_DECLARE, AMQP_QUEUE_BIND_METHOD, &bind);
}

static void send_unsent(struct amqp *m)
{
	for (struct amqp_question *q = m->declarations.first; q; q = q->next) {
		if (q->is_sent)
			continue;
		q->is_sent = 1;
		switch (q->declaration.kind) {
		case AMQP_DECLARE_QUEUE:
		case AMQP_DECLARE_LOOK:
			send_queue(m, &q->declaration);
			break;
		case AMQP_DECLARE_EXCHANGE:
			send_exchange(m, &q->declaration);
			break;
		case AMQP_DECLARE_BINDING:
			send_binding(m, &q->declaration);
			break;
		}
	}
}

static struct amqp_question *question_new(const struct amqp_declaration *declaration,
					  void (*answered)(void *, const struct amqp_answer *),
					  void *arg)
{
	struct amqp_question *q = calloc(1, sizeof *q);

	if (!q)
		die("out of memory: a declaration");
	q->declaration = *declaration;
	q->answered = answered;
	q->arg = arg;
	return q;
}

static void append(struct amqp_declarations *list, struct amqp_question *q)
{
	if (list->last)
		list->last->next = q;
	else
		list->first = q;
	list->last = q;
}

struct amqp_question *amqp_declare_ask(struct amqp *m, const struct amqp_declaration *declaration,
				       void (*answered)(void *, const struct amqp_answer *),
				       void *arg)
{
	struct amqp_question *q = question_new(declaration, answered, arg);

	append(&m->declarations, q);
	if (m->state == AMQP_PREPARING || m->state == AMQP_UP)
		send_unsent(m);
	return q;
}

/* ---- Answers ---- */

static void answer_first(struct amqp *m, const struct amqp_answer *answer)
{
	struct amqp_declarations *d = &m->declarations;
	struct amqp_question *q = d->first;

	d->first = q->next;
	if (!d->first)
		d->last = NULL;
	if (q->arg)
		q->answered(q->arg, answer);
	free(q);
}

int amqp_declare_frame(struct amqp *m, const amqp_frame_t *frame, struct err *e)
{
	struct amqp_answer answer = {0};
	const amqp_queue_declare_ok_t *ok = NULL;

	if (frame->frame_type != AMQP_FRAME_METHOD || !m->declarations.first)
		return amqp_malformed(e, frame);
	switch (frame->payload.method.id) {
	case AMQP_QUEUE_DECLARE_OK_METHOD:
		ok = frame->payload.method.decoded;
		answer.ready = ok->message_count;
		answer.consumers = ok->consumer_count;
		break;
	case AMQP_EXCHANGE_DECLARE_OK_METHOD:
	case AMQP_QUEUE_BIND_OK_METHOD:
		break;
	default:
		return amqp_malformed(e, frame);
	}
	answer_first(m, &answer);
	return 0;
}

static void reopen(struct amqp *m)
{
	amqp_open_channel(m, AMQP_CHANNEL_DECLARE);
	for (struct amqp_question *q = m->declarations.first; q; q = q->next)
		q->is_sent = 0;
	send_unsent(m);
}

void amqp_declare_refused(struct amqp *m, const amqp_channel_close_t *why)
{
	struct err e = {0};
	enum err_kind kind = ERR_RETRY;
	enum err_code code = ERR_CODE_NONE;

	if (why->reply_code == AMQP_NOT_FOUND)
		kind = ERR_FINAL, code = ERR_CODE_NOT_FOUND;
	else if (why->reply_code == AMQP_PRECONDITION_FAILED ||
		 why->reply_code == AMQP_ACCESS_REFUSED)
		kind = ERR_FINAL;
	if (m->declarations.first) {
		err_set(&e, kind, code, "the broker refused %s: %d %s",
			m->declarations.first->declaration.name, why->reply_code,
			text_cut(why->reply_text.bytes, why->reply_text.len));
		answer_first(m, &(struct amqp_answer){.error = &e});
	}
	reopen(m);
}

/* ---- A new life of the channel ---- */

static void topology_answered(void *arg, const struct amqp_answer *answer)
{
	struct amqp *m = arg;

	if (answer->error)
		log_err("event=declare_failed reason=%s", log_quote(answer->error->msg));
	m->declarations.topology_left--;
	amqp_connection_prepared(m);
}

void amqp_declare_open(struct amqp *m)
{
	struct amqp_declarations *d = &m->declarations;
	struct amqp_question *q = d->first, *next;

	d->first = d->last = NULL;
	d->topology_left = d->topology_count;
	for (size_t i = 0; i < d->topology_count; i++)
		append(d, question_new(&d->topology[i], topology_answered, m));
	for (; q; q = next) {
		next = q->next;
		q->next = NULL;
		if (q->arg && q->answered != topology_answered)
			append(d, q);
		else
			free(q);
	}
	reopen(m);
}

void amqp_declare_clear(struct amqp *m)
{
	struct amqp_declarations *d = &m->declarations;

	for (struct amqp_question *q = d->first, *next; q; q = next) {
		next = q->next;
		free(q);
	}
	free(d->topology);
	*d = (struct amqp_declarations){0};
}

/* ---- Fibers that ask ---- */

struct wait {
	struct fiber *fiber;
	size_t left;
	struct err error; /* the first */
	int64_t ready, consumers;
};

static void wait_answered(void *arg, const struct amqp_answer *answer)
{
	struct wait *w = arg;

	if (answer->error && !w->error.kind)
		w->error = *answer->error;
	w->ready = answer->ready;
	w->consumers = answer->consumers;
	w->left--;
	fiber_wake(w->fiber);
}

static int wait_for_answers(struct amqp *m, struct wait *w, int64_t deadline_ms, struct err *e)
{
	char reason[sizeof m->reason];
	int result = 0;

	m->users++;
	amqp_connection_flush(m);
	while (w->left && m->state != AMQP_CLOSED && result == 0)
		result = fiber_suspend(deadline_ms, e);
	for (struct amqp_question *q = m->declarations.first; q; q = q->next)
		if (q->arg == w)
			q->arg = NULL;
	memcpy(reason, m->reason, sizeof reason);
	amqp_leave(m);
	if (result && reason[0])
		return err_prefix(e, "no connection to the broker (%s)", reason);
	if (result)
		return err_prefix(e, "the broker does not answer");
	if (w->left)
		return err_retry(e, "the connection to the broker is being closed");
	if (w->error.kind) {
		if (e)
			*e = w->error;
		return -1;
	}
	return 0;
}

static int add_declaration(struct amqp_declaration *at, enum amqp_declaration_kind kind,
			   const char *name, const char *other, int64_t ttl_ms, struct err *e)
{
	*at = (struct amqp_declaration){.kind = kind, .ttl_ms = ttl_ms};
	if (strlen(name) > AMQP_NAME_MAX)
		return err_bug(e, "a queue's name is too long");
	snprintf(at->name, sizeof at->name, "%s", name);
	snprintf(at->other, sizeof at->other, "%s", other);
	return 0;
}

/* Everything in an order in which nothing refers to what is not there yet. */
static int list_topology(struct amqp_declaration *list, size_t *count, const char *const *roles,
			 size_t role_count, struct err *e)
{
	struct amqp_declaration *at = list;

	add_declaration(at++, AMQP_DECLARE_EXCHANGE, return_exchange, "direct", 0, e);
	add_declaration(at++, AMQP_DECLARE_QUEUE, "wb.dead", "", 0, e);
	for (size_t i = 0; i < role_count; i++) {
		char queue[AMQP_NAME_MAX + 2];

		snprintf(queue, sizeof queue, "wb.%s", roles[i]);
		if (add_declaration(at++, AMQP_DECLARE_QUEUE, queue, "", 0, e) ||
		    add_declaration(at++, AMQP_DECLARE_BINDING, queue, return_exchange, 0, e))
			return -1;
	}
	for (size_t i = 0; i < RUNG_COUNT; i++) {
		const char *rung = rungs[i].name;

		add_declaration(at++, AMQP_DECLARE_EXCHANGE, rung, "fanout", 0, e);
		add_declaration(at++, AMQP_DECLARE_QUEUE, rung, "", rungs[i].delay_ms, e);
		add_declaration(at++, AMQP_DECLARE_BINDING, rung, rung, 0, e);
	}
	*count = (size_t)(at - list);
	return 0;
}

int amqp_declare_topology(struct amqp *m, const char *const *roles, size_t role_count,
			  int64_t deadline_ms, struct err *e)
{
	struct wait w = {.fiber = fiber_self()};
	struct amqp_declaration *list = calloc(2 + 2 * role_count + 3 * RUNG_COUNT, sizeof *list);

	if (!list)
		die("out of memory: the topology");
	if (list_topology(list, &w.left, roles, role_count, e)) {
		free(list);
		return -1;
	}
	free(m->declarations.topology);
	m->declarations.topology = list;
	m->declarations.topology_count = w.left;
	for (size_t i = 0; i < m->declarations.topology_count; i++)
		amqp_declare_ask(m, &list[i], wait_answered, &w);
	return wait_for_answers(m, &w, deadline_ms, e);
}

int amqp_queue_depth(struct amqp *m, const char *queue, int64_t *ready, int64_t *consumers,
		     int64_t deadline_ms, struct err *e)
{
	struct wait w = {.fiber = fiber_self(), .left = 1};
	struct amqp_declaration look;

	if (add_declaration(&look, AMQP_DECLARE_LOOK, queue, "", 0, e))
		return -1;
	amqp_declare_ask(m, &look, wait_answered, &w);
	if (wait_for_answers(m, &w, deadline_ms, e))
		return -1;
	*ready = w.ready;
	*consumers = w.consumers;
	return 0;
}

/* inbox - messages of one role's queue, unpacked into jobs */
#include "core/runtime/inbox.h"

#include <stdlib.h>

#include "core/runtime/bundle.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/suspect.h"

enum {
	PUBLISH_MS = 20000,
	AWAY_MS = 30000,    /* how long a message waits on the ladder while the database is away */
	DELIVERIES_MAX = 8, /* of one message; the broker's own limit must be well above */
};

struct message {
	struct message *next; /* in arrived */
	struct amqp_delivery *delivery;
	size_t open; /* jobs that are not done */
	int is_bad;  /* one of them was not ok: put the message back */
};

struct inbox {
	struct amqp *consumer;
	const struct context *context;
	char queue[64];
	int has_rows;
	struct message *arrived_first, *arrived_last;
	struct job_list jobs, suspects;
	uint64_t epoch; /* of the connection that brought them */
	struct fiber *reader;
};

void job_list_push(struct job_list *list, struct inbox_job *job)
{
	job->next = NULL;
	if (list->last)
		list->last->next = job;
	else
		list->first = job;
	list->last = job;
	list->count++;
}

struct inbox_job *job_list_pop(struct job_list *list)
{
	struct inbox_job *job = list->first;

	list->first = job->next;
	if (!list->first)
		list->last = NULL;
	list->count--;
	return job;
}

static void message_free(struct message *m)
{
	arena_free(m->delivery->arena); /* which the message is in */
}

static void drop_job(struct inbox_job *job)
{
	struct message *m = job->message;

	arena_free(job->job.arena); /* which the job is in */
	if (--m->open == 0)
		message_free(m);
}

static struct message *take_arrived(struct inbox *in)
{
	struct message *m = in->arrived_first;

	in->arrived_first = m->next;
	if (!in->arrived_first)
		in->arrived_last = NULL;
	return m;
}

/* What nobody has taken yet. */
static void drop_all(struct inbox *in)
{
	while (in->arrived_first)
		message_free(take_arrived(in));
	while (in->jobs.first)
		drop_job(job_list_pop(&in->jobs));
	while (in->suspects.first)
		drop_job(job_list_pop(&in->suspects));
}

static void on_delivery(struct amqp_delivery *d, void *arg)
{
	struct inbox *in = arg;
	struct message *m = ARENA_NEW(d->arena, struct message);

	if (d->epoch != in->epoch)
		drop_all(
			in); /* the broker took them back with the old connection, and delivers them anew */
	in->epoch = d->epoch;
	m->delivery = d;
	if (in->arrived_last)
		in->arrived_last->next = m;
	else
		in->arrived_first = m;
	in->arrived_last = m;
	if (in->reader)
		fiber_wake(in->reader);
}

struct inbox *inbox_new(struct amqp *consumer, const char *role, int has_rows,
			const struct context *context)
{
	struct inbox *in = calloc(1, sizeof *in);

	if (!in)
		die("out of memory: an inbox");
	in->consumer = consumer;
	in->context = context;
	in->has_rows = has_rows;
	snprintf(in->queue, sizeof in->queue, "wb.%s", role);
	return in;
}

void inbox_free(struct inbox *in)
{
	if (!in)
		return;
	drop_all(in);
	free(in);
}

void inbox_on_arrival(struct inbox *in, struct fiber *f)
{
	in->reader = f;
}

int inbox_consume(struct inbox *in, int prefetch, struct err *e)
{
	return amqp_consume(in->consumer, in->queue, prefetch, on_delivery, in, e);
}

void inbox_cancel(struct inbox *in)
{
	amqp_cancel(in->consumer, in->queue);
	in->reader = NULL;
}

/* It was in somebody's hand before, who did not bring it to an end. */
static int is_suspect(const struct message *m)
{
	const struct amqp_delivery *d = m->delivery;

	return d->is_redelivered || d->delivery_count > 0 || d->headers[AMQP_SUSPECT];
}

static void add_job(struct inbox *in, struct message *m, int64_t id)
{
	struct arena *arena = arena_new();
	struct inbox_job *job = ARENA_NEW(arena, struct inbox_job);

	job->message = m;
	job->job = (struct job){
		.id = id,
		.arena = arena,
		.context = in->context,
		.delivery = m->delivery,
	};
	m->open++;
	if (is_suspect(m))
		job->job.suspect = suspect_new(&job->job);
	job_list_push(job->job.suspect ? &in->suspects : &in->jobs, job);
}

/* Publishes in place of the message, then acknowledges it; when that fails the message goes back. */
static void replace(struct inbox *in, struct message *m, struct amqp *publisher,
		    const struct amqp_message *messages, size_t count)
{
	struct err e = {.msg = "the broker takes no messages"};

	if (count == 0 ||
	    (!amqp_is_blocked(publisher) &&
	     amqp_publish(publisher, messages, count, loop_now_ms() + PUBLISH_MS, &e) == 0)) {
		amqp_ack(in->consumer, m->delivery);
	} else {
		log_warn("event=publish queue=%s error=%s left_to=redelivery", in->queue,
			 log_quote(e.msg));
		amqp_reject(in->consumer, m->delivery, /* requeue= */ 1);
	}
	message_free(m);
}

static void bury(struct inbox *in, struct message *m, struct amqp *publisher)
{
	struct amqp_message dead = {
		.routing_key = "wb.dead",
		.body = m->delivery->body,
		.body_len = m->delivery->body_len,
		.headers = {[AMQP_ROLE] = in->queue + 3,
			    [AMQP_ERROR] = "final/data: not a bundle of ids"},
	};

	log_warn("event=unreadable queue=%s bytes=%zu", in->queue, m->delivery->body_len);
	replace(in, m, publisher, &dead, 1);
}

static void split(struct inbox *in, struct message *m, struct amqp *publisher, const int64_t *ids,
		  size_t count)
{
	struct arena *a = m->delivery->arena;
	struct amqp_message *singles = ARENA_ARRAY(a, struct amqp_message, count);

	bundle_write_suspects(a, in->queue + 3, ids, count, singles);
	replace(in, m, publisher, singles, count);
}

/* The same message once more; exchange NULL: at the end of its queue. */
static void publish_anew(struct inbox *in, struct message *m, struct amqp *publisher,
			 const char *exchange)
{
	struct amqp_message again = {
		.exchange = exchange,
		.routing_key = in->queue,
		.body = m->delivery->body,
		.body_len = m->delivery->body_len,
	};

	for (int h = 0; h < AMQP_HEADER_COUNT; h++)
		again.headers[h] = m->delivery->headers[h];
	if (is_suspect(m))
		again.headers[AMQP_SUSPECT] = "1";
	replace(in, m, publisher, &again, 1);
}

static void unpack(struct inbox *in, struct message *m, struct amqp *publisher)
{
	int64_t ids[BUNDLE_MAX];
	size_t count;

	if (m->delivery->delivery_count >= DELIVERIES_MAX) {
		publish_anew(in, m, publisher, NULL);
		return;
	}
	if (!in->has_rows) {
		add_job(in, m, 0);
		return;
	}
	if (bundle_read(m->delivery->arena, m->delivery->body, m->delivery->body_len, ids,
			&count)) {
		bury(in, m, publisher);
		return;
	}
	if (count == 0 || (is_suspect(m) && count > 1)) {
		split(in, m, publisher, ids, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		add_job(in, m, ids[i]);
}

void inbox_unpack(struct inbox *in, struct amqp *publisher, size_t enough)
{
	while (in->arrived_first && in->jobs.count < enough)
		unpack(in, take_arrived(in), publisher);
}

struct job_list *inbox_jobs(struct inbox *in)
{
	return &in->jobs;
}

struct job_list *inbox_suspects(struct inbox *in)
{
	return &in->suspects;
}

void inbox_put_back(struct inbox *in, struct inbox_job *job)
{
	if (job->message->delivery->epoch != in->epoch) {
		drop_job(job); /* as on_delivery() has dropped the others of its connection */
		return;
	}
	job->job.is_left = 0;
	job->job.data = NULL;
	job->next = in->jobs.first;
	in->jobs.first = job;
	if (!in->jobs.last)
		in->jobs.last = job;
	in->jobs.count++;
}

void inbox_done(struct inbox *in, struct inbox_job *job, int is_ok)
{
	struct message *m = job->message;

	if (!is_ok)
		m->is_bad = 1;
	if (m->open == 1) {
		if (m->is_bad)
			amqp_reject(in->consumer, m->delivery, /* requeue= */ 1);
		else
			amqp_ack(in->consumer, m->delivery);
	}
	drop_job(job);
}

/* Messages of which no job was taken yet come back after a while. */
static void give_back(struct inbox *in, struct job_list *list, struct amqp *publisher)
{
	while (list->first) {
		struct inbox_job *job = job_list_pop(list);
		struct message *m = job->message;

		/* Its jobs stand one behind the other; some may have been taken already. */
		size_t mine = 1;

		while (list->first && list->first->message == m) {
			arena_free(job_list_pop(list)->job.arena);
			mine++;
		}
		arena_free(job->job.arena);
		m->open -= mine;
		if (m->open == 0)
			publish_anew(in, m, publisher, amqp_retry_rung(AWAY_MS));
		else
			m->is_bad = 1;
	}
}

void inbox_give_back(struct inbox *in, struct amqp *publisher)
{
	amqp_cancel(in->consumer, in->queue);
	while (in->arrived_first)
		publish_anew(in, take_arrived(in), publisher, amqp_retry_rung(AWAY_MS));
	give_back(in, &in->jobs, publisher);
	give_back(in, &in->suspects, publisher);
}

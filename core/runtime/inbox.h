/*
 * inbox - messages of one role's queue, unpacked into jobs
 *
 * A bundle is a JSON array of row ids; an ingest message is one job itself. A redelivered bundle is first split into messages of
 * one id, so that a job that kills its worker is alone when it does so again. A message is acknowledged when all its jobs are
 * done.
 */
#ifndef WAYBILL_INBOX_H
#define WAYBILL_INBOX_H

#include "core/runtime/amqp.h"
#include "core/runtime/role.h"

struct inbox;
struct line;
struct message;

struct inbox_job {
	struct job job;
	struct inbox_job *next;
	struct message *message;
	struct line *line; /* the worker's */
};

/* inbox_new - has_rows: messages are bundles of ids */
struct inbox *inbox_new(struct amqp *consumer, const char *role, int has_rows,
			const struct context *context);
void inbox_free(struct inbox *in); /* takes NULL */

/* inbox_on_arrival - the fiber to wake when something has come */
void inbox_on_arrival(struct inbox *in, struct fiber *f);

int inbox_consume(struct inbox *in, int prefetch, struct err *e);
void inbox_cancel(struct inbox *in);

/*
 * inbox_unpack - arrived messages into jobs; what cannot be read goes to wb.dead, what comes again is split
 *
 * It stops when enough jobs are there: a message needs less memory than its jobs. It publishes: not while the publisher is
 * blocked.
 */
YIELDS
void inbox_unpack(struct inbox *in, struct amqp *publisher, size_t enough);

size_t inbox_count(const struct inbox *in); /* jobs that were not taken yet */

/* inbox_take - the oldest job; there must be one */
struct inbox_job *inbox_take(struct inbox *in);

/* inbox_put_back - the job is the oldest again; several are put back newest first */
void inbox_put_back(struct inbox *in, struct inbox_job *job);

/* inbox_done - the job is over: free it; when its message's last one is, acknowledge that, or put it back if any was not ok */
void inbox_done(struct inbox *in, struct inbox_job *job, int is_ok);

/* inbox_give_back - stop consuming and put all that was not taken onto the ladder, for a time without a database */
YIELDS
void inbox_give_back(struct inbox *in, struct amqp *publisher);

#endif

/*
 * inbox - messages of one role's queue, unpacked into jobs
 *
 * A bundle is a JSON array of row ids; an ingest message is one job itself. A message that comes again, or says so,
 * makes suspects of its jobs (suspect.h), which wait in a list of their own: a bundle is first split into messages
 * of one id, and one that has come often is published anew, so that the broker's delivery limit does not take what
 * waits behind a poison. A message is acknowledged when all its jobs are done.
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

/* A list of jobs in the order they came. */
struct job_list {
	struct inbox_job *first, *last;
	size_t count;
};

void job_list_push(struct job_list *list, struct inbox_job *job);

/* job_list_pop - the oldest; there must be one */
struct inbox_job *job_list_pop(struct job_list *list);

/* inbox_new - has_rows: messages are bundles of ids */
struct inbox *inbox_new(struct amqp *consumer, const char *role, int has_rows,
			const struct context *context);
void inbox_free(struct inbox *in); /* takes NULL */

/* inbox_on_arrival - the fiber to wake when something has come */
void inbox_on_arrival(struct inbox *in, struct fiber *f);

int inbox_consume(struct inbox *in, int prefetch, struct err *e);
void inbox_cancel(struct inbox *in);

/*
 * inbox_unpack - arrived messages into jobs; what cannot be read goes to wb.dead, what comes again is a suspect
 *
 * It stops when enough jobs, suspects aside, are there: a message needs less memory than its jobs. It publishes:
 * not while the publisher is blocked.
 */
YIELDS
void inbox_unpack(struct inbox *in, struct amqp *publisher, size_t enough);

/* inbox_jobs, inbox_suspects - what was not taken yet: pop them there */
struct job_list *inbox_jobs(struct inbox *in);
struct job_list *inbox_suspects(struct inbox *in);

/* inbox_put_back - the job is the oldest again; several are put back newest first */
void inbox_put_back(struct inbox *in, struct inbox_job *job);

/*
 * inbox_done - the job is over: free it; when its message's last one is, acknowledge that, or put it back if any
 * was not ok
 */
void inbox_done(struct inbox *in, struct inbox_job *job, int is_ok);

/* inbox_give_back - stop consuming and put all that was not taken onto the ladder, for a time without a database */
YIELDS
void inbox_give_back(struct inbox *in, struct amqp *publisher);

#endif

/*
 * line - one role at work: its messages are claimed, acted on and settled, batch by batch
 *
 * Messages wait in memory (bounded by the prefetch) until a connection to the database is free; then up to
 * batch_max of them become one claim. Suspects (suspect.h) go one by one, and beside their claims there is no
 * other of the line. Finished jobs are settled in the same way. A message is acknowledged when all of its jobs
 * are settled and their follow-ups are confirmed.
 */
#ifndef WAYBILL_LINE_H
#define WAYBILL_LINE_H

#include "core/runtime/role.h"

/* What the lines of a process share. */
struct workplace {
	const struct context *context;
	struct db_pool *pool;
	struct amqp *consumer, *publisher;
	const char *holder;	       /* beginning of this process's leases */
	int is_closing;		       /* nothing more is claimed; line_poke() after it is set */
	struct fiber *owner;	       /* woken when a line may have become idle */
	const struct job *suspect;     /* the one under way; NULL: none */
	void (*on_cleared)(void *arg); /* it is none any more: another line may go on */
	void *arg;
};

struct line;

/* line_new - nothing runs yet. Keeps both pointers. */
struct line *line_new(struct workplace *place, const struct role *role);

/* line_free - takes NULL. Not while it is busy. */
void line_free(struct line *line);

/* line_start - consume wb.<role>, which must have been declared */
void line_start(struct line *line);

/* line_stop - take no more messages; what was claimed goes on */
void line_stop(struct line *line);

/* line_poke - the broker or is_closing has changed */
void line_poke(struct line *line);

/* line_is_busy - is anything claimed or about to be? After line_stop() it comes to an end. */
int line_is_busy(const struct line *line);

#endif

/* line_internal - what the two files of a line share: line.c starts its batches, line_run.c runs them */
#ifndef WAYBILL_LINE_INTERNAL_H
#define WAYBILL_LINE_INTERNAL_H

#include "core/runtime/batch.h"
#include "core/runtime/inbox.h"
#include "core/runtime/line.h"

struct line {
	struct workplace *place;
	const struct role *role;
	struct inbox *inbox;
	struct job_list finished; /* wait for a settle */
	size_t acting, claiming, settling;
	struct fiber *claimer, *settler;
	size_t fitting; /* jobs that a claim can do at once, as far as it is known */
	int64_t db_away_since_ms;
	int is_consuming;
	int is_alone;	 /* a suspect is being claimed: nothing else is meanwhile */
	int was_suspect; /* the last to be claimed */
	struct metric *good, *failed, *dropped;
};

/* One batch under way: jobs that are claimed, or settled, with one connection. */
struct line_run {
	struct line *line;
	struct db *db;
	struct inbox_job **jobs;
	size_t count;
	struct arena *arena;
};

/* line_run_new - an empty one with room for so many jobs; at its end it gives db back and frees itself */
struct line_run *line_run_new(struct line *line, struct db *db, size_t room);

/*
 * line_run_claim, line_run_settle - start it in a fiber of its own
 *
 * What is claimed and needs to act does so in a fiber per job; what came to an end is acknowledged, or waits to be
 * settled. Whoever may have something to do after that is woken: the line's fibers, the owner of its workplace.
 */
void line_run_claim(struct line_run *run);
void line_run_settle(struct line_run *run);

/* line_settle_max - jobs of a settle at the most */
size_t line_settle_max(const struct line *line);

/* line_wake - one of the line's fibers or the owner; NULL: it has ended */
void line_wake(struct fiber *f);

#endif

/* line_run - one batch of a line: claimed, acted on by a fiber for each job, settled */
#include "core/runtime/line_internal.h"

#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/metrics.h"
#include "core/runtime/outcome.h"
#include "core/runtime/suspect.h"

enum {
	PUBLISH_MS = 20000,
	ACT_LATE_MS = 60000, /* so long after its deadline a job that acts is stuck */
};

void line_wake(struct fiber *f)
{
	if (f)
		fiber_wake(f);
}

/* Done but for its settle. */
static void finish(struct line *line, struct inbox_job *job)
{
	job_list_push(&line->finished, job);
	line_wake(line->settler);
}

size_t line_settle_max(const struct line *line)
{
	return (size_t)line->place->context->conf->worker.batch_max;
}

static void act(void *arg)
{
	struct inbox_job *job = arg;
	struct line *line = job->line;
	struct promise promise = {0};
	struct err e = {0};

	promise_give(&promise, line->role->name, job->job.deadline_ms + ACT_LATE_MS);
	if (line->role->act(&job->job, &e))
		job_fail(&job->job, &e);
	promise_keep(&promise);
	line->acting--;
	finish(line, job);
	line_wake(line->claimer);
}

static struct batch_run batch_of(const struct line_run *run)
{
	struct job **jobs = ARENA_ARRAY(run->arena, struct job *, run->count);

	for (size_t i = 0; i < run->count; i++)
		jobs[i] = &run->jobs[i]->job;
	return (struct batch_run){
		.role = run->line->role,
		.context = run->line->place->context,
		.pool = run->line->place->pool,
		.publisher = run->line->place->publisher,
		.jobs = jobs,
		.count = run->count,
	};
}

/* Failed jobs without a row go to the ladder or to wb.dead, before their messages are acknowledged. */
static int pass_on(const struct line_run *run, struct inbox_job *const *over, size_t count)
{
	const struct line *line = run->line;
	struct amqp_message *messages = ARENA_ARRAY(run->arena, struct amqp_message, count);
	size_t n = 0;
	struct err e = {0};

	for (size_t i = 0; i < count && !line->role->table; i++)
		if (!job_is_good(&over[i]->job))
			outcome_message(line->role, &over[i]->job, &messages[n++]);
	if (n == 0 ||
	    amqp_publish(line->place->publisher, messages, n, loop_now_ms() + PUBLISH_MS, &e) == 0)
		return 0;
	log_warn("event=publish role=%s messages=%zu error=%s left_to=redelivery", line->role->name,
		 n, log_quote(e.msg));
	return -1;
}

/* A job of which nothing is to be feared any more. */
static void clear(struct workplace *place, const struct job *job)
{
	if (place->suspect != job)
		return;
	place->suspect = NULL;
	place->on_cleared(place->arg);
}

/* Jobs that came to an end, whichever. */
static void finish_jobs(const struct line_run *run, struct inbox_job *const *over, size_t count)
{
	struct line *line = run->line;
	int is_passed_on = pass_on(run, over, count) == 0;

	for (size_t i = 0; i < count; i++) {
		const struct job *j = &over[i]->job;
		int is_good = job_is_good(j);

		metric_add(!is_good ? line->failed : j->is_claimed ? line->good : line->dropped, 1);
		clear(line->place, j);
		inbox_done(line->inbox, over[i], is_good || is_passed_on);
	}
}

static void end_run(struct line_run *run)
{
	struct line *line = run->line;

	line_wake(line->claimer);
	line_wake(line->settler);
	line_wake(line->place->owner);
	arena_free(run->arena);
}

/*
 * What a claim left is for the next one, which takes no more than this one could do; each that leaves
 * nothing lets the next take twice as many.
 */
static void put_back(struct line_run *run)
{
	struct line *line = run->line;
	size_t left = 0;

	for (size_t i = run->count; i-- > 0;)
		if (run->jobs[i]->job.is_left) {
			inbox_put_back(line->inbox, run->jobs[i]);
			left++;
		}
	if (left)
		line->fitting = run->count - left;
	else if (line->fitting && line->fitting < line_settle_max(line))
		line->fitting *= 2;
}

static void claim(void *arg)
{
	struct line_run *run = arg;
	struct line *line = run->line;
	struct batch_run batch = batch_of(run);
	struct inbox_job **over = ARENA_ARRAY(run->arena, struct inbox_job *, run->count);
	size_t over_count = 0;

	batch.holder = line->place->holder;
	if (line->is_alone) {
		batch_claim_suspect(&batch, run->db);
		line->is_alone = 0;
		if (!batch.jobs[0]->suspect)
			clear(line->place, batch.jobs[0]);
	} else {
		batch_claim(&batch, run->db);
	}
	for (size_t i = 0; i < run->count; i++) {
		struct inbox_job *job = run->jobs[i];
		const struct job *j = &job->job;

		job->line = line;
		if (j->is_left)
			continue;
		if (!j->is_claimed || !line->role->act) {
			over[over_count++] = job;
		} else if (j->acts && job_is_good(j)) {
			line->acting++;
			fiber_start(line->role->name, act, job);
		} else {
			finish(line, job);
		}
	}
	put_back(run);
	finish_jobs(run, over, over_count);
	line->claiming--;
	end_run(run);
}

static void settle(void *arg)
{
	struct line_run *run = arg;
	struct batch_run batch = batch_of(run);

	batch.lease = run->jobs[0]->job.lease;
	batch_settle(&batch, run->db);
	finish_jobs(run, run->jobs, run->count);
	run->line->settling--;
	end_run(run);
}

struct line_run *line_run_new(struct line *line, struct db *db, size_t room)
{
	struct arena *arena = arena_new();
	struct line_run *run = ARENA_NEW(arena, struct line_run);

	run->arena = arena;
	run->line = line;
	run->db = db;
	run->jobs = ARENA_ARRAY(arena, struct inbox_job *, room);
	return run;
}

void line_run_claim(struct line_run *run)
{
	run->line->claiming++;
	fiber_start(run->line->role->name, claim, run);
}

void line_run_settle(struct line_run *run)
{
	run->line->settling++;
	fiber_start(run->line->role->name, settle, run);
}

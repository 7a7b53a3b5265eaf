/* line - one role at work: its messages are claimed, acted on and settled, batch by batch */
#include "core/runtime/line.h"

#include <stdlib.h>
#include <string.h>

#include "core/runtime/batch.h"
#include "core/runtime/inbox.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/metrics.h"
#include "core/runtime/outcome.h"
#include "core/runtime/suspect.h"

enum {
	DB_TAKE_MS = 5000,
	WAIT_MS = 1000,
	PUBLISH_MS = 20000,
	ACT_LATE_MS = 60000, /* so long after its deadline a job that acts is stuck */
	LOOK_AGAIN_MS =
		1000, /* whether the database is still there, while a claim takes its time */
};

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

static void poke(struct fiber *f)
{
	if (f)
		fiber_wake(f);
}

static void finish(struct line *line, struct inbox_job *job)
{
	job_list_push(&line->finished, job);
	poke(line->settler);
}

static size_t settle_max(const struct line *line)
{
	return (size_t)line->place->context->conf->worker.batch_max;
}

static size_t claim_max(const struct line *line)
{
	size_t most = settle_max(line);

	if (line->role->batch_max && line->role->batch_max < most)
		most = line->role->batch_max;
	return line->fitting && line->fitting < most ? line->fitting : most;
}

/* ---- act ---- */

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
	poke(line->claimer);
}

/* ---- one batch ---- */

struct run {
	struct line *line;
	struct db *db;
	struct inbox_job **jobs;
	size_t count;
	struct arena *arena;
};

static struct batch_run batch_of(const struct run *run)
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
static int pass_on(const struct run *run, struct inbox_job *const *over, size_t count)
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
static void finish_jobs(const struct run *run, struct inbox_job *const *over, size_t count)
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

static void end_run(struct run *run)
{
	struct line *line = run->line;

	poke(line->claimer);
	poke(line->settler);
	poke(line->place->owner);
	arena_free(run->arena);
}

/*
 * What a claim left is for the next one, which takes no more than this one could do; each that leaves
 * nothing lets the next take twice as many.
 */
static void put_back(struct run *run)
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
	else if (line->fitting && line->fitting < settle_max(line))
		line->fitting *= 2;
}

static void run_claim(void *arg)
{
	struct run *run = arg;
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

static void run_settle(void *arg)
{
	struct run *run = arg;
	struct batch_run batch = batch_of(run);

	batch.lease = run->jobs[0]->job.lease;
	batch_settle(&batch, run->db);
	finish_jobs(run, run->jobs, run->count);
	run->line->settling--;
	end_run(run);
}

static struct run *run_new(struct line *line, struct db *db, size_t count)
{
	struct arena *arena = arena_new();
	struct run *run = ARENA_NEW(arena, struct run);

	run->arena = arena;
	run->line = line;
	run->db = db;
	run->jobs = ARENA_ARRAY(arena, struct inbox_job *, count);
	return run;
}

/* ---- the two fibers of a line ---- */

/*
 * While one batch is under way, what comes in meanwhile is gathered into the next, which starts when it is
 * full or the first is done: under load batches grow by themselves, without load nobody waits. When the
 * database is away the claimer must not wait for a batch that waits for it.
 */
static int is_worth_a_batch(const struct line *line, size_t waiting, size_t under_way, size_t most)
{
	return waiting >= most ||
	       (waiting > 0 && (under_way == 0 || !db_pool_is_up(line->place->pool)));
}

static int may_claim_batch(const struct line *line)
{
	return !line->is_alone && is_worth_a_batch(line, inbox_jobs(line->inbox)->count,
						   line->claiming, claim_max(line));
}

static int may_claim_suspect(const struct line *line)
{
	return inbox_suspects(line->inbox)->count && !line->place->suspect && !line->claiming;
}

static int may_claim(const struct line *line)
{
	const struct workplace *place = line->place;

	return (may_claim_batch(line) || may_claim_suspect(line)) &&
	       !amqp_is_blocked(place->publisher) &&
	       line->acting < (size_t)place->context->conf->worker.act_max &&
	       line->finished.count < settle_max(line);
}

static void start_consuming(struct line *line)
{
	const struct conf *conf = line->place->context->conf;
	struct err e = {0};

	if (inbox_consume(line->inbox,
			  line->role->table ? conf->broker.prefetch : conf->broker.ingest_prefetch,
			  &e))
		die("%s", e.msg);
	line->is_consuming = 1;
}

/* Without the database: after a while the messages go back, so that the broker does not end our consumer. */
static void database_is_away(struct line *line, int64_t since_ms)
{
	if (db_pool_is_up(line->place->pool))
		return; /* all connections are in use */
	if (!line->db_away_since_ms)
		line->db_away_since_ms = since_ms;
	int64_t patience_ms = line->place->context->conf->worker.away_s * INT64_C(1000);

	if (loop_now_ms() - line->db_away_since_ms < patience_ms || !line->is_consuming)
		return;
	log_warn("event=paused role=%s reason=\"no database\"", line->role->name);
	line->is_consuming = 0;
	inbox_give_back(line->inbox, line->place->publisher);
}

/* A suspect, or a batch; in turns when there are both. */
static void start_claim(struct line *line, struct db *db)
{
	struct workplace *place = line->place;
	int is_alone = may_claim_suspect(line) && !(line->was_suspect && may_claim_batch(line));
	struct job_list *from = is_alone ? inbox_suspects(line->inbox) : inbox_jobs(line->inbox);
	size_t room = (size_t)place->context->conf->worker.act_max - line->acting;
	size_t most = is_alone ? 1 : room < claim_max(line) ? room : claim_max(line);
	struct run *run = run_new(line, db, most);

	while (run->count < most && from->count)
		run->jobs[run->count++] = job_list_pop(from);
	line->is_alone = line->was_suspect = is_alone;
	if (is_alone)
		place->suspect = &run->jobs[0]->job;
	line->claiming++;
	fiber_start(line->role->name, run_claim, run);
}

/* A claim that waits for the database must not keep the claimer from seeing that it is away. */
static int has_nothing_to_do(const struct line *line)
{
	return !may_claim(line) && line->is_consuming &&
	       (!line->claiming || db_pool_is_up(line->place->pool));
}

static void claimer(void *arg)
{
	struct line *line = arg;
	const struct workplace *place = line->place;

	while (!place->is_closing) {
		int64_t now_ms;
		struct db *db;

		if (!amqp_is_blocked(place->publisher))
			inbox_unpack(line->inbox, place->publisher, claim_max(line));
		if (has_nothing_to_do(line)) {
			fiber_suspend(line->claiming ? loop_now_ms() + LOOK_AGAIN_MS : 0, NULL);
			continue;
		}
		now_ms = loop_now_ms();
		if (db_take(place->pool, now_ms + DB_TAKE_MS, &db, NULL)) {
			database_is_away(line, now_ms);
			fiber_sleep_ms(WAIT_MS, NULL);
			continue;
		}
		line->db_away_since_ms = 0;
		if (!line->is_consuming && !place->is_closing)
			start_consuming(line);
		if (!may_claim(line) || place->is_closing) {
			db_give(db);
			continue;
		}
		start_claim(line, db);
	}
	line->claimer = NULL;
	poke(line->settler);
	poke(place->owner);
}

static int has_work(const struct line *line)
{
	return line->claimer || line->acting || line->claiming || line->settling ||
	       line->finished.count;
}

/* A settle takes jobs of one lease: those that were claimed at about the same time. A suspect goes alone. */
static int settles_with(const struct job *next, const struct job *first)
{
	return next == first ||
	       (!next->suspect && !first->suspect && strcmp(next->lease, first->lease) == 0);
}

static void settler(void *arg)
{
	struct line *line = arg;
	const struct workplace *place = line->place;

	while (!place->is_closing || has_work(line)) {
		struct db *db;

		if (!is_worth_a_batch(line, line->finished.count, line->settling,
				      settle_max(line))) {
			fiber_suspend(0, NULL);
			continue;
		}
		if (db_take(place->pool, loop_now_ms() + DB_TAKE_MS, &db, NULL)) {
			fiber_sleep_ms(WAIT_MS, NULL);
			continue;
		}
		struct run *run = run_new(line, db, settle_max(line));
		const struct job *first = &line->finished.first->job;

		while (run->count < settle_max(line) && line->finished.count &&
		       settles_with(&line->finished.first->job, first))
			run->jobs[run->count++] = job_list_pop(&line->finished);
		line->settling++;
		fiber_start(line->role->name, run_settle, run);
	}
	line->settler = NULL;
	poke(place->owner);
}

/* ---- life ---- */

static struct metric *job_counter(const struct role *role, const char *result)
{
	char labels[96];

	snprintf(labels, sizeof labels, "role=\"%s\",result=\"%s\"", role->name, result);
	return metric_named(METRIC_COUNTER, "waybill_jobs_total", labels, "jobs by outcome");
}

struct line *line_new(struct workplace *place, const struct role *role)
{
	struct line *line = calloc(1, sizeof *line);

	if (!line)
		die("out of memory: a line");
	*line = (struct line){
		.place = place,
		.role = role,
		.good = job_counter(role, "good"),
		.failed = job_counter(role, "failed"),
		.dropped = job_counter(role, "dropped"),
	};
	return line;
}

void line_free(struct line *line)
{
	if (!line)
		return;
	inbox_free(line->inbox);
	free(line);
}

void line_start(struct line *line)
{
	const struct workplace *place = line->place;

	line->inbox = inbox_new(place->consumer, line->role->name, line->role->table != NULL,
				place->context);
	line->claimer = fiber_start("claimer", claimer, line);
	line->settler = fiber_start("settler", settler, line);
	inbox_on_arrival(line->inbox, line->claimer);
	start_consuming(line);
}

void line_stop(struct line *line)
{
	if (line->is_consuming)
		inbox_cancel(line->inbox);
	line->is_consuming = 0;
	line_poke(line);
}

void line_poke(struct line *line)
{
	poke(line->claimer);
	poke(line->settler);
}

int line_is_busy(const struct line *line)
{
	return has_work(line) || line->settler;
}

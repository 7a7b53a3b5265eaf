/* line - one role at work: its messages are claimed, acted on and settled, batch by batch */
#include <stdlib.h>
#include <string.h>

#include "core/runtime/line_internal.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/metrics.h"
#include "core/runtime/suspect.h"

enum {
	DB_TAKE_MS = 5000,
	WAIT_MS = 1000,
	LOOK_AGAIN_MS = 1000, /* is the database still there, while a claim takes its time? */
};

static size_t claim_max(const struct line *line)
{
	size_t most = line_settle_max(line);

	if (line->role->batch_max && line->role->batch_max < most)
		most = line->role->batch_max;
	return line->fitting && line->fitting < most ? line->fitting : most;
}

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
	       line->finished.count < line_settle_max(line);
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
	struct line_run *run = line_run_new(line, db, most);

	while (run->count < most && from->count)
		run->jobs[run->count++] = job_list_pop(from);
	line->is_alone = line->was_suspect = is_alone;
	if (is_alone)
		place->suspect = &run->jobs[0]->job;
	line_run_claim(run);
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
			/* One connection was lost, another one is idle: the loop must turn, or this would go round for ever. */
			if (!place->is_closing)
				fiber_suspend(loop_now_ms() + LOOK_AGAIN_MS, NULL);
			continue;
		}
		start_claim(line, db);
	}
	line->claimer = NULL;
	line_wake(line->settler);
	line_wake(place->owner);
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
				      line_settle_max(line))) {
			fiber_suspend(0, NULL);
			continue;
		}
		if (db_take(place->pool, loop_now_ms() + DB_TAKE_MS, &db, NULL)) {
			fiber_sleep_ms(WAIT_MS, NULL);
			continue;
		}
		struct line_run *run = line_run_new(line, db, line_settle_max(line));
		const struct job *first = &line->finished.first->job;

		while (run->count < line_settle_max(line) && line->finished.count &&
		       settles_with(&line->finished.first->job, first))
			run->jobs[run->count++] = job_list_pop(&line->finished);
		line_run_settle(run);
	}
	line->settler = NULL;
	line_wake(place->owner);
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
	line_wake(line->claimer);
	line_wake(line->settler);
}

int line_is_busy(const struct line *line)
{
	return has_work(line) || line->settler;
}

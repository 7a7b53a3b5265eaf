/* batch - one run of claim or settle: its transaction, its repeats, its follow-ups */
#include "core/runtime/batch.h"

#include <string.h>

#include "core/runtime/bundle.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/outcome.h"
#include "core/runtime/suspect.h"

enum {
	CONFLICTS_MAX = 5,
	DB_WAIT_MS = 10000,
	PAUSE_MS = 1000, /* between two tries to reach the database */
	PUBLISH_MS = 20000,
	STEP_MS = 300000,     /* longer than any transaction: a statement is ended after 30 s */
	LEASE_TURN_MS = 5000, /* claims of so long share a lease, shorter than any lease lasts */
};

struct followup {
	struct followup *next;
	const char *role;
	size_t count;
	int64_t ids[BUNDLE_MAX];
};

void batch_due(struct batch *b, const char *role, int64_t id)
{
	struct followup *f = b->first_followup;

	while (f && (f->count == BUNDLE_MAX || strcmp(f->role, role) != 0))
		f = f->next;
	if (!f) {
		f = ARENA_NEW(b->arena, struct followup);
		f->role = role;
		/* In front, so that a full one is not looked at again. */
		f->next = b->first_followup;
		b->first_followup = f;
	}
	f->ids[f->count++] = id;
}

struct db_value batch_ids(struct batch *b, int only_good, size_t *count)
{
	int64_t *ids = ARENA_ARRAY(b->arena, int64_t, b->count);
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++)
		if (!only_good || job_is_good(b->jobs[i]))
			ids[n++] = b->jobs[i]->id;
	if (count)
		*count = n;
	return db_int64s(b->arena, ids, n);
}

struct job *batch_job(const struct batch *b, int64_t id)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->jobs[i]->id == id)
			return b->jobs[i];
	return NULL;
}

void job_fail(struct job *job, const struct err *e)
{
	job->err = *e;
}

void job_leave(struct job *job)
{
	job->is_left = 1;
	job->is_claimed = 0;
}

int job_is_good(const struct job *job)
{
	return job->err.kind == ERR_NONE;
}

static void publish_followups(const struct batch_run *run, struct batch *b)
{
	size_t count = 0, n = 0;

	for (struct followup *f = b->first_followup; f; f = f->next)
		count++;
	if (count == 0)
		return;
	struct amqp_message *messages = ARENA_ARRAY(b->arena, struct amqp_message, count);

	for (struct followup *f = b->first_followup; f; f = f->next)
		bundle_write(b->arena, f->role, f->ids, f->count, messages + n++);
	struct err e = {0};

	if (amqp_publish(run->publisher, messages, n, loop_now_ms() + PUBLISH_MS, &e))
		log_warn("event=publish role=%s messages=%zu error=%s left_to=clock",
			 run->role->name, n, log_quote(e.msg));
}

/*
 * A claim whose commit was not answered: it may have leased these rows, and then nobody else takes them. The next
 * try frees them first. (Another batch of this process that has claimed one of them meanwhile loses it.)
 */
struct doubt {
	struct arena *arena;
	int64_t *ids;
	size_t count;
};

static void doubt_claim(struct doubt *doubt, const struct batch *b)
{
	doubt->ids = ARENA_ARRAY(doubt->arena, int64_t, b->count);
	doubt->count = 0;
	for (size_t i = 0; i < b->count; i++)
		if (b->jobs[i]->is_claimed)
			doubt->ids[doubt->count++] = b->jobs[i]->id;
}

static int free_doubtful(struct batch *b, const struct doubt *doubt, const char *holder,
			 struct err *e)
{
	if (doubt->count == 0 || !holder || !b->role->table) /* without rows there is no lease */
		return 0;
	return db_later(b->db, b->arena, SQL_WORK_UNLEASE, e, db_text(b->role->table),
			db_int64s(b->arena, doubt->ids, doubt->count), db_text(holder));
}

typedef int step_fn(struct batch *b, struct err *e);

/* A role without act: one transaction, and what claim did not take is dropped before settle sees it. */
static int claim_and_settle(struct batch *b, struct err *e)
{
	if (b->role->claim(b, e))
		return -1;
	struct batch claimed = *b;

	claimed.jobs = ARENA_ARRAY(b->arena, struct job *, b->count);
	claimed.count = 0;
	for (size_t i = 0; i < b->count; i++)
		if (b->jobs[i]->is_claimed && job_is_good(b->jobs[i]))
			claimed.jobs[claimed.count++] = b->jobs[i];
	if (claimed.count && b->role->settle(&claimed, e))
		return -1;
	b->first_followup = claimed.first_followup;
	return outcome_settle(b, NULL, e);
}

static int settle_and_outcome(struct batch *b, struct err *e)
{
	if (b->role->settle(b, e) || outcome_settle(b, b->lease, e))
		return -1;
	return suspect_ended(b, e);
}

/* What failed is written down, with the facts that the role keeps, whatever its settle would say. */
static int only_outcome(struct batch *b, struct err *e)
{
	if (b->role->keep && b->role->keep(b, e))
		return -1;
	return outcome_settle(b, b->lease, e) || suspect_ended(b, e) ? -1 : 0;
}

static step_fn *claim_of(const struct role *role)
{
	return role->act ? role->claim : claim_and_settle;
}

static int claim_suspect(struct batch *b, struct err *e)
{
	return claim_of(b->role)(b, e) || suspect_claimed(b, e) ? -1 : 0;
}

static void forget_claim(struct job *job)
{
	job->is_claimed = job->is_left = job->acts = 0;
	job->data = NULL;
	job->err = (struct err){0};
}

/* Who does it, for events and holds. */
static int name_actor(struct batch *b, struct err *e)
{
	return db_later(b->db, b->arena, SQL_ACTOR, e,
			db_text(arena_printf(b->arena, "worker:%s", b->role->name)));
}

/* The lease runs from before the claim, by this process's clock. */
static void lease_jobs(const struct batch *b, int64_t began_ms)
{
	for (size_t i = 0; i < b->count; i++) {
		b->jobs[i]->lease = arena_strdup(b->jobs[i]->arena, b->lease);
		b->jobs[i]->deadline_ms = began_ms + b->role->lease_s * 1000 - LEASE_MARGIN_MS;
	}
}

/*
 * One transaction around one step. After the commit the connection is given back, and the follow-ups are
 * published without it. When it is rolled back the jobs are as they were.
 */
static int run_once(const struct batch_run *run, struct db **db, step_fn *step, struct doubt *doubt,
		    struct err *e)
{
	struct batch b = {
		.arena = arena_new(),
		.db = *db,
		.role = run->role,
		.context = run->context,
		.lease = run->lease,
		.jobs = run->jobs,
		.count = run->count,
		.publisher = run->publisher,
	};
	struct err *before = ARENA_ARRAY(b.arena, struct err, run->count);
	int64_t began_ms = loop_now_ms();

	if (run->holder)
		b.lease = arena_printf(b.arena, "%s/%lld", run->holder,
				       (long long)(began_ms / LEASE_TURN_MS));
	for (size_t i = 0; i < run->count; i++)
		before[i] = run->jobs[i]->err;
	int is_done = db_begin(*db, e) == 0 && name_actor(&b, e) == 0 &&
		      free_doubtful(&b, doubt, run->holder, e) == 0 && step(&b, e) == 0;
	int failed = !is_done || db_commit(*db, e);

	if (failed) {
		db_rollback(*db, NULL);
		if (is_done && run->holder && run->role->act && e->code == ERR_CODE_DISCONNECTED)
			doubt_claim(doubt, &b);
		for (size_t i = 0; i < run->count; i++) {
			run->jobs[i]->err = before[i];
			if (run->holder)
				forget_claim(run->jobs[i]);
		}
	} else {
		if (run->holder && run->role->act)
			lease_jobs(&b, began_ms);
		db_give(*db);
		*db = NULL;
		publish_followups(run, &b);
	}
	arena_free(b.arena);
	return failed ? -1 : 0;
}

static void log_step(const struct batch_run *run, const char *what, const struct err *e)
{
	log_warn("event=%s role=%s jobs=%zu kind=%s error=%s", what, run->role->name, run->count,
		 err_kind_name(e->kind), log_quote(e->msg));
}

static void get_on(const struct batch_run *run)
{
	promise_give(run->promise, run->role->name, loop_now_ms() + STEP_MS);
}

/* A connection that works, however long it takes. */
static struct db *take(const struct batch_run *run)
{
	struct db *db;

	while (db_take(run->pool, loop_now_ms() + DB_WAIT_MS, &db, NULL)) {
		get_on(run);
		fiber_sleep_ms(PAUSE_MS, NULL);
	}
	return db;
}

/* Runs a step until it is done. Takes db over; NULL: takes one of its own. */
static void run_step(const struct batch_run *run, struct db *db, step_fn *step, struct doubt *doubt)
{
	int conflicts = 0;
	struct err e = {0};

	for (;;) {
		if (!db)
			db = take(run);
		get_on(run);
		if (run_once(run, &db, step, doubt, &e) == 0) {
			doubt->count = 0;
			return;
		}
		if (e.kind == ERR_RETRY && e.code == ERR_CODE_DISCONNECTED) {
			log_step(run, "database_away", &e);
			db_give(db);
			db = NULL;
		} else if (e.code == ERR_CODE_CONFLICT && ++conflicts < CONFLICTS_MAX) {
			fiber_sleep_ms(conflicts * 5, NULL);
		} else {
			break;
		}
	}
	db_give(db);
	if (step == only_outcome) {
		/* The row stays as it is, and comes again when its lease has run out. */
		log_step(run, "outcome_lost", &e);
		return;
	}
	if (run->count > 1)
		log_step(run, "one_by_one", &e);
	for (size_t i = 0; i < run->count; i++) {
		struct batch_run alone = *run;

		alone.jobs = run->jobs + i;
		alone.count = 1;
		if (run->count == 1) { /* its own failure, written down without its step */
			job_fail(run->jobs[0], &e);
			alone.holder = NULL;
			step = only_outcome;
		}
		run_step(&alone, NULL, step, doubt);
	}
}

YIELDS
static void run_promised(const struct batch_run *run, struct db *db, step_fn *step,
			 struct doubt *doubt)
{
	struct promise promise = {0};
	struct batch_run promised = *run;

	promised.promise = &promise;
	run_step(&promised, db, step, doubt);
	promise_keep(&promise);
}

void batch_claim(const struct batch_run *run, struct db *db)
{
	struct doubt doubt = {.arena = arena_new()};

	run_promised(run, db, claim_of(run->role), &doubt);
	arena_free(doubt.arena);
}

void batch_claim_suspect(const struct batch_run *run, struct db *db)
{
	struct doubt doubt = {.arena = arena_new()};
	struct batch_run first = *run;
	struct job *job = run->jobs[0];

	first.holder = NULL;
	run_promised(&first, db, suspect_try, &doubt);
	if (job_is_good(job))
		run_promised(run, NULL, suspect_may_run(job) ? claim_suspect : suspect_refuse,
			     &doubt);
	if (job->is_claimed && !suspect_stays(run->role, job))
		job->suspect = NULL;
	arena_free(doubt.arena);
}

void batch_settle(const struct batch_run *run, struct db *db)
{
	struct doubt none = {0};

	run_promised(run, db, settle_and_outcome, &none);
}

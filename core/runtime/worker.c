/* worker - the process around the roles: consuming, batching, settling, stopping */
#include "core/runtime/worker.h"

#include <signal.h>
#include <systemd/sd-daemon.h>

#include "core/runtime/batch.h"
#include "core/runtime/inbox.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/metrics.h"
#include "core/runtime/monitor.h"
#include "core/runtime/outcome.h"

enum {
	ROLES_MAX = 16,
	DB_TAKE_MS = 5000,
	TOPOLOGY_MS = 5000,
	SAY_AGAIN_MS = 60000,
	PUBLISH_MS = 20000,
	WAIT_MS = 1000,	 /* for broker or database at the start, between two looks for a signal */
	STOP_MS = 25000, /* for what is under way to end */
	STOP_AWAY_MS = 5000, /* the same without the database, which it would wait for */
	LOOK_AGAIN_MS =
		1000, /* whether the database is still there, while a claim takes its time */
};

/* A list of jobs in the order they came. */
struct job_list {
	struct inbox_job *first, *last;
	size_t count;
};

/* One role in this process. */
struct line {
	struct worker *worker;
	const struct role *role;
	struct inbox *inbox;
	struct job_list finished; /* wait for a settle */
	size_t acting, claiming, settling;
	struct fiber *claimer, *settler;
	int64_t db_away_since_ms;
	int is_consuming;
	struct metric *good, *failed, *dropped;
};

struct worker {
	const struct context *context;
	struct db_pool *pool;
	struct amqp *consumer, *publisher;
	struct line lines[ROLES_MAX];
	size_t line_count;
	char former[200]; /* beginning of this worker's leases, the same in its next life */
	char self[240];	  /* beginning of this process's leases */
	int is_stopping;
	struct dependency dependencies[2];
	struct httpd *monitor; /* NULL: nobody asked for it */
	struct fiber *main;
	ev_signal on_term, on_int;
	int status;
};

static void list_push(struct job_list *list, struct inbox_job *job)
{
	job->next = NULL;
	if (list->last)
		list->last->next = job;
	else
		list->first = job;
	list->last = job;
	list->count++;
}

static struct inbox_job *list_pop(struct job_list *list)
{
	struct inbox_job *job = list->first;

	list->first = job->next;
	if (!list->first)
		list->last = NULL;
	list->count--;
	return job;
}

static void poke(struct fiber *f)
{
	if (f)
		fiber_wake(f);
}

static void finish(struct line *line, struct inbox_job *job)
{
	list_push(&line->finished, job);
	poke(line->settler);
}

static size_t batch_max(const struct line *line)
{
	size_t configured = (size_t)line->worker->context->conf->worker.batch_max;

	return line->role->batch_max && line->role->batch_max < configured ? line->role->batch_max
									   : configured;
}

/* ---- act ---- */

static void act(void *arg)
{
	struct inbox_job *job = arg;
	struct line *line = job->line;
	struct err e = {0};

	if (line->role->act(&job->job, &e))
		job_fail(&job->job, &e);
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
		.context = run->line->worker->context,
		.pool = run->line->worker->pool,
		.publisher = run->line->worker->publisher,
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
	    amqp_publish(line->worker->publisher, messages, n, loop_now_ms() + PUBLISH_MS, &e) == 0)
		return 0;
	log_warn("event=publish role=%s messages=%zu error=%s left_to=redelivery", line->role->name,
		 n, log_quote(e.msg));
	return -1;
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
		inbox_done(line->inbox, over[i], is_good || is_passed_on);
	}
}

static void end_run(struct run *run)
{
	struct line *line = run->line;

	poke(line->claimer);
	poke(line->settler);
	poke(line->worker->main);
	arena_free(run->arena);
}

static void run_claim(void *arg)
{
	struct run *run = arg;
	struct line *line = run->line;
	struct batch_run batch = batch_of(run);
	struct inbox_job **over = ARENA_ARRAY(run->arena, struct inbox_job *, run->count);
	size_t over_count = 0;

	batch.holder = line->worker->self;
	batch_claim(&batch, run->db);
	for (size_t i = 0; i < run->count; i++) {
		struct inbox_job *job = run->jobs[i];
		const struct job *j = &job->job;

		job->line = line;
		if (!j->is_claimed || !line->role->act) {
			over[over_count++] = job;
		} else if (j->acts && job_is_good(j)) {
			line->acting++;
			fiber_start(line->role->name, act, job);
		} else {
			finish(line, job);
		}
	}
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
static int is_worth_a_batch(const struct line *line, size_t waiting, size_t under_way)
{
	return waiting >= batch_max(line) ||
	       (waiting > 0 && (under_way == 0 || !db_pool_is_up(line->worker->pool)));
}

static int may_claim(const struct line *line)
{
	const struct worker *w = line->worker;

	return is_worth_a_batch(line, inbox_count(line->inbox), line->claiming) &&
	       !amqp_is_blocked(w->publisher) &&
	       line->acting + line->finished.count < (size_t)w->context->conf->worker.act_max;
}

static void start_consuming(struct line *line)
{
	const struct conf *conf = line->worker->context->conf;
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
	if (db_pool_is_up(line->worker->pool))
		return; /* all connections are in use */
	if (!line->db_away_since_ms)
		line->db_away_since_ms = since_ms;
	int64_t patience_ms = line->worker->context->conf->worker.away_s * INT64_C(1000);

	if (loop_now_ms() - line->db_away_since_ms < patience_ms || !line->is_consuming)
		return;
	log_warn("event=paused role=%s reason=\"no database\"", line->role->name);
	line->is_consuming = 0;
	inbox_give_back(line->inbox, line->worker->publisher);
}

static void claimer(void *arg)
{
	struct line *line = arg;
	struct worker *w = line->worker;

	while (!w->is_stopping) {
		int64_t now_ms;
		struct db *db;

		if (!amqp_is_blocked(w->publisher))
			inbox_unpack(line->inbox, w->publisher, batch_max(line));
		if (!may_claim(line) && line->is_consuming) {
			fiber_suspend(line->claiming ? loop_now_ms() + LOOK_AGAIN_MS : 0, NULL);
			continue;
		}
		now_ms = loop_now_ms();
		if (db_take(w->pool, now_ms + DB_TAKE_MS, &db, NULL)) {
			database_is_away(line, now_ms);
			fiber_sleep_ms(WAIT_MS, NULL);
			continue;
		}
		line->db_away_since_ms = 0;
		if (!line->is_consuming && !w->is_stopping)
			start_consuming(line);
		if (!may_claim(line) || w->is_stopping) {
			db_give(db);
			continue;
		}
		size_t room = (size_t)w->context->conf->worker.act_max - line->acting -
			      line->finished.count;
		size_t most = room < batch_max(line) ? room : batch_max(line);
		struct run *run = run_new(line, db, most);

		while (run->count < most && inbox_count(line->inbox))
			run->jobs[run->count++] = inbox_take(line->inbox);
		line->claiming++;
		fiber_start(line->role->name, run_claim, run);
	}
	line->claimer = NULL;
	poke(w->main);
}

/* A settle takes jobs of one lease: those that were claimed at about the same time. */
static void settler(void *arg)
{
	struct line *line = arg;
	struct worker *w = line->worker;

	for (;;) {
		struct err e = {0};
		struct db *db;

		if (!is_worth_a_batch(line, line->finished.count, line->settling)) {
			if (fiber_suspend(0, &e))
				break;
			continue;
		}
		if (db_take(w->pool, loop_now_ms() + DB_TAKE_MS, &db, &e)) {
			if (e.code == ERR_CODE_CANCELLED || fiber_sleep_ms(1000, NULL))
				break;
			continue;
		}
		struct run *run = run_new(line, db, batch_max(line));
		const char *lease = line->finished.first->job.lease;

		while (run->count < batch_max(line) && line->finished.count &&
		       strcmp(line->finished.first->job.lease, lease) == 0)
			run->jobs[run->count++] = list_pop(&line->finished);
		line->settling++;
		fiber_start(line->role->name, run_settle, run);
	}
	line->settler = NULL;
	poke(w->main);
}

/* ---- start and stop ---- */

static void on_signal(EV_P_ ev_signal *watcher, int events)
{
	struct worker *w = watcher->data;

	(void)loop;
	(void)events;
	w->is_stopping = 1;
	for (size_t i = 0; i < w->line_count; i++)
		poke(w->lines[i].claimer);
	poke(w->main);
}

static void on_broker_change(void *arg)
{
	struct worker *w = arg;

	for (size_t i = 0; i < w->line_count; i++)
		poke(w->lines[i].claimer);
}

static int is_busy(const struct worker *w)
{
	for (size_t i = 0; i < w->line_count; i++) {
		const struct line *l = &w->lines[i];

		if (l->claimer || l->acting || l->claiming || l->settling || l->finished.count)
			return 1;
	}
	return 0;
}

static int free_former_leases(struct worker *w, struct err *e)
{
	struct arena *arena = arena_new();
	struct db *db = NULL;
	int failed = db_take(w->pool, loop_now_ms() + WAIT_MS, &db, e);

	for (size_t i = 0; i < w->line_count && !failed; i++)
		if (w->lines[i].role->table)
			failed = db_run(db, arena, SQL_WORK_FREE, NULL, e,
					db_text(w->lines[i].role->table), db_text(w->former));
	db_give(db);
	arena_free(arena);
	return failed;
}

static int prepare(struct worker *w, struct err *e)
{
	const char *names[ROLES_MAX];

	for (size_t i = 0; i < w->line_count; i++)
		names[i] = w->lines[i].role->name;
	return amqp_wait_up(w->consumer, loop_now_ms() + WAIT_MS, e) ||
			       amqp_declare_topology(w->consumer, names, w->line_count,
						     loop_now_ms() + TOPOLOGY_MS, e) ||
			       free_former_leases(w, e)
		       ? -1
		       : 0;
}

/* Without broker and database a worker waits for them, and leaves the messages where they are. */
static void wait_until_prepared(struct worker *w)
{
	struct err e = {0};
	int64_t said_ms = 0;

	while (!w->is_stopping && prepare(w, &e)) {
		if (e.kind != ERR_RETRY) {
			log_err("event=start error=%s", log_quote(e.msg));
			w->status = 1;
			w->is_stopping = 1;
			return;
		}
		if (!said_ms || loop_now_ms() - said_ms > SAY_AGAIN_MS) {
			said_ms = loop_now_ms();
			log_warn("event=waiting error=%s", log_quote(e.msg));
		}
		fiber_sleep_ms(WAIT_MS, NULL);
	}
}

static void start_lines(struct worker *w)
{
	for (size_t i = 0; i < w->line_count; i++) {
		struct line *line = &w->lines[i];

		line->inbox = inbox_new(w->consumer, line->role->name, line->role->table != NULL,
					w->context);
		line->claimer = fiber_start("claimer", claimer, line);
		line->settler = fiber_start("settler", settler, line);
		inbox_on_arrival(line->inbox, line->claimer);
		start_consuming(line);
	}
	sd_notify(0, "READY=1");
	log_info("event=ready roles=%zu", w->line_count);
}

/* What waits for a database that is away is left as after a crash: its leases are freed, its messages come again. */
static void wait_until_idle(struct worker *w)
{
	int64_t began_ms = loop_now_ms();

	while (is_busy(w)) {
		int64_t patience_ms = db_pool_is_up(w->pool) ? STOP_MS : STOP_AWAY_MS;

		if (loop_now_ms() - began_ms >= patience_ms)
			break;
		fiber_suspend(loop_now_ms() + WAIT_MS, NULL);
	}
}

static void stop(struct worker *w)
{
	sd_notify(0, "STOPPING=1");
	log_info("event=stopping");
	for (size_t i = 0; i < w->line_count; i++)
		if (w->lines[i].is_consuming)
			inbox_cancel(w->lines[i].inbox);
	wait_until_idle(w);
	for (size_t i = 0; i < w->line_count; i++)
		if (w->lines[i].settler)
			fiber_cancel(w->lines[i].settler);
	if (w->monitor)
		httpd_close(w->monitor, loop_now_ms() + WAIT_MS);
	amqp_close(w->publisher);
	amqp_close(w->consumer);
	log_info("event=stopped unfinished=%d", is_busy(w));
}

static void run_worker(void *arg)
{
	struct worker *w = arg;

	w->main = fiber_self();
	wait_until_prepared(w);
	if (!w->is_stopping)
		start_lines(w);
	while (!w->is_stopping)
		fiber_suspend(0, NULL);
	stop(w);
	loop_stop();
}

static struct metric *job_counter(const char *role, const char *result)
{
	char labels[96];

	snprintf(labels, sizeof labels, "role=\"%s\",result=\"%s\"", role, result);
	return metric_named(METRIC_COUNTER, "waybill_jobs_total", labels, "jobs by outcome");
}

static void name_leases(struct worker *w, const char *unit)
{
	char host[65] = "localhost";
	char nonce[37];

	gethostname(host, sizeof host - 1);
	uuid_v7(nonce);
	if (unit)
		snprintf(w->former, sizeof w->former, "%s/%.100s/", host, unit);
	else
		snprintf(w->former, sizeof w->former, "%s/pid-%d/", host, (int)getpid());
	snprintf(w->self, sizeof w->self, "%s%s", w->former, nonce);
}

static int open_broker(struct worker *w, struct err *e)
{
	const struct conf *conf = w->context->conf;
	struct amqp_settings settings = {.urls = conf->broker.urls, .name = w->former};

	if (amqp_open(&settings, &w->consumer, e) || amqp_open(&settings, &w->publisher, e))
		return -1;
	amqp_on_change(w->publisher, on_broker_change, w);
	return 0;
}

static int database_is_up(const void *pool)
{
	return db_pool_is_up(pool);
}

static int broker_is_up(const void *broker)
{
	return amqp_is_up(broker);
}

static int open_monitor(struct worker *w, const char *listen, struct err *e)
{
	w->dependencies[0] = (struct dependency){"database", database_is_up, w->pool, 1};
	w->dependencies[1] = (struct dependency){"broker", broker_is_up, w->publisher, 1};
	return monitor_open(listen, w->dependencies, 2, &w->monitor, e);
}

static void watch_signals(struct worker *w)
{
	ev_signal_init(&w->on_term, on_signal, SIGTERM);
	ev_signal_init(&w->on_int, on_signal, SIGINT);
	w->on_term.data = w->on_int.data = w;
	ev_signal_start(loop_ev(), &w->on_term);
	ev_signal_start(loop_ev(), &w->on_int);
}

int worker_run(const struct context *context, const struct role *const *roles, size_t count,
	       const char *unit, const char *metrics)
{
	struct worker w = {.context = context, .line_count = count};
	struct db_settings db = {
		.url = context->conf->database.url,
		.application = "waybill-worker",
		.connections = context->conf->database.connections,
	};
	struct err e = {0};

	if (count > ROLES_MAX)
		die("more than %d roles", ROLES_MAX);
	name_leases(&w, unit);
	w.pool = db_pool_new(&db);
	for (size_t i = 0; i < count; i++)
		w.lines[i] = (struct line){
			.worker = &w,
			.role = roles[i],
			.good = job_counter(roles[i]->name, "good"),
			.failed = job_counter(roles[i]->name, "failed"),
			.dropped = job_counter(roles[i]->name, "dropped"),
		};
	if (open_broker(&w, &e) || open_monitor(&w, metrics ? metrics : "", &e)) {
		log_err("event=start error=%s", log_quote(e.msg));
		return 1;
	}
	watch_signals(&w);
	fiber_start("worker", run_worker, &w);
	loop_run();
	if (is_busy(&w))
		return w.status; /* fibers that nobody will run again hold jobs and connections */
	for (size_t i = 0; i < count; i++)
		inbox_free(w.lines[i].inbox);
	db_pool_free(w.pool);
	return w.status;
}

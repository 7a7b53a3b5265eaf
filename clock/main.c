/*
 * waybill-clock - publishes what is due and was not taken
 *
 *   waybill-clock [--config FILE] [--metrics HOST:PORT]
 *
 * Rows whose retry time has come, and rows that were due for a while without being taken because their message got
 * lost; oldest first, each at most once a minute, and only while a queue holds little, so that an outage of any
 * length does not pile up duplicates. It is the one way of recovery. Any number may run: a leased row decides which
 * one acts.
 */
#include <signal.h>
#include <systemd/sd-daemon.h>

#include "core/runtime/bundle.h"
#include "core/runtime/conf.h"
#include "core/runtime/db.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/monitor.h"
#include "core/runtime/program.h"
#include "core/runtime/secret.h"
#include "core/runtime/watchdog.h"

enum {
	LEASE_S = 10,
	BROKER_MS = 5000,
	DB_MS = 5000,
	HAND_OVER_MS = 1000,
	MONITOR_MS = 1000,	/* for an answer under way */
	STEP_MS = 120000,	/* longer than one statement and what is published of it may take */
	LITTLE = 200,		/* messages; a queue that holds more needs none of ours */
	MOST = 50 * BUNDLE_MAX, /* rows of one role in one round */
};

struct clock {
	const struct conf *conf;
	struct db_pool *pool;
	struct amqp *broker;
	struct fiber *fiber;
	char holder[101];
	int is_stopping, is_acting;
	struct promise promise;
	struct dependency dependencies[2];
	struct httpd *monitor; /* NULL: nobody asked for it */
	ev_signal on_term, on_int;
};

/* Suspects, whose worker died, one by one; the others in bundles. */
YIELDS
static int publish_rows(struct clock *c, struct arena *a, const char *role,
			const struct db_result *due, struct err *e)
{
	int64_t *rows = ARENA_ARRAY(a, int64_t, due->rows);
	int64_t *suspects = ARENA_ARRAY(a, int64_t, due->rows);
	struct amqp_message *messages = ARENA_ARRAY(a, struct amqp_message, due->rows);
	size_t row_count = 0, suspect_count = 0;

	for (size_t i = 0; i < due->rows; i++) {
		if (db_get_bool(due, i, 1))
			suspects[suspect_count++] = db_get_int64(due, i, 0);
		else
			rows[row_count++] = db_get_int64(due, i, 0);
	}
	size_t bundles = bundle_count(row_count);

	bundle_write(a, role, rows, row_count, messages);
	bundle_write_suspects(a, role, suspects, suspect_count, messages + bundles);
	return amqp_publish(c->broker, messages, bundles + suspect_count, loop_now_ms() + BROKER_MS,
			    e);
}

/* One role's rows: marked as published and committed first, so that a crash here costs a minute, not a flood. */
YIELDS
static int publish_role(struct clock *c, struct arena *a, const char *role, struct err *e)
{
	const struct conf *conf = c->conf;
	struct db_result ids;
	struct db *db;
	int64_t ready, consumers;

	if (amqp_queue_depth(c->broker, arena_printf(a, "wb.%s", role), &ready, &consumers,
			     loop_now_ms() + BROKER_MS, e)) {
		/* Nobody has ever worked on this role here: its rows can wait. */
		return e->code == ERR_CODE_NOT_FOUND ? 0 : -1;
	}
	if (ready > LITTLE)
		return 0;
	if (db_take(c->pool, loop_now_ms() + DB_MS, &db, e))
		return -1;
	int failed = db_run(db, a, SQL_CLOCK_PUBLISH, &ids, e, db_text(role),
			    db_int64(a, conf->clock.wait_s), db_int64(a, conf->clock.again_s),
			    db_int64(a, MOST));

	db_give(db);
	if (failed || ids.rows == 0)
		return failed ? -1 : 0;
	log_info("event=publish role=%s jobs=%zu", role, ids.rows);
	return publish_rows(c, a, role, &ids, e);
}

static void get_on(struct clock *c)
{
	promise_give(&c->promise, "the clock's round", loop_now_ms() + STEP_MS);
}

YIELDS
static int tick(struct clock *c, struct arena *a, struct err *e)
{
	struct db_result mine, roles = {0};
	struct db *db;

	if (db_take(c->pool, loop_now_ms() + DB_MS, &db, e))
		return -1;
	int failed =
		db_run(db, a, SQL_CLOCK_LEASE, &mine, e, db_text(c->holder), db_int64(a, LEASE_S));

	c->is_acting = !failed && mine.rows;
	if (c->is_acting)
		failed = db_run(db, a, SQL_CLOCK_WAITING, &roles, e,
				db_int64(a, c->conf->clock.wait_s),
				db_int64(a, c->conf->clock.again_s));
	db_give(db);
	if (failed)
		return -1;
	for (size_t i = 0; i < roles.rows && !c->is_stopping; i++) {
		const char *role = db_get_text(&roles, i, 0);
		struct err why = {0};

		get_on(c);
		/* One role's trouble is not another's. */
		if (publish_role(c, a, role, &why))
			log_warn("event=publish role=%s error=%s", role, log_quote(why.msg));
	}
	return 0;
}

/* The lease ends now, so that another clock need not wait for it. */
YIELDS
static void hand_over(struct clock *c)
{
	struct arena *a = arena_new();
	struct db *db = NULL;

	if (c->is_acting && db_take(c->pool, loop_now_ms() + HAND_OVER_MS, &db, NULL) == 0)
		db_run(db, a, SQL_CLOCK_LEASE, NULL, NULL, db_text(c->holder), db_int64(a, 0));
	db_give(db);
	arena_free(a);
}

static void run_clock(void *arg)
{
	struct clock *c = arg;

	sd_notify(0, "READY=1\nSTATUS=at work");
	watchdog_start(c->dependencies, 2, NULL, NULL);
	log_info("event=ready");
	while (!c->is_stopping) {
		struct arena *a = arena_new();
		struct err e = {0};

		get_on(c);
		if (!amqp_is_blocked(c->broker) && tick(c, a, &e) && !c->is_stopping)
			log_warn("event=tick error=%s", log_quote(e.msg));
		promise_keep(&c->promise);
		arena_free(a);
		if (!c->is_stopping)
			fiber_suspend(loop_now_ms() + c->conf->clock.interval_ms, NULL);
	}
	sd_notify(0, "STOPPING=1");
	watchdog_stop();
	hand_over(c);
	httpd_close(c->monitor, loop_now_ms() + MONITOR_MS);
	amqp_close(c->broker);
	log_info("event=stopped");
	loop_stop();
}

static void on_signal(EV_P_ ev_signal *watcher, int events)
{
	struct clock *c = watcher->data;

	(void)loop;
	(void)events;
	c->is_stopping = 1;
	fiber_wake(c->fiber);
}

static void watch(struct clock *c, ev_signal *watcher, int number)
{
	ev_signal_init(watcher, on_signal, number);
	watcher->data = c;
	ev_signal_start(loop_ev(), watcher);
}

static void name_holder(struct clock *c)
{
	char uuid[37];

	uuid_v7(uuid);
	c->holder[0] = '\0';
	gethostname(c->holder, 60);
	c->holder[60] = '\0';
	size_t used = strlen(c->holder);

	snprintf(c->holder + used, sizeof c->holder - used, "/%s", uuid);
}

static int start(struct clock *c, const struct program *p, struct conf *conf, struct err *e)
{
	if (program_begin(p, conf, e))
		return -1;
	if (p->is_check)
		return program_check(p, conf, e);
	name_holder(c);
	c->conf = conf;
	c->pool = db_pool_new(&(struct db_settings){
		.url = conf->database.url,
		.application = "waybill-clock",
		.actor = "worker:clock",
		.is_writing = 1,
		.connections = 1,
	});
	if (amqp_open(&(struct amqp_settings){.urls = conf->broker.urls, .name = c->holder},
		      &c->broker, e))
		return -1;
	c->dependencies[0] = (struct dependency){"database", database_is_up, c->pool, 1};
	c->dependencies[1] = (struct dependency){"broker", broker_is_up, c->broker, 1};
	return monitor_open(p->metrics, c->dependencies, 2, &c->monitor, e);
}

int main(int argc, char **argv)
{
	static struct conf conf;
	struct program p = {.name = "waybill-clock",
			    .purpose = "Publish what is due and was not taken."};
	struct clock c = {0};
	struct err e = {0};
	int status = program_options(&p, argc, argv);

	if (status >= 0)
		return status;
	if (start(&c, &p, &conf, &e)) {
		log_start_failure(p.name, e.msg);
		return PROGRAM_FAILED;
	}
	if (p.is_check)
		return 0;
	watch(&c, &c.on_term, SIGTERM);
	watch(&c, &c.on_int, SIGINT);
	c.fiber = fiber_start("clock", run_clock, &c);
	loop_run();
	db_pool_free(c.pool);
	return 0;
}

/* worker - the process around the lines: starting, waiting, stopping */
#include "core/runtime/worker.h"

#include <signal.h>
#include <systemd/sd-daemon.h>

#include "core/runtime/line.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/machine.h"
#include "core/runtime/monitor.h"
#include "core/runtime/text.h"
#include "core/runtime/watchdog.h"

enum {
	ROLES_MAX = 16,
	TOPOLOGY_MS = 5000,
	SAY_AGAIN_MS = 60000,
	WAIT_MS = 1000,	 /* for broker or database at the start, between two looks for a signal */
	STOP_MS = 25000, /* for what is under way to end */
	STOP_AWAY_MS = 5000, /* the same without the database, which it would wait for */
};

struct worker {
	struct workplace place;
	const struct role *const *roles;
	struct line *lines[ROLES_MAX];
	size_t line_count;
	char former[200]; /* beginning of this worker's leases, the same in its next life */
	char self[240];	  /* beginning of this process's leases */
	struct dependency dependencies[2];
	struct httpd *monitor; /* NULL: nobody asked for it */
	ev_signal on_term, on_int;
	int status;
};

static void on_signal(EV_P_ ev_signal *watcher, int events)
{
	struct worker *w = watcher->data;

	(void)loop;
	(void)events;
	w->place.is_closing = 1;
	fiber_wake(w->place.owner);
}

static void poke_lines(void *arg)
{
	struct worker *w = arg;

	for (size_t i = 0; i < w->line_count; i++)
		line_poke(w->lines[i]);
}

static int is_busy(const struct worker *w)
{
	for (size_t i = 0; i < w->line_count; i++)
		if (line_is_busy(w->lines[i]))
			return 1;
	return 0;
}

static int free_former_leases(struct worker *w, struct err *e)
{
	struct arena *arena = arena_new();
	struct db *db = NULL;
	int failed = db_take(w->place.pool, loop_now_ms() + WAIT_MS, &db, e);

	for (size_t i = 0; i < w->line_count && !failed; i++)
		if (w->roles[i]->table)
			failed = db_run(db, arena, SQL_WORK_FREE, NULL, e,
					db_text(w->roles[i]->table), db_text(w->former));
	db_give(db);
	arena_free(arena);
	return failed;
}

static int prepare(struct worker *w, struct err *e)
{
	const char *names[ROLES_MAX];

	for (size_t i = 0; i < w->line_count; i++)
		names[i] = w->roles[i]->name;
	return amqp_wait_up(w->place.consumer, loop_now_ms() + WAIT_MS, e) ||
			       amqp_declare_topology(w->place.consumer, names, w->line_count,
						     loop_now_ms() + TOPOLOGY_MS, e) ||
			       free_former_leases(w, e)
		       ? -1
		       : 0;
}

/*
 * Without broker and database a worker waits for them, and leaves the messages where they are. That is no failure to start: it is
 * ready then, too.
 */
static void wait_until_prepared(struct worker *w)
{
	struct err e = {0};
	int64_t said_ms = 0;

	while (!w->place.is_closing && prepare(w, &e)) {
		if (e.kind != ERR_RETRY) {
			log_err("event=start error=%s", log_quote(e.msg));
			w->status = 1;
			w->place.is_closing = 1;
			return;
		}
		if (!said_ms || loop_now_ms() - said_ms > SAY_AGAIN_MS) {
			said_ms = loop_now_ms();
			log_warn("event=waiting error=%s", log_quote(e.msg));
			sd_notifyf(0, "READY=1\nSTATUS=waiting: %s", e.msg);
		}
		fiber_sleep_ms(WAIT_MS, NULL);
	}
}

static void start_lines(struct worker *w)
{
	for (size_t i = 0; i < w->line_count; i++)
		line_start(w->lines[i]);
	sd_notify(0, "READY=1\nSTATUS=at work");
	log_info("event=ready roles=%zu", w->line_count);
}

/* What waits for a database that is away is left as after a crash: its leases are freed, its messages come again. */
static void wait_until_idle(struct worker *w)
{
	int64_t began_ms = loop_now_ms();

	while (is_busy(w)) {
		int64_t patience_ms = db_pool_is_up(w->place.pool) ? STOP_MS : STOP_AWAY_MS;

		if (loop_now_ms() - began_ms >= patience_ms)
			break;
		fiber_suspend(loop_now_ms() + WAIT_MS, NULL);
	}
}

static void stop(struct worker *w)
{
	sd_notify(0, "STOPPING=1");
	log_info("event=stopping");
	watchdog_stop();
	for (size_t i = 0; i < w->line_count; i++)
		line_stop(w->lines[i]);
	wait_until_idle(w);
	if (w->monitor)
		httpd_close(w->monitor, loop_now_ms() + WAIT_MS);
	amqp_close(w->place.publisher);
	amqp_close(w->place.consumer);
	log_info("event=stopped unfinished=%d", is_busy(w));
}

static void run_worker(void *arg)
{
	struct worker *w = arg;

	watchdog_start(w->dependencies, 2, NULL, NULL);
	wait_until_prepared(w);
	if (!w->place.is_closing)
		start_lines(w);
	while (!w->place.is_closing)
		fiber_suspend(0, NULL);
	stop(w);
	loop_stop();
}

/*
 * Its former self is who had the same name on this machine since it booted. What others had, and what it had before
 * a boot, is free when its lease has run out.
 */
static void name_leases(struct worker *w, const char *unit)
{
	char host[65] = "localhost", mark[MACHINE_MARK_BYTES], nonce[37];

	gethostname(host, sizeof host - 1);
	machine_mark(mark);
	uuid_v7(nonce);
	if (unit)
		snprintf(w->former, sizeof w->former, "%s/%s/%s/", host, text_cut(unit, 100), mark);
	else
		snprintf(w->former, sizeof w->former, "%s/pid-%d/%s/", host, (int)getpid(), nonce);
	snprintf(w->self, sizeof w->self, "%s%s", w->former, nonce);
}

static int open_broker(struct worker *w, struct err *e)
{
	const struct conf *conf = w->place.context->conf;
	struct amqp_settings settings = {.urls = conf->broker.urls, .name = w->former};

	if (amqp_open(&settings, &w->place.consumer, e) ||
	    amqp_open(&settings, &w->place.publisher, e))
		return -1;
	amqp_on_change(w->place.publisher, poke_lines, w);
	w->place.on_cleared = poke_lines;
	w->place.arg = w;
	return 0;
}

static int open_monitor(struct worker *w, const char *listen, struct err *e)
{
	w->dependencies[0] = (struct dependency){"database", database_is_up, w->place.pool, 1};
	w->dependencies[1] = (struct dependency){"broker", broker_is_up, w->place.publisher, 1};
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
	struct worker w = {.place = {.context = context, .holder = w.self},
			   .roles = roles,
			   .line_count = count};
	struct db_settings db = {
		.url = context->conf->database.url,
		.application = "waybill-worker",
		.is_writing = 1,
		.connections = context->conf->database.connections,
	};
	struct err e = {0};

	if (count > ROLES_MAX)
		die("more than %d roles", ROLES_MAX);
	name_leases(&w, unit);
	w.place.pool = db_pool_new(&db);
	for (size_t i = 0; i < count; i++)
		w.lines[i] = line_new(&w.place, roles[i]);
	if (open_broker(&w, &e) || open_monitor(&w, metrics, &e)) {
		log_err("event=start error=%s", log_quote(e.msg));
		return 1;
	}
	w.place.owner = fiber_start("worker", run_worker, &w);
	watch_signals(&w);
	loop_run();
	if (is_busy(&w))
		return w.status; /* fibers that nobody will run again hold jobs and connections */
	for (size_t i = 0; i < count; i++)
		line_free(w.lines[i]);
	db_pool_free(w.place.pool);
	return w.status;
}

/*
 * waybill-gateway - the public door: takes webhooks, and hands them to the broker
 *
 * It keeps no state. A webhook is answered with 200 only when the broker has confirmed the message,
 * so what the gateway loses the platform sends again. It starts, and stays up, without database and
 * broker: then it answers 503.
 */
#include <signal.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "core/runtime/conf.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/program.h"
#include "core/runtime/watchdog.h"
#include "gateway/door.h"
#include "gateway/refusals.h"

enum {
	CONFIRM_MS = 4000, /* Shopify waits 5 s */
	REQUEST_S = 10,
	TOPOLOGY_MS = 30000,
	STOP_MS = 15000,
	DEPENDENCIES = 3,
};

struct gateway {
	const struct conf *conf;
	const char *metrics; /* NULL: nobody asked for it */
	struct master_key *key;
	struct db_pool *pool;
	struct amqp *broker;
	struct door door;
	struct dependency dependencies[DEPENDENCIES];
	struct httpd *public, *monitor;
	struct fiber *main, *keeper, *declarer;
	ev_signal on_term, on_int;
	int is_stopping, status;
};

static int broker_takes(void *broker)
{
	return !amqp_is_blocked(broker);
}

static int stores_are_known(void *stores)
{
	return stores_were_read(stores);
}

static void on_signal(EV_P_ ev_signal *signal, int events)
{
	struct gateway *g = signal->data;

	(void)loop;
	(void)events;
	g->is_stopping = 1;
	if (g->main)
		fiber_wake(g->main);
}

/* What the public asks of it: an answer, whatever it is, at its own door. */
static int is_heard(void *arg, int64_t deadline_ms, struct err *e)
{
	const struct gateway *g = arg;

	return httpd_answers(g->public, deadline_ms, e);
}

static void watch_process(struct gateway *g)
{
	ev_signal_init(&g->on_term, on_signal, SIGTERM);
	ev_signal_init(&g->on_int, on_signal, SIGINT);
	g->on_term.data = g->on_int.data = g;
	ev_signal_start(loop_ev(), &g->on_term);
	ev_signal_start(loop_ev(), &g->on_int);
}

static void keep_stores_fresh(void *arg)
{
	struct gateway *g = arg;

	stores_keep_fresh(g->door.stores);
	g->keeper = NULL;
	fiber_wake(g->main);
}

/* The queue must be there before the first worker is. */
static void declare(void *arg)
{
	static const char *const roles[] = {"ingest"};
	struct gateway *g = arg;
	struct err e = {0};

	while (amqp_wait_up(g->broker, loop_now_ms() + TOPOLOGY_MS, &e) ||
	       amqp_declare_topology(g->broker, roles, 1, loop_now_ms() + TOPOLOGY_MS, &e)) {
		if (e.code == ERR_CODE_CANCELLED)
			break;
		log_warn("event=waiting for=broker error=%s", log_quote(e.msg));
		if (fiber_sleep_ms(1000, NULL))
			break;
	}
	g->declarer = NULL;
	fiber_wake(g->main);
}

static int open_doors(struct gateway *g, struct err *e)
{
	int body_max = g->conf->gateway.body_max_bytes;
	struct httpd_settings settings = {
		.listen = g->conf->gateway.listen,
		.connections = g->conf->gateway.connections,
		.body_max = (size_t)(body_max < AMQP_BODY_MAX ? body_max : AMQP_BODY_MAX),
		.timeout_s = REQUEST_S,
		.admit = door_admit,
		.decide = door_decide,
		.answer = door_answer,
		.refused = door_refused,
		.arg = &g->door,
	};

	if (httpd_open(&settings, &g->public, e))
		return err_prefix(e, "gateway.listen");
	return monitor_open(g->metrics, g->dependencies, DEPENDENCIES, &g->monitor, e);
}

static void stop(struct gateway *g)
{
	sd_notify(0, "STOPPING=1");
	log_info("event=stopping");
	watchdog_stop();
	httpd_close(g->public, loop_now_ms() + STOP_MS);
	httpd_close(g->monitor, 1);
	if (g->keeper)
		fiber_cancel(g->keeper);
	if (g->declarer)
		fiber_cancel(g->declarer);
	while (g->keeper || g->declarer)
		fiber_suspend(0, NULL);
	amqp_close(g->broker);
	refusals_tell();
}

static void run_gateway(void *arg)
{
	struct gateway *g = arg;
	struct err e = {0};

	g->main = fiber_self();
	g->keeper = fiber_start("stores", keep_stores_fresh, g);
	g->declarer = fiber_start("topology", declare, g);
	if (open_doors(g, &e)) {
		log_err("event=start error=%s", log_quote(e.msg));
		g->status = EXIT_FAILURE;
		g->is_stopping = 1;
	} else {
		sd_notify(0, "READY=1\nSTATUS=at work");
		watchdog_start(g->dependencies, DEPENDENCIES, is_heard, g);
		log_info("event=ready port=%d", httpd_port(g->public));
	}
	while (!g->is_stopping)
		fiber_suspend(0, NULL);
	stop(g);
	loop_stop();
}

static int run(const struct conf *conf, const char *metrics, struct master_key *key, struct err *e)
{
	static struct gateway g;

	g.conf = conf;
	g.metrics = metrics;
	if (amqp_open(&(struct amqp_settings){.urls = conf->broker.urls, .name = "waybill-gateway"},
		      &g.broker, e))
		return -1;
	g.pool = db_pool_new(&(struct db_settings){
		.url = conf->database.url, .application = "waybill-gateway", .connections = 1});
	g.door = (struct door){.stores = stores_new(g.pool, key),
			       .gather = {.broker = g.broker, .deadline_ms = CONFIRM_MS},
			       .dependencies = g.dependencies,
			       .dependency_count = DEPENDENCIES};
	g.dependencies[0] = (struct dependency){"broker", broker_takes, g.broker, 1};
	g.dependencies[1] = (struct dependency){"stores", stores_are_known, g.door.stores, 1};
	g.dependencies[2] = (struct dependency){"database", database_is_up, g.pool, 0};
	watch_process(&g);
	fiber_start("main", run_gateway, &g);
	loop_run();
	stores_free(g.door.stores);
	db_pool_free(g.pool);
	return g.status;
}

static int start(const struct program *p, struct err *e)
{
	static struct conf conf;
	struct master_key *key = NULL;

	if (program_begin(p, &conf, e))
		return -1;
	if (secret_key_read(conf.secrets.key_file, &key, e))
		return -1;
	int status = p->is_check ? program_check(p, &conf, e) : run(&conf, p->metrics, key, e);

	secret_key_free(key);
	return status;
}

int main(int argc, char **argv)
{
	struct program p = {
		.name = "waybill-gateway",
		.purpose = "Take the stores' webhooks over HTTP and hand them to the broker."};
	struct err e = {0};
	int status = program_options(&p, argc, argv);

	if (status >= 0)
		return status;
	status = start(&p, &e);
	if (status < 0) {
		log_start_failure(p.name, e.msg);
		return PROGRAM_FAILED;
	}
	return status;
}

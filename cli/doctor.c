/*
 * doctor - is everything there that the fleet needs, and does it work?
 *
 * One line per check; what is wrong comes with what to do. Nothing is changed, except that the
 * queues are declared.
 */
#include "cli/doctor.h"
#include "cli/cli.h"
#include "core/domain/mail.h"
#include "core/runtime/durable.h"
#include "core/runtime/loop.h"
#include "core/runtime/migrate.h"

enum {
	BROKER_MS = 5000,
	OPERATOR_MS = 5000,
	OLD_S = 600,
	/* The law gives 30 days. */
	ERASURE_LATE_S = 26 * 24 * 3600,
	QUESTION_LATE_S = 20 * 24 * 3600,
};

void doctor_say(struct cli *cli, int is_good, const char *check, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	json_array_append_new(cli->output, json_pack("{s:s, s:s, s:s}", "check", check, "result",
						     is_good ? "ok" : "WRONG", "what",
						     arena_vprintf(cli->arena, format, args)));
	va_end(args);
	if (!is_good)
		cli->status = EXIT_REFUSED;
}

/* What people's commands act as. */
static void check_operators(struct cli *cli)
{
	struct db_pool *pool;
	struct db *db = NULL;
	struct db_result r;
	struct err e = {0};
	const char *url;

	if (cli_url(cli, cli->conf.database.operator_url_file, "WAYBILL_OPERATOR_URL", &url, &e)) {
		doctor_say(cli, 0, "operators", "%s", e.msg);
		return;
	}
	if (!url[0]) {
		doctor_say(cli, 0, "operators",
			   "database.operator_url_file is not set: people's commands that change "
			   "something are refused");
		return;
	}
	pool = db_pool_new(&(struct db_settings){
		.url = url, .application = "waybill", .actor = "user:doctor", .connections = 1});
	if (db_take(pool, loop_now_ms() + OPERATOR_MS, &db, &e) ||
	    db_query(db, cli->arena, SQL_CLI_DOCTOR_RIGHTS, NULL, 0, &r, &e))
		doctor_say(cli, 0, "operators", "%s; is database.operator_url_file right?", e.msg);
	else
		doctor_say(
			cli, db_get_bool(&r, 0, 2), "operators", "%s",
			db_get_bool(&r, 0, 2)
				? "people's commands act as their own role"
				: "database.operator_url_file's user must be \"waybill_operator\" or a "
				  "member of it, and none of \"waybill\"");
	db_give(db);
	db_pool_free(pool);
}

/*
 * 0, or -1 when nothing further can be asked of it. *has_credentials: not for operators, who cannot
 * read them.
 */
static int check_database(struct cli *cli, int *has_credentials)
{
	struct db_result r;
	struct err e = {0};

	if (cli_begin(cli, &e)) {
		doctor_say(cli, 0, "database",
			   cli->conf.database.url[0]
				   ? "%s; is database.url right, and does PostgreSQL run?"
				   : "%s",
			   e.msg);
		return -1;
	}
	doctor_say(cli, 1, "database", "%s, reachable", cli_place(cli));
	if (migrate_check(cli->conf.database.url, &e)) {
		doctor_say(cli, 0, "schema", "%s; run `waybill migrate`", e.msg);
		return -1;
	}
	doctor_say(cli, 1, "schema", "at this version");
	*has_credentials = 1;
	if (db_query(cli->db, cli->arena, SQL_CLI_DOCTOR_RIGHTS, NULL, 0, &r, &e)) {
		doctor_say(cli, 0, "privileges", "%s", e.msg);
		return -1;
	}
	if (db_get_bool(&r, 0, 2))
		doctor_say(cli, 1, "privileges", "an operator's: credentials are not looked at");
	else if (!db_get_bool(&r, 0, 0))
		doctor_say(
			cli, 0, "privileges",
			"database.url's user lacks rights; it must be \"waybill\" or a member of it");
	else if (db_get_bool(&r, 0, 1))
		doctor_say(
			cli, 0, "privileges",
			"database.url's user may do more than workers should; use the workers' user, "
			"and the owner for `waybill migrate` only");
	else
		doctor_say(cli, 1, "privileges", "as they should be");
	if (db_get_bool(&r, 0, 2))
		*has_credentials = 0;
	else
		check_operators(cli);
	return 0;
}

static void check_queue(struct cli *cli, const char *role)
{
	const char *queue = arena_printf(cli->arena, "wb.%s", role);
	int64_t ready, consumers;
	struct err e = {0};

	if (amqp_queue_depth(cli->broker, queue, &ready, &consumers, loop_now_ms() + BROKER_MS, &e))
		doctor_say(cli, 0, queue, "%s", e.msg);
	else if (consumers == 0)
		doctor_say(cli, 0, queue,
			   "no worker is at it, %lld messages wait; start waybill-%s@1",
			   (long long)ready, role);
	else
		doctor_say(cli, 1, queue, "%lld workers, %lld messages wait", (long long)consumers,
			   (long long)ready);
}

static void check_broker(struct cli *cli)
{
	struct err e = {0};

	if (cli_broker(cli, BROKER_MS, &e)) {
		doctor_say(cli, 0, "broker",
			   cli->conf.broker.urls[0]
				   ? "%s; is broker.urls right, and does RabbitMQ run?"
				   : "%s",
			   e.msg);
		return;
	}
	doctor_say(cli, 1, "broker", "reachable, with all queues");
	if (amqp_is_blocked(cli->broker))
		doctor_say(cli, 0, "broker", "it has an alarm (memory or disk) and takes nothing");
	for (size_t i = 0; i < cli_role_count; i++)
		check_queue(cli, cli_roles[i]);
}

static void check_work(struct cli *cli)
{
	struct db_result r;
	struct err e = {0};

	if (cli_run(cli, SQL_CLI_DOCTOR_WORK, &r, &e, db_int64(cli->arena, OLD_S))) {
		doctor_say(cli, 0, "work", "%s", e.msg);
		return;
	}
	int64_t old = db_get_int64(&r, 0, 0), dead = db_get_int64(&r, 0, 1);

	doctor_say(cli, old == 0, "due rows",
		   old ? "%lld are due for over 10 minutes; see `waybill due`"
		       : "%lld are due for over 10 minutes",
		   (long long)old);
	doctor_say(cli, dead == 0, "dead letters",
		   dead ? "%lld are open; see `waybill dead list`" : "%lld are open",
		   (long long)dead);
	if (!db_is_null(&r, 0, 3))
		doctor_say(cli, 1, "paused stores", "%s", db_get_text(&r, 0, 3));
	int64_t picked = db_get_int64(&r, 0, 4);

	doctor_say(cli, picked == 0, "picked shipments",
		   picked ? "%lld were picked over a day ago and have not left; see "
			    "`waybill shipment list --state picked`"
			  : "%lld were picked over a day ago and have not left",
		   (long long)picked);
	if (db_get_bool(&r, 0, 2) && !cli->conf.mail.url[0])
		doctor_say(cli, 0, "mail",
			   "a store wants Waybill to mail its customers, but mail.url is "
			   "not set");
}

/* Not wrong, and nobody's work yet: but it is money. */
static void check_money(struct cli *cli)
{
	struct db_result r;
	struct err e = {0};

	if (cli_run(cli, SQL_CLI_DOCTOR_LABELS, &r, &e)) {
		doctor_say(cli, 0, "labels to give back", "%s", e.msg);
		return;
	}
	int64_t voiding = db_get_int64(&r, 0, 0), unknown = db_get_int64(&r, 0, 2);

	if (voiding || unknown)
		doctor_say(cli, 1, "labels to give back",
			   "%lld to be given back (%s), and %lld that may have been bought for "
			   "cancelled shipments: do it at the carrier; see `waybill label list "
			   "--state voiding`",
			   (long long)voiding, voiding ? db_get_text(&r, 0, 1) : "nothing",
			   (long long)unknown);
}

/* Who waits for an erasure or an answer, since when, and is it late? */
static void say_pending(struct cli *cli, const char *check, const struct db_result *r, int first,
			const char *due, int is_late)
{
	int64_t count = db_get_int64(r, 0, first);
	const char *oldest = db_get_text(r, 0, first + 1);

	if (count == 0)
		doctor_say(cli, 1, check, "none wait");
	else
		doctor_say(cli, !is_late, check,
			   "%lld wait, the oldest since %s%s%s; see `waybill privacy list`",
			   (long long)count, oldest, due ? ", the next is due " : "",
			   due ? due : "");
	json_t *row = json_array_get(cli->output, json_array_size(cli->output) - 1);

	if (cli->is_json)
		json_object_update_new(row,
				       json_pack("{s:I, s:s?, s:s?}", "count", (json_int_t)count,
						 "oldest", oldest, "due", due));
}

static void check_privacy(struct cli *cli)
{
	struct db_result r;
	struct err e = {0};

	if (cli_run(cli, SQL_CLI_DOCTOR_PRIVACY, &r, &e, db_int64(cli->arena, ERASURE_LATE_S),
		    db_int64(cli->arena, QUESTION_LATE_S))) {
		doctor_say(cli, 0, "privacy", "%s", e.msg);
		return;
	}
	say_pending(cli, "erasures", &r, 0, db_get_text(&r, 0, 2), db_get_bool(&r, 0, 3));
	say_pending(cli, "questions about personal data", &r, 4, NULL, db_get_bool(&r, 0, 6));
}

static void check_configuration(struct cli *cli)
{
	struct err e = {0};

	if (!conf_is_private(&cli->conf, &e))
		doctor_say(cli, 0, "configuration", "%s", e.msg);
	else
		doctor_say(cli, 1, "configuration", "%s",
			   cli->conf.path[0] ? cli->conf.path : "no file, the environment alone");
}

static void check_labels(struct cli *cli)
{
	const char *store = cli->conf.labels.store;
	struct err e = {0};

	if (strcmp(store, "database") == 0)
		return;
	if (durable_try(store, &e))
		doctor_say(cli, 0, "labels",
			   "%s; labels.store must be a folder that workers can write", e.msg);
	else
		doctor_say(cli, 1, "labels", "%s can be written", store);
}

static void check_templates(struct cli *cli)
{
	const char *folder = cli->conf.mail.templates;
	struct mail_templates *templates;
	struct err e = {0};

	if (mail_templates_load(folder[0] ? folder : NULL, &templates, &e)) {
		doctor_say(cli, 0, "mail templates", "%s", e.msg);
		return;
	}
	mail_templates_free(templates);
	doctor_say(cli, 1, "mail templates", folder[0] ? "good" : "the built-in ones");
}

static int doctor(struct cli *cli, struct err *e)
{
	int has_credentials = 0;

	(void)e;
	json_decref(cli->output);
	cli->output = json_array();
	check_configuration(cli);
	check_templates(cli);
	check_labels(cli);
	check_broker(cli);
	if (check_database(cli, &has_credentials) == 0) {
		check_work(cli);
		check_money(cli);
		check_privacy(cli);
		if (has_credentials)
			doctor_accounts(cli);
	}
	cli_say(cli, cli->status ? "\nSomething is wrong." : "\nAll is well.");
	return 0;
}

const struct command doctor_commands[] = {
	{"doctor", "", 0, 0, NULL, doctor,
	 .help = "Check database, broker, workers, credentials, stores and carriers", .is_alone = 1,
	 .needs_key = 1},
	{0},
};

/* cli - running one command: its transaction, what it prints, what becomes due */
#include "cli/cli.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>

#include "cli/refusal.h"
#include "cli/run.h"
#include "core/runtime/buffer.h"
#include "core/runtime/bundle.h"
#include "core/runtime/decimal.h"
#include "core/runtime/http.h"
#include "core/runtime/loop.h"
#include "core/runtime/text.h"

enum { URL_MAX = 4096, DB_MS = 5000, PUBLISH_MS = 2000, TRIES = 5 };

const char *const cli_roles[] = {"ingest", "reconcile", "renew",  "route", "release", "rate",
				 "label",  "fulfill",	"notify", "erase", "dead"};
const size_t cli_role_count = sizeof cli_roles / sizeof *cli_roles;

/* ---- what a command was called with ---- */

const char *cli_get(const struct cli *cli, const char *name)
{
	for (size_t i = 0; cli->command->fields && cli->command->fields[i].name; i++)
		if (strcmp(cli->command->fields[i].name, name) == 0)
			return cli->values[i];
	die("%s has no option %s", cli->command->words, name);
}

struct db_value cli_value(const struct cli *cli, const char *name)
{
	return db_text(cli_get(cli, name));
}

int64_t cli_int(const struct cli *cli, const char *name, int64_t fallback)
{
	const char *text = cli_get(cli, name);
	int64_t value;

	return text && text_to_int64(text, strlen(text), &value) == 0 ? value : fallback;
}

int cli_usage(struct cli *cli, struct err *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *text = arena_vprintf(cli->arena, format, args);

	va_end(args);
	cli->status = EXIT_USAGE;
	return err_final(e, "%s; see `waybill %s --help`", text, cli->command->words);
}

int cli_api_base(struct cli *cli, struct err *e)
{
	const char *base = cli_get(cli, "api-base");
	struct err why = {0};

	if (!base || !*base)
		return 0;
	if (base[strlen(base) - 1] == '/')
		return cli_usage(cli, e, "--api-base: without the slash at its end");
	if (http_check_url(base, &why))
		return cli_usage(
			cli, e,
			"--api-base: %s; http:// is for this machine (127.0.0.1, [::1]), or "
			"see http.allow_plain",
			why.msg);
	return 0;
}

int cli_none(struct err *e, const char *format, ...)
{
	char text[sizeof e->msg];
	va_list args;

	va_start(args, format);
	text_vprintf(text, sizeof text, format, args);
	va_end(args);
	return err_set(e, ERR_FINAL, ERR_CODE_NOT_FOUND, "%s", text);
}

/* ---- what it leaves behind ---- */

void cli_say(struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buffer_text(cli->notes, arena_vprintf(cli->arena, format, args));
	buffer_char(cli->notes, '\n');
	va_end(args);
}

void cli_rows(struct cli *cli, const struct db_result *r)
{
	json_decref(cli->output);
	cli->output = rows_to_json(r);
}

void cli_record(struct cli *cli, const struct db_result *r)
{
	json_t *rows = rows_to_json(r);

	json_decref(cli->output);
	cli->output = json_incref(json_array_get(rows, 0));
	json_decref(rows);
}

void cli_due(struct cli *cli, const char *role, int64_t id)
{
	*ARENA_PUSH(cli->arena, cli->dues, cli->due_count, cli->due_capacity) =
		(struct due){arena_strdup(cli->arena, role), id};
}

void cli_dues(struct cli *cli, const struct db_result *r)
{
	for (size_t i = 0; i < r->rows; i++)
		cli_due(cli, db_get_text(r, i, 0), db_get_int64(r, i, 1));
}

/* ---- database and broker ---- */

/* "user:<login name>": who it is in the audit trail. Behind sudo it is who called sudo. */
static const char *actor(struct arena *a)
{
	const char *sudo = geteuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *user = getpwuid(geteuid());

	if (sudo && sudo[0])
		return arena_printf(a, "user:%s", text_cut(sudo, 100));
	return user ? arena_printf(a, "user:%s", text_cut(user->pw_name, 100))
		    : arena_printf(a, "user:%u", (unsigned)geteuid());
}

int cli_url(struct cli *cli, const char *file, const char *variable, const char **url,
	    struct err *e)
{
	const char *from = getenv(variable);
	char text[URL_MAX];
	size_t len;

	*url = from ? from : "";
	if (!file[0])
		return 0;
	if (access(file, R_OK) && errno == EACCES)
		return err_final(e,
				 "%s is not for you: call it as root, or with a configuration "
				 "of your own (docs/operations.md, Security)",
				 text_cut(file, 100));
	if (secret_file_read(file, "the database's url", text, sizeof text, &len, e))
		return -1;
	if (!db_url_is_valid(text))
		return err_final(e, "%s: not a database's url", text_cut(file, 120));
	*url = arena_strdup(cli->arena, text);
	return 0;
}

/* People's commands act as the operators' role; those about credentials as the workers' user. */
static int choose_url(struct cli *cli, const char **url, struct err *e)
{
	const struct conf *conf = &cli->conf;

	*url = "";
	if (!cli->command->needs_key &&
	    cli_url(cli, conf->database.operator_url_file, "WAYBILL_OPERATOR_URL", url, e))
		return -1;
	if (!(*url)[0])
		*url = conf->database.url;
	if ((*url)[0])
		return 0;
	cli->status = EXIT_UNREACHABLE;
	return err_final(e, "database.url is not set; see docs/configuration.md");
}

const char *cli_place(struct cli *cli)
{
	return db_url_place(cli->arena, cli->url ? cli->url : cli->conf.database.url);
}

int cli_begin(struct cli *cli, struct err *e)
{
	if (!cli->url && choose_url(cli, &cli->url, e))
		return -1;
	if (!cli->pool)
		cli->pool = db_pool_new(&(struct db_settings){
			.url = cli->url,
			.application = "waybill",
			.actor = actor(cli->arena),
			.connections = 1,
		});
	if (!cli->db && db_take(cli->pool, loop_now_ms() + DB_MS, &cli->db, e)) {
		cli->status = EXIT_UNREACHABLE;
		return -1;
	}
	return db_begin(cli->db, e);
}

int cli_commit(struct cli *cli, struct err *e)
{
	return db_commit(cli->db, e);
}

int cli_broker(struct cli *cli, int64_t timeout_ms, struct err *e)
{
	int64_t deadline_ms = loop_now_ms() + timeout_ms;
	struct amqp_settings settings = {.urls = cli->conf.broker.urls, .name = "waybill"};

	if (!cli->conf.broker.urls[0])
		return err_final(e, "broker.urls is not set; see docs/configuration.md");
	if (!cli->broker && amqp_open(&settings, &cli->broker, e))
		return -1;
	if (amqp_wait_up(cli->broker, deadline_ms, e))
		return -1;
	return amqp_declare_topology(cli->broker, cli_roles, cli_role_count, deadline_ms, e);
}

static int by_role(const void *a, const void *b)
{
	const struct due *x = a, *y = b;
	int order = strcmp(x->role, y->role);

	return order ? order : (x->id > y->id) - (x->id < y->id);
}

/* The jobs of one role, from first on; *count: how many there were. */
static int publish_role(struct cli *cli, size_t first, size_t *count, struct err *e)
{
	int64_t *ids = ARENA_ARRAY(cli->arena, int64_t, cli->due_count - first);
	const struct due *due = cli->dues + first;

	*count = 0;
	while (first + *count < cli->due_count && strcmp(due[*count].role, due->role) == 0) {
		ids[*count] = due[*count].id;
		(*count)++;
	}
	return bundle_publish(cli->broker, cli->arena, due->role, ids, *count,
			      loop_now_ms() + PUBLISH_MS, e);
}

static void publish(struct cli *cli)
{
	struct err e = {0};
	size_t count;
	int failed;

	if (cli->due_count == 0)
		return;
	qsort(cli->dues, cli->due_count, sizeof *cli->dues, by_role);
	failed = cli_broker(cli, PUBLISH_MS, &e);
	for (size_t i = 0; i < cli->due_count && !failed; i += count)
		failed = publish_role(cli, i, &count, &e);
	if (failed)
		fprintf(stderr,
			"waybill: done, but not published (%s); the clock will publish it\n",
			e.msg);
}

/* ---- one run ---- */

static void forget(struct cli *cli)
{
	json_decref(cli->output);
	cli->output = NULL;
	cli->due_count = 0;
	*cli->notes = (struct buffer){.arena = cli->arena};
}

static int attempt(struct cli *cli, struct err *e)
{
	if (cli->command->is_alone)
		return cli->command->run(cli, e);
	return cli_begin(cli, e) || cli->command->run(cli, e) || cli_commit(cli, e) ? -1 : 0;
}

static int status_of(const struct cli *cli, const struct err *e)
{
	if (cli->status)
		return cli->status;
	if (e->code == ERR_CODE_NOT_FOUND)
		return EXIT_NOT_FOUND;
	return e->code == ERR_CODE_DISCONNECTED ? EXIT_UNREACHABLE : EXIT_REFUSED;
}

static void run(void *arg)
{
	struct cli *cli = arg;
	struct err e = {0};
	int failed = 0;

	for (int i = 0; i < TRIES; i++) {
		forget(cli);
		failed = attempt(cli, &e);
		if (failed)
			refusal_words(cli, &e);
		db_give(cli->db);
		cli->db = NULL;
		if (!failed || e.code != ERR_CODE_CONFLICT)
			break;
	}
	if (failed) {
		fprintf(stderr, "waybill: %s\n", e.msg);
		cli->status = status_of(cli, &e);
		forget(cli);
	}
	publish(cli);
	amqp_close(cli->broker);
	loop_stop();
}

int cli_execute(struct cli *cli)
{
	struct buffer notes = {.arena = cli->arena};

	cli->notes = &notes;
	fiber_start("command", run, cli);
	loop_run();
	db_pool_free(cli->pool);
	/* Of no rows the words alone tell. */
	int is_said = notes.data && json_is_array(cli->output) && !json_array_size(cli->output);

	if (cli->output && cli->is_json)
		print_json(stdout, cli->output);
	else if (cli->output && !is_said)
		print_value(stdout, cli->output);
	if (notes.data && !cli->is_json)
		fputs(notes.data + (is_said ? strspn(notes.data, "\n") : 0), stdout);
	json_decref(cli->output);
	if ((fflush(stdout) || ferror(stdout)) && errno == EPIPE) {
		/* Whoever read it has seen enough ("| head"): end as every program does then. */
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	if (ferror(stdout)) {
		fprintf(stderr, "waybill: cannot print: %s\n", strerror(errno));
		return EXIT_REFUSED;
	}
	return cli->status;
}

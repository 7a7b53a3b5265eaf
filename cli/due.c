/* due - what waits for workers, and making it due again */
#include "cli/due.h"
#include "cli/cli.h"

#include "core/runtime/loop.h"
#include "core/runtime/timestamp.h"

enum { LIST_MAX = 1000 };

#define WIPE_SINCE_US (INT64_C(24) * 3600 * 1000000)

static const struct field due_fields[] = {
	{"all", FIELD_FLAG, .help = "every row instead of a line per role"},
	{"role", FIELD_TEXT, .max = 40},
	{"limit", FIELD_INT, .min = 1, .max = 100000},
	{0},
};
static const struct field requeue_fields[] = {
	{"role", FIELD_TEXT, .max = 40, .help = "whose rows; ids may follow, else all of them"},
	{"after-wipe", FIELD_FLAG,
	 .help = "the broker lost its messages: compare all stores again"},
	{"since", FIELD_TIME,
	 .help = "with --after-wipe: when that may have begun; a day ago if it is not given"},
	{0},
};

static int due(struct cli *cli, struct err *e)
{
	enum sql_id id = cli_get(cli, "all") ? SQL_CLI_DUE_ROWS : SQL_CLI_DUE;
	struct db_result r;

	if (cli_run(cli, id, &r, e, cli_value(cli, "role"),
		    db_int64(cli->arena, cli_int(cli, "limit", LIST_MAX))))
		return -1;
	cli_rows(cli, &r);
	return 0;
}

int requeue(struct cli *cli, const char *role, struct db_value ids, size_t *count, struct err *e)
{
	struct db_result r;

	if (cli_run(cli, SQL_CLI_REQUEUE, &r, e, db_text(role), ids))
		return -1;
	int64_t *done = ARENA_ARRAY(cli->arena, int64_t, r.rows);

	for (size_t i = 0; i < r.rows; i++) {
		done[i] = db_get_int64(&r, i, 0);
		cli_due(cli, role, done[i]);
	}
	*count = r.rows;
	return cli_run(cli, SQL_CLI_DEAD_RETRIED, NULL, e, db_text(role),
		       db_int64s(cli->arena, done, r.rows));
}

/* Comparing too much costs time only, so in an emergency nobody has to know when it began. */
static int after_wipe(struct cli *cli, struct err *e)
{
	const char *given = cli_get(cli, "since");
	const char *since =
		given ? given : timestamp_format(cli->arena, wall_now_us() - WIPE_SINCE_US);
	struct db_result r;

	if (cli_run(cli, SQL_CLI_AFTER_WIPE, &r, e, db_text(since),
		    db_int64(cli->arena, cli->conf.clock.reconcile_overlap_s)))
		return -1;
	for (size_t i = 0; i < r.rows; i++)
		cli_due(cli, "reconcile", db_get_int64(&r, i, 0));
	cli_rows(cli, &r);
	cli_say(cli,
		"\nThese stores are compared again from %s on. What waits in rows the clock publishes "
		"by itself.",
		since);
	return 0;
}

static int run_requeue(struct cli *cli, struct err *e)
{
	const char *role = cli_get(cli, "role");
	int64_t *ids = ARENA_ARRAY(cli->arena, int64_t, cli->arg_count);
	size_t count;

	if (cli_get(cli, "after-wipe"))
		return after_wipe(cli, e);
	if (!role)
		return cli_usage(cli, e, "--role is needed, or --after-wipe");
	for (size_t i = 0; i < cli->arg_count; i++)
		if (cli_id(cli, cli->args[i], ids + i, e))
			return -1;
	if (requeue(cli, role,
		    cli->arg_count ? db_int64s(cli->arena, ids, cli->arg_count) : db_null(), &count,
		    e))
		return -1;
	if (cli->arg_count && count < cli->arg_count)
		return cli_none(
			e,
			"not all of these rows wait for %s (or a worker has them just now); "
			"see `waybill due --all --role %s`",
			role, role);
	cli->output = json_pack("{s:s, s:I}", "role", role, "requeued", (json_int_t)count);
	return 0;
}

static int role_list(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (db_query(cli->db, cli->arena, SQL_CLI_ROLE_LIST, NULL, 0, &r, e))
		return -1;
	cli_rows(cli, &r);
	return 0;
}

const struct command due_commands[] = {
	{"due", "", 0, 0, due_fields, due, .help = "Show what waits for workers"},
	{"requeue", "[ID...]", 0, ARGS_ANY, requeue_fields, run_requeue,
	 .help = "Make rows due now, dead ones included"},
	{"role list", "", 0, 0, NULL, role_list, .help = "List the roles of workers"},
	{0},
};

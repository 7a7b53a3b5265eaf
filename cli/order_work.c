/* order_work - holding orders and letting them go on */
#include "cli/cli.h"
#include "cli/explain.h"
#include "core/runtime/text.h"

enum { KIND_MAX = 40 };

static const struct field hold_fields[] = {
	{"kind", FIELD_TEXT, .max = KIND_MAX, .help = "small letters and _; else person"},
	{"reason", FIELD_TEXT, .max = 500, .is_required = 1,
	 .help = "what is to be done before it goes on"},
	{0},
};
static const struct field release_fields[] = {
	{"hold", FIELD_INT, .min = 1, .max = INT64_MAX,
	 .help = "which one, as `waybill order show` says"},
	{"all", FIELD_FLAG, .help = "all of them"},
	{0},
};

static int order_hold(struct cli *cli, struct err *e)
{
	const char *kind = cli_get(cli, "kind") ? cli_get(cli, "kind") : "person";
	struct db_result r;
	int64_t order;

	if (!kind[0] || kind[strspn(kind, "abcdefghijklmnopqrstuvwxyz_")])
		return cli_usage(cli, e, "--kind: small letters and _ only");
	if (cli_order(cli, cli->args[0], &order, e) ||
	    cli_run(cli, SQL_CLI_HOLD_ADD, &r, e, db_int64(cli->arena, order), db_text(kind),
		    cli_value(cli, "reason")))
		return -1;
	if (r.rows == 0)
		return err_final(e, "the order has an open hold of kind \"%s\" already", kind);
	cli_record(cli, &r);
	return 0;
}

static int order_release(struct cli *cli, struct err *e)
{
	int64_t order, hold = cli_int(cli, "hold", 0);
	struct db_result open, r;

	if (cli_order(cli, cli->args[0], &order, e) ||
	    cli_run(cli, SQL_CLI_ORDER_LOCK, NULL, e, db_int64(cli->arena, order)) ||
	    cli_run(cli, SQL_CLI_HOLDS_OPEN, &open, e, db_int64(cli->arena, order)))
		return -1;
	if (open.rows == 0)
		return err_final(e, "the order has no open hold");
	if (open.rows > 1 && !hold && !cli_get(cli, "all"))
		return cli_usage(cli, e,
				 "the order has %zu open holds: say --hold ID (%lld, ...) or --all",
				 open.rows, (long long)db_get_int64(&open, 0, 0));
	if (cli_run(cli, SQL_CLI_HOLD_CLEAR, &r, e, db_int64(cli->arena, order),
		    hold ? db_int64(cli->arena, hold) : db_null()))
		return -1;
	if (r.rows == 0)
		return cli_none(e, "the order has no open hold %lld", (long long)hold);
	cli_rows(cli, &r);
	if (cli_run(cli, SQL_CLI_ORDER_DUE, &r, e, db_int64(cli->arena, order)))
		return -1;
	cli_dues(cli, &r);
	cli_say(cli,
		"\nCleared. What was not put right is held again; see `waybill order show %lld`.",
		(long long)order);
	return 0;
}

static int order_explain(struct cli *cli, struct err *e)
{
	struct db_result r;
	int64_t order;

	if (cli_order(cli, cli->args[0], &order, e) ||
	    cli_run(cli, SQL_CLI_ORDER_EXPLAIN, &r, e, db_int64(cli->arena, order)))
		return -1;
	cli_rows(cli, &r);
	if (cli->is_json)
		return 0;
	explain(cli, cli->output);
	json_decref(cli->output);
	cli->output = NULL;
	return 0;
}

const struct command order_work_commands[] = {
	{"order explain", "ORDER", 1, 1, NULL, order_explain,
	 .help = "Say why each unit ships from where it does"},
	{"order hold", "ORDER", 1, 1, hold_fields, order_hold,
	 .help = "Stop an order until somebody lets it go on"},
	{"order release", "ORDER", 1, 1, release_fields, order_release,
	 .help = "Clear an order's holds; it goes on at once"},
	{0},
};

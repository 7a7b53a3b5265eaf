/* order - looking at orders */
#include "cli/cli.h"

enum { LIST_MAX = 50 };

static const struct field list_fields[] = {
	{"state", FIELD_CHOICE,
	 .choices = "pending|payment_processing|paid|awaiting_fulfillment|partially_fulfilled|"
		    "fulfilled|delivered|cancelled|refunded"},
	{"held", FIELD_FLAG, .help = "only those with an open hold"},
	{"store", FIELD_TEXT, .max = 253, .help = "only those of this store"},
	{"limit", FIELD_INT, .min = 1, .max = 100000, .help = "the newest so many; 50"},
	{0},
};
static const struct field show_fields[] = {
	{"events", FIELD_FLAG, .help = "with everything that has happened to it"},
	{0},
};

static int order_list(struct cli *cli, struct err *e)
{
	struct db_result r;
	int64_t store = 0;

	if (cli_get(cli, "store") && cli_store(cli, cli_get(cli, "store"), &store, e))
		return -1;
	if (cli_run(cli, SQL_CLI_ORDER_LIST, &r, e, cli_value(cli, "state"), cli_value(cli, "held"),
		    store ? db_int64(cli->arena, store) : db_null(),
		    db_int64(cli->arena, cli_int(cli, "limit", LIST_MAX))))
		return -1;
	cli_rows(cli, &r);
	return 0;
}

static int order_show(struct cli *cli, struct err *e)
{
	struct db_result r;
	int64_t order;

	if (cli_order(cli, cli->args[0], &order, e) ||
	    cli_run(cli, SQL_CLI_ORDER_SHOW, &r, e, db_int64(cli->arena, order)))
		return -1;
	cli_record(cli, &r);
	if (!cli_get(cli, "events"))
		return 0;
	if (cli_run(cli, SQL_CLI_ORDER_EVENTS, &r, e, db_int64(cli->arena, order)))
		return -1;
	json_object_set_new(cli->output, "events", rows_to_json(&r));
	return 0;
}

const struct command order_commands[] = {
	{"order list", "", 0, 0, list_fields, order_list, .help = "List orders, the newest first"},
	{"order show", "ORDER", 1, 1, show_fields, order_show,
	 .help = "Show an order: its lines, where its units are, shipments, holds, mails"},
	{0},
};

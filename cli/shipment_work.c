/* shipment_work - what people do with shipments: pick, find units missing, ship */
#include "cli/cli.h"

static const struct field short_fields[] = {
	{"sku", FIELD_TEXT, .max = 100, .is_required = 1},
	{"quantity", FIELD_INT, .min = 1, .max = 1000000, .is_required = 1,
	 .help = "so many are not there"},
	{"note", FIELD_TEXT, .max = 500},
	{0},
};
static const struct field ship_fields[] = {
	{"tracking", FIELD_TEXT, .max = 200,
	 .help = "number of a parcel that has no label of ours"},
	{"carrier", FIELD_TEXT, .max = 100, .help = "who carries it: DHL"},
	{0},
};

static int read_ids(struct cli *cli, struct db_value *out, struct err *e)
{
	int64_t *ids = ARENA_ARRAY(cli->arena, int64_t, cli->arg_count);

	for (size_t i = 0; i < cli->arg_count; i++)
		if (cli_id(cli, cli->args[i], ids + i, e))
			return -1;
	*out = db_int64s(cli->arena, ids, cli->arg_count);
	return 0;
}

/*
 * The shipments, locked behind their orders; refused when one is not in any of these states, or is
 * held.
 */
static int lock(struct cli *cli, struct db_value ids, const char *states, struct err *e)
{
	struct db_result r;

	if (cli_run(cli, SQL_ORDER_LOCK, NULL, e, ids) ||
	    cli_run(cli, SQL_CLI_SHIPMENT_CHECK, &r, e, ids, db_text(states)))
		return -1;
	for (size_t i = 0; i < r.rows; i++) {
		if (db_is_null(&r, i, 1))
			continue;
		return err_set(e, ERR_FINAL,
			       db_get_bool(&r, i, 2) ? ERR_CODE_NONE : ERR_CODE_NOT_FOUND,
			       "shipment %lld %s; nothing was changed",
			       (long long)db_get_int64(&r, i, 0), db_get_text(&r, i, 1));
	}
	return 0;
}

static int show(struct cli *cli, struct db_value ids, struct err *e)
{
	struct db_result r;

	if (cli_run(cli, SQL_CLI_SHIPMENT_STATES, &r, e, ids))
		return -1;
	cli_rows(cli, &r);
	return 0;
}

static int shipment_pick(struct cli *cli, struct err *e)
{
	struct db_value ids;

	return read_ids(cli, &ids, e) || lock(cli, ids, "released", e) ||
			       cli_run(cli, SQL_CLI_SHIPMENT_PICK, NULL, e, ids) ||
			       show(cli, ids, e)
		       ? -1
		       : 0;
}

/* The order is planned again without these units; an empty shipment is cancelled. */
static int plan_again(struct cli *cli, struct db_value ids, int64_t order, struct err *e)
{
	struct db_value orders = db_int64s(cli->arena, &order, 1);
	struct db_result r;

	if (cli_run(cli, SQL_CLI_EVENT_SHORT, NULL, e, orders, ids) ||
	    cli_run(cli, SQL_CLI_SHIPMENT_UNPICK, NULL, e, ids) ||
	    cli_run(cli, SQL_SHIPMENT_LOST_UNITS, NULL, e, ids) ||
	    cli_run(cli, SQL_HOLD_OVER, NULL, e, ids) ||
	    cli_run(cli, SQL_ORDER_ROUTE_DUE, &r, e, orders))
		return -1;
	for (size_t i = 0; i < r.rows; i++)
		if (!db_get_bool(&r, i, 1))
			cli_due(cli, "route", db_get_int64(&r, i, 0));
	return 0;
}

static int shipment_short(struct cli *cli, struct err *e)
{
	int64_t missing = cli_int(cli, "quantity", 0);
	struct db_value ids;
	struct db_result r;

	if (read_ids(cli, &ids, e) || lock(cli, ids, "released,picked", e) ||
	    cli_run(cli, SQL_CLI_SHIPMENT_ITEM, &r, e, ids, cli_value(cli, "sku")))
		return -1;
	if (r.rows == 0)
		return cli_none(e,
				"the shipment holds none of this SKU; see `waybill shipment show`");
	int64_t item = db_get_int64(&r, 0, 0), order = db_get_int64(&r, 0, 2);

	if (db_get_int64(&r, 0, 1) < missing)
		return err_final(e, "the shipment holds only %lld of it",
				 (long long)db_get_int64(&r, 0, 1));
	if (cli_run(cli, SQL_ITEM_LOCK, NULL, e, db_int64s(cli->arena, &item, 1)) ||
	    cli_run(cli, SQL_CLI_SHIPMENT_SHORT, NULL, e, ids, db_int64(cli->arena, item),
		    db_int64(cli->arena, missing)) ||
	    cli_run(cli, SQL_CLI_STOCK_SHORT, NULL, e, ids, db_int64(cli->arena, item),
		    db_int64(cli->arena, missing), cli_value(cli, "note")) ||
	    plan_again(cli, ids, order, e))
		return -1;
	cli_say(cli, "the missing units are off the stock; their order is planned again");
	return show(cli, ids, e);
}

static int shipment_ship(struct cli *cli, struct err *e)
{
	struct db_value ids;
	struct db_result r;

	if (cli->arg_count > 1 && cli_get(cli, "tracking"))
		return cli_usage(cli, e, "--tracking is one shipment's");
	if (read_ids(cli, &ids, e) || lock(cli, ids, "released,picked", e) ||
	    cli_run(cli, SQL_CLI_PARCEL_MANUAL, &r, e, ids, cli_value(cli, "tracking"),
		    cli_value(cli, "carrier")))
		return -1;
	if (r.rows == 0 && cli_get(cli, "tracking"))
		return err_final(
			e, "the shipment has a label of ours with a tracking number of its own");
	if (cli_run(cli, SQL_SHIP, &r, e, ids))
		return -1;
	cli_dues(cli, &r);
	return show(cli, ids, e);
}

const struct command shipment_work_commands[] = {
	{"shipment pick", "ID...", 1, ARGS_ANY, NULL, shipment_pick,
	 .help = "The units are in somebody's hands"},
	{"shipment short", "ID", 1, 1, short_fields, shipment_short,
	 .help = "Units are not there: off the stock, and the order is planned again"},
	{"shipment ship", "ID...", 1, ARGS_ANY, ship_fields, shipment_ship,
	 .help = "The parcels have left: stock, order, store and mail move"},
	{0},
};

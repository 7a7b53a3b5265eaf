/*
 * stock - what is where: receiving, counting, looking
 *
 * stock_move is the ledger and the only thing written; the database books it. A count states what
 * is there. When that is less than what was promised, the newest promises that nobody has picked
 * yet are taken back in the same transaction.
 */
#include "cli/record.h"
#include "core/runtime/text.h"

enum { LIST_MAX = 1000, NAMED_MAX = 64 };

#define PLACE_FIELDS                                                                               \
	{"sku", FIELD_TEXT, .max = 100, .is_required = 1},                                         \
	{                                                                                          \
		"location", FIELD_TEXT, .max = 40, .is_required = 1, .help = "its code"            \
	}
#define MERCHANT_FIELD                                                                             \
	{                                                                                          \
		"merchant", FIELD_TEXT, .max = 200, .help = "needed when there are several"        \
	}
#define NOTE_FIELD                                                                                 \
	{                                                                                          \
		"note", FIELD_TEXT, .max = 500                                                     \
	}

static const struct field receive_fields[] = {
	PLACE_FIELDS,
	{"quantity", FIELD_INT, .min = 1, .max = 1000000000, .is_required = 1,
	 .help = "so many more"},
	MERCHANT_FIELD,
	NOTE_FIELD,
	{0},
};
static const struct field count_fields[] = {
	PLACE_FIELDS,
	{"quantity", FIELD_INT, .min = 0, .max = 1000000000, .is_required = 1,
	 .help = "so many are there"},
	MERCHANT_FIELD,
	NOTE_FIELD,
	{0},
};
static const struct field safety_fields[] = {
	PLACE_FIELDS,
	{"quantity", FIELD_INT, .min = 0, .max = 1000000000, .is_required = 1,
	 .help = "so many are left alone"},
	MERCHANT_FIELD,
	{0},
};
static const struct field import_fields[] = {
	MERCHANT_FIELD,
	NOTE_FIELD,
	{"receive", FIELD_FLAG, .help = "the quantities have come; else they were counted"},
	{0},
};
static const struct field show_fields[] = {
	{"sku", FIELD_TEXT, .max = 100},
	{"location", FIELD_TEXT, .max = 40},
	{"limit", FIELD_INT, .min = 1, .max = 100000},
	{0},
};

/* The items and locations of records, with the items locked in their order. */
struct places {
	int64_t *items, *locations;
	struct db_value item_ids, location_ids;
};

/* What was not said, or not readable, has been told already. */
static void place_wrong(struct cli *cli, struct records *r, size_t i, const struct db_result *found)
{
	if (r->values[0][i] && db_is_null(found, i, 0))
		record_wrong(cli, r, i,
			     arena_printf(cli->arena, "sku: there is no item \"%s\"",
					  text_cut(r->values[0][i], NAMED_MAX)));
	else if (r->values[0][i] && !db_get_bool(found, i, 2))
		record_wrong(cli, r, i, "sku: this item's stock is not tracked");
	if (r->values[1][i] && db_is_null(found, i, 1))
		record_wrong(cli, r, i,
			     arena_printf(cli->arena, "location: there is no location \"%s\"",
					  text_cut(r->values[1][i], NAMED_MAX)));
}

static int find_places(struct cli *cli, struct records *r, struct places *out, struct err *e)
{
	struct db_result found;
	int64_t merchant;

	if (cli_merchant(cli, &merchant, e) ||
	    cli_run(cli, SQL_CLI_STOCK_PLACES, &found, e, db_int64(cli->arena, merchant),
		    record_column(cli, r, "sku"), record_column(cli, r, "location")))
		return -1;
	out->items = ARENA_ARRAY(cli->arena, int64_t, r->count);
	out->locations = ARENA_ARRAY(cli->arena, int64_t, r->count);
	for (size_t i = 0; i < r->count; i++) {
		place_wrong(cli, r, i, &found);
		out->items[i] = db_get_int64(&found, i, 0);
		out->locations[i] = db_get_int64(&found, i, 1);
	}
	if (!r->lines && r->wrong_count)
		return cli_none(e, "%s; see `waybill item list`, `waybill location list`",
				r->wrong[0].what);
	if (records_refuse(r, e))
		return -1;
	out->item_ids = db_int64s(cli->arena, out->items, r->count);
	out->location_ids = db_int64s(cli->arena, out->locations, r->count);
	return 0;
}

static int release_due(struct cli *cli, const struct places *p, struct err *e)
{
	struct db_result due;

	if (cli_run(cli, SQL_CLI_RELEASE_DUE, &due, e, p->item_ids))
		return -1;
	cli_dues(cli, &due);
	return 0;
}

static int receive(struct cli *cli, struct records *r, struct err *e)
{
	struct db_result now;
	struct places p;

	if (find_places(cli, r, &p, e) || cli_run(cli, SQL_ITEM_LOCK, NULL, e, p.item_ids) ||
	    cli_run(cli, SQL_CLI_STOCK_RECEIVE, NULL, e, p.item_ids, p.location_ids,
		    record_column(cli, r, "quantity"), cli_value(cli, "note")) ||
	    release_due(cli, &p, e) ||
	    cli_run(cli, SQL_CLI_STOCK_OF, &now, e, p.item_ids, p.location_ids))
		return -1;
	cli_rows(cli, &now);
	return 0;
}

/*
 * What was promised and is not there: back into the orders' plans. Columns: shipment, order,
 * units.
 */
static int take_back(struct cli *cli, const struct places *p, struct err *e)
{
	struct db_result lost, due;

	if (cli_run(cli, SQL_CLI_STOCK_SHORTAGE, &lost, e, p->item_ids, p->location_ids))
		return -1;
	if (lost.rows == 0)
		return 0;
	int64_t *shipments = ARENA_ARRAY(cli->arena, int64_t, lost.rows);
	int64_t *orders = ARENA_ARRAY(cli->arena, int64_t, lost.rows);
	int64_t units = 0;

	for (size_t i = 0; i < lost.rows; i++) {
		shipments[i] = db_get_int64(&lost, i, 0);
		orders[i] = db_get_int64(&lost, i, 1);
		units += db_get_int64(&lost, i, 2);
	}
	struct db_value order_ids = db_int64s(cli->arena, orders, lost.rows);

	if (cli_run(cli, SQL_CLI_EVENT_SHORT, NULL, e, order_ids,
		    db_int64s(cli->arena, shipments, lost.rows)) ||
	    cli_run(cli, SQL_SHIPMENT_LOST_UNITS, &due, e,
		    db_int64s(cli->arena, shipments, lost.rows)) ||
	    cli_run(cli, SQL_HOLD_OVER, NULL, e, db_int64s(cli->arena, shipments, lost.rows)))
		return -1;
	for (size_t i = 0; i < due.rows; i++)
		cli_due(cli, "rate", db_get_int64(&due, i, 0));
	if (cli_run(cli, SQL_ORDER_ROUTE_DUE, &due, e, order_ids))
		return -1;
	for (size_t i = 0; i < due.rows; i++)
		if (!db_get_bool(&due, i, 1))
			cli_due(cli, "route", db_get_int64(&due, i, 0));
	cli_say(cli,
		"%lld units were promised and are not there: taken back from the newest shipments "
		"(%zu), whose orders are planned again",
		(long long)units, lost.rows);
	return 0;
}

static int count(struct cli *cli, struct records *r, struct err *e)
{
	struct db_result now;
	struct places p;

	if (find_places(cli, r, &p, e) ||
	    cli_run(cli, SQL_CLI_STOCK_ORDERS, NULL, e, p.item_ids, p.location_ids,
		    record_column(cli, r, "quantity")) ||
	    cli_run(cli, SQL_ITEM_LOCK, NULL, e, p.item_ids) ||
	    cli_run(cli, SQL_CLI_STOCK_COUNT, NULL, e, p.item_ids, p.location_ids,
		    record_column(cli, r, "quantity"), cli_value(cli, "note")) ||
	    take_back(cli, &p, e) || release_due(cli, &p, e) ||
	    cli_run(cli, SQL_CLI_STOCK_OF, &now, e, p.item_ids, p.location_ids))
		return -1;
	cli_rows(cli, &now);
	for (size_t i = 0; i < now.rows; i++)
		if (db_get_int64(&now, i, 3) > db_get_int64(&now, i, 2))
			cli_say(cli,
				"%s at %s: picked shipments hold more than is there; say which with "
				"`waybill shipment short`",
				db_get_text(&now, i, 0), db_get_text(&now, i, 1));
	return 0;
}

static int stock_receive(struct cli *cli, struct err *e)
{
	struct records one;

	records_from_options(cli, &one);
	return receive(cli, &one, e);
}

static int stock_count(struct cli *cli, struct err *e)
{
	struct records one;

	records_from_options(cli, &one);
	return count(cli, &one, e);
}

static int stock_import(struct cli *cli, struct err *e)
{
	int is_receive = cli_get(cli, "receive") != NULL;
	struct records all;

	if (records_from_file(cli, cli->args[0], is_receive ? receive_fields : count_fields, 2,
			      &all, e))
		return -1;
	return is_receive ? receive(cli, &all, e) : count(cli, &all, e);
}

static int stock_safety(struct cli *cli, struct err *e)
{
	struct db_result now;
	struct records one;
	struct places p;

	records_from_options(cli, &one);
	if (find_places(cli, &one, &p, e) || cli_run(cli, SQL_ITEM_LOCK, NULL, e, p.item_ids) ||
	    cli_run(cli, SQL_CLI_STOCK_SAFETY, NULL, e, p.item_ids, p.location_ids,
		    record_column(cli, &one, "quantity")) ||
	    release_due(cli, &p, e) ||
	    cli_run(cli, SQL_CLI_STOCK_OF, &now, e, p.item_ids, p.location_ids))
		return -1;
	cli_rows(cli, &now);
	return 0;
}

static int stock_show(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (cli_run(cli, SQL_CLI_STOCK_SHOW, &r, e, cli_value(cli, "sku"),
		    cli_value(cli, "location"),
		    db_int64(cli->arena, cli_int(cli, "limit", LIST_MAX))))
		return -1;
	cli_rows(cli, &r);
	if (r.rows == 0)
		cli_say(cli, "No stock was entered for this yet; see `waybill item list`, "
			     "`waybill location list`.");
	return 0;
}

static int stock_verify(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (db_query(cli->db, cli->arena, SQL_CLI_STOCK_VERIFY, NULL, 0, &r, e))
		return -1;
	cli_rows(cli, &r);
	if (r.rows)
		cli->status = EXIT_REFUSED;
	cli_say(cli,
		r.rows ? "\nThe counters of %s differ from what they are kept from: somebody has "
			 "written past the triggers. Compare with a backup before anything is corrected."
		       : "\nStock, ledger, allocations and parts of %s agree.",
		cli_place(cli));
	return 0;
}

const struct command stock_commands[] = {
	{"stock receive", "", 0, 0, receive_fields, stock_receive,
	 .help = "Goods have come; backorders are released in their order"},
	{"stock count", "", 0, 0, count_fields, stock_count, .help = "State what is there"},
	{"stock set-safety", "", 0, 0, safety_fields, stock_safety,
	 .help = "Set what the planner leaves alone"},
	{"stock show", "", 0, 0, show_fields, stock_show, .help = "Show what is where"},
	{"stock verify", "", 0, 0, NULL, stock_verify,
	 .help = "Compare stock with its ledger and with what is promised"},
	{"stock import", "FILE.csv", 1, 1, import_fields, stock_import,
	 .help = "Counted (or received) quantities; columns sku, location, quantity"},
	{0},
};

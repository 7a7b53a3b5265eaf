/* item - what can be stocked, and what stores call it */
#include "cli/record.h"
#include "core/runtime/text.h"

enum { LIST_MAX = 1000 };

#define ITEM_FIELDS                                                                                \
	{"sku", FIELD_TEXT, .max = 100, .is_required = 1}, {"title", FIELD_TEXT, .max = 500},      \
		{"grams", FIELD_INT, .min = 1, .max = 1000000000, .help = "weight of one"},        \
		{"length-mm", FIELD_INT, .min = 1, .max = 100000},                                 \
		{"width-mm", FIELD_INT, .min = 1, .max = 100000},                                  \
		{"height-mm", FIELD_INT, .min = 1, .max = 100000},                                 \
		{"hs-code", FIELD_TEXT, .max = 20, .help = "for customs"},                         \
		{"origin-country", FIELD_COUNTRY, .help = "two letters, for customs"},             \
		{"customs-title", FIELD_TEXT, .max = 200},                                         \
		{"tracked", FIELD_YES_NO, .help = "no: there is always enough of it"},             \
	{                                                                                          \
		"restock-on", FIELD_DATE, .help = "the day that customers who wait are told"       \
	}
#define MERCHANT_FIELD                                                                             \
	{                                                                                          \
		"merchant", FIELD_TEXT, .max = 200, .help = "needed when there are several"        \
	}

static const struct field item_fields[] = {ITEM_FIELDS, MERCHANT_FIELD, {0}};
static const struct field import_fields[] = {MERCHANT_FIELD, {0}};
static const struct field list_fields[] = {
	{"sku", FIELD_TEXT, .max = 100, .help = "only those that begin like this"},
	{"limit", FIELD_INT, .min = 1, .max = 100000},
	{0},
};
static const struct field map_fields[] = {
	{"store", FIELD_TEXT, .max = 253, .help = "its domain; needed when there are several"},
	{"variant", FIELD_TEXT, .max = 100, .help = "the store's id of the variant, or"},
	{"sku", FIELD_TEXT, .max = 100, .help = "the SKU as the store writes it"},
	{"title", FIELD_TEXT, .max = 500},
	{0},
};

static int item_add(struct cli *cli, struct err *e)
{
	struct records one;

	records_from_options(cli, &one);
	return records_put(cli, SQL_CLI_ITEM_PUT, "add", &one, e);
}

static int item_set(struct cli *cli, struct err *e)
{
	struct records one;

	records_from_options(cli, &one);
	return records_put(cli, SQL_CLI_ITEM_PUT, "set", &one, e);
}

static int item_import(struct cli *cli, struct err *e)
{
	struct records all;

	if (records_from_file(cli, cli->args[0], item_fields, 1, &all, e) ||
	    records_put(cli, SQL_CLI_ITEM_PUT, "put", &all, e))
		return -1;
	cli_say(cli, "%zu items imported", all.count);
	return 0;
}

static int item_list(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (cli_run(cli, SQL_CLI_ITEM_LIST, &r, e, cli_value(cli, "sku"),
		    db_int64(cli->arena, cli_int(cli, "limit", LIST_MAX))))
		return -1;
	cli_rows(cli, &r);
	return 0;
}

/* "MUG" or "MUG=2": SKU and how many of it are in one. */
static int read_part(struct cli *cli, char *text, const char **sku, const char **quantity,
		     struct err *e)
{
	static const struct field count = {"quantity", FIELD_INT, .min = 1, .max = 10000};
	char *sign = strrchr(text, '=');

	*sku = sign ? arena_strndup(cli->arena, text, (size_t)(sign - text)) : text;
	return field_read(cli->arena, &count, sign ? sign + 1 : "1", quantity, e);
}

static int item_map(struct cli *cli, struct err *e)
{
	const char **skus = ARENA_ARRAY(cli->arena, const char *, cli->arg_count);
	const char **quantities = ARENA_ARRAY(cli->arena, const char *, cli->arg_count);
	struct db_result r;
	int64_t store;

	if (!cli_get(cli, "variant") && !cli_get(cli, "sku"))
		return cli_usage(cli, e, "--variant or --sku is needed");
	for (size_t i = 0; i < cli->arg_count; i++)
		if (read_part(cli, cli->args[i], skus + i, quantities + i, e))
			return err_prefix(e, "%s", text_cut(cli->args[i], 60));
	if (cli_store(cli, cli_get(cli, "store"), &store, e) ||
	    cli_run(cli, SQL_CLI_LISTING_PUT, NULL, e, db_int64(cli->arena, store),
		    cli_value(cli, "variant"), cli_value(cli, "sku"), cli_value(cli, "title")) ||
	    cli_run(cli, SQL_CLI_LISTING_PARTS, &r, e, db_int64(cli->arena, store),
		    cli_value(cli, "variant"), cli_value(cli, "sku"),
		    db_texts(cli->arena, skus, cli->arg_count),
		    db_texts(cli->arena, quantities, cli->arg_count)))
		return -1;
	if (r.rows != cli->arg_count)
		return cli_none(e,
				"not all of these SKUs are items, or one stands there twice; see "
				"`waybill item list`");
	cli_rows(cli, &r);
	cli_say(cli, "orders that are held for it go on after `waybill order release ORDER --all`");
	return 0;
}

const struct command item_commands[] = {
	{"item add", "", 0, 0, item_fields, item_add, .help = "Add an item"},
	{"item set", "", 0, 0, item_fields, item_set,
	 .help = "Change an item; an empty date takes it away"},
	{"item list", "", 0, 0, list_fields, item_list, .help = "List items"},
	{"item map", "SKU[=N]...", 1, 50, map_fields, item_map,
	 .help = "Say what a store's variant or SKU consists of; several items are a kit"},
	{"item import", "FILE.csv", 1, 1, import_fields, item_import,
	 .help = "Add or change items; columns as the options of `item add`"},
	{0},
};

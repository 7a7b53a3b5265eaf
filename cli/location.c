/* location - where goods are */
#include "cli/record.h"
#include "core/domain/plan.h"

#define MERCHANT_FIELD                                                                             \
	{                                                                                          \
		"merchant", FIELD_TEXT, .max = 200, .help = "needed when there are several"        \
	}

static const struct field location_fields[] = {
	{"code", FIELD_TEXT, .max = 40, .is_required = 1, .help = "short, as people say it: EAST"},
	{"name", FIELD_TEXT, .max = 200},
	{"kind", FIELD_CHOICE, .choices = "warehouse|3pl|dropship"},
	{"company", FIELD_TEXT, .max = 300},
	{"contact", FIELD_TEXT, .max = 300, .help = "a person's name on labels"},
	{"address1", FIELD_TEXT, .max = 300},
	{"address2", FIELD_TEXT, .max = 300},
	{"city", FIELD_TEXT, .max = 300},
	{"province", FIELD_TEXT, .max = 20, .help = "its code: CA"},
	{"zip", FIELD_TEXT, .max = 40},
	{"country", FIELD_COUNTRY, .help = "two letters: US"},
	{"phone", FIELD_TEXT, .max = 60},
	{"email", FIELD_MAIL, .max = 320},
	{"latitude", FIELD_DEGREES, .min = -90, .max = 90},
	{"longitude", FIELD_DEGREES, .min = -180, .max = 180},
	{"time-zone", FIELD_TEXT, .max = 60, .help = "Europe/Berlin"},
	{"priority", FIELD_INT, .min = 0, .max = 1000000,
	 .help = "lower ships first among equals; 100"},
	{"shipment-cost", FIELD_MONEY, .min = 0, .max = 1000000000000,
	 .help = "of a shipment from here"},
	{"unit-cost", FIELD_MONEY, .min = 0, .max = 1000000000000,
	 .help = "of each unit from here"},
	{"active", FIELD_YES_NO, .help = "no: nothing ships from here"},
	{"closed-from", FIELD_DATE, .help = "first closed day"},
	{"closed-until", FIELD_DATE, .help = "last closed day"},
	{"auto-ship", FIELD_YES_NO, .help = "yes: shipped as soon as the label is bought"},
	{"buys-label", FIELD_YES_NO, .help = "no: the place brings its own labels"},
	{"box-length-mm", FIELD_INT, .min = 1, .max = 100000,
	 .help = "the box that is used when nothing else is said"},
	{"box-width-mm", FIELD_INT, .min = 1, .max = 100000},
	{"box-height-mm", FIELD_INT, .min = 1, .max = 100000},
	{"box-grams", FIELD_INT, .min = 0, .max = 1000000, .help = "weight of the empty box"},
	MERCHANT_FIELD,
	{0},
};
static const struct field import_fields[] = {MERCHANT_FIELD, {0}};

/* Planning looks at all of them for every order. */
static int check_count(struct cli *cli, const struct records *r, struct err *e)
{
	struct db_value params[2];
	struct db_result count;
	int64_t merchant;

	if (cli_merchant(cli, &merchant, e))
		return -1;
	params[0] = db_int64(cli->arena, merchant);
	params[1] = record_column(cli, r, "code");
	if (db_query(cli->db, cli->arena, SQL_CLI_LOCATION_COUNT, params, 2, &count, e))
		return -1;
	if (db_get_int64(&count, 0, 0) <= PLAN_LOCATIONS_MAX)
		return 0;
	return err_final(e,
			 "this would make %lld locations, and a merchant can have %d; use `waybill "
			 "location set` on one that is no longer needed",
			 (long long)db_get_int64(&count, 0, 0), PLAN_LOCATIONS_MAX);
}

static int location_add(struct cli *cli, struct err *e)
{
	struct records one;

	if (!cli_get(cli, "address1") || !cli_get(cli, "city") || !cli_get(cli, "country"))
		return cli_usage(cli, e, "--address1, --city and --country are needed");
	records_from_options(cli, &one);
	return check_count(cli, &one, e) || records_put(cli, SQL_CLI_LOCATION_PUT, "add", &one, e)
		       ? -1
		       : 0;
}

static int location_set(struct cli *cli, struct err *e)
{
	struct records one;

	records_from_options(cli, &one);
	return records_put(cli, SQL_CLI_LOCATION_PUT, "set", &one, e);
}

static int location_import(struct cli *cli, struct err *e)
{
	struct records all;

	if (records_from_file(cli, cli->args[0], location_fields, 1, &all, e) ||
	    check_count(cli, &all, e) || records_put(cli, SQL_CLI_LOCATION_PUT, "put", &all, e))
		return -1;
	cli_say(cli, "%zu locations imported", all.count);
	return 0;
}

static int location_list(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (db_query(cli->db, cli->arena, SQL_CLI_LOCATION_LIST, NULL, 0, &r, e))
		return -1;
	cli_rows(cli, &r);
	return 0;
}

const struct command location_commands[] = {
	{"location add", "", 0, 0, location_fields, location_add,
	 .help = "Add a location; a merchant has at most 512"},
	{"location set", "", 0, 0, location_fields, location_set,
	 .help = "Change a location; an empty date takes it away"},
	{"location list", "", 0, 0, NULL, location_list, .help = "List locations"},
	{"location import", "FILE.csv", 1, 1, import_fields, location_import,
	 .help = "Add or change locations; columns as the options of `location add`"},
	{0},
};

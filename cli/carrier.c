/* carrier - accounts at sellers of labels */
#include "connectors/carrier.h"

#include "cli/credential.h"

static const struct field add_fields[] = {
	{"merchant", FIELD_TEXT, .max = 200, .help = "needed when there are several"},
	{"carrier", FIELD_TEXT, .max = 40, .is_required = 1, .help = "shippo"},
	{"name", FIELD_TEXT, .max = 200,
	 .help = "what you call the account; else the carrier's name"},
	{"key-file", FIELD_TEXT, .max = 1000, .is_required = 1,
	 .help = "file with the API key; - is standard input"},
	{"api-base", FIELD_TEXT, .max = 500, .help = "address of its API; else the carrier's"},
	{"label-format", FIELD_CHOICE, .choices = "PDF|PDF_4x6|PNG|ZPL"},
	{0},
};

static int carrier_add(struct cli *cli, struct err *e)
{
	const char *which = cli_get(cli, "carrier"), *base = cli_get(cli, "api-base");
	struct err unknown = {0};
	const struct carrier *carrier = carrier_by_name(which, &unknown);
	const char *name = cli_get(cli, "name");
	struct credential_owner owner = {0};
	struct db_result r;
	int is_put = 0;

	if (!carrier)
		return cli_usage(cli, e, "%s", unknown.msg);
	if (cli_api_base(cli, e) || cli_merchant(cli, &owner.merchant, e) ||
	    cli_run(cli, SQL_CLI_CARRIER_ADD, &r, e, db_int64(cli->arena, owner.merchant),
		    db_text(which), db_text(name ? name : which),
		    db_text(base ? base : carrier->default_api_base),
		    cli_value(cli, "label-format")))
		return -1;
	if (r.rows == 0)
		return err_final(e, "there is an account of that name already");
	owner.carrier = db_get_int64(&r, 0, 0);
	if (credential_put(cli, &owner, "api_key", cli_get(cli, "key-file"), &is_put, e))
		return -1;
	cli_record(cli, &r);
	return 0;
}

static int carrier_list(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (db_query(cli->db, cli->arena, SQL_CLI_CARRIER_LIST, NULL, 0, &r, e))
		return -1;
	cli_rows(cli, &r);
	return 0;
}

const struct command carrier_commands[] = {
	{"carrier add", "", 0, 0, add_fields, carrier_add, .help = "Add an account at a carrier",
	 .needs_key = 1},
	{"carrier list", "", 0, 0, NULL, carrier_list, .help = "List accounts at carriers"},
	{0},
};

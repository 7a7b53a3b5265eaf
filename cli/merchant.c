/* merchant - who sells */
#include "cli/cli.h"

static const struct field add_fields[] = {
	{"brand", FIELD_TEXT, .max = 200, .help = "what customers read in mails; else the name"},
	{0},
};

static int merchant_add(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (cli_run(cli, SQL_CLI_MERCHANT_ADD, &r, e, db_text(cli->args[0]),
		    cli_value(cli, "brand")))
		return -1;
	if (r.rows == 0)
		return err_final(e, "there is a merchant of that name already");
	cli_record(cli, &r);
	return 0;
}

static int merchant_list(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (db_query(cli->db, cli->arena, SQL_CLI_MERCHANT_LIST, NULL, 0, &r, e))
		return -1;
	cli_rows(cli, &r);
	return 0;
}

const struct command merchant_commands[] = {
	{"merchant add", "NAME", 1, 1, add_fields, merchant_add, .help = "Add a merchant"},
	{"merchant list", "", 0, 0, NULL, merchant_list, .help = "List merchants"},
	{0},
};

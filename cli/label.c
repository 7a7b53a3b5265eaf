/* label - what was bought at carriers */
#include "cli/cli.h"

enum { LIST_MAX = 200 };

static const struct field list_fields[] = {
	{"state", FIELD_CHOICE, .choices = "intended|unknown|bought|failed|voiding|voided"},
	{"limit", FIELD_INT, .min = 1, .max = 100000},
	{0},
};

static int label_list(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (cli_run(cli, SQL_CLI_LABEL_LIST, &r, e, cli_value(cli, "state"),
		    db_int64(cli->arena, cli_int(cli, "limit", LIST_MAX))))
		return -1;
	cli_rows(cli, &r);
	return 0;
}

const struct command label_commands[] = {
	{"label list", "", 0, 0, list_fields, label_list,
	 .help = "List labels with what they cost, the newest first; --state voiding: to be given back"},
	{0},
};

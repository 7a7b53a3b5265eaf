/* privacy - what stores ask for about personal data: looking at it, answering, refusing */
#include "cli/cli.h"

enum { LIST_MAX = 1000 };

static const struct field list_fields[] = {
	{"all", FIELD_FLAG, .help = "those that are done, too"},
	{"limit", FIELD_INT, .min = 1, .max = 100000},
	{0},
};
static const struct field close_fields[] = {
	{"note", FIELD_TEXT, .max = 500, .is_required = 1,
	 .help = "how it was answered, or why it is refused"},
	{0},
};

static int privacy_list(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (cli_run(cli, SQL_CLI_PRIVACY_LIST, &r, e, db_bool(cli_get(cli, "all") != NULL),
		    db_int64(cli->arena, cli_int(cli, "limit", LIST_MAX))))
		return -1;
	cli_rows(cli, &r);
	return 0;
}

static int privacy_close(struct cli *cli, struct err *e)
{
	struct db_result r;
	int64_t id;

	if (cli_id(cli, cli->args[0], &id, e) ||
	    cli_run(cli, SQL_CLI_PRIVACY_CLOSE, &r, e, db_int64(cli->arena, id),
		    cli_value(cli, "note")))
		return -1;
	if (r.rows == 0)
		return cli_none(e, "no such request is open; see `waybill privacy list`");
	cli_record(cli, &r);
	return 0;
}

const struct command privacy_commands[] = {
	{"privacy list", "", 0, 0, list_fields, privacy_list,
	 .help = "List what stores ask for about personal data"},
	{"privacy close", "ID", 1, 1, close_fields, privacy_close,
	 .help = "Say that a question was answered, or refuse an erasure that is false"},
	{0},
};

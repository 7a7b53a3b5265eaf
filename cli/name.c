/* name - what people call things, as ids */
#include "cli/cli.h"
#include "core/runtime/decimal.h"
#include "core/runtime/text.h"

int cli_id(struct cli *cli, const char *text, int64_t *id, struct err *e)
{
	if (text_to_int64(text, strlen(text), id) || *id < 1)
		return cli_usage(cli, e, "\"%s\" is not a number", text_cut(text, 40));
	return 0;
}

int cli_merchant(struct cli *cli, int64_t *id, struct err *e)
{
	const char *name = cli_get(cli, "merchant");
	struct db_result r;

	if (cli_run(cli, SQL_CLI_MERCHANT, &r, e, db_text(name)))
		return -1;
	if (r.rows == 0)
		return name ? cli_none(e,
				       "there is no merchant \"%s\"; see `waybill merchant list`",
				       text_cut(name, 60))
			    : cli_none(e, "there is no merchant yet; add one with "
					  "`waybill merchant add NAME`");
	if (r.rows > 1)
		return cli_usage(cli, e,
				 "there are several merchants; say which with --merchant NAME");
	*id = db_get_int64(&r, 0, 0);
	return 0;
}

int cli_store(struct cli *cli, const char *domain, int64_t *id, struct err *e)
{
	struct db_result r;

	if (cli_run(cli, SQL_CLI_STORE, &r, e, db_text(domain)))
		return -1;
	if (r.rows == 0)
		return cli_none(e, "there is no store \"%s\"; see `waybill store list`",
				text_cut(domain ? domain : "", 100));
	if (r.rows > 1)
		return cli_usage(cli, e,
				 domain ? "several stores have this domain; give the number"
					: "there are several stores; say which with --store");
	*id = db_get_int64(&r, 0, 0);
	return 0;
}

int cli_order(struct cli *cli, const char *name, int64_t *id, struct err *e)
{
	struct db_result r;

	if (cli_run(cli, SQL_CLI_ORDER, &r, e, db_text(name)))
		return -1;
	if (r.rows == 0)
		return cli_none(e, "there is no order \"%s\"; see `waybill order list`",
				text_cut(name, 100));
	if (r.rows > 1)
		return err_final(e,
				 "several orders are called that; give the number instead: %lld, "
				 "%lld, ...",
				 (long long)db_get_int64(&r, 0, 0),
				 (long long)db_get_int64(&r, 1, 0));
	*id = db_get_int64(&r, 0, 0);
	return 0;
}

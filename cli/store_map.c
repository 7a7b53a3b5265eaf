/* store_map - what a store calls services and locations; the secret its webhooks are signed with */
#include "cli/credential.h"
#include "core/runtime/text.h"

static const struct field map_fields[] = {
	{"title", FIELD_TEXT, .max = 500, .is_required = 1,
	 .help = "the shipping method the customer chooses"},
	{"carrier", FIELD_TEXT, .max = 200,
	 .help = "the account's name, as in `waybill carrier list`"},
	{"service", FIELD_TEXT, .max = 100, .help = "the carrier's word for it: usps_priority"},
	{"remove", FIELD_FLAG, .help = "it is not mapped any longer"},
	{0},
};
static const struct field location_fields[] = {
	{"location", FIELD_TEXT, .max = 40, .is_required = 1, .help = "our code"},
	{"id", FIELD_TEXT, .max = 100, .help = "the store's id of this place"},
	{"remove", FIELD_FLAG, .help = "the store does not know it any longer"},
	{0},
};
static const struct field rotate_fields[] = {
	{"webhook-secret-file", FIELD_TEXT, .max = 1000,
	 .help = "the new one; the old one is good until the next time"},
	{"client-secret-file", FIELD_TEXT, .max = 1000},
	{"access-token-file", FIELD_TEXT, .max = 1000},
	{0},
};

static int store_map(struct cli *cli, struct err *e)
{
	int is_removed = cli_get(cli, "remove") != NULL;
	struct db_result r;
	int64_t store;

	if (!is_removed && (!cli_get(cli, "carrier") || !cli_get(cli, "service")))
		return cli_usage(cli, e, "--carrier and --service are needed, or --remove");
	if (cli_store(cli, cli->args[0], &store, e) ||
	    cli_run(cli, SQL_CLI_SERVICE_UNMAP, &r, e, db_int64(cli->arena, store),
		    cli_value(cli, "title")))
		return -1;
	if (is_removed && r.rows == 0)
		return cli_none(e, "this shipping method is not mapped");
	if (!is_removed &&
	    cli_run(cli, SQL_CLI_SERVICE_MAP, &r, e, db_int64(cli->arena, store),
		    cli_value(cli, "title"), cli_value(cli, "carrier"), cli_value(cli, "service")))
		return -1;
	if (r.rows == 0)
		return cli_none(e, "there is no carrier account \"%s\"; see `waybill carrier list`",
				text_cut(cli_get(cli, "carrier"), 100));
	cli_record(cli, &r);
	return 0;
}

static int store_location(struct cli *cli, struct err *e)
{
	int is_removed = cli_get(cli, "remove") != NULL;
	struct db_result r;
	int64_t store;

	if (!is_removed && !cli_get(cli, "id"))
		return cli_usage(cli, e, "--id is needed, or --remove");
	if (cli_store(cli, cli->args[0], &store, e))
		return -1;
	int failed = is_removed ? cli_run(cli, SQL_CLI_STORE_LOCATION_REMOVE, &r, e,
					  db_int64(cli->arena, store), cli_value(cli, "location"))
				: cli_run(cli, SQL_CLI_STORE_LOCATION_PUT, &r, e,
					  db_int64(cli->arena, store), cli_value(cli, "location"),
					  cli_value(cli, "id"));

	if (failed)
		return -1;
	if (r.rows == 0)
		return cli_none(e, "there is no such location; see `waybill location list`");
	cli_record(cli, &r);
	return 0;
}

static int store_rotate(struct cli *cli, struct err *e)
{
	struct credential_owner owner = {0};
	struct db_result r;
	int is_put = 0;

	if (cli_store(cli, cli->args[0], &owner.store, e))
		return -1;
	if (cli_run(cli, SQL_CLI_STORE_MERCHANT, &r, e, db_int64(cli->arena, owner.store)))
		return -1;
	owner.merchant = db_get_int64(&r, 0, 0);
	if (cli_get(cli, "webhook-secret-file") && credential_keep_old(cli, &owner, e))
		return -1;
	if (credential_put(cli, &owner, "webhook_secret", cli_get(cli, "webhook-secret-file"),
			   &is_put, e) ||
	    credential_put(cli, &owner, "client_secret", cli_get(cli, "client-secret-file"),
			   &is_put, e) ||
	    credential_put(cli, &owner, "access_token", cli_get(cli, "access-token-file"), &is_put,
			   e))
		return -1;
	if (!is_put)
		return cli_usage(cli, e, "a file with a new secret is needed");
	if (cli_get(cli, "client-secret-file") && credential_fetch(cli, &owner, e))
		return -1;
	cli_say(cli, "done; the gateway takes the new secret within a minute");
	return 0;
}

const struct command store_map_commands[] = {
	{"store map", "STORE", 1, 1, map_fields, store_map,
	 .help = "Say which carrier's service a shipping method is"},
	{"store location", "STORE", 1, 1, location_fields, store_location,
	 .help = "Say what the store calls a location"},
	{"store rotate-secret", "STORE", 1, 1, rotate_fields, store_rotate,
	 .help = "Put new secrets in the place of old ones", .needs_key = 1},
	{0},
};

/* store - where orders come from: adding, showing, changing */
#include "cli/credential.h"
#include "connectors/platform.h"
#include "core/runtime/text.h"

enum { KEY_BYTES = 18 };

#define SETTING_FIELDS                                                                             \
	{"api-base", FIELD_TEXT, .max = 500, .help = "address of its API; else the platform's"},   \
		{"orders-from", FIELD_TIME,                                                        \
		 .help = "older orders are recorded and held; a new shop: now"},                   \
		{"release-on", FIELD_CHOICE, .choices = "paid|authorised|always",                  \
		 .help = "when orders may be shipped"},                                            \
		{"customer-mail", FIELD_CHOICE, .choices = "waybill|store|none",                   \
		 .help = "who mails the customers"},                                               \
		{"mail-from-name", FIELD_TEXT, .max = 200},                                        \
		{"mail-from", FIELD_MAIL, .max = 320, .help = "address that mails come from"},     \
	{                                                                                          \
		"unmapped-service", FIELD_CHOICE,                                                  \
			.choices = "cheapest|hold",                                                \
			.help = "what to do with a shipping method that is not mapped"             \
	}

static const struct field add_fields[] = {
	SETTING_FIELDS,
	{"merchant", FIELD_TEXT, .max = 200, .help = "needed when there are several"},
	{"platform", FIELD_TEXT, .max = 40, .is_required = 1,
	 .help = "shopify; none: orders are imported"},
	{"domain", FIELD_DOMAIN, .max = 253, .is_required = 1, .help = "name.myshopify.com"},
	{"client-id-file", FIELD_TEXT, .max = 1000,
	 .help = "secrets come from files; - is standard input"},
	{"client-secret-file", FIELD_TEXT, .max = 1000},
	{"access-token-file", FIELD_TEXT, .max = 1000, .help = "instead of client id and secret"},
	{"webhook-secret-file", FIELD_TEXT, .max = 1000,
	 .help = "else the client secret signs webhooks"},
	{0},
};
static const struct field set_fields[] = {
	SETTING_FIELDS,
	{0},
};
static const struct field pause_fields[] = {
	{"reason", FIELD_TEXT, .max = 300, .is_required = 1, .help = "for whoever wonders later"},
	{"off", FIELD_FLAG, .help = "take nothing from it any more, either"},
	{0},
};

/* Where the platform's API is, unless told otherwise: "https://%s" with the domain. */
static const char *default_base(struct cli *cli, const struct platform *platform,
				const char *domain)
{
	const char *format = platform->default_api_base_format;
	const char *hole = strstr(format, "%s");

	return hole ? arena_printf(cli->arena, "%s%s%s", text_cut(format, (size_t)(hole - format)),
				   domain, hole + 2)
		    : format;
}

/* The path of a store's webhooks cannot be guessed. */
static const char *hook_key(struct cli *cli)
{
	struct secret random = secret_key_make(cli->arena);
	char *key = arena_strndup(cli->arena, (const char *)random.bytes, KEY_BYTES);

	for (char *p = key; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	return key;
}

static int put_secrets(struct cli *cli, const struct credential_owner *owner, int is_none,
		       struct err *e)
{
	const char *hook = cli_get(cli, "webhook-secret-file");
	int has_id = 0, has_secret = 0, has_token = 0, has_hook = 0;

	if (credential_put(cli, owner, "client_id", cli_get(cli, "client-id-file"), &has_id, e) ||
	    credential_put(cli, owner, "client_secret", cli_get(cli, "client-secret-file"),
			   &has_secret, e) ||
	    credential_put(cli, owner, "access_token", cli_get(cli, "access-token-file"),
			   &has_token, e) ||
	    credential_put(cli, owner, "webhook_secret",
			   hook ? hook : cli_get(cli, "client-secret-file"), &has_hook, e))
		return -1;
	if (is_none)
		return 0;
	if (!has_hook)
		return cli_usage(cli, e, "--webhook-secret-file or --client-secret-file is needed");
	if (has_id != has_secret)
		return cli_usage(cli, e, "client id and client secret belong together");
	if (!has_token && !has_id)
		return cli_usage(cli, e,
				 "--access-token-file, or --client-id-file and "
				 "--client-secret-file, are needed");
	return has_token ? 0 : credential_fetch(cli, owner, e);
}

static int store_add(struct cli *cli, struct err *e)
{
	const char *name = cli_get(cli, "platform"), *domain = cli_get(cli, "domain");
	struct err unknown = {0};
	const struct platform *platform = platform_by_name(name, &unknown);
	int is_none = strcmp(name, "none") == 0;
	struct credential_owner owner = {0};
	struct db_result r;

	if (!platform)
		return cli_usage(cli, e, "%s", unknown.msg);
	const char *base = cli_get(cli, "api-base");

	if (cli_api_base(cli, e) || cli_merchant(cli, &owner.merchant, e) ||
	    cli_run(cli, SQL_CLI_STORE_ADD, &r, e, db_int64(cli->arena, owner.merchant),
		    db_text(name), db_text(domain),
		    db_text(base ? base : default_base(cli, platform, domain)),
		    db_text(hook_key(cli)), cli_value(cli, "orders-from"),
		    cli_value(cli, "release-on"), cli_value(cli, "customer-mail"),
		    cli_value(cli, "mail-from-name"), cli_value(cli, "mail-from"),
		    cli_value(cli, "unmapped-service")))
		return -1;
	if (r.rows == 0)
		return err_final(
			e, "there is such a store already; change it with `waybill store set`");
	owner.store = db_get_int64(&r, 0, 0);
	if (put_secrets(cli, &owner, is_none, e))
		return -1;
	cli_record(cli, &r);
	if (!is_none) {
		cli_due(cli, "reconcile", owner.store);
		cli_say(cli, "\nPoint the store's webhooks at this path of the gateway: %s",
			db_get_text(&r, 0, 4));
	}
	return 0;
}

static int show(struct cli *cli, int64_t store, struct err *e)
{
	struct db_result r;

	if (cli_run(cli, SQL_CLI_STORE_SHOW, &r, e, db_int64(cli->arena, store)))
		return -1;
	cli_record(cli, &r);
	return 0;
}

static int store_show(struct cli *cli, struct err *e)
{
	int64_t store;

	return cli_store(cli, cli->args[0], &store, e) ? -1 : show(cli, store, e);
}

static int store_set(struct cli *cli, struct err *e)
{
	int64_t store;

	if (cli_api_base(cli, e) || cli_store(cli, cli->args[0], &store, e) ||
	    cli_run(cli, SQL_CLI_STORE_SET, NULL, e, db_int64(cli->arena, store),
		    cli_value(cli, "api-base"), cli_value(cli, "orders-from"),
		    cli_value(cli, "release-on"), cli_value(cli, "customer-mail"),
		    cli_value(cli, "mail-from-name"), cli_value(cli, "mail-from"),
		    cli_value(cli, "unmapped-service")))
		return -1;
	return show(cli, store, e);
}

static int store_pause(struct cli *cli, struct err *e)
{
	int is_off = cli_get(cli, "off") != NULL;
	struct db_result r;
	int64_t store;

	if (cli_store(cli, cli->args[0], &store, e) ||
	    cli_run(cli, SQL_CLI_STORE_PAUSE, &r, e, db_int64(cli->arena, store),
		    cli_value(cli, "reason")))
		return -1;
	if (!db_get_bool(&r, 0, 0) && !is_off)
		return err_final(e, "the store is paused already; see `waybill store show`");
	if (is_off && cli_run(cli, SQL_CLI_STORE_OFF, NULL, e, db_int64(cli->arena, store)))
		return -1;
	return show(cli, store, e);
}

static int store_resume(struct cli *cli, struct err *e)
{
	struct db_result r;
	int64_t store;

	if (cli_store(cli, cli->args[0], &store, e) ||
	    cli_run(cli, SQL_CLI_STORE_RESUME, &r, e, db_int64(cli->arena, store)))
		return -1;
	cli_dues(cli, &r);
	return show(cli, store, e);
}

static int store_list(struct cli *cli, struct err *e)
{
	struct db_result r;

	if (db_query(cli->db, cli->arena, SQL_CLI_STORE_LIST, NULL, 0, &r, e))
		return -1;
	cli_rows(cli, &r);
	return 0;
}

const struct command store_commands[] = {
	{"store add", "", 0, 0, add_fields, store_add,
	 .help = "Add a store; prints the path of its webhooks", .needs_key = 1},
	{"store list", "", 0, 0, NULL, store_list, .help = "List stores"},
	{"store show", "STORE", 1, 1, NULL, store_show,
	 .help = "Show a store, its maps and credentials"},
	{"store set", "STORE", 1, 1, set_fields, store_set, .help = "Change a store's settings"},
	{"store pause", "STORE", 1, 1, pause_fields, store_pause,
	 .help = "Keep a store's orders, but plan, buy and ship nothing of them"},
	{"store resume", "STORE", 1, 1, NULL, store_resume, .help = "Let a paused store go on"},
	{0},
};

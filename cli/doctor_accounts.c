/* doctor_accounts - do the credentials open, and do stores and carriers take them? */
#include "cli/doctor.h"
#include "connectors/carrier.h"
#include "connectors/platform.h"
#include "core/runtime/loop.h"

enum { CHECK_MS = 15000 };

/* Columns of cli_doctor_accounts.sql. */
enum {
	A_KIND,
	A_ID,
	A_CONNECTOR,
	A_NAME,
	A_BASE,
	A_CREDENTIAL,
	A_CREDENTIAL_KIND,
	A_SEALED,
	A_ERROR
};

struct reading {
	struct cli *cli;
	const struct master_key *key;
	const struct db_result *r;
};

static const char *label(const struct reading *in, size_t row)
{
	return arena_printf(in->cli->arena, "%s %s", db_get_text(in->r, row, A_KIND),
			    db_get_text(in->r, row, A_NAME));
}

/* A credential into the account; 0, or -1 when it does not open (which has been said). */
static int open_one(const struct reading *in, size_t row, struct account *account)
{
	const char *kind = db_get_text(in->r, row, A_CREDENTIAL_KIND);
	const char *owner = arena_printf(in->cli->arena, "credential:%lld",
					 (long long)db_get_int64(in->r, row, A_CREDENTIAL));
	struct secret plain;
	struct err e = {0};
	size_t len;
	const void *sealed = db_get_bytes(in->cli->arena, in->r, row, A_SEALED, &len);

	if (!kind || !sealed)
		return 0;
	if (secret_open(in->cli->arena, in->key, owner, sealed, len, &plain, &e)) {
		doctor_say(in->cli, 0, label(in, row), "%s: %s; is it the right master key?", kind,
			   e.msg);
		return -1;
	}
	if (strcmp(kind, "access_token") == 0 || strcmp(kind, "api_key") == 0)
		account->token = plain;
	return 0;
}

static void check_store(const struct reading *in, size_t row, struct api *api)
{
	struct platform_check found = {0};
	struct err e = {0};
	const struct platform *platform = platform_by_name(api->account->connector, &e);

	if (!platform || platform->check(api, &found, &e))
		doctor_say(in->cli, 0, label(in, row), "%s", e.msg);
	else if (strcmp(platform->name, "none") == 0)
		doctor_say(in->cli, 1, label(in, row), "orders are imported");
	else if (found.missing_scopes)
		doctor_say(in->cli, 0, label(in, row), "the app lacks %s; grant it in the store",
			   found.missing_scopes);
	else if (found.api_version_warning)
		doctor_say(in->cli, 0, label(in, row), "%s", found.api_version_warning);
	else
		doctor_say(in->cli, 1, label(in, row), "answers, with every right");
}

static void check_carrier(const struct reading *in, size_t row, struct api *api)
{
	const char *mode = NULL;
	struct err e = {0};
	const struct carrier *carrier = carrier_by_name(api->account->connector, &e);

	if (!carrier || carrier->check(api, &mode, &e))
		doctor_say(in->cli, 0, label(in, row), "%s", e.msg);
	else
		doctor_say(in->cli, 1, label(in, row), "answers%s%s", mode ? ", key for " : "",
			   mode ? mode : "");
}

static void check_account(const struct reading *in, size_t row, const struct account *account)
{
	struct api api = {.arena = in->cli->arena,
			  .account = account,
			  .deadline_ms = loop_now_ms() + CHECK_MS};
	int is_store = strcmp(db_get_text(in->r, row, A_KIND), "store") == 0;
	const char *error = db_get_text(in->r, row, A_ERROR);

	if (account->token.len == 0 && strcmp(account->connector, "none") != 0 &&
	    strcmp(account->connector, "null") != 0)
		doctor_say(in->cli, 0, label(in, row),
			   "no access token yet%s%s; does waybill-renew run?", error ? ": " : "",
			   error ? error : "");
	else if (is_store)
		check_store(in, row, &api);
	else
		check_carrier(in, row, &api);
}

void doctor_accounts(struct cli *cli)
{
	struct reading in = {.cli = cli};
	struct master_key *key;
	struct db_result r;
	struct err e = {0};

	if (secret_key_read(cli->conf.secrets.key_file, &key, &e) ||
	    db_query(cli->db, cli->arena, SQL_CLI_DOCTOR_ACCOUNTS, NULL, 0, &r, &e) ||
	    cli_commit(cli, &e)) { /* nothing is held while others are asked */
		doctor_say(cli, 0, "master key", "%s", e.msg);
		return;
	}
	doctor_say(cli, 1, "master key", "readable");
	in.key = key;
	in.r = &r;
	for (size_t i = 0; i < r.rows;) {
		struct account account = {
			.id = db_get_int64(&r, i, A_ID),
			.connector = db_get_text(&r, i, A_CONNECTOR),
			.name = db_get_text(&r, i, A_NAME),
			.api_base = db_get_text(&r, i, A_BASE),
		};
		size_t first = i;
		int broken = 0;

		for (; i < r.rows && strcmp(label(&in, i), label(&in, first)) == 0; i++)
			broken |= open_one(&in, i, &account);
		if (!broken)
			check_account(&in, first, &account);
	}
	secret_key_free(key);
}

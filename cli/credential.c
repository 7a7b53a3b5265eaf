/* credential - sealing what opens stores and carriers */
#include "cli/credential.h"

#include "cli/file.h"

static struct db_value id_or_null(struct cli *cli, int64_t id)
{
	return id ? db_int64(cli->arena, id) : db_null();
}

static int put(struct cli *cli, const struct credential_owner *owner, int64_t id, const char *kind,
	       struct db_value sealed, const char *step, struct db_result *out, struct err *e)
{
	return cli_run(cli, SQL_CLI_CREDENTIAL_PUT, out, e, db_int64(cli->arena, id),
		       db_int64(cli->arena, owner->merchant), id_or_null(cli, owner->store),
		       id_or_null(cli, owner->carrier), db_text(kind), sealed, db_text(step));
}

/* The id that the value is bound to: of the row that is there, or of the one to come. */
static int credential_id(struct cli *cli, const struct credential_owner *owner, const char *kind,
			 int64_t *id, struct err *e)
{
	struct db_result r;

	if (cli_run(cli, SQL_CLI_CREDENTIAL_ID, &r, e, id_or_null(cli, owner->store),
		    id_or_null(cli, owner->carrier), db_text(kind)))
		return -1;
	*id = db_get_int64(&r, 0, 0);
	return 0;
}

static int read_key(struct cli *cli, struct master_key **key, struct err *e)
{
	if (!cli->conf.secrets.key_file[0])
		return err_final(
			e, "credentials need the master key, and secrets.key_file is not set: "
			   "this is for whoever has it; `waybill setup` makes it");
	return secret_key_read(cli->conf.secrets.key_file, key, e)
		       ? err_prefix(e, "credentials need the master key")
		       : 0;
}

static int seal(struct cli *cli, const struct credential_owner *owner, const char *kind,
		struct secret plain, struct err *e)
{
	struct master_key *key;
	unsigned char *sealed;
	size_t len;
	int64_t id;

	if (credential_id(cli, owner, kind, &id, e) || read_key(cli, &key, e))
		return -1;
	secret_seal(cli->arena, key, arena_printf(cli->arena, "credential:%lld", (long long)id),
		    plain, &sealed, &len);
	secret_key_free(key);
	return put(cli, owner, id, kind, db_bytes(sealed, len), NULL, NULL, e);
}

int credential_put(struct cli *cli, const struct credential_owner *owner, const char *kind,
		   const char *path, int *is_put, struct err *e)
{
	struct secret plain;

	if (!path)
		return 0;
	if (file_read_secret(cli->arena, path, &plain, e))
		return -1;
	*is_put = 1;
	return seal(cli, owner, kind, plain, e);
}

int credential_keep_old(struct cli *cli, const struct credential_owner *owner, struct err *e)
{
	struct master_key *key;
	struct db_result r;
	struct secret plain;
	size_t len;

	if (cli_run(cli, SQL_CLI_WEBHOOK_SECRET, &r, e, db_int64(cli->arena, owner->store)) ||
	    r.rows == 0 || read_key(cli, &key, e))
		return r.rows == 0 ? 0 : -1;
	const unsigned char *sealed = db_get_bytes(cli->arena, &r, 0, 1, &len);
	int failed = secret_open(cli->arena, key, db_get_text(&r, 0, 0), sealed, len, &plain, e);

	secret_key_free(key);
	return failed ? -1 : seal(cli, owner, "webhook_secret_old", plain, e);
}

int credential_fetch(struct cli *cli, const struct credential_owner *owner, struct err *e)
{
	int64_t id;

	if (credential_id(cli, owner, "access_token", &id, e) ||
	    put(cli, owner, id, "access_token", db_null(), "renew", NULL, e))
		return -1;
	cli_due(cli, "renew", id);
	return 0;
}

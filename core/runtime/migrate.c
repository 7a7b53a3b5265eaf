/* migrate - bring the database to the schema this binary knows */
#include "core/runtime/migrate.h"

#include <stdlib.h>
#include <string.h>

#include "core/runtime/arena.h"
#include "core/runtime/db_internal.h"
#include "core/runtime/secret.h"

/* "waybill" as a number: nobody else locks by it. */
#define LOCK_SQL "SELECT pg_advisory_lock(33616154614096)"

static const char table_sql[] = "CREATE TABLE IF NOT EXISTS schema_version ("
				" version integer PRIMARY KEY,"
				" name text NOT NULL,"
				" sha256 bytea NOT NULL,"
				" applied_at timestamptz NOT NULL DEFAULT now())";

static int refused(struct err *e, enum err_kind kind, const char *doing, const char *text)
{
	return err_set(e, kind, ERR_CODE_NONE, "cannot %s: %s", doing, text);
}

static int connect_to(const char *url, PGconn **out, struct err *e)
{
	const char *const keywords[] = {"connect_timeout", "dbname", "application_name", NULL};
	const char *const values[] = {"10", url, "waybill-migrate", NULL};

	if (!db_url_is_valid(url)) /* libpq's text would quote it, password included */
		return err_final(e, "cannot connect: the url is not a connection string");
	PGconn *pg = PQconnectdbParams(keywords, values, /* expand_dbname= */ 1);

	if (!pg)
		die("out of memory: a database connection");
	if (PQstatus(pg) != CONNECTION_OK) {
		refused(e, ERR_RETRY, "connect to the database", PQerrorMessage(pg));
		PQfinish(pg);
		return -1;
	}
	PQsetNoticeReceiver(pg, db_log_notice, NULL);
	*out = pg;
	return 0;
}

/* Commands: fixed text, or a migration's. The result, if wanted, is the caller's to clear. */
static int run(PGconn *pg, const char *doing, const char *sql, PGresult **out, struct err *e)
{
	PGresult *r = PQexec(pg, sql);
	ExecStatusType status = PQresultStatus(r);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		const char *primary = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
		int is_alive = PQstatus(pg) == CONNECTION_OK;

		refused(e, is_alive ? ERR_FINAL : ERR_RETRY, doing,
			primary ? primary : PQresultErrorMessage(r));
		PQclear(r);
		return -1;
	}
	if (out)
		*out = r;
	else
		PQclear(r);
	return 0;
}

static int list_length(void)
{
	int count = 0;

	while (migrations[count].name)
		count++;
	return count;
}

/* The list itself: 0001_, 0002_, ... without a gap. */
static int check_list(struct err *e)
{
	for (int i = 0; migrations[i].name; i++)
		if (strtol(migrations[i].name, NULL, 10) != i + 1)
			return err_bug(e, "migration %s should be number %04d", migrations[i].name,
				       i + 1);
	return 0;
}

static char *digest(struct arena *a, const struct migration *m)
{
	unsigned char hash[32];

	sha256(m->text, strlen(m->text), hash);
	return hex_encode(a, hash, sizeof hash);
}

static int compare_row(struct arena *a, PGresult *rows, int row, struct err *e)
{
	const char *version = PQgetvalue(rows, row, 0), *name = PQgetvalue(rows, row, 1);
	const char *hash = PQgetvalue(rows, row, 2);

	if (strtol(version, NULL, 10) != row + 1)
		return err_final(e, "refused: the database has migration %s but lacks %04d",
				 version, row + 1);
	if (row >= list_length())
		return err_final(e,
				 "refused: the database has migration %s, which this program does "
				 "not know; use the newer program",
				 name);
	const struct migration *m = &migrations[row];

	if (strcmp(name, m->name) != 0)
		return err_final(e, "refused: the database has migration %s in the place of %s",
				 name, m->name);
	if (strcmp(hash, digest(a, m)) != 0)
		return err_final(e,
				 "refused: migration %s was edited after it had been applied; put "
				 "the change into a new one",
				 m->name);
	return 0;
}

/* How many migrations the database has, all of them equal to ours. */
static int compare(PGconn *pg, int *applied, struct err *e)
{
	PGresult *rows;

	if (run(pg, "read schema_version",
		"SELECT version, name, encode(sha256, 'hex') FROM schema_version ORDER BY version",
		&rows, e))
		return -1;
	struct arena *a = arena_new();
	int count = PQntuples(rows), failed = 0;

	for (int row = 0; row < count && !failed; row++)
		failed = compare_row(a, rows, row, e);
	arena_free(a);
	PQclear(rows);
	*applied = count;
	return failed;
}

static int record(PGconn *pg, int version, const struct migration *m, struct err *e)
{
	struct arena *a = arena_new();
	const char *const values[] = {arena_printf(a, "%d", version), m->name, digest(a, m)};
	PGresult *r = PQexecParams(pg,
				   "INSERT INTO schema_version (version, name, sha256)"
				   " VALUES ($1::integer, $2::text, decode($3::text, 'hex'))",
				   3, NULL, values, NULL, NULL, 0);
	int failed = 0;

	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		failed = refused(e, ERR_FINAL, "write schema_version", PQresultErrorMessage(r));
	PQclear(r);
	arena_free(a);
	return failed;
}

static int apply_one(PGconn *pg, int version, const struct migration *m, struct err *e)
{
	if (run(pg, "begin", "BEGIN", NULL, e))
		return -1;
	if (run(pg, "apply it", m->text, NULL, e))
		return err_prefix(e, "migration %s", m->name);
	if (PQtransactionStatus(pg) != PQTRANS_INTRANS)
		return err_bug(e, "migration %s ends its own transaction", m->name);
	if (record(pg, version, m, e) || run(pg, "commit", "COMMIT", NULL, e))
		return err_prefix(e, "migration %s", m->name);
	return 0;
}

static int apply_missing(PGconn *pg, void (*report)(const char *name), int *applied, struct err *e)
{
	int have;

	if (run(pg, "lock", LOCK_SQL, NULL, e) ||
	    run(pg, "make schema_version", table_sql, NULL, e) ||
	    run(pg, "grant schema_version", "GRANT SELECT ON schema_version TO PUBLIC", NULL, e) ||
	    compare(pg, &have, e))
		return -1;
	for (int i = have; migrations[i].name; i++) {
		if (report)
			report(migrations[i].name);
		if (apply_one(pg, i + 1, &migrations[i], e))
			return -1;
		++*applied;
	}
	return 0;
}

int migrate_apply(const char *url, void (*report)(const char *name), int *applied, struct err *e)
{
	PGconn *pg;
	int count = 0;

	if (check_list(e) || connect_to(url, &pg, e))
		return -1;
	int failed = apply_missing(pg, report, &count, e);

	PQfinish(pg); /* rolls back what is open, and unlocks */
	if (applied)
		*applied = count;
	return failed;
}

int migrate_check(const char *url, struct err *e)
{
	PGconn *pg;
	PGresult *r;
	int have = 0, failed;

	if (check_list(e) || connect_to(url, &pg, e))
		return -1;
	failed = run(pg, "look for schema_version",
		     "SELECT to_regclass('schema_version') IS NOT NULL", &r, e);
	if (!failed) {
		if (PQgetvalue(r, 0, 0)[0] == 't')
			failed = compare(pg, &have, e);
		PQclear(r);
	}
	PQfinish(pg);
	if (failed)
		return -1;
	if (have < list_length())
		return err_final(e, "the database lacks migration %s; run: waybill migrate",
				 migrations[have].name);
	return 0;
}

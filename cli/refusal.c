/* refusal - what the database refused, in people's words */
#include "cli/refusal.h"

#include "core/runtime/text.h"

/* The longest prefix of a SQLSTATE decides. */
static const struct {
	const char *prefix, *words;
} words_of[] = {
	{"22", "a value is none that the database can keep"},
	{"25006", "the database takes no changes just now: it is read-only"},
	{"40", "others were at the same rows; try again"},
	{"42501", "this login may not do that: people act through database.operator_url_file; "
		  "see docs/operations.md, Security"},
	{"42703", "the database is of another version; run `waybill migrate`"},
	{"42883", "the database is of another version; run `waybill migrate`"},
	{"42P01", "the database is of another version; run `waybill migrate`"},
	{"53", "the database has no room left; try again later"},
	{"55P03", "others were at the same rows; try again"},
	{"57014", "the database took too long; try again"},
};

int refusal_is_data(const struct cli *cli)
{
	const char *sqlstate = cli->db ? db_refusal(cli->db)->sqlstate : "";

	return strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0 ||
	       strcmp(sqlstate, "P0001") == 0;
}

/* What the constraint wants; NULL: it cannot be found out. */
static const char *constraint_words(struct cli *cli, const char *name)
{
	struct err ignored = {0};
	struct db_result r;

	if (!name[0] || db_begin(cli->db, &ignored) ||
	    cli_run(cli, SQL_CLI_CONSTRAINT, &r, &ignored, db_text(name)) || r.rows == 0)
		return NULL;
	const char *words = arena_strdup(cli->arena, db_get_text(&r, 0, 0));

	return db_rollback(cli->db, &ignored) ? NULL : words;
}

void refusal_words(struct cli *cli, struct err *e)
{
	struct err ignored = {0};

	if (!cli->db || !db_refusal(cli->db)->sqlstate[0])
		return;
	struct db_refusal was = *db_refusal(cli->db);
	const char *words = NULL;

	if (db_rollback(cli->db, &ignored))
		return;
	if (strcmp(was.sqlstate, "P0001") == 0)
		words = was.text; /* a trigger's, written for people */
	else if (strcmp(was.sqlstate, "23502") == 0)
		words = arena_printf(cli->arena, "%s: is needed", was.column);
	else if (strncmp(was.sqlstate, "23", 2) == 0)
		words = constraint_words(cli, was.constraint);
	for (size_t i = 0; !words && i < sizeof words_of / sizeof *words_of; i++)
		if (strncmp(was.sqlstate, words_of[i].prefix, strlen(words_of[i].prefix)) == 0)
			words = words_of[i].words;
	if (!words)
		words = arena_printf(cli->arena, "the database refused this (%s)", was.sqlstate);
	err_set(e, e->kind, e->code, "%s", words);
}

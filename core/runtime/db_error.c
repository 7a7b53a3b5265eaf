/* db_error - what PostgreSQL's refusals mean to a job */
#include <string.h>

#include "core/runtime/db_internal.h"
#include "core/runtime/log.h"
#include "core/runtime/text.h"

/* The longest prefix of a SQLSTATE decides. Anything that is not here is our own mistake. */
static const struct verdict {
	const char *prefix;
	enum err_kind kind;
	enum err_code code;
} verdicts[] = {
	{"08", ERR_RETRY, ERR_CODE_DISCONNECTED},
	{"0A000", ERR_RETRY,
	 ERR_CODE_DISCONNECTED},	   /* a plan from before a migration: prepare anew */
	{"22P03", ERR_BUG, ERR_CODE_NONE}, /* a parameter of another type than declared */
	{"22", ERR_FINAL, ERR_CODE_DATA},
	{"23505", ERR_RETRY, ERR_CODE_CONFLICT}, /* somebody else was first: look again */
	{"23", ERR_FINAL, ERR_CODE_DATA},
	{"25P03", ERR_RETRY, ERR_CODE_DISCONNECTED}, /* idle in a transaction for too long */
	{"40", ERR_RETRY, ERR_CODE_CONFLICT},
	{"44", ERR_FINAL, ERR_CODE_DATA},
	{"53", ERR_RETRY, ERR_CODE_NONE},
	{"54", ERR_FINAL, ERR_CODE_DATA}, /* too large for an index */
	{"55P03", ERR_RETRY, ERR_CODE_CONFLICT},
	{"57014", ERR_RETRY, ERR_CODE_TIMEOUT},
	{"57P", ERR_RETRY, ERR_CODE_DISCONNECTED},
	{"58", ERR_RETRY, ERR_CODE_NONE},
	{"P0001", ERR_FINAL, ERR_CODE_DATA},
};

static const struct verdict *verdict_of(const char *sqlstate)
{
	static const struct verdict bug = {"", ERR_BUG, ERR_CODE_NONE};

	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
		if (strncmp(sqlstate, verdicts[i].prefix, strlen(verdicts[i].prefix)) == 0)
			return &verdicts[i];
	return &bug;
}

int db_judge(struct err *e, const char *what, const char *sqlstate, const char *text)
{
	const struct verdict *v = verdict_of(sqlstate);
	const char *first = strncmp(sqlstate, "22", 2) == 0 ? strchr(text, '"') : NULL;
	const char *last = first ? strrchr(text, '"') : NULL;

	if (first && last > first)
		return err_set(e, v->kind, v->code, "sql %s: %s...%s (%s)", what,
			       text_cut(text, (size_t)(first - text)), last + 1, sqlstate);
	return err_set(e, v->kind, v->code, "sql %s: %s (%s)", what, text, sqlstate);
}

int db_lost(struct err *e, const char *doing, const char *text)
{
	return err_set(e, ERR_RETRY, ERR_CODE_DISCONNECTED, "could not %s: %s", doing, text);
}

void db_log_notice(void *arg, const PGresult *r)
{
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	(void)arg;
	log_debug("event=database_notice text=%s", log_quote(text ? text : ""));
}

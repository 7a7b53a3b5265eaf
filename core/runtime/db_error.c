/* db_error - what PostgreSQL's refusals mean to a job */
#include <string.h>

#include "core/runtime/db_internal.h"
#include "core/runtime/log.h"
#include "core/runtime/text.h"

/*
 * The longest prefix of a SQLSTATE decides; it stands before the shorter ones. All classes of PostgreSQL's appendix
 * A are meant: those that are not here are our own mistake.
 */
static const struct verdict {
	const char *prefix;
	enum err_kind kind;
	enum err_code code;
	int is_over; /* the session is of no use any more, and another may be */
} verdicts[] = {
	/* The server, or the way to it: nothing goes until it is back, and everything then. */
	{"08", ERR_RETRY, ERR_CODE_DISCONNECTED, 1},
	{"25006", ERR_RETRY, ERR_CODE_DISCONNECTED, 1}, /* a standby, or storage is full */
	{"25P03", ERR_RETRY, ERR_CODE_DISCONNECTED, 1}, /* idle in a transaction for too long */
	{"25P04", ERR_RETRY, ERR_CODE_DISCONNECTED, 1}, /* a transaction for too long */
	{"28", ERR_RETRY, ERR_CODE_DISCONNECTED, 1},
	{"3D", ERR_RETRY, ERR_CODE_DISCONNECTED, 1},
	{"40003", ERR_RETRY, ERR_CODE_DISCONNECTED, 1}, /* nobody knows whether it happened */
	{"57P", ERR_RETRY, ERR_CODE_DISCONNECTED, 1},

	/* What this session has prepared is not, or not any more, what the server has. */
	{"0A000", ERR_RETRY, ERR_CODE_CONFLICT, 1}, /* a plan from before a migration */
	{"26", ERR_RETRY, ERR_CODE_CONFLICT, 1},
	{"42P05", ERR_RETRY, ERR_CODE_CONFLICT, 1},

	/* Somebody else was first: look again. */
	{"23505", ERR_RETRY, ERR_CODE_CONFLICT, 0},
	{"23P01", ERR_RETRY, ERR_CODE_CONFLICT, 0},
	{"40", ERR_RETRY, ERR_CODE_CONFLICT, 0},
	{"55006", ERR_RETRY, ERR_CODE_CONFLICT, 0},
	{"55P03", ERR_RETRY, ERR_CODE_CONFLICT, 0},
	{"72", ERR_RETRY, ERR_CODE_CONFLICT, 0},

	/* The server's own trouble: disk, memory, files, a query ended from outside. */
	{"53", ERR_RETRY, ERR_CODE_NONE, 0},
	{"55000", ERR_RETRY, ERR_CODE_NONE, 0},
	{"57014", ERR_RETRY, ERR_CODE_TIMEOUT, 0},
	{"57", ERR_RETRY, ERR_CODE_NONE, 0},
	{"58", ERR_RETRY, ERR_CODE_NONE, 0},
	{"F0", ERR_RETRY, ERR_CODE_NONE, 0},
	{"XX", ERR_RETRY, ERR_CODE_NONE, 0},

	/* Rights and things that are missing: a migration, or a person, is not done with it yet. */
	{"3F", ERR_RETRY, ERR_CODE_NONE, 0},
	{"42501", ERR_RETRY, ERR_CODE_NONE, 0},
	{"42703", ERR_RETRY, ERR_CODE_NONE, 0},
	{"42704", ERR_RETRY, ERR_CODE_NONE, 0},
	{"42883", ERR_RETRY, ERR_CODE_NONE, 0},
	{"42P01", ERR_RETRY, ERR_CODE_NONE, 0},

	/* These very data. */
	{"22P03", ERR_BUG, ERR_CODE_NONE, 0}, /* a parameter of another type than declared */
	{"22", ERR_FINAL, ERR_CODE_DATA, 0},
	{"23", ERR_FINAL, ERR_CODE_DATA, 0},
	{"44", ERR_FINAL, ERR_CODE_DATA, 0},
	{"54", ERR_FINAL, ERR_CODE_DATA, 0}, /* too large for an index */
	{"P0001", ERR_FINAL, ERR_CODE_DATA, 0},
};

static const struct verdict *verdict_of(const char *sqlstate)
{
	static const struct verdict bug = {"", ERR_BUG, ERR_CODE_NONE, 0};

	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
		if (strncmp(sqlstate, verdicts[i].prefix, strlen(verdicts[i].prefix)) == 0)
			return &verdicts[i];
	return &bug;
}

int db_ends_session(const char *sqlstate)
{
	return verdict_of(sqlstate)->is_over;
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

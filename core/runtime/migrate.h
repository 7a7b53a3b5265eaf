/*
 * migrate - bring the database to the schema this binary knows
 *
 * Migrations are core/migrations/NNNN_name.sql, embedded, applied in the order of their names, each
 * in one transaction, under an advisory lock. schema_version remembers name and SHA-256 of what was
 * applied: a file that was edited afterwards, or one the binary does not know, is refused. There is
 * no way back.
 */
#ifndef WAYBILL_MIGRATE_H
#define WAYBILL_MIGRATE_H

#include "core/runtime/err.h"

struct migration {
	const char *name; /* NNNN_name; NULL ends the list */
	const char *text;
};

/* All migrations, in order. Made from core/migrations by tools/embed.awk. */
extern const struct migration migrations[];

/*
 * migrate_apply - apply what is missing; blocks (for the command line only)
 *
 * url is the owner's. report is called before each migration that is applied, with its name.
 * Running it twice, or twice at once, is harmless. ERR_FINAL for an edited or unknown migration and
 * for SQL that fails.
 */
int migrate_apply(const char *url, void (*report)(const char *name), int *applied, struct err *e);

/* migrate_check - is the database exactly at this binary's schema? ERR_FINAL says no. Blocks. */
int migrate_check(const char *url, struct err *e);

#endif

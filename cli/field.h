/*
 * field - an option of a command, or a column of a CSV file: what may stand there
 */
#ifndef WAYBILL_FIELD_H
#define WAYBILL_FIELD_H

#include <stddef.h>
#include <stdint.h>

#include "core/runtime/arena.h"
#include "core/runtime/err.h"

enum field_kind {
	FIELD_TEXT,    /* at most max bytes */
	FIELD_COUNTRY, /* two letters, in capitals: US */
	FIELD_DOMAIN,  /* a host's name, in small letters */
	FIELD_MAIL,    /* an address that mail servers take */
	FIELD_INT,     /* min to max */
	FIELD_MONEY,   /* "12.50", in ten-thousandths */
	FIELD_YES_NO,  /* yes | no */
	FIELD_DATE,    /* 2026-11-23 */
	FIELD_TIME,    /* RFC 3339 */
	FIELD_DEGREES,
	FIELD_CHOICE, /* one of choices, "a|b|c" */
	FIELD_FLAG,   /* an option without a value */
};

struct field {
	const char *name; /* as in --name; NULL ends a table */
	enum field_kind kind;
	int64_t min, max;
	int is_required;
	const char *choices;
	const char *help; /* NULL: the name says it */
};

/*
 * field_read - text as the database takes it ("yes" is "true", "12.50" is "125000")
 *
 * Empty text, or nothing but blanks, is empty: it means "no longer". ERR_FINAL (ERR_CODE_DATA) names the field and says
 * what may stand there.
 */
int field_read(struct arena *a, const struct field *field, const char *text, const char **out,
	       struct err *e);

/* field_takes - "TEXT", "NUMBER", "yes|no": what stands behind the option in the help */
const char *field_takes(const struct field *field);

#endif

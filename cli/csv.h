/*
 * csv - files of comma-separated values (RFC 4180), read strictly
 *
 * UTF-8, with or without a byte order mark; lines end with LF or CRLF; quoted fields may hold
 * commas, quotes (doubled) and line breaks. Blank lines are skipped. Every record must have as
 * many fields as the first.
 */
#ifndef WAYBILL_CSV_H
#define WAYBILL_CSV_H

#include <stddef.h>

#include "core/runtime/arena.h"
#include "core/runtime/err.h"

enum {
	CSV_BYTES_MAX = 64 * 1024 * 1024,
	CSV_RECORDS_MAX = 100 * 1000,
	CSV_COLUMNS_MAX = 64,
};

struct csv_record {
	size_t line; /* where it begins, from 1 */
	const char **fields;
	size_t count;
};

struct csv {
	size_t columns;		    /* of the header; a record may have another count */
	struct csv_record *records; /* the header is the first */
	size_t count, capacity;
};

/*
 * csv_parse - text is changed and stays in use. ERR_FINAL (ERR_CODE_DATA) names the line: "line
 * 12: ..."
 */
int csv_parse(struct arena *a, char *text, size_t len, struct csv *out, struct err *e);

#endif

/*
 * record - rows that people give, by options or as a CSV file, into a table
 *
 * The statement takes the merchant, the mode (add, set, put) and one array of text per field, up
 * to the field "merchant". It returns (n, what became of it, ...) per row that it took: n counts
 * from 1. In mode add it takes only what is new, in mode set only what is there, put takes both.
 */
#ifndef WAYBILL_RECORD_H
#define WAYBILL_RECORD_H

#include "cli/cli.h"

struct records {
	const struct field *fields;
	size_t columns, count;
	const char ***values; /* [column][row]; NULL: not said */
	size_t *lines;	      /* NULL: from options */
	const char *path;
};

/* records_from_options - one record from the command's options; empty text takes a value away */
void records_from_options(struct cli *cli, struct records *out);

/*
 * records_from_file - a CSV file whose header names fields
 *
 * Unknown, doubled and missing columns are refused; an empty field is not said. All wrong lines,
 * up to 20, are printed; keys: so many of the first fields must differ from line to line.
 */
int records_from_file(struct cli *cli, const char *path, const struct field *fields, size_t keys,
		      struct records *out, struct err *e);

/* record_wrong - print what is wrong with a record, with its line; gives up after 20 */
void record_wrong(const struct records *r, size_t row, const char *what);

/* record_column - one column as a parameter */
struct db_value record_column(struct cli *cli, const struct records *r, const char *name);

/* records_put - run the statement; its rows are the output */
YIELDS
int records_put(struct cli *cli, enum sql_id id, const char *mode, const struct records *r,
		struct err *e);

#endif

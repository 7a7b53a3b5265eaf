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

/* What is wrong with a row. */
struct wrong {
	size_t row, nth;
	const char *what;
};

struct records {
	const struct field *fields;
	size_t columns, count;
	const char ***values; /* [column][row]; NULL: not said */
	size_t *lines;	      /* NULL: from options */
	const char *path;
	char *is_wrong; /* [row] */
	struct wrong *wrong;
	size_t wrong_count, wrong_capacity, wrong_rows;
};

/* records_from_options - one record from the command's options; empty text takes a value away */
void records_from_options(struct cli *cli, struct records *out);

/*
 * records_from_file - a CSV file whose header names fields
 *
 * Unknown, doubled and missing columns are refused; an empty field is not said. What is wrong with lines is kept until
 * records_refuse(), so that what only the database knows is told beside it. keys: so many of the first fields, one or
 * two, must differ from line to line, in more than case and blanks.
 */
int records_from_file(struct cli *cli, const char *path, const struct field *fields, size_t keys,
		      struct records *out, struct err *e);

/* record_wrong - note what is wrong with a record: "grams: a whole number is needed" */
void record_wrong(struct cli *cli, struct records *r, size_t row, const char *what);

/* records_refuse - if something is wrong, print the first 20 of it by line: -1 */
int records_refuse(struct records *r, struct err *e);

/* record_column - one column as a parameter */
struct db_value record_column(struct cli *cli, const struct records *r, const char *name);

/*
 * records_put - run the statement; its rows are the output
 *
 * When the database refuses lines of a file, each of them is found and told, with all that was wrong before.
 */
YIELDS
int records_put(struct cli *cli, enum sql_id id, const char *mode, struct records *r,
		struct err *e);

#endif

/* record - reading, checking and storing what people give */
#include "cli/record.h"

#include <strings.h>

#include "cli/csv.h"
#include "cli/file.h"
#include "cli/refusal.h"
#include "core/runtime/text.h"

enum { WRONG_MAX = 20, PARAMS_MAX = 48 };

static size_t column_count(const struct field *fields)
{
	size_t n = 0;

	while (fields[n].name && strcmp(fields[n].name, "merchant") != 0)
		n++;
	return n;
}

static void records_new(struct cli *cli, const struct field *fields, size_t count,
			struct records *out)
{
	*out = (struct records){.fields = fields, .columns = column_count(fields), .count = count};
	out->values = ARENA_ARRAY(cli->arena, const char **, out->columns);
	for (size_t c = 0; c < out->columns; c++)
		out->values[c] = ARENA_ARRAY(cli->arena, const char *, count);
	out->is_wrong = arena_alloc(cli->arena, count + 1);
}

void records_from_options(struct cli *cli, struct records *out)
{
	records_new(cli, cli->command->fields, 1, out);
	for (size_t c = 0; c < out->columns; c++)
		out->values[c][0] = cli->values[c];
}

void record_wrong(struct cli *cli, struct records *r, size_t row, const char *what)
{
	r->wrong_rows += !r->is_wrong[row];
	r->is_wrong[row] = 1;
	*ARENA_PUSH(cli->arena, r->wrong, r->wrong_count, r->wrong_capacity) =
		(struct wrong){row, r->wrong_count, arena_strdup(cli->arena, what)};
}

static int by_row(const void *a, const void *b)
{
	const struct wrong *x = a, *y = b;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return (x->nth > y->nth) - (x->nth < y->nth);
}

int records_refuse(struct records *r, struct err *e)
{
	if (r->wrong_count == 0)
		return 0;
	qsort(r->wrong, r->wrong_count, sizeof *r->wrong, by_row);
	if (!r->lines)
		return err_final(e, "%s", r->wrong[0].what);
	for (size_t i = 0; i < r->wrong_count && i < WRONG_MAX; i++)
		fprintf(stderr, "waybill: %s:%zu: %s\n", r->path, r->lines[r->wrong[i].row],
			r->wrong[i].what);
	if (r->wrong_count >= WRONG_MAX)
		return err_final(e, "%s: %d or more lines are wrong; nothing was changed",
				 text_cut(r->path, 100), WRONG_MAX);
	return err_final(e, "%s: %zu %s wrong; nothing was changed", text_cut(r->path, 100),
			 r->wrong_rows, r->wrong_rows == 1 ? "line is" : "lines are");
}

/* ---- CSV ---- */

/* Case and blanks around a column's name do not count. */
static int is_called(const struct field *f, const char *name)
{
	size_t len = strlen(f->name);

	name += strspn(name, " ");
	return strncasecmp(name, f->name, len) == 0 && !name[len + strspn(name + len, " ")];
}

/* Which field stands in which column of the file. */
static int read_header(const char *words, struct records *out, const struct csv *csv,
		       size_t *field_of, struct err *e)
{
	int seen[CSV_COLUMNS_MAX] = {0};

	for (size_t i = 0; i < csv->columns; i++) {
		const char *name = csv->records[0].fields[i];
		size_t f = 0;

		while (f < out->columns && !is_called(out->fields + f, name))
			f++;
		if (f == out->columns && csv->columns == 1 && strpbrk(name, ";\t|"))
			return err_final(e, "line %zu: commas are needed between the columns",
					 csv->records[0].line);
		if (f == out->columns)
			return err_final(e,
					 "line %zu: unknown column \"%s\"; see `waybill %s --help`",
					 csv->records[0].line, text_cut(name, 60), words);
		if (seen[f]++)
			return err_final(e, "line %zu: column \"%s\" stands there twice",
					 csv->records[0].line, name);
		field_of[i] = f;
	}
	for (size_t f = 0; f < out->columns; f++)
		if (out->fields[f].is_required && !seen[f])
			return err_final(e, "line %zu: column \"%s\" is missing",
					 csv->records[0].line, out->fields[f].name);
	return 0;
}

static void read_row(struct cli *cli, struct records *out, const struct csv *csv, size_t row,
		     const size_t *field_of)
{
	const struct csv_record *record = csv->records + row + 1;

	if (record->count != csv->columns)
		return record_wrong(cli, out, row,
				    arena_printf(cli->arena, "%zu fields, but the header has %zu",
						 record->count, csv->columns));
	for (size_t i = 0; i < csv->columns; i++) {
		const struct field *f = out->fields + field_of[i];
		struct err e = {0};

		if (!record->fields[i][0] && f->is_required)
			err_final(&e, "%s: is empty", f->name);
		else if (record->fields[i][0])
			field_read(cli->arena, f, record->fields[i], out->values[field_of[i]] + row,
				   &e);
		if (e.kind)
			record_wrong(cli, out, row, e.msg);
	}
}

/* The database says what is the same but for case and blanks. */
static int find_doubles(struct cli *cli, struct records *r, size_t keys, struct err *e)
{
	struct db_result doubles;

	if (cli_run(cli, SQL_CLI_DOUBLES, &doubles, e, db_texts(cli->arena, r->values[0], r->count),
		    db_texts(cli->arena, r->values[keys - 1], r->count)))
		return -1;
	for (size_t i = 0; i < doubles.rows; i++)
		record_wrong(cli, r, (size_t)db_get_int64(&doubles, i, 0) - 1,
			     arena_printf(cli->arena, "%s: the same stands in another line, too",
					  r->fields[0].name));
	return 0;
}

int records_from_file(struct cli *cli, const char *path, const struct field *fields, size_t keys,
		      struct records *out, struct err *e)
{
	size_t field_of[CSV_COLUMNS_MAX], len;
	struct csv csv;
	char *text;

	if (file_read(cli->arena, path, CSV_BYTES_MAX, &text, &len, e))
		return -1;
	if (csv_parse(cli->arena, text, len, &csv, e))
		return err_prefix(e, "%s", text_cut(path, 80));
	records_new(cli, fields, csv.count - 1, out);
	out->path = path;
	out->lines = ARENA_ARRAY(cli->arena, size_t, out->count);
	if (read_header(cli->command->words, out, &csv, field_of, e))
		return err_prefix(e, "%s", text_cut(path, 80));
	for (size_t row = 0; row < out->count; row++) {
		out->lines[row] = csv.records[row + 1].line;
		read_row(cli, out, &csv, row, field_of);
	}
	return find_doubles(cli, out, keys, e);
}

/* ---- into the database ---- */

struct db_value record_column(struct cli *cli, const struct records *r, const char *name)
{
	for (size_t c = 0; c < r->columns; c++)
		if (strcmp(r->fields[c].name, name) == 0)
			return db_texts(cli->arena, r->values[c], r->count);
	die("there is no column %s", name);
}

/* A statement to run on records: see record.h. */
struct put {
	enum sql_id id;
	const char *mode;
	int64_t merchant;
	struct records *records;
};

/* Run it on those of count rows from first that are not known to be wrong. */
static int put_rows(struct cli *cli, const struct put *p, size_t first, size_t count,
		    struct db_result *taken, struct err *e)
{
	const struct records *r = p->records;
	const char **column = ARENA_ARRAY(cli->arena, const char *, count);
	struct db_value params[PARAMS_MAX];

	if (r->columns + 2 > PARAMS_MAX)
		die("a record of %zu columns", r->columns);
	params[0] = db_int64(cli->arena, p->merchant);
	params[1] = db_text(p->mode);
	for (size_t c = 0; c < r->columns; c++) {
		size_t n = 0;

		for (size_t row = first; row < first + count; row++)
			if (!r->is_wrong[row])
				column[n++] = r->values[c][row];
		params[c + 2] = db_texts(cli->arena, column, n);
	}
	return db_query(cli->db, cli->arena, p->id, params, r->columns + 2, taken, e);
}

/*
 * The rows that the database refuses, by halves: each part is tried in a transaction of its own, of which nothing
 * stays.
 */
static int find_refused(struct cli *cli, const struct put *p, size_t first, size_t count,
			struct err *e)
{
	struct db_result ignored;
	struct err why = {0};

	if (p->records->wrong_count >= WRONG_MAX)
		return 0;
	if (db_rollback(cli->db, e) || db_begin(cli->db, e))
		return -1;
	if (put_rows(cli, p, first, count, &ignored, &why) == 0)
		return 0;
	if (!refusal_is_data(cli)) {
		*e = why;
		return -1;
	}
	if (count > 1)
		return find_refused(cli, p, first, count / 2, e) ||
				       find_refused(cli, p, first + count / 2, count - count / 2, e)
			       ? -1
			       : 0;
	refusal_words(cli, &why);
	record_wrong(cli, p->records, first, why.msg);
	return db_begin(cli->db, e);
}

/* Of one record: it is there and must not be, or the other way round. */
static int refuse_one(struct cli *cli, const struct records *r, const char *mode, struct err *e)
{
	const char *words = cli->command->words, *what = r->fields[0].name;
	const char *name = text_cut(r->values[0][0], 100);

	if (strcmp(mode, "add") != 0)
		return cli_none(e, "there is no %s \"%s\"", what, name);
	return err_final(e, "there is a %s \"%s\" already; change it with `waybill %s set`", what,
			 name, arena_strndup(cli->arena, words, strcspn(words, " ")));
}

int records_put(struct cli *cli, enum sql_id id, const char *mode, struct records *r, struct err *e)
{
	struct put put = {.id = id, .mode = mode, .records = r};
	struct db_result taken;

	if (cli_merchant(cli, &put.merchant, e))
		return -1;
	int failed = r->wrong_count > 0 || put_rows(cli, &put, 0, r->count, &taken, e);

	if (!failed && taken.rows == r->count) {
		cli_rows(cli, &taken);
		return 0;
	}
	if (!failed)
		return refuse_one(cli, r, mode, e);
	if (!r->lines || (r->wrong_count == 0 && !refusal_is_data(cli)))
		return -1;
	if (find_refused(cli, &put, 0, r->count, e))
		return -1;
	return records_refuse(r, e) ? -1 : err_bug(e, "the database refused these lines together");
}

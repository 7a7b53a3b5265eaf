/* record - reading, checking and storing what people give */
#include "cli/record.h"

#include "cli/csv.h"
#include "cli/file.h"
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
}

void records_from_options(struct cli *cli, struct records *out)
{
	records_new(cli, cli->command->fields, 1, out);
	for (size_t c = 0; c < out->columns; c++)
		out->values[c][0] = cli->values[c];
}

void record_wrong(const struct records *r, size_t row, const char *what)
{
	if (r->lines)
		fprintf(stderr, "waybill: %s:%zu: %s\n", r->path, r->lines[row], what);
	else
		fprintf(stderr, "waybill: %s\n", what);
}

/* ---- CSV ---- */

/* Which field stands in which column of the file. */
static int read_header(const char *words, struct records *out, const struct csv *csv,
		       size_t *field_of, struct err *e)
{
	int seen[CSV_COLUMNS_MAX] = {0};

	for (size_t i = 0; i < csv->columns; i++) {
		const char *name = csv->records[0].fields[i];
		size_t f = 0;

		while (f < out->columns && strcmp(out->fields[f].name, name) != 0)
			f++;
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

/* One record's fields; 0, or -1 when something was wrong and has been printed. */
static int read_row(struct cli *cli, struct records *out, const struct csv *csv, size_t row,
		    const size_t *field_of)
{
	int is_wrong = 0;

	for (size_t i = 0; i < csv->columns; i++) {
		const struct field *f = out->fields + field_of[i];
		const char *text = csv->records[row + 1].fields[i];
		struct err e = {0};

		if (!text[0] && f->is_required)
			err_final(&e, "%s: is empty", f->name);
		else if (text[0])
			field_read(cli->arena, f, text, out->values[field_of[i]] + row, &e);
		if (!e.kind)
			continue;
		record_wrong(out, row, e.msg);
		is_wrong = -1;
	}
	return is_wrong;
}

struct key {
	const struct records *r;
	size_t row, keys;
};

static int by_key(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	for (size_t k = 0; k < x->keys; k++) {
		int order = strcmp(x->r->values[k][x->row], y->r->values[k][y->row]);

		if (order)
			return order;
	}
	return 0;
}

static size_t print_doubles(struct cli *cli, const struct records *r, size_t keys)
{
	struct key *order = ARENA_ARRAY(cli->arena, struct key, r->count);
	size_t wrong = 0;

	for (size_t i = 0; i < r->count; i++)
		order[i] = (struct key){r, i, keys};
	qsort(order, r->count, sizeof *order, by_key);
	for (size_t i = 1; i < r->count && wrong < WRONG_MAX; i++)
		if (by_key(order + i - 1, order + i) == 0) {
			record_wrong(r, order[i].row, "the same stands in another line, too");
			wrong++;
		}
	return wrong;
}

static int complain(const struct records *r, size_t wrong, struct err *e)
{
	return err_final(e, "%s: %zu%s wrong; nothing was changed", text_cut(r->path, 100), wrong,
			 wrong >= WRONG_MAX ? " or more lines are"
			 : wrong == 1	    ? " line is"
					    : " lines are");
}

int records_from_file(struct cli *cli, const char *path, const struct field *fields, size_t keys,
		      struct records *out, struct err *e)
{
	size_t field_of[CSV_COLUMNS_MAX], len, wrong = 0;
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
	for (size_t row = 0; row < out->count && wrong < WRONG_MAX; row++) {
		out->lines[row] = csv.records[row + 1].line;
		wrong += read_row(cli, out, &csv, row, field_of) != 0;
	}
	if (!wrong)
		wrong = print_doubles(cli, out, keys);
	return wrong ? complain(out, wrong, e) : 0;
}

/* ---- into the database ---- */

struct db_value record_column(struct cli *cli, const struct records *r, const char *name)
{
	for (size_t c = 0; c < r->columns; c++)
		if (strcmp(r->fields[c].name, name) == 0)
			return db_texts(cli->arena, r->values[c], r->count);
	die("there is no column %s", name);
}

/* Rows that the statement did not take. */
static int refuse_untaken(struct cli *cli, const char *mode, const struct records *r,
			  const struct db_result *taken, struct err *e)
{
	char *is_taken = arena_alloc(cli->arena, r->count);
	int is_add = strcmp(mode, "add") == 0;
	size_t wrong = 0;

	for (size_t i = 0; i < taken->rows; i++)
		is_taken[db_get_int64(taken, i, 0) - 1] = 1;
	if (!r->lines)
		return is_add ? err_final(e, "there is one already; change it with `... set`")
			      : cli_none(e, "there is no %s \"%s\"", r->fields[0].name,
					 text_cut(r->values[0][0], 100));
	for (size_t i = 0; i < r->count && wrong < WRONG_MAX; i++)
		if (!is_taken[i]) {
			record_wrong(r, i, "is not known here");
			wrong++;
		}
	return complain(r, wrong, e);
}

int records_put(struct cli *cli, enum sql_id id, const char *mode, const struct records *r,
		struct err *e)
{
	struct db_value params[PARAMS_MAX];
	struct db_result taken;
	int64_t merchant;

	if (cli_merchant(cli, &merchant, e))
		return -1;
	if (r->columns + 2 > PARAMS_MAX)
		die("a record of %zu columns", r->columns);
	params[0] = db_int64(cli->arena, merchant);
	params[1] = db_text(mode);
	for (size_t c = 0; c < r->columns; c++)
		params[c + 2] = db_texts(cli->arena, r->values[c], r->count);
	if (db_query(cli->db, cli->arena, id, params, r->columns + 2, &taken, e))
		return -1;
	if (taken.rows < r->count)
		return refuse_untaken(cli, mode, r, &taken, e);
	cli_rows(cli, &taken);
	return 0;
}

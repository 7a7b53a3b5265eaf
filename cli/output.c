/* output - rows as JSON, JSON as tables */
#include "cli/output.h"

#include <libpq-fe.h>

/* PostgreSQL's type OIDs (pg_type.dat); they never change. */
enum {
	TYPE_BOOL = 16,
	TYPE_INT8 = 20,
	TYPE_INT2 = 21,
	TYPE_INT4 = 23,
	TYPE_JSON = 114,
	TYPE_FLOAT8 = 701,
	TYPE_JSONB = 3802,
};

static json_t *cell_to_json(const struct db_result *r, size_t row, int column)
{
	const char *text = db_get_text(r, row, column);

	if (!text)
		return json_null();
	switch (PQftype(r->pg, column)) {
	case TYPE_BOOL:
		return json_boolean(db_get_bool(r, row, column));
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_INT8:
		return json_integer((json_int_t)db_get_int64(r, row, column));
	case TYPE_FLOAT8:
		return json_real(db_get_double(r, row, column));
	case TYPE_JSON:
	case TYPE_JSONB:
		return json_loads(text, JSON_DECODE_ANY, NULL);
	default:
		return json_string(text);
	}
}

json_t *rows_to_json(const struct db_result *r)
{
	json_t *list = json_array();

	for (size_t row = 0; row < r->rows; row++) {
		json_t *object = json_object();

		for (int c = 0; c < PQnfields(r->pg); c++)
			json_object_set_new(object, PQfname(r->pg, c), cell_to_json(r, row, c));
		json_array_append_new(list, object);
	}
	return list;
}

/* ---- tables ---- */

/* Characters, not bytes: continuation bytes of UTF-8 do not count. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xC0) != 0x80;
	return width;
}

/* The cell's text, without control characters; to be freed. */
static char *cell_text(const json_t *cell)
{
	char *text;

	if (!cell || json_is_null(cell))
		return strdup("-");
	if (json_is_boolean(cell))
		return strdup(json_is_true(cell) ? "yes" : "no");
	if (json_is_string(cell))
		text = strdup(json_string_value(cell));
	else
		text = json_dumps(cell, JSON_COMPACT | JSON_ENCODE_ANY);
	if (!text)
		die("out of memory");
	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		if (*p < ' ' || *p == 127)
			*p = '?';
		if (*p == 0xC2 && p[1] >= 0x80 && p[1] < 0xA0) /* the same in Unicode: C1 */
			p[0] = p[1] = '?';
	}
	return text;
}

static void print_cell(FILE *out, const json_t *cell, size_t width, int is_last)
{
	char *text = cell_text(cell);
	int pad = width > width_of(text) ? (int)(width - width_of(text)) : 0;

	if (json_is_number(cell))
		fprintf(out, "%*s%s", pad, "", text);
	else
		fprintf(out, "%s%*s", text, is_last ? 0 : pad, "");
	fputs(is_last ? "\n" : "  ", out);
	free(text);
}

static size_t column_width(const json_t *rows, const char *key)
{
	size_t width = width_of(key), i;
	const json_t *row;

	json_array_foreach (rows, i, row) {
		char *text = cell_text(json_object_get(row, key));

		width = width_of(text) > width ? width_of(text) : width;
		free(text);
	}
	return width;
}

static void print_table(FILE *out, const json_t *rows, const char *indent)
{
	json_t *first = json_array_get(rows, 0);
	size_t columns = json_object_size(first), n = 0, i;
	const json_t *row;
	const char *key;
	json_t *cell;

	if (!first) {
		fprintf(out, "%s(none)\n", indent);
		return;
	}
	if (!json_is_object(first)) {
		json_array_foreach (rows, i, row) {
			fputs(indent, out);
			print_cell(out, row, 0, 1);
		}
		return;
	}
	size_t *widths = calloc(columns + 1, sizeof *widths);

	if (!widths)
		die("out of memory");
	fputs(indent, out);
	json_object_foreach (first, key, cell) {
		widths[n] = column_width(rows, key);
		int pad = (int)(widths[n] - width_of(key));
		int is_last = ++n == columns;

		if (json_is_number(cell))
			fprintf(out, "%*s%s%s", pad, "", key, is_last ? "\n" : "  ");
		else
			fprintf(out, "%s%*s%s", key, is_last ? 0 : pad, "", is_last ? "\n" : "  ");
	}
	json_array_foreach (rows, i, row) {
		fputs(indent, out);
		n = 0;
		json_object_foreach (first, key, cell) {
			print_cell(out, json_object_get(row, key), widths[n], n + 1 == columns);
			n++;
		}
	}
	free(widths);
}

static void print_record(FILE *out, json_t *record)
{
	size_t width = 0;
	const char *key;
	json_t *value;

	json_object_foreach (record, key, value)
		if (!json_is_array(value) && width_of(key) > width)
			width = width_of(key);
	json_object_foreach (record, key, value) {
		if (json_is_array(value))
			continue;
		fprintf(out, "%-*s  ", (int)width, key);
		print_cell(out, value, 0, 1);
	}
	json_object_foreach (record, key, value) {
		if (!json_is_array(value))
			continue;
		fprintf(out, "\n%s\n", key);
		print_table(out, value, "  ");
	}
}

void print_value(FILE *out, const json_t *value)
{
	if (json_is_array(value))
		print_table(out, value, "");
	else
		print_record(out, (json_t *)(uintptr_t)value);
}

void print_json(FILE *out, const json_t *value)
{
	json_dumpf(value, out, JSON_INDENT(2) | JSON_ENCODE_ANY);
	fputc('\n', out);
}

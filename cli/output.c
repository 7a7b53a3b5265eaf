/* output - rows as JSON, JSON as tables */
#include "cli/output.h"

#include <libpq-fe.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	COLUMN_MIN = 8, /* characters; a text is not cut to less */
	SENTENCE =
		40, /* a column that is wider holds sentences: rather below the row than cut to a third */
};

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

/* At most width characters, with "…" for what is cut. */
static void print_cut(FILE *out, const char *text, size_t width)
{
	int is_cut = width_of(text) > width;
	size_t room = is_cut && width ? width - 1 : width, used = 0;

	for (; *text; text++) {
		used += ((unsigned char)*text & 0xC0) != 0x80;
		if (used > room)
			break;
		fputc(*text, out);
	}
	if (is_cut && width)
		fputs("…", out);
}

struct column {
	const char *key;
	size_t width, full;
	int is_number; /* right-aligned, and never cut */
	int is_empty;  /* in all rows */
	int is_below;  /* each text on a line of its own, under its row */
};

static void print_cell(FILE *out, const struct column *column, const char *text, int is_last)
{
	size_t width = width_of(text);
	int pad = column->width > width ? (int)(column->width - width) : 0;

	if (column->is_number)
		fprintf(out, "%*s", pad, "");
	print_cut(out, text, column->width);
	if (!column->is_number && !is_last)
		fprintf(out, "%*s", pad, "");
	fputs(is_last ? "\n" : "  ", out);
}

static struct column column_of(const json_t *rows, const char *key)
{
	struct column c = {.key = key, .width = width_of(key), .is_number = 1, .is_empty = 1};
	const json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		const json_t *cell = json_object_get(row, key);
		char *text = cell_text(cell);

		c.width = width_of(text) > c.width ? width_of(text) : c.width;
		c.is_number = c.is_number && (json_is_number(cell) || json_is_null(cell));
		c.is_empty = c.is_empty && (!cell || json_is_null(cell));
		free(text);
	}
	c.full = c.width;
	return c;
}

/* The terminal's width, less what stands before each line; SIZE_MAX when out is no terminal. */
static size_t room_of(FILE *out, const char *indent)
{
	struct winsize size;

	if (!isatty(fileno(out)) || ioctl(fileno(out), TIOCGWINSZ, &size) || size.ws_col == 0)
		return SIZE_MAX;
	return size.ws_col > strlen(indent) ? size.ws_col - strlen(indent) : 1;
}

static size_t width_of_all(const struct column *columns, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		if (!columns[i].is_below)
			sum += columns[i].width + (sum ? 2 : 0);
	return sum;
}

/* A table that is too wide loses columns in which nothing stands; returns how many are left. */
static size_t drop_empty(struct column *columns, size_t count)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++)
		if (!columns[i].is_empty)
			columns[left++] = columns[i];
	return left;
}

/* A sentence at the row's end, such as why an order is held, is worth a line of its own. */
static int is_for_below(const struct column *c, const struct column *end)
{
	if (c->full <= SENTENCE || c->width >= c->full / 2)
		return 0;
	while (++c < end)
		if (!c->is_below)
			return 0;
	return 1;
}

/* Takes from the widest text until the table fits, or all texts are narrow. */
static void narrow(struct column *columns, size_t count, size_t room)
{
	struct column *widest;

	while (width_of_all(columns, count) > room) {
		widest = NULL;
		for (size_t i = 1; i < count; i++) /* the first says which row it is */
			if (!columns[i].is_number && !columns[i].is_below &&
			    (!widest || columns[i].width > widest->width))
				widest = columns + i;
		if (!widest || widest->width <= COLUMN_MIN)
			return;
		widest->width--;
		widest->is_below = is_for_below(widest, columns + count);
	}
}

/* Values that are no objects: one a line. */
static void print_list(FILE *out, const json_t *values, const char *indent)
{
	const json_t *value;
	size_t i;

	json_array_foreach (values, i, value) {
		char *text = cell_text(value);

		fprintf(out, "%s%s\n", indent, text);
		free(text);
	}
}

/* What of a row stands under it. */
static void print_below(FILE *out, const json_t *row, const struct column *columns, size_t count,
			const char *indent)
{
	for (size_t c = 0; c < count; c++) {
		const json_t *cell = json_object_get(row, columns[c].key);

		if (!columns[c].is_below || !cell || json_is_null(cell))
			continue;
		char *text = cell_text(cell);

		fprintf(out, "%s    %s: %s\n", indent, columns[c].key, text);
		free(text);
	}
}

static void print_rows(FILE *out, const json_t *rows, const struct column *columns, size_t count,
		       const char *indent)
{
	const json_t *row;
	size_t i, last = count - 1;

	while (columns[last].is_below) /* the first never is */
		last--;
	fputs(indent, out);
	for (size_t c = 0; c <= last; c++)
		if (!columns[c].is_below)
			print_cell(out, columns + c, columns[c].key, c == last);
	json_array_foreach (rows, i, row) {
		fputs(indent, out);
		for (size_t c = 0; c <= last; c++) {
			char *text = cell_text(json_object_get(row, columns[c].key));

			if (!columns[c].is_below)
				print_cell(out, columns + c, text, c == last);
			free(text);
		}
		print_below(out, row, columns, count, indent);
	}
}

static void print_table(FILE *out, const json_t *rows, const char *indent)
{
	json_t *first = json_array_get(rows, 0), *cell;
	size_t count = 0;
	const char *key;

	if (!first) {
		fprintf(out, "%s(none)\n", indent);
		return;
	}
	if (!json_is_object(first)) {
		print_list(out, rows, indent);
		return;
	}
	struct column *columns = calloc(json_object_size(first) + 1, sizeof *columns);

	if (!columns)
		die("out of memory");
	json_object_foreach (first, key, cell)
		columns[count++] = column_of(rows, key);
	size_t room = room_of(out, indent);

	if (width_of_all(columns, count) > room)
		count = drop_empty(columns, count);
	narrow(columns, count, room);
	print_rows(out, rows, columns, count, indent);
	free(columns);
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
		char *text = cell_text(value);

		fprintf(out, "%-*s  %s\n", (int)width, key, text);
		free(text);
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

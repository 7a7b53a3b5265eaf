/* db_value - parameters and results of statements */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/db_internal.h"

/* PostgreSQL's type OIDs (pg_type.dat); they never change. */
enum {
	TYPE_INFER =
		0, /* the server takes what the statement's cast says; the value goes as text */
	TYPE_BOOL = 16,
	TYPE_BYTEA = 17,
	TYPE_INT8 = 20,
	TYPE_TEXT = 25,
	TYPE_BOOL_ARRAY = 1000,
	TYPE_BYTEA_ARRAY = 1001,
	TYPE_TEXT_ARRAY = 1009,
	TYPE_INT8_ARRAY = 1016,
};

enum { VALUE_BYTES_MAX = 256 * 1024 * 1024, ARRAY_HEAD_BYTES = 20 };

static int checked_length(size_t len)
{
	if (len > VALUE_BYTES_MAX)
		die("a parameter of %zu bytes", len);
	return (int)len;
}

static unsigned char *put_uint32(unsigned char *p, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		*p++ = (unsigned char)(value >> shift);
	return p;
}

static unsigned char *put_int64(unsigned char *p, int64_t value)
{
	p = put_uint32(p, (uint32_t)((uint64_t)value >> 32));
	return put_uint32(p, (uint32_t)value);
}

struct db_value db_null(void)
{
	return (struct db_value){0};
}

struct db_value db_int64(struct arena *a, int64_t value)
{
	unsigned char *data = arena_alloc(a, 8);

	put_int64(data, value);
	return (struct db_value){.data = (char *)data, .len = 8, .format = 1, .type = TYPE_INT8};
}

struct db_value db_bool(int value)
{
	return (struct db_value){.data = value ? "t" : "f", .len = 1, .type = TYPE_BOOL};
}

struct db_value db_text(const char *text)
{
	if (!text)
		return db_null();
	return (struct db_value){
		.data = text, .len = checked_length(strlen(text)), .type = TYPE_INFER};
}

struct db_value db_bytes(const void *data, size_t len)
{
	return (struct db_value){
		.data = data, .len = checked_length(len), .format = 1, .type = TYPE_BYTEA};
}

/*
 * An array in binary: number of dimensions, whether any element is null, the elements' type, then
 * per dimension its length and lower bound, then each element as length (-1: null) and bytes.
 */
struct array {
	unsigned char *start, *at;
};

static struct array array_start(struct arena *a, uint32_t element, size_t count, int has_null,
				size_t elements_bytes)
{
	struct array array;
	size_t bytes = ARRAY_HEAD_BYTES + elements_bytes;

	checked_length(bytes);
	array.start = arena_alloc(a, bytes);
	array.at = put_uint32(array.start, count ? 1 : 0);
	array.at = put_uint32(array.at, has_null ? 1 : 0);
	array.at = put_uint32(array.at, element);
	if (count) {
		array.at = put_uint32(array.at, (uint32_t)count);
		array.at = put_uint32(array.at, 1);
	}
	return array;
}

static void array_put_null(struct array *array)
{
	array->at = put_uint32(array->at, UINT32_MAX);
}

static void array_put_bytes(struct array *array, const void *data, size_t len)
{
	array->at = put_uint32(array->at, (uint32_t)len);
	memcpy(array->at, data, len);
	array->at += len;
}

static struct db_value array_end(const struct array *array, uint32_t type)
{
	return (struct db_value){.data = (const char *)array->start,
				 .len = (int)(array->at - array->start),
				 .format = 1,
				 .type = type};
}

struct db_value db_int64s(struct arena *a, const int64_t *values, size_t count)
{
	int has_null = 0;

	if (count > VALUE_BYTES_MAX / 12)
		die("an array of %zu elements", count);
	for (size_t i = 0; i < count; i++)
		has_null |= values[i] == DB_INT64_NULL;
	struct array array = array_start(a, TYPE_INT8, count, has_null, count * 12);

	for (size_t i = 0; i < count; i++) {
		if (values[i] == DB_INT64_NULL) {
			array_put_null(&array);
			continue;
		}
		array.at = put_uint32(array.at, 8);
		array.at = put_int64(array.at, values[i]);
	}
	return array_end(&array, TYPE_INT8_ARRAY);
}

struct db_value db_bools(struct arena *a, const int *values, size_t count)
{
	if (count > VALUE_BYTES_MAX / 5)
		die("an array of %zu elements", count);
	struct array array = array_start(a, TYPE_BOOL, count, 0, count * 5);

	for (size_t i = 0; i < count; i++) {
		array.at = put_uint32(array.at, 1);
		*array.at++ = values[i] ? 1 : 0;
	}
	return array_end(&array, TYPE_BOOL_ARRAY);
}

static struct db_value byte_arrays(struct arena *a, uint32_t element, uint32_t type,
				   const struct db_blob *values, size_t count)
{
	size_t bytes = 0;
	int has_null = 0;

	for (size_t i = 0; i < count; i++) {
		bytes += 4 + (size_t)checked_length(values[i].len);
		has_null |= !values[i].data;
	}
	struct array array = array_start(a, element, count, has_null, bytes);

	for (size_t i = 0; i < count; i++)
		if (values[i].data)
			array_put_bytes(&array, values[i].data, values[i].len);
		else
			array_put_null(&array);
	return array_end(&array, type);
}

struct db_value db_texts(struct arena *a, const char *const *values, size_t count)
{
	struct db_blob *texts = ARENA_ARRAY(a, struct db_blob, count);

	for (size_t i = 0; i < count; i++)
		texts[i] = (struct db_blob){values[i], values[i] ? strlen(values[i]) : 0};
	return byte_arrays(a, TYPE_TEXT, TYPE_TEXT_ARRAY, texts, count);
}

struct db_value db_blobs(struct arena *a, const struct db_blob *values, size_t count)
{
	return byte_arrays(a, TYPE_BYTEA, TYPE_BYTEA_ARRAY, values, count);
}

/*
 * The column's text; NULL for null. A place that is not there is a mistake that must not become
 * data.
 */
static const char *cell(const struct db_result *r, size_t row, int column)
{
	if (row >= r->rows || column < 0 || column >= PQnfields(r->pg))
		die("no row %zu or column %d in a result of %zu rows", row, column, r->rows);
	return PQgetisnull(r->pg, (int)row, column) ? NULL : PQgetvalue(r->pg, (int)row, column);
}

int db_is_null(const struct db_result *r, size_t row, int column)
{
	return cell(r, row, column) == NULL;
}

const char *db_get_text(const struct db_result *r, size_t row, int column)
{
	return cell(r, row, column);
}

int64_t db_get_int64(const struct db_result *r, size_t row, int column)
{
	const char *text = cell(r, row, column);
	char *end = NULL;

	if (!text)
		return 0;
	int64_t value = strtoll(text, &end, 10);

	if (end == text || *end)
		die("column %d is no integer", column);
	return value;
}

int db_get_bool(const struct db_result *r, size_t row, int column)
{
	const char *text = cell(r, row, column);

	return text && text[0] == 't';
}

double db_get_double(const struct db_result *r, size_t row, int column)
{
	const char *text = cell(r, row, column);

	return text ? strtod(text, NULL) : 0;
}

const unsigned char *db_get_bytes(struct arena *a, const struct db_result *r, size_t row,
				  int column, size_t *len)
{
	const char *text = cell(r, row, column);

	*len = 0;
	if (!text)
		return NULL;
	unsigned char *raw = PQunescapeBytea((const unsigned char *)text, len);

	if (!raw)
		die("out of memory: a bytea column");
	unsigned char *bytes = arena_alloc(a, *len + 1);

	memcpy(bytes, raw, *len);
	PQfreemem(raw);
	return bytes;
}

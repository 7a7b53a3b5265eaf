/* column - one member of an array of structs as an array parameter of a statement */
#include "core/runtime/column.h"

struct db_value column_int64(struct arena *a, const void *first, size_t count, size_t stride)
{
	int64_t *values = ARENA_ARRAY(a, int64_t, count);

	for (size_t i = 0; i < count; i++)
		memcpy(values + i, (const char *)first + i * stride, sizeof *values);
	return db_int64s(a, values, count);
}

struct db_value column_text(struct arena *a, const void *first, size_t count, size_t stride)
{
	const char **values = ARENA_ARRAY(a, const char *, count);

	for (size_t i = 0; i < count; i++)
		memcpy(values + i, (const char *)first + i * stride, sizeof *values);
	return db_texts(a, values, count);
}

struct db_value column_bool(struct arena *a, const void *first, size_t count, size_t stride)
{
	int *values = ARENA_ARRAY(a, int, count);

	for (size_t i = 0; i < count; i++)
		memcpy(values + i, (const char *)first + i * stride, sizeof *values);
	return db_bools(a, values, count);
}

struct db_value column_blob(struct arena *a, const void *first, size_t count, size_t stride)
{
	struct db_blob *values = ARENA_ARRAY(a, struct db_blob, count);

	for (size_t i = 0; i < count; i++)
		memcpy(values + i, (const char *)first + i * stride, sizeof *values);
	return db_blobs(a, values, count);
}

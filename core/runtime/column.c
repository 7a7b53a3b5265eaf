/* column - one member of an array of structs as an array parameter of a statement */
#include "core/runtime/column.h"

/* The members side by side. */
static const void *gather(struct arena *a, const void *first, size_t count, size_t stride,
			  size_t size)
{
	char *values = arena_alloc(a, count * size);

	for (size_t i = 0; i < count; i++)
		memcpy(values + i * size, (const char *)first + i * stride, size);
	return values;
}

struct db_value column_int64(struct arena *a, const void *first, size_t count, size_t stride)
{
	return db_int64s(a, gather(a, first, count, stride, sizeof(int64_t)), count);
}

struct db_value column_text(struct arena *a, const void *first, size_t count, size_t stride)
{
	return db_texts(a, gather(a, first, count, stride, sizeof(const char *)), count);
}

struct db_value column_bool(struct arena *a, const void *first, size_t count, size_t stride)
{
	return db_bools(a, gather(a, first, count, stride, sizeof(int)), count);
}

struct db_value column_blob(struct arena *a, const void *first, size_t count, size_t stride)
{
	return db_blobs(a, gather(a, first, count, stride, sizeof(struct db_blob)), count);
}

/*
 * column - one member of an array of structs as an array parameter of a statement
 *
 *   struct row { int64_t id; const char *name; } *rows;
 *   db_run(db, a, SQL_X, NULL, e, COLUMN_INT64(a, rows, n, id), COLUMN_TEXT(a, rows, n, name));
 */
#ifndef WAYBILL_COLUMN_H
#define WAYBILL_COLUMN_H

#include "core/runtime/db.h"

struct db_value column_int64(struct arena *a, const void *first, size_t count, size_t stride);
struct db_value column_text(struct arena *a, const void *first, size_t count, size_t stride);
struct db_value column_bool(struct arena *a, const void *first, size_t count, size_t stride);
struct db_value column_blob(struct arena *a, const void *first, size_t count, size_t stride);

#define COLUMN_FIRST(rows, member)                                                                 \
	((const void *)((const char *)(rows) + offsetof(__typeof__(*(rows)), member)))
#define COLUMN_INT64(a, rows, count, member)                                                       \
	column_int64((a), COLUMN_FIRST(rows, member), (count), sizeof *(rows))
#define COLUMN_TEXT(a, rows, count, member)                                                        \
	column_text((a), COLUMN_FIRST(rows, member), (count), sizeof *(rows))
#define COLUMN_BOOL(a, rows, count, member)                                                        \
	column_bool((a), COLUMN_FIRST(rows, member), (count), sizeof *(rows))
#define COLUMN_BLOB(a, rows, count, member)                                                        \
	column_blob((a), COLUMN_FIRST(rows, member), (count), sizeof *(rows))

#endif

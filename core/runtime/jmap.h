/*
 * jmap - JSON into structs by tables of fields
 *
 * A document from outside is read by a table: key, type, where to. null equals absent; an unknown
 * key is ignored; a wrong type is ERR_FINAL with ERR_CODE_DATA that names the field's path, never
 * its value. Ids are int64 from a JSON integer or as decimal text; money is decimal text (or a JSON
 * number, read as written) in ten-thousandths. Text is copied into the arena, must be UTF-8, at most
 * JMAP_TEXT_MAX bytes; its control characters become blanks (utf8_clean), except in ids, where they
 * are refused.
 */
#ifndef WAYBILL_JMAP_H
#define WAYBILL_JMAP_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "core/runtime/arena.h"
#include "core/runtime/err.h"

enum {
	JMAP_TEXT_MAX = 64 * 1024,
	JMAP_DEPTH_MAX = 64,
	/*
	 * An order of 2,000 lines with 250 values each. The worst that so many values can take is 130 MB: with the
	 * bodies in hand (AMQP_HELD_MAX, and one of AMQP_BODY_MAX) less than the MemoryMax of a worker's unit.
	 */
	JMAP_VALUES_MAX = 500 * 1000,
};

enum jmap_type {
	JMAP_TEXT,   /* const char *; JSON string */
	JMAP_ID,     /* const char *; JSON string, or an integer as decimal text */
	JMAP_INT64,  /* int64_t; JSON integer, or decimal text */
	JMAP_BOOL,   /* int */
	JMAP_MONEY,  /* int64_t, ten-thousandths */
	JMAP_TIME,   /* int64_t, microseconds since 1970 UTC; RFC 3339 with any offset */
	JMAP_OBJECT, /* a struct inside, by a table of its own */
	JMAP_ARRAY,  /* struct jmap_array inside, elements by a table */
	JMAP_TEXTS,  /* struct jmap_array of const char *; a list of JSON strings */
	JMAP_JSON,   /* json_t *, borrowed from the document */
};

struct jmap_field {
	const char *key;
	enum jmap_type type;
	int is_required; /* or JMAP_WHOLE */
	size_t offset;
	size_t present_offset; /* of an int that is set to 1 when the key had a value; 0: none */
	const struct jmap_field *fields; /* JMAP_OBJECT, JMAP_ARRAY */
	size_t size;			 /* of an array's element */
	size_t max;			 /* elements at most; 0: 10 000 */
};

struct jmap_array {
	void *items;
	size_t count;
};

/* A table ends with {0}. */
#define JMAP(type, member, key, kind)                                                              \
	{                                                                                          \
		(key), (kind), 0, offsetof(type, member), 0, NULL, 0, 0                            \
	}
#define JMAP_NEED(type, member, key, kind)                                                         \
	{                                                                                          \
		(key), (kind), 1, offsetof(type, member), 0, NULL, 0, 0                            \
	}
#define JMAP_SUB(type, member, key, table)                                                         \
	{                                                                                          \
		(key), JMAP_OBJECT, 0, offsetof(type, member), 0, (table), 0, 0                    \
	}
#define JMAP_LIST(type, member, key, table, element)                                               \
	{                                                                                          \
		(key), JMAP_ARRAY, 0, offsetof(type, member), 0, (table), sizeof(element), 0       \
	}

/*
 * A list that is always there, of a page for instance: null, missing or of another type means that the answer is
 * not whole. ERR_RETRY: nothing follows from it.
 */
enum { JMAP_WHOLE = 2 };
#define JMAP_WHOLE_LIST(type, member, key, table, element)                                         \
	{                                                                                          \
		(key), JMAP_ARRAY, JMAP_WHOLE, offsetof(type, member), 0, (table),                 \
			sizeof(element), 0                                                         \
	}

/*
 * jmap_parse - text into a document the arena owns
 *
 * Refused with ERR_FINAL (ERR_CODE_DATA): not JSON, not UTF-8, cut off, deeper than JMAP_DEPTH_MAX or of more than
 * JMAP_VALUES_MAX values (both checked before jansson begins), integers beyond int64, more than max_bytes.
 */
int jmap_parse(struct arena *a, const void *text, size_t len, size_t max_bytes, json_t **out,
	       struct err *e);

/* jmap_read - fill target (zeroed by the caller) by the table */
int jmap_read(struct arena *a, json_t *object, const struct jmap_field *fields, void *target,
	      struct err *e);

/*
 * jmap_at - follow a path of keys "data.order.id"; NULL when something on the way is missing or
 * null
 */
json_t *jmap_at(json_t *object, const char *path);

/* jmap_dump - compact text in the arena, keys in the order of insertion */
const char *jmap_dump(struct arena *a, const json_t *json);

#endif

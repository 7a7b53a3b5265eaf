/* jmap - JSON into structs by tables of fields */
#include "core/runtime/jmap.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime/decimal.h"
#include "core/runtime/memory.h"
#include "core/runtime/text.h"
#include "core/runtime/timestamp.h"
#include "core/runtime/utf8.h"

enum { ARRAY_MAX = 10000, MONEY_PLACES = 4, REAL_DIGITS = 15 };

/* Before anybody makes JSON: jansson takes a lack of memory for a document that is none. */
__attribute__((constructor)) static void set_memory(void)
{
	json_set_alloc_funcs(memory_new, free);
}

/* Where in the document we are; the way up is for error texts only. */
struct path {
	const struct path *up;
	const char *key; /* NULL: index counts */
	size_t index;
};

static int read_fields(struct arena *a, const struct path *up, json_t *object,
		       const struct jmap_field *fields, void *target, struct err *e);

static void path_text(const struct path *at, char *out, size_t size)
{
	size_t used = 0;

	if (!at)
		return;
	path_text(at->up, out, size);
	used = strlen(out);
	if (at->key)
		text_printf(out + used, size - used, "%s%s", used ? "." : "", at->key);
	else
		snprintf(out + used, size - used, "[%zu]", at->index);
}

static int refuse(const struct path *at, const char *what, struct err *e)
{
	char text[160] = "";

	path_text(at, text, sizeof text);
	return err_set(e, ERR_FINAL, ERR_CODE_DATA, "%s: %s", text, what);
}

/*
 * Before jansson builds anything: it recurses once per level, and fibers have small stacks; and a value of two
 * bytes costs more than two hundred in memory. Values are counted by what stands before them.
 */
static int check_extent(const char *text, size_t len, struct err *e)
{
	int depth = 0, is_in_string = 0;
	size_t values = 1;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (is_in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				is_in_string = 0;
		} else if (c == '"') {
			is_in_string = 1;
		} else if (c == '[' || c == '{') {
			values++;
			if (++depth > JMAP_DEPTH_MAX)
				return err_set(e, ERR_FINAL, ERR_CODE_DATA,
					       "refused a document nested deeper than %d",
					       JMAP_DEPTH_MAX);
		} else if (c == ']' || c == '}') {
			depth--;
		} else if (c == ',') {
			values++;
		}
	}
	if (values > JMAP_VALUES_MAX)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA,
			       "refused a document of %zu values; the limit is %d", values,
			       JMAP_VALUES_MAX);
	return 0;
}

static const char *parse_problem(const json_error_t *error)
{
	switch ((int)json_error_code(error)) {
	case json_error_premature_end_of_input:
		return "cut off";
	case json_error_invalid_utf8:
		return "not UTF-8";
	case json_error_numeric_overflow:
		return "a number beyond 64 bits";
	case json_error_null_byte_in_key:
		return "a NUL character in a key";
	default:
		return "not JSON";
	}
}

/* The number of the escape "\uXXXX" at text; -1: there is none. */
static int escape_value(const char *text, size_t len)
{
	int value = 0;

	if (len < 6 || text[0] != '\\' || text[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		const char *digit = strchr("0123456789abcdef", text[i] | 0x20);

		if (!digit || !text[i])
			return -1;
		value = value * 16 + (int)(digit - "0123456789abcdef");
	}
	return value;
}

/* Half of a surrogate pair is no character, but no reason to lose the rest: it becomes U+FFFD. Was there any? */
static int mend_surrogates(char *text, size_t len)
{
	int is_mended = 0;

	for (size_t i = 0; i < len;) {
		int value = escape_value(text + i, len - i);
		int next = value < 0 ? -1 : escape_value(text + i + 6, len - i - 6);

		if (value >= 0xD800 && value < 0xDC00 && next >= 0xDC00 && next < 0xE000) {
			i += 12;
			continue;
		}
		if (value >= 0xD800 && value < 0xE000) {
			memcpy(text + i + 2, "fffd", 4);
			is_mended = 1;
		}
		i += value >= 0 ? 6 : text[i] == '\\' ? 2 : 1;
	}
	return is_mended;
}

static json_t *load(const char *text, size_t len, json_error_t *error)
{
	json_t *json = json_loadb(text, len, JSON_ALLOW_NUL, error);

	if (json || json_error_code(error) != json_error_invalid_syntax)
		return json;
	struct arena *scratch = arena_new();
	char *copy = arena_alloc(scratch, len);

	memcpy(copy, text, len);
	if (mend_surrogates(copy, len))
		json = json_loadb(copy, len, JSON_ALLOW_NUL, error);
	arena_free(scratch);
	return json;
}

static void drop_document(void *json)
{
	json_decref(json);
}

int jmap_parse(struct arena *a, const void *text, size_t len, size_t max_bytes, json_t **out,
	       struct err *e)
{
	static const char byte_order_mark[] = "\xEF\xBB\xBF";
	const char *start = text;
	json_error_t error;

	if (len > max_bytes)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA,
			       "refused a document of %zu bytes; the limit is %zu", len, max_bytes);
	if (len >= 3 && memcmp(start, byte_order_mark, 3) == 0) {
		start += 3;
		len -= 3;
	}
	if (len == 0)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "refused an empty document");
	if (check_extent(start, len, e))
		return -1;
	json_t *json = load(start, len, &error);
	if (!json)
		return err_set(e, ERR_FINAL, ERR_CODE_DATA, "refused a document: %s at byte %d",
			       parse_problem(&error), error.position);
	arena_defer(a, drop_document, json);
	*out = json;
	return 0;
}

static int read_text(struct arena *a, const struct path *at, const json_t *value, const char **out,
		     struct err *e)
{
	if (!json_is_string(value))
		return refuse(at, "not text", e);
	if (json_string_length(value) > JMAP_TEXT_MAX)
		return refuse(at, "text too long", e);
	*out = utf8_clean(a, json_string_value(value), json_string_length(value), JMAP_TEXT_MAX);
	return 0;
}

static int read_id(struct arena *a, const struct path *at, const json_t *value, const char **out,
		   struct err *e)
{
	if (json_is_integer(value)) {
		*out = arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return 0;
	}
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (!text)
		return refuse(at, "not an id", e);
	for (size_t i = 0; i < len; i++)
		if (utf8_control(text + i, len - i))
			return refuse(at, "a control character", e);
	return read_text(a, at, value, out, e);
}

static int read_int64(const struct path *at, const json_t *value, int64_t *out, struct err *e)
{
	if (json_is_integer(value))
		*out = json_integer_value(value);
	else if (!json_is_string(value) ||
		 text_to_int64(json_string_value(value), json_string_length(value), out))
		return refuse(at, "not an integer", e);
	return 0;
}

/*
 * A JSON number with a point has become a double. Below 2^39 neighbouring doubles are less than
 * 0.0001 apart, so rounding to four decimals gives back exactly the digits that were written;
 * beyond it is refused. A difference of a few units in the last place (19.990000000000002) is the
 * sender's arithmetic; more is a fifth decimal, refused as it is in text.
 */
static int real_to_money(double real, int64_t *out)
{
	char text[64];

	if (fabs(real) >= (double)(INT64_C(1) << 39))
		return -1;
	int len = snprintf(text, sizeof text, "%.4f", real);
	if (fabs(strtod(text, NULL) - real) > 4 * DBL_EPSILON * fabs(real))
		return -1;
	return decimal_parse(text, (size_t)len, MONEY_PLACES, out);
}

static int read_money(const struct path *at, const json_t *value, int64_t *out, struct err *e)
{
	char text[32];
	int result = -1;

	if (json_is_string(value)) {
		result = decimal_parse(json_string_value(value), json_string_length(value),
				       MONEY_PLACES, out);
	} else if (json_is_integer(value)) {
		int len = snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT,
				   json_integer_value(value));

		result = decimal_parse(text, (size_t)len, MONEY_PLACES, out);
	} else if (json_is_real(value)) {
		result = real_to_money(json_real_value(value), out);
	}
	return result ? refuse(at, "not an amount", e) : 0;
}

static int read_time(const struct path *at, const json_t *value, int64_t *out, struct err *e)
{
	if (!json_is_string(value) ||
	    timestamp_parse(json_string_value(value), json_string_length(value), out))
		return refuse(at, "not a time", e);
	return 0;
}

static int read_array(struct arena *a, const struct path *at, json_t *value,
		      const struct jmap_field *field, struct jmap_array *out, struct err *e)
{
	size_t count = json_array_size(value);

	if (!json_is_array(value))
		return refuse(at, "not a list", e);
	if (count > (field->max ? field->max : ARRAY_MAX))
		return refuse(at, "too many elements", e);
	char *items = arena_array(a, count, field->size);

	for (size_t i = 0; i < count; i++) {
		struct path element = {.up = at, .index = i};

		if (read_fields(a, &element, json_array_get(value, i), field->fields,
				items + i * field->size, e))
			return -1;
	}
	out->items = items;
	out->count = count;
	return 0;
}

static int read_texts(struct arena *a, const struct path *at, json_t *value, struct jmap_array *out,
		      struct err *e)
{
	size_t count = json_array_size(value);

	if (!json_is_array(value))
		return refuse(at, "not a list", e);
	if (count > ARRAY_MAX)
		return refuse(at, "too many elements", e);
	const char **texts = ARENA_ARRAY(a, const char *, count);

	for (size_t i = 0; i < count; i++) {
		struct path element = {.up = at, .index = i};

		if (read_text(a, &element, json_array_get(value, i), texts + i, e))
			return -1;
	}
	*out = (struct jmap_array){texts, count};
	return 0;
}

static int read_value(struct arena *a, const struct path *at, json_t *value,
		      const struct jmap_field *field, void *to, struct err *e)
{
	switch (field->type) {
	case JMAP_TEXT:
		return read_text(a, at, value, to, e);
	case JMAP_ID:
		return read_id(a, at, value, to, e);
	case JMAP_INT64:
		return read_int64(at, value, to, e);
	case JMAP_BOOL:
		if (!json_is_boolean(value))
			return refuse(at, "not true or false", e);
		*(int *)to = json_is_true(value);
		return 0;
	case JMAP_MONEY:
		return read_money(at, value, to, e);
	case JMAP_TIME:
		return read_time(at, value, to, e);
	case JMAP_OBJECT:
		return read_fields(a, at, value, field->fields, to, e);
	case JMAP_ARRAY:
		return read_array(a, at, value, field, to, e);
	case JMAP_TEXTS:
		return read_texts(a, at, value, to, e);
	case JMAP_JSON:
		*(json_t **)to = value;
		return 0;
	}
	return refuse(at, "of a type that does not exist", e);
}

static int read_fields(struct arena *a, const struct path *up, json_t *object,
		       const struct jmap_field *fields, void *target, struct err *e)
{
	if (!json_is_object(object))
		return up ? refuse(up, "not an object", e)
			  : err_set(e, ERR_FINAL, ERR_CODE_DATA, "the document is not an object");
	for (const struct jmap_field *field = fields; field->key; field++) {
		struct path at = {.up = up, .key = field->key};
		json_t *value = json_object_get(object, field->key);

		if (field->is_required == JMAP_WHOLE && !json_is_array(value)) {
			refuse(&at, "no list", e);
			if (e)
				e->kind = ERR_RETRY;
			return -1;
		}
		if (!value || json_is_null(value)) {
			if (field->is_required)
				return refuse(&at, "missing", e);
			continue;
		}
		if (read_value(a, &at, value, field, (char *)target + field->offset, e))
			return -1;
		if (field->present_offset)
			*(int *)((char *)target + field->present_offset) = 1;
	}
	return 0;
}

int jmap_read(struct arena *a, json_t *object, const struct jmap_field *fields, void *target,
	      struct err *e)
{
	return read_fields(a, NULL, object, fields, target, e);
}

json_t *jmap_at(json_t *object, const char *path)
{
	while (object && *path) {
		size_t len = strcspn(path, ".");

		object = json_object_getn(object, path, len);
		path += len + (path[len] == '.');
	}
	return object && !json_is_null(object) ? object : NULL;
}

static void drop_text(void *text)
{
	free(text);
}

const char *jmap_dump(struct arena *a, const json_t *json)
{
	/* Fifteen digits are what a double holds of decimal text: 89.99 stays 89.99. */
	char *text =
		json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(REAL_DIGITS));

	if (!text)
		die("cannot write JSON");
	arena_defer(a, drop_text, text);
	return text;
}

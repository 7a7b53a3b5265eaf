/*
 * order_details - what people wrote beside an order's own fields: properties of lines, attributes, tags, a gift message
 *
 * It has limits, and an order is never lost for them: what is beyond is left out, and counted. Everything here may be
 * personal, so it goes into one column of orders and one of order_line, and nowhere else.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain/order.h"
#include "core/runtime/text.h"
#include "core/runtime/utf8.h"

enum {
	NAME_MAX = 200,
	VALUE_MAX = 2000,
	TAG_MAX = 255,
	ORDER_BYTES_MAX = 32 * 1024,
	LINE_BYTES_MAX = 16 * 1024,
	LINES_BYTES_MAX = 256 * 1024, /* of all lines together */
};

/* Clean, or NULL when nothing but blanks is left. */
static const char *clean(struct arena *a, const char *text, size_t max_bytes)
{
	const char *copy = text ? utf8_clean(a, text, strlen(text), max_bytes) : NULL;

	return text_is_blank(copy) ? NULL : copy;
}

static size_t length(const char *text)
{
	return text ? strlen(text) : 0;
}

/* Keeps what fits into *room bytes; returns how many were left out. */
static size_t trim_pairs(struct arena *a, struct order_pairs *pairs, size_t *room)
{
	size_t kept = 0, left_out = 0;

	for (size_t i = 0; i < pairs->count; i++) {
		struct order_pair pair = {clean(a, pairs->items[i].name, NAME_MAX),
					  clean(a, pairs->items[i].value, VALUE_MAX)};
		size_t bytes = length(pair.name) + length(pair.value);

		if (bytes == 0)
			continue;
		if (kept == ORDER_PAIRS_MAX || bytes > *room) {
			left_out++;
			continue;
		}
		*room -= bytes;
		pairs->items[kept++] = pair;
	}
	pairs->count = kept;
	return left_out;
}

static int compare_texts(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Sorted: stores do not keep them in an order of their own. */
static size_t trim_tags(struct arena *a, struct order_doc *doc, size_t *room)
{
	size_t kept = 0, left_out = 0;

	for (size_t i = 0; i < doc->tag_count; i++) {
		const char *tag = clean(a, doc->tags[i], TAG_MAX);

		if (!tag)
			continue;
		if (kept == ORDER_TAGS_MAX || strlen(tag) > *room) {
			left_out++;
			continue;
		}
		*room -= strlen(tag);
		doc->tags[kept++] = tag;
	}
	doc->tag_count = kept;
	if (kept > 1)
		qsort(doc->tags, kept, sizeof *doc->tags, compare_texts);
	return left_out;
}

void order_details_trim(struct arena *a, struct order_doc *doc)
{
	size_t room = ORDER_BYTES_MAX, lines_room = LINES_BYTES_MAX;

	doc->gift_message = clean(a, doc->gift_message, VALUE_MAX);
	room -= length(doc->gift_message);
	doc->left_out = trim_pairs(a, &doc->attributes, &room);
	doc->left_out += trim_tags(a, doc, &room);
	for (size_t i = 0; i < doc->line_count; i++) {
		struct order_doc_line *line = doc->lines + i;
		size_t most = lines_room < LINE_BYTES_MAX ? lines_room : LINE_BYTES_MAX;

		room = most;
		line->left_out = trim_pairs(a, &line->properties, &room);
		lines_room -= most - room;
	}
}

static json_t *pairs_json(const struct order_pairs *pairs)
{
	json_t *list = json_array();

	for (size_t i = 0; i < pairs->count; i++)
		json_array_append_new(list, json_pack("{s:s?, s:s?}", "name", pairs->items[i].name,
						      "value", pairs->items[i].value));
	return list;
}

static const char *finish(struct arena *a, json_t *json, size_t left_out)
{
	if (left_out)
		json_object_set_new(json, "left_out", json_integer((json_int_t)left_out));
	char *text = json_dumps(json, JSON_COMPACT);

	if (!text)
		die("out of memory: the details of an order");
	const char *copy = arena_strdup(a, text);

	free(text);
	json_decref(json);
	return copy;
}

const char *order_details(struct arena *a, const struct order_doc *doc)
{
	json_t *tags;

	if (!doc->gift_message && !doc->attributes.count && !doc->tag_count && !doc->left_out)
		return NULL;
	json_t *json = json_object();

	if (doc->gift_message)
		json_object_set_new(json, "gift_message", json_string(doc->gift_message));
	if (doc->attributes.count)
		json_object_set_new(json, "attributes", pairs_json(&doc->attributes));
	if (doc->tag_count) {
		json_object_set_new(json, "tags", tags = json_array());
		for (size_t i = 0; i < doc->tag_count; i++)
			json_array_append_new(tags, json_string(doc->tags[i]));
	}
	return finish(a, json, doc->left_out);
}

const char *order_line_details(struct arena *a, const struct order_doc_line *line)
{
	if (!line->properties.count && !line->left_out)
		return NULL;
	return finish(a, json_pack("{s:o}", "properties", pairs_json(&line->properties)),
		      line->left_out);
}

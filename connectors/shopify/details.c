/*
 * details - what people wrote beside an order's own fields
 *
 * A REST body has properties and note_attributes as lists of {name, value}, and tags as one text with commas;
 * GraphQL has lists of {key, value}, and of tags. Apps write whatever they like there, so that nothing here is
 * refused: a value that is no text is written as JSON.
 */
#include <ctype.h>
#include <string.h>

#include "connectors/shopify/shopify_internal.h"
#include "core/runtime/utf8.h"

static const char *text_of(struct arena *a, const json_t *value)
{
	if (!value || json_is_null(value) || (json_is_string(value) && !json_string_length(value)))
		return NULL;
	if (!json_is_string(value))
		return jmap_dump(a, value);
	return utf8_clean(a, json_string_value(value), json_string_length(value), JMAP_TEXT_MAX);
}

/* Twice as many as are kept: whoever looks at them next says how many were left out. */
static struct order_pairs pairs_of(struct arena *a, json_t *list)
{
	size_t count = json_array_size(list), most = 2 * ORDER_PAIRS_MAX;
	struct order_pairs pairs = {.count = count < most ? count : most};

	pairs.items = ARENA_ARRAY(a, struct order_pair, pairs.count);
	for (size_t i = 0; i < pairs.count; i++) {
		const json_t *one = json_array_get(list, i);
		const json_t *name = json_object_get(one, "name");

		pairs.items[i] = (struct order_pair){
			text_of(a, name ? name : json_object_get(one, "key")),
			text_of(a, json_object_get(one, "value")),
		};
	}
	return pairs;
}

static void add_tag(struct arena *a, struct order_doc *out, const char *text, size_t len)
{
	while (len > 0 && text[0] == ' ')
		text++, len--;
	if (len > 0 && out->tag_count < 2 * ORDER_TAGS_MAX)
		out->tags[out->tag_count++] = utf8_clean(a, text, len, JMAP_TEXT_MAX);
}

static void tags_of(struct arena *a, json_t *tags, struct order_doc *out)
{
	const char *text = json_string_value(tags);
	json_t *tag;
	size_t i;

	out->tags = ARENA_ARRAY(a, const char *,
				text || json_array_size(tags) ? 2 * ORDER_TAGS_MAX : 0);
	for (; text; text = strchr(text, ',') ? strchr(text, ',') + 1 : NULL)
		add_tag(a, out, text, strcspn(text, ","));
	json_array_foreach (tags, i, tag)
		if (json_is_string(tag))
			add_tag(a, out, json_string_value(tag), json_string_length(tag));
}

/*
 * Shopify has no field for it: themes and apps write an attribute that they call "Gift message", "gift_message",
 * "gift-message".
 */
static int is_gift_message(const char *name)
{
	const char *letter = "giftmessage";

	for (; name && *name; name++) {
		if (strchr(" _-:", *name))
			continue;
		if (tolower((unsigned char)*name) != *letter)
			return 0;
		letter++;
	}
	return !*letter;
}

void shopify_details(struct arena *a, const struct shopify_order *order, struct order_doc *out)
{
	const struct shopify_line *from = order->lines.items.items;

	out->attributes = pairs_of(a, order->attributes);
	for (size_t i = 0; i < out->attributes.count && !out->gift_message; i++)
		if (is_gift_message(out->attributes.items[i].name))
			out->gift_message = out->attributes.items[i].value;
	tags_of(a, order->tags, out);
	for (size_t i = 0; i < out->line_count; i++)
		out->lines[i].properties = pairs_of(a, from[i].properties);
}

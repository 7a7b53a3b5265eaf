/* id - Shopify's global ids, made and taken apart */
#include <string.h>

#include "connectors/shopify/shopify_internal.h"

static int is_digits(const char *text, size_t len)
{
	if (len == 0 || len > 19)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return 0;
	return 1;
}

const char *shopify_id(struct arena *a, const char *text)
{
	static const char scheme[] = "gid://shopify/";

	if (!text)
		return NULL;
	if (strncmp(text, scheme, sizeof scheme - 1) == 0)
		text = strrchr(text, '/') + 1;
	/* Some ids carry a query: gid://shopify/InventoryLevel/11?inventory_item_id=46. */
	size_t len = strcspn(text, "?");

	return is_digits(text, len) ? arena_strndup(a, text, len) : NULL;
}

const char *shopify_gid(struct arena *a, const char *kind, const char *id)
{
	if (strncmp(id, "gid://", 6) == 0)
		return id;
	return arena_printf(a, "gid://shopify/%s/%s", kind, id);
}

const char *shopify_id_json(struct arena *a, const json_t *id)
{
	if (json_is_integer(id))
		return shopify_id(a,
				  arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(id)));
	const char *text = json_string_value(id);

	return text && strlen(text) == json_string_length(id) ? shopify_id(a, text) : NULL;
}

/* order_sample - orders to test with */
#include "tests/unit/order_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

#define QUOTE(...) #__VA_ARGS__

const char order_sample[] = QUOTE({
	"id" : "2026-11-0042",
	"name" : "#P42",
	"placed_at" : "2026-11-23T09:15:00+01:00",
	"updated_at" : "2026-11-23T09:20:00+01:00",
	"payment" : "paid",
	"currency" : "EUR",
	"total" : "64.80",
	"email" : "mia@example.com",
	"note" : "by the door",
	"groups" : [
		{
			"kind" : "ship",
			"service_title" : "Standard",
			"address" : {
				"name" : "Mia",
				"address1" : "Gammel Strand 5",
				"city" : "Copenhagen",
				"zip" : "1202",
				"country_code" : "DK"
			}
		},
		{"kind" : "none"}
	],
	"lines" : [
		{
			"id" : "1",
			"sku" : "MUG-BLUE",
			"title" : "Mug",
			"quantity" : 2,
			"unit_price" : "19.90"
		},
		{
			"id" : 9007199254740993,
			"sku" : "EBOOK",
			"title" : "Book",
			"quantity" : 1,
			"group" : 1
		}
	]
});

json_t *json_of(const char *text)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	if (!json)
		fail_msg("the test's own JSON is none: %.80s", text);
	return json;
}

/* Put a value at "lines.0.quantity"; NULL takes what is there away. */
static void set_at(json_t *json, const char *path, json_t *value)
{
	char key[64];
	size_t len = strcspn(path, ".");

	snprintf(key, sizeof key, "%.*s", (int)len, path);
	if (path[len] == '.') {
		json_t *inner = json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10))
						    : json_object_get(json, key);

		if (!inner) {
			inner = json_object();
			json_object_set_new(json, key, inner);
		}
		set_at(inner, path + len + 1, value);
	} else if (value) {
		json_object_set_new(json, key, value);
	} else {
		json_object_del(json, key);
	}
}

int read_order(struct arena *a, const char *text, struct order_doc *out, struct err *e)
{
	if (order_doc_from_json(a, text, strlen(text), out, e))
		return -1;
	return order_doc_check(a, out, e);
}

int read_changed_order(struct arena *a, const char *path, json_t *value, struct order_doc *out,
		       struct err *e)
{
	json_t *json = json_of(order_sample);
	char *text;
	int result;

	set_at(json, path, value);
	text = json_dumps(json, JSON_COMPACT);
	result = read_order(a, text, out, e);
	free(text);
	json_decref(json);
	return result;
}

void small_order_init(struct small_order *o)
{
	*o = (struct small_order){
		.doc = {.source_id = "1",
			.placed_at_us = 1,
			.updated_at_us = 1,
			.currency = "JPY",
			.group_count = 1,
			.line_count = 1},
		.line = {.source_id = "1", .quantity = 1, .current_quantity = 1},
	};
	o->doc.groups = &o->group;
	o->doc.lines = &o->line;
}

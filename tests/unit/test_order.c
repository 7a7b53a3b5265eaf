/* Orders: what is refused, what is repaired, and when two views of an order are the same order */
#include "core/domain/order.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

#define QUOTE(...) #__VA_ARGS__

static const char base[] = QUOTE({
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

static json_t *parse(const char *text)
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

static int read_text(struct arena *a, const char *text, struct order_doc *out, struct err *e)
{
	if (order_doc_from_json(a, text, strlen(text), out, e))
		return -1;
	return order_doc_check(a, out, e);
}

/* The base order with one thing changed, read and checked. Takes value over. */
static int read_changed(struct arena *a, const char *path, json_t *value, struct order_doc *out,
			struct err *e)
{
	json_t *json = parse(base);
	char *text;
	int result;

	set_at(json, path, value);
	text = json_dumps(json, JSON_COMPACT);
	result = read_text(a, text, out, e);
	free(text);
	json_decref(json);
	return result;
}

static void an_order_is_read_whole(void **state)
{
	struct arena *a = arena_new();
	struct order_doc doc;
	struct err e = {0};

	(void)state;
	if (read_text(a, base, &doc, &e))
		fail_msg("%s", e.msg);
	assert_string_equal(doc.source_id, "2026-11-0042");
	assert_true(doc.placed_at_us == INT64_C(1795421700000000));
	assert_int_equal(doc.payment, PAYMENT_PAID);
	assert_int_equal(doc.total, 648000);
	assert_int_equal(doc.paid, 648000);
	assert_int_equal(doc.outstanding, 0);
	assert_string_equal(doc.presentment_currency, "EUR");
	assert_int_equal(doc.presentment_total, 648000);
	assert_int_equal(doc.group_count, 2);
	assert_int_equal(doc.groups[0].kind, DELIVERY_SHIP);
	assert_true(address_is_shippable(&doc.groups[0].address));
	assert_int_equal(doc.line_count, 2);
	assert_int_equal(doc.lines[0].quantity, 2);
	assert_int_equal(doc.lines[0].current_quantity, 2);
	assert_int_equal(doc.lines[0].unit_price, 199000);
	assert_true(doc.lines[0].needs_shipping);
	/* beyond 2^53, exact */
	assert_string_equal(doc.lines[1].source_id, "9007199254740993");
	assert_int_equal(doc.lines[1].group, 1);
	assert_false(doc.lines[1].needs_shipping);
	arena_free(a);
}

static void what_no_order_may_have_is_refused_by_name(void **state)
{
	static const struct {
		const char *path, *value, *says;
	} cases[] = {
		/* wrong types */
		{"id", "true", "id"},
		{"id", "1.5", "id"},
		{"name", "7", "name"},
		{"placed_at", "1795421700", "placed_at"},
		{"placed_at", "\"yesterday\"", "placed_at"},
		{"placed_at", "\"2026-11-23T09:15:00\"", "placed_at"},
		{"updated_at", "{}", "updated_at"},
		{"cancelled_at", "false", "cancelled_at"},
		{"is_test", "\"yes\"", "is_test"},
		{"is_test", "1", "is_test"},
		{"payment", "1", "payment"},
		{"payment", "\"mostly\"", "payment"},
		{"currency", "978", "currency"},
		{"total", "[]", "total"},
		{"total", "\"64,80\"", "total"},
		{"total", "\"1e3\"", "total"},
		{"paid", "\"\"", "paid"},
		{"email", "[\"a@b\"]", "email"},
		{"groups", "{}", "groups"},
		{"groups", "[7]", "groups[0]"},
		{"groups.0.kind", "0", "groups[0].kind"},
		{"groups.0.kind", "\"drone\"", "groups[0].kind"},
		{"groups.0.address", "\"here\"", "groups[0].address"},
		{"groups.0.address.zip", "1202", "groups[0].address.zip"},
		{"groups.0.address.country_code", "\"DNK\"", "groups[0].address.country_code"},
		{"groups.0.address.country_code", "\"dk\"", "groups[0].address.country_code"},
		{"groups.0.address.country_code", "\"D\"", "groups[0].address.country_code"},
		{"groups.0.ship_not_before", "0", "groups[0].ship_not_before"},
		{"lines", "\"\"", "lines"},
		{"lines", "[[]]", "lines[0]"},
		{"lines.0.id", "\"\"", "lines[0].source_id"},
		{"lines.0.id", "[1]", "lines[0].id"},
		{"lines.0.sku", "123", "lines[0].sku"},
		{"lines.0.quantity", "\"two\"", "lines[0].quantity"},
		{"lines.0.quantity", "2.0", "lines[0].quantity"},
		{"lines.0.unit_price", "true", "lines[0].unit_price"},
		{"lines.0.grams", "0.5", "lines[0].grams"},
		{"lines.0.needs_shipping", "\"true\"", "lines[0].needs_shipping"},
		/* quantities and amounts out of range */
		{"lines.0.quantity", "-1", "lines[0].quantity"},
		{"lines.0.quantity", "1000001", "lines[0].quantity"},
		{"lines.0.quantity", "9223372036854775807", "lines[0].quantity"},
		{"lines.0.current_quantity", "3", "lines[0].current_quantity"},
		{"lines.0.current_quantity", "-1", "lines[0].current_quantity"},
		{"lines.0.grams", "-1", "lines[0].grams"},
		{"lines.0.grams", "1000000001", "lines[0].grams"},
		{"lines.0.group", "2", "lines[0].group"},
		{"lines.0.group", "-1", "lines[0].group"},
		{"lines.0.group", "4294967296", "lines[0].group"},
		{"lines.0.unit_price", "\"0.00001\"", "lines[0].unit_price"},
		{"lines.0.unit_price", "\"99999999999999\"", "lines[0].unit_price"},
		{"total", "\"-0.01\"", "total"},
		{"total", "\"64.80001\"", "total"},
		{"paid", "-1", "paid"},
		{"refunded", "\"-1\"", "refunded"},
		/* what does not fit together */
		{"currency", "\"EURO\"", "currency"},
		{"currency", "\"eur\"", "currency"},
		{"currency", "\"\"", "currency"},
		{"presentment_currency", "\"X\"", "presentment_"},
		{"presentment_currency", "\"USD\"", "presentment_total"},
		{"lines.1.id", "\"1\"", "lines: two lines have the same id"},
		{"lines.1.id", "1", "lines: two lines have the same id"},
		{"lines.1.needs_shipping", "true", "lines[1].group"},
		/* typing errors */
		{"ship_before", "1", "ship_before: there is no such key"},
		{"lines.1.quantitty", "1", "quantitty: there is no such key"},
		{"groups.0.address.street", "\"x\"", "street: there is no such key"},
		{"lines.0.\\u0001", "1", "a key that there is not"},
		/* what is needed */
		{"id", NULL, "id"},
		{"id", "null", "id"},
		{"id", "\"\"", "source_id"},
		{"id", "\"  \"", "source_id"},
		{"placed_at", NULL, "placed_at"},
		{"payment", NULL, "payment"},
		{"currency", NULL, "currency"},
		{"total", NULL, "total"},
		{"groups.0.kind", NULL, "groups[0].kind"},
		{"groups", NULL, "lines[0].group"},
		{"lines.0.id", NULL, "lines[0].id"},
		{"lines.0.quantity", NULL, "lines[0].quantity"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *a = arena_new();
		struct order_doc doc;
		struct err e = {0};
		json_t *value = cases[i].value ? parse(cases[i].value) : NULL;

		if (read_changed(a, cases[i].path, value, &doc, &e) == 0)
			fail_msg("%s = %s was accepted", cases[i].path, cases[i].value);
		if (!strstr(e.msg, cases[i].says) || e.kind != ERR_FINAL || e.code != ERR_CODE_DATA)
			fail_msg("%s = %s: %s", cases[i].path, cases[i].value, e.msg);
		arena_free(a);
	}
}

static void null_is_the_same_as_absent(void **state)
{
	static const char *const paths[] = {
		"name",
		"updated_at",
		"cancelled_at",
		"is_test",
		"paid",
		"email",
		"note",
		"groups.0.address.zip",
		"groups.1.address",
		"lines.0.sku",
		"lines.0.grams",
		"lines.0.needs_shipping",
	};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct arena *a = arena_new();
		struct order_doc doc;
		struct err e = {0};
		unsigned char with_null[32], without[32];

		if (read_changed(a, paths[i], json_null(), &doc, &e))
			fail_msg("%s: %s", paths[i], e.msg);
		order_doc_hash(&doc, with_null);
		assert_int_equal(read_changed(a, paths[i], NULL, &doc, &e), 0);
		order_doc_hash(&doc, without);
		assert_memory_equal(with_null, without, 32);
		arena_free(a);
	}
}

static void documents_that_are_none_are_refused(void **state)
{
	struct arena *a = arena_new();
	static char deep[10001];
	const char *const bad[] = {"",
				   "{",
				   "null",
				   "[]",
				   "7",
				   "\"order\"",
				   "{\"id\": \"1\"",
				   "{\"id\": \"\xff\"}",
				   "{\"id\": \"a\\u0000b\"}",
				   deep};
	size_t large_bytes = ORDER_JSON_BYTES_MAX + 1;
	char *large = arena_alloc(a, large_bytes);
	struct order_doc doc;
	struct err e = {0};

	(void)state;
	memset(deep, '[', sizeof deep - 1);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(order_doc_from_json(a, bad[i], strlen(bad[i]), &doc, &e), -1);
		assert_int_equal(e.kind, ERR_FINAL);
	}
	for (size_t cut = 0; cut < sizeof base - 1; cut++)
		assert_int_equal(order_doc_from_json(a, base, cut, &doc, &e), -1);
	memset(large, ' ', large_bytes);
	assert_int_equal(order_doc_from_json(a, large, large_bytes, &doc, &e), -1);
	arena_free(a);
}

/* Tests run in the project's root. */
static void the_documented_example_is_an_order(void **state)
{
	struct arena *a = arena_new();
	char *text = arena_alloc(a, 65536), *start;
	FILE *f = fopen("docs/order-import.md", "re");
	struct order_doc doc;
	struct err e = {0};

	(void)state;
	assert_non_null(f);
	assert_in_range(fread(text, 1, 65535, f), 1, 65534);
	fclose(f);
	start = strstr(text, "```json\n");
	assert_non_null(start);
	start += strlen("```json\n");
	*strstr(start, "```") = '\0';
	if (read_text(a, start, &doc, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(doc.line_count, 2);
	assert_true(address_is_shippable(&doc.groups[0].address));
	arena_free(a);
}

/* ---- every text of an order ---- */

struct text_place {
	const char *name;
	size_t max_bytes;
	char kind; /* i: exact or refused, e: exact, c: cut to size */
};

static const struct text_place text_places[] = {
	{"source_id", 100, 'i'},
	{"name", 100, 'e'},
	{"cancel_reason", 500, 'c'},
	{"email", 320, 'e'},
	{"phone", 60, 'e'},
	{"locale", 40, 'e'},
	{"customer_name", 500, 'c'},
	{"note", 5000, 'c'},
	{"lines[0].source_id", 100, 'i'},
	{"lines[0].variant_id", 100, 'i'},
	{"lines[0].sku", 100, 'e'},
	{"lines[0].title", 500, 'c'},
	{"lines[0].variant_title", 500, 'c'},
	{"groups[0].address.name", 500, 'c'},
	{"groups[0].address.company", 500, 'c'},
	{"groups[0].address.address1", 300, 'e'},
	{"groups[0].address.address2", 300, 'e'},
	{"groups[0].address.city", 300, 'e'},
	{"groups[0].address.province", 300, 'e'},
	{"groups[0].address.province_code", 20, 'e'},
	{"groups[0].address.zip", 40, 'e'},
	{"groups[0].address.phone", 60, 'e'},
	{"groups[0].address.email", 320, 'e'},
	{"groups[0].service_title", 500, 'c'},
	{"groups[0].service_code", 300, 'e'},
};

enum { TEXT_PLACES = sizeof text_places / sizeof *text_places };

struct texts {
	struct order_doc doc;
	struct order_doc_group group;
	struct order_doc_line line;
};

/* An order in memory, and where its i-th text is. */
static const char **text_at(struct texts *t, size_t i)
{
	struct address *address = &t->group.address;
	const char **const places[TEXT_PLACES] = {
		&t->doc.source_id,	&t->doc.name,
		&t->doc.cancel_reason,	&t->doc.email,
		&t->doc.phone,		&t->doc.locale,
		&t->doc.customer_name,	&t->doc.note,
		&t->line.source_id,	&t->line.variant_id,
		&t->line.sku,		&t->line.title,
		&t->line.variant_title, &address->name,
		&address->company,	&address->address1,
		&address->address2,	&address->city,
		&address->province,	&address->province_code,
		&address->zip,		&address->phone,
		&address->email,	&t->group.service_title,
		&t->group.service_code,
	};

	return places[i];
}

static void texts_init(struct texts *t)
{
	*t = (struct texts){
		.doc = {.source_id = "1",
			.placed_at_us = 1,
			.updated_at_us = 1,
			.currency = "JPY",
			.group_count = 1,
			.line_count = 1},
		.line = {.source_id = "1", .quantity = 1, .current_quantity = 1},
	};
	t->doc.groups = &t->group;
	t->doc.lines = &t->line;
}

static void assert_refused(struct arena *a, struct texts *t, size_t i, const char *what)
{
	struct err e = {0};

	if (order_doc_check(a, &t->doc, &e) == 0)
		fail_msg("%s was accepted: %s", text_places[i].name, what);
	if (!strstr(e.msg, text_places[i].name) || !strstr(e.msg, what))
		fail_msg("%s (%s): %s", text_places[i].name, what, e.msg);
}

static void control_characters_become_blanks_in_every_text(void **state)
{
	struct arena *a = arena_new();
	struct texts t;
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < TEXT_PLACES; i++) {
		texts_init(&t);
		*text_at(&t, i) = "a\r\nBcc: x\x7f\xc2\x85z\x1b";
		if (text_places[i].kind == 'i') {
			assert_refused(a, &t, i, "a control character");
			continue;
		}
		if (order_doc_check(a, &t.doc, &e))
			fail_msg("%s: %s", text_places[i].name, e.msg);
		assert_string_equal(*text_at(&t, i), "a  Bcc: x  z ");
	}
	arena_free(a);
}

static void long_texts_are_refused_or_cut_between_characters(void **state)
{
	struct arena *a = arena_new();
	struct err e = {0};
	struct texts t;

	(void)state;
	for (size_t i = 0; i < TEXT_PLACES; i++) {
		size_t max = text_places[i].max_bytes;
		char *text = arena_alloc(a, max + 3);

		/* exactly as long as it may be */
		memset(text, 'x', max);
		texts_init(&t);
		*text_at(&t, i) = text;
		if (order_doc_check(a, &t.doc, &e))
			fail_msg("%s: %s", text_places[i].name, e.msg);
		assert_ptr_equal(*text_at(&t, i), text);

		/* the last character begins within the limit and ends beyond it */
		memcpy(text + max - 1, "\xc3\xa9", 2);
		texts_init(&t);
		*text_at(&t, i) = text;
		if (text_places[i].kind != 'c') {
			assert_refused(a, &t, i, "text too long");
			continue;
		}
		if (order_doc_check(a, &t.doc, &e))
			fail_msg("%s: %s", text_places[i].name, e.msg);
		assert_int_equal(strlen(*text_at(&t, i)), max - 1);
		assert_int_equal((*text_at(&t, i))[max - 2], 'x');
	}
	arena_free(a);
}

static void text_that_is_not_utf8_is_refused_everywhere(void **state)
{
	static const char *const bad[] = {
		"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "ok\x80"};
	struct arena *a = arena_new();
	struct texts t;

	(void)state;
	for (size_t i = 0; i < TEXT_PLACES; i++)
		for (size_t n = 0; n < sizeof bad / sizeof *bad; n++) {
			texts_init(&t);
			*text_at(&t, i) = bad[n];
			assert_refused(a, &t, i, "not UTF-8");
		}
	arena_free(a);
}

static void injected_text_is_only_text(void **state)
{
	static const char *const nasty[] = {
		"'; DROP TABLE orders; --",
		"{\"a\":1}",
		"<script>alert(1)</script>",
		"{{name}}",
		"%s%n$(rm)",
		"Łódź 日本 👩‍🚀",
	};
	struct arena *a = arena_new();
	struct err e = {0};
	struct texts t;

	(void)state;
	for (size_t i = 0; i < TEXT_PLACES; i++)
		for (size_t n = 0; n < sizeof nasty / sizeof *nasty; n++) {
			if (strlen(nasty[n]) > text_places[i].max_bytes)
				continue;
			texts_init(&t);
			*text_at(&t, i) = nasty[n];
			if (order_doc_check(a, &t.doc, &e))
				fail_msg("%s: %s", text_places[i].name, e.msg);
			assert_string_equal(*text_at(&t, i), nasty[n]);
		}
	arena_free(a);
}

static void what_is_missing_for_people_is_filled_in(void **state)
{
	struct arena *a = arena_new();
	struct err e = {0};
	struct texts t;

	(void)state;
	texts_init(&t);
	t.doc.name = "";
	t.line.title = "\t";
	t.line.sku = "MUG";
	t.group.address.city = "  ";
	assert_int_equal(order_doc_check(a, &t.doc, &e), 0);
	assert_string_equal(t.doc.name, "1");
	assert_string_equal(t.line.title, "MUG");
	assert_string_equal(t.doc.presentment_currency, "JPY");
	assert_null(t.group.address.city);
	arena_free(a);
}

static int check_many_lines(size_t count)
{
	struct arena *a = arena_new();
	struct err e = {0};
	struct texts t;
	int result;

	texts_init(&t);
	t.doc.line_count = count;
	t.doc.lines = ARENA_ARRAY(a, struct order_doc_line, count);
	for (size_t i = 0; i < count; i++)
		t.doc.lines[i] = (struct order_doc_line){
			.source_id = arena_printf(a, "%zu", i),
			.quantity = ORDER_UNITS_MAX,
		};
	result = order_doc_check(a, &t.doc, &e);
	if (result)
		assert_string_equal(e.msg, count ? "lines: too many" : "lines: none");
	arena_free(a);
	return result;
}

static void one_line_to_two_thousand(void **state)
{
	(void)state;
	assert_int_equal(check_many_lines(0), -1);
	assert_int_equal(check_many_lines(ORDER_LINES_MAX), 0);
	assert_int_equal(check_many_lines(ORDER_LINES_MAX + 1), -1);
}

static void an_address_must_be_enough_for_a_carrier(void **state)
{
	const struct address whole = {
		.name = "Mia", .address1 = "Gammel Strand 5", .city = "K", .country_code = "DK"};
	struct address some = whole;

	(void)state;
	assert_true(address_is_shippable(&whole));
	some.name = NULL;
	assert_false(address_is_shippable(&some));
	some.company = "Mia ApS";
	assert_true(address_is_shippable(&some));
	some.address1 = " ";
	assert_false(address_is_shippable(&some));
	some = whole;
	some.city = NULL;
	assert_false(address_is_shippable(&some));
	some = whole;
	some.country_code = "";
	assert_false(address_is_shippable(&some));
}

/* ---- the hash ---- */

static void hash_of(struct arena *a, const char *path, const char *value, unsigned char out[32])
{
	struct order_doc doc;
	struct err e = {0};

	if (read_changed(a, path, value ? parse(value) : NULL, &doc, &e))
		fail_msg("%s: %s", path, e.msg);
	order_doc_hash(&doc, out);
}

static void the_hash_sees_what_matters_and_nothing_else(void **state)
{
	static const struct {
		const char *path, *value;
		int matters;
	} cases[] = {
		{"id", "\"other\"", 1},
		{"payment", "\"refunded\"", 1},
		{"cancelled_at", "\"2026-11-24T00:00:00Z\"", 1},
		{"currency", "\"USD\"", 1},
		{"total", "\"64.81\"", 1},
		{"refunded", "\"1\"", 1},
		{"outstanding", "\"1\"", 1},
		{"email", "\"new@example.com\"", 1},
		{"groups.0.kind", "\"pickup\"", 1},
		{"groups.0.address.address1", "\"Gammel Strand 6\"", 1},
		{"groups.0.address.address2", "\"2nd floor\"", 1},
		{"groups.0.address.country_code", "\"SE\"", 1},
		{"groups.0.service_title", "\"Express\"", 1},
		{"lines.0.id", "\"3\"", 1},
		{"lines.0.sku", "\"MUG-RED\"", 1},
		{"lines.0.variant_id", "\"5\"", 1},
		{"lines.0.quantity", "3", 1},
		{"lines.0.current_quantity", "1", 1},
		{"lines.0.needs_shipping", "false", 1},
		{"lines.0.group", "1", 1},
		{"updated_at", "\"2026-11-25T00:00:00Z\"", 0},
		{"note", "\"other\"", 1},
		{"name", "\"#P43\"", 0},
		{"lines.0.title", "\"Cup\"", 0},
		{"lines.0.grams", "300", 0},
		{"lines.0.unit_price", "\"19.89\"", 0},
	};
	struct arena *a = arena_new();
	unsigned char before[32], after[32];

	(void)state;
	hash_of(a, "name", "\"#P42\"", before);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct order_doc doc;
		struct err e = {0};

		/* the line is put into a group that ships nothing: then it needs no shipping */
		if (strcmp(cases[i].path, "lines.0.group") == 0) {
			assert_int_equal(read_changed(a, "name", json_string("#P42"), &doc, &e), 0);
			doc.lines[0].group = 1;
			order_doc_hash(&doc, after);
		} else {
			hash_of(a, cases[i].path, cases[i].value, after);
		}
		if ((memcmp(before, after, 32) != 0) != cases[i].matters)
			fail_msg("%s", cases[i].path);
	}
	arena_free(a);
}

static void the_order_of_lines_does_not_change_the_hash(void **state)
{
	struct arena *a = arena_new();
	unsigned char before[32], after[32];
	struct order_doc_line first;
	struct order_doc doc;
	struct err e = {0};

	(void)state;
	assert_int_equal(read_text(a, base, &doc, &e), 0);
	order_doc_hash(&doc, before);
	first = doc.lines[0];
	doc.lines[0] = doc.lines[1];
	doc.lines[1] = first;
	order_doc_hash(&doc, after);
	assert_memory_equal(before, after, 32);
	arena_free(a);
}

/* "ab" + "c" must not be "a" + "bc". */
static void neighbouring_texts_do_not_run_together(void **state)
{
	struct arena *a = arena_new();
	unsigned char one[32], two[32];
	struct texts t;

	(void)state;
	texts_init(&t);
	t.line.variant_id = "ab";
	t.line.sku = "c";
	order_doc_hash(&t.doc, one);
	t.line.variant_id = "a";
	t.line.sku = "bc";
	order_doc_hash(&t.doc, two);
	assert_memory_not_equal(one, two, 32);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_is_read_whole),
		cmocka_unit_test(what_no_order_may_have_is_refused_by_name),
		cmocka_unit_test(null_is_the_same_as_absent),
		cmocka_unit_test(documents_that_are_none_are_refused),
		cmocka_unit_test(the_documented_example_is_an_order),
		cmocka_unit_test(control_characters_become_blanks_in_every_text),
		cmocka_unit_test(long_texts_are_refused_or_cut_between_characters),
		cmocka_unit_test(text_that_is_not_utf8_is_refused_everywhere),
		cmocka_unit_test(injected_text_is_only_text),
		cmocka_unit_test(what_is_missing_for_people_is_filled_in),
		cmocka_unit_test(one_line_to_two_thousand),
		cmocka_unit_test(an_address_must_be_enough_for_a_carrier),
		cmocka_unit_test(the_hash_sees_what_matters_and_nothing_else),
		cmocka_unit_test(the_order_of_lines_does_not_change_the_hash),
		cmocka_unit_test(neighbouring_texts_do_not_run_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

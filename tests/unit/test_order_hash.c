/* The hash of an order: when two views of an order are the same order */
#include <string.h>

#include "tests/unit/order_sample.h"
#include "tests/unit/unit.h"

static void hash_of(struct arena *a, const char *path, const char *value, unsigned char out[32])
{
	struct order_doc doc;
	struct err e = {0};

	if (read_changed_order(a, path, value ? json_of(value) : NULL, &doc, &e))
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
		{"name", "\"#P43\"", 1},
		{"is_test", "true", 1},
		{"cancel_reason", "\"fraud\"", 1},
		{"phone", "\"+1\"", 1},
		{"locale", "\"da\"", 1},
		{"customer_name", "\"Mia\"", 1},
		{"gift_message", "\"for you\"", 1},
		{"tags", "[\"vip\"]", 1},
		{"attributes", "[{\"name\": \"a\", \"value\": \"b\"}]", 1},
		{"shipping", "\"5\"", 1},
		{"tax", "\"5\"", 1},
		{"discount", "\"5\"", 1},
		{"duties", "\"5\"", 1},
		{"groups.0.service_code", "\"x\"", 1},
		{"lines.0.title", "\"Cup\"", 1},
		{"lines.0.variant_title", "\"Blue\"", 1},
		{"lines.0.unit_price", "\"19.89\"", 1},
		{"lines.0.discount", "\"0.01\"", 1},
		{"lines.0.tax", "\"0.01\"", 1},
		{"lines.0.properties", "[{\"name\": \"a\"}]", 1},
		{"lines.0.duties", "\"0.01\"", 0},
		{"lines.0.grams", "300", 0},
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
			assert_int_equal(
				read_changed_order(a, "name", json_string("#P42"), &doc, &e), 0);
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
	assert_int_equal(read_order(a, order_sample, &doc, &e), 0);
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
	struct small_order o;

	(void)state;
	small_order_init(&o);
	o.line.variant_id = "ab";
	o.line.sku = "c";
	order_doc_hash(&o.doc, one);
	o.line.variant_id = "a";
	o.line.sku = "bc";
	order_doc_hash(&o.doc, two);
	assert_memory_not_equal(one, two, 32);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_sees_what_matters_and_nothing_else),
		cmocka_unit_test(the_order_of_lines_does_not_change_the_hash),
		cmocka_unit_test(neighbouring_texts_do_not_run_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

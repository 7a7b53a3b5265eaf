/* Orders as JSON: what is read, and what is refused by name */
#include <stdio.h>
#include <string.h>

#include "core/domain/address.h"
#include "tests/unit/order_sample.h"
#include "tests/unit/unit.h"

static void an_order_is_read_whole(void **state)
{
	struct arena *a = arena_new();
	struct order_doc doc;
	struct err e = {0};

	(void)state;
	if (read_order(a, order_sample, &doc, &e))
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
	assert_null(address_lacks(a, &doc.groups[0].address));
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
		json_t *value = cases[i].value ? json_of(cases[i].value) : NULL;

		if (read_changed_order(a, cases[i].path, value, &doc, &e) == 0)
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

		if (read_changed_order(a, paths[i], json_null(), &doc, &e))
			fail_msg("%s: %s", paths[i], e.msg);
		order_doc_hash(&doc, with_null);
		assert_int_equal(read_changed_order(a, paths[i], NULL, &doc, &e), 0);
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
	for (size_t cut = 0; cut < strlen(order_sample); cut++)
		assert_int_equal(order_doc_from_json(a, order_sample, cut, &doc, &e), -1);
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
	if (read_order(a, start, &doc, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(doc.line_count, 2);
	assert_null(address_lacks(a, &doc.groups[0].address));
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Orders: what is refused, what is repaired in every text of an order, and what may be sent */
#include <string.h>

#include "tests/unit/order_sample.h"
#include "tests/unit/unit.h"

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

/* Where the i-th text of an order in memory is. */
static const char **text_at(struct small_order *o, size_t i)
{
	struct address *address = &o->group.address;
	const char **const places[TEXT_PLACES] = {
		&o->doc.source_id,	&o->doc.name,
		&o->doc.cancel_reason,	&o->doc.email,
		&o->doc.phone,		&o->doc.locale,
		&o->doc.customer_name,	&o->doc.note,
		&o->line.source_id,	&o->line.variant_id,
		&o->line.sku,		&o->line.title,
		&o->line.variant_title, &address->name,
		&address->company,	&address->address1,
		&address->address2,	&address->city,
		&address->province,	&address->province_code,
		&address->zip,		&address->phone,
		&address->email,	&o->group.service_title,
		&o->group.service_code,
	};

	return places[i];
}

static void assert_refused(struct arena *a, struct small_order *o, size_t i, const char *what)
{
	struct err e = {0};

	if (order_doc_check(a, &o->doc, &e) == 0)
		fail_msg("%s was accepted: %s", text_places[i].name, what);
	if (!strstr(e.msg, text_places[i].name) || !strstr(e.msg, what))
		fail_msg("%s (%s): %s", text_places[i].name, what, e.msg);
}

static void control_characters_become_blanks_in_every_text(void **state)
{
	struct arena *a = arena_new();
	struct small_order o;
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < TEXT_PLACES; i++) {
		small_order_init(&o);
		*text_at(&o, i) = "a\r\nBcc: x\x7f\xc2\x85z\x1b";
		if (text_places[i].kind == 'i') {
			assert_refused(a, &o, i, "a control character");
			continue;
		}
		if (order_doc_check(a, &o.doc, &e))
			fail_msg("%s: %s", text_places[i].name, e.msg);
		assert_string_equal(*text_at(&o, i), "a  Bcc: x  z ");
	}
	arena_free(a);
}

static void long_texts_are_refused_or_cut_between_characters(void **state)
{
	struct arena *a = arena_new();
	struct err e = {0};
	struct small_order o;

	(void)state;
	for (size_t i = 0; i < TEXT_PLACES; i++) {
		size_t max = text_places[i].max_bytes;
		char *text = arena_alloc(a, max + 3);

		/* exactly as long as it may be */
		memset(text, 'x', max);
		small_order_init(&o);
		*text_at(&o, i) = text;
		if (order_doc_check(a, &o.doc, &e))
			fail_msg("%s: %s", text_places[i].name, e.msg);
		assert_ptr_equal(*text_at(&o, i), text);

		/* the last character begins within the limit and ends beyond it */
		memcpy(text + max - 1, "\xc3\xa9", 2);
		small_order_init(&o);
		*text_at(&o, i) = text;
		if (text_places[i].kind != 'c') {
			assert_refused(a, &o, i, "text too long");
			continue;
		}
		if (order_doc_check(a, &o.doc, &e))
			fail_msg("%s: %s", text_places[i].name, e.msg);
		assert_int_equal(strlen(*text_at(&o, i)), max - 1);
		assert_int_equal((*text_at(&o, i))[max - 2], 'x');
	}
	arena_free(a);
}

static void text_that_is_not_utf8_is_refused_everywhere(void **state)
{
	static const char *const bad[] = {
		"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "ok\x80"};
	struct arena *a = arena_new();
	struct small_order o;

	(void)state;
	for (size_t i = 0; i < TEXT_PLACES; i++)
		for (size_t n = 0; n < sizeof bad / sizeof *bad; n++) {
			small_order_init(&o);
			*text_at(&o, i) = bad[n];
			assert_refused(a, &o, i, "not UTF-8");
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
	struct small_order o;

	(void)state;
	for (size_t i = 0; i < TEXT_PLACES; i++)
		for (size_t n = 0; n < sizeof nasty / sizeof *nasty; n++) {
			if (strlen(nasty[n]) > text_places[i].max_bytes)
				continue;
			small_order_init(&o);
			*text_at(&o, i) = nasty[n];
			if (order_doc_check(a, &o.doc, &e))
				fail_msg("%s: %s", text_places[i].name, e.msg);
			assert_string_equal(*text_at(&o, i), nasty[n]);
		}
	arena_free(a);
}

static void what_is_missing_for_people_is_filled_in(void **state)
{
	struct arena *a = arena_new();
	struct err e = {0};
	struct small_order o;

	(void)state;
	small_order_init(&o);
	o.doc.name = "";
	o.line.title = "\t";
	o.line.sku = "MUG";
	o.group.address.city = "  ";
	assert_int_equal(order_doc_check(a, &o.doc, &e), 0);
	assert_string_equal(o.doc.name, "1");
	assert_string_equal(o.line.title, "MUG");
	assert_string_equal(o.doc.presentment_currency, "JPY");
	assert_null(o.group.address.city);
	arena_free(a);
}

static int check_many_lines(size_t count)
{
	struct arena *a = arena_new();
	struct err e = {0};
	struct small_order o;
	int result;

	small_order_init(&o);
	o.doc.line_count = count;
	o.doc.lines = ARENA_ARRAY(a, struct order_doc_line, count);
	for (size_t i = 0; i < count; i++)
		o.doc.lines[i] = (struct order_doc_line){
			.source_id = arena_printf(a, "%zu", i),
			.quantity = ORDER_UNITS_MAX,
		};
	result = order_doc_check(a, &o.doc, &e);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_characters_become_blanks_in_every_text),
		cmocka_unit_test(long_texts_are_refused_or_cut_between_characters),
		cmocka_unit_test(text_that_is_not_utf8_is_refused_everywhere),
		cmocka_unit_test(injected_text_is_only_text),
		cmocka_unit_test(what_is_missing_for_people_is_filled_in),
		cmocka_unit_test(one_line_to_two_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

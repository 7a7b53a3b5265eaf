/* bundle: ids to messages and back, and what is no bundle */
#include <stdio.h>
#include <string.h>

#include "core/runtime/bundle.h"
#include "tests/unit/unit.h"

enum { MANY = 2 * BUNDLE_MAX + 3 };

static void ids_come_back_in_their_order_however_large(void **state)
{
	struct arena *a = arena_new();
	int64_t ids[MANY], back[BUNDLE_MAX];
	struct amqp_message messages[3];
	size_t done = 0, count;

	(void)state;
	for (int i = 0; i < MANY; i++)
		ids[i] = INT64_MAX - i;
	assert_int_equal(bundle_count(MANY), 3);
	bundle_write(a, "route", ids, MANY, messages);
	for (size_t m = 0; m < 3; m++) {
		assert_string_equal(messages[m].routing_key, "wb.route");
		assert_null(messages[m].exchange);
		assert_int_equal(
			bundle_read(a, messages[m].body, messages[m].body_len, back, &count), 0);
		assert_memory_equal(back, ids + done, count * sizeof *ids);
		done += count;
	}
	assert_int_equal(done, MANY);
	arena_free(a);
}

static void few_ids_need_few_messages(void **state)
{
	static const size_t cases[][2] = {
		{0, 0}, {1, 1}, {BUNDLE_MAX, 1}, {BUNDLE_MAX + 1, 2}, {2 * BUNDLE_MAX, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(bundle_count(cases[i][0]), cases[i][1]);
}

static void one_id_is_a_short_array(void **state)
{
	struct arena *a = arena_new();
	struct amqp_message m;
	int64_t id = 42;

	(void)state;
	bundle_write(a, "label", &id, 1, &m);
	assert_int_equal(m.body_len, 4);
	assert_memory_equal(m.body, "[42]", 4);
	arena_free(a);
}

/* An array of count ids with blanks after it. */
static const char *array_of(struct arena *a, size_t count, size_t blanks)
{
	const char *text = "[1";

	for (size_t i = 1; i < count; i++)
		text = arena_printf(a, "%s,1", text);
	return arena_printf(a, "%s]%*s", text, (int)blanks, "");
}

static void what_is_no_bundle_is_refused(void **state)
{
	struct arena *a = arena_new();
	const struct {
		const char *what, *body;
	} cases[] = {
		{"nothing", ""},
		{"no JSON", "hello"},
		{"an object", "{\"ids\": [1]}"},
		{"a number", "1"},
		{"strings", "[\"1\"]"},
		{"fractions", "[1.5]"},
		{"nulls", "[null]"},
		{"arrays", "[[1]]"},
		{"an id beyond 64 bits", "[9223372036854775808]"},
		{"cut off", "[1,2"},
		{"something behind it", "[1] x"},
		{"one id too many", array_of(a, BUNDLE_MAX + 1, 0)},
		{"too many bytes", array_of(a, 1, BUNDLE_BYTES)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t ids[BUNDLE_MAX];
		size_t count;

		if (bundle_read(a, cases[i].body, strlen(cases[i].body), ids, &count) == 0)
			fail_msg("%s was taken for a bundle", cases[i].what);
	}
	arena_free(a);
}

static void an_empty_array_is_a_bundle_of_nothing(void **state)
{
	struct arena *a = arena_new();
	int64_t ids[BUNDLE_MAX];
	size_t count = 1;

	(void)state;
	assert_int_equal(bundle_read(a, " [ ] ", 5, ids, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(
		bundle_read(a, array_of(a, BUNDLE_MAX, 0), 2 * BUNDLE_MAX + 1, ids, &count), 0);
	assert_int_equal(count, BUNDLE_MAX);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_come_back_in_their_order_however_large),
		cmocka_unit_test(few_ids_need_few_messages),
		cmocka_unit_test(one_id_is_a_short_array),
		cmocka_unit_test(what_is_no_bundle_is_refused),
		cmocka_unit_test(an_empty_array_is_a_bundle_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

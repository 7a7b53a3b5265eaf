/* Ids and where they are: what was put is found, what was not is not */
#include "core/runtime/idmap.h"
#include "tests/unit/unit.h"

static void an_empty_map_has_nothing(void **state)
{
	struct idmap m = {0};

	(void)state;
	assert_true(idmap_find(&m, 0) == IDMAP_NONE);
	assert_true(idmap_find(&m, 1) == IDMAP_NONE);
}

static void every_id_is_found_where_it_was_put(void **state)
{
	struct arena *a = arena_new();
	struct idmap m = {0};

	(void)state;
	for (size_t n = 0; n < 10000; n++) {
		idmap_put(a, &m, (int64_t)n * 1000, n);
		assert_true(idmap_find(&m, (int64_t)n * 1000) == n);
		assert_true(idmap_find(&m, (int64_t)n * 1000 + 1) == IDMAP_NONE);
	}
	for (size_t n = 0; n < 10000; n++)
		assert_true(idmap_find(&m, (int64_t)n * 1000) == n);
	assert_int_equal(m.count, 10000);
	arena_free(a);
}

static void extreme_ids_are_ids(void **state)
{
	static const int64_t ids[] = {0, -1, 1, INT64_MIN, INT64_MAX};
	struct arena *a = arena_new();
	struct idmap m = {0};

	(void)state;
	for (size_t n = 0; n < 5; n++)
		idmap_put(a, &m, ids[n], n);
	for (size_t n = 0; n < 5; n++)
		assert_true(idmap_find(&m, ids[n]) == n);
	arena_free(a);
}

static void the_last_put_holds(void **state)
{
	struct arena *a = arena_new();
	struct idmap m = {0};

	(void)state;
	idmap_put(a, &m, 7, 1);
	idmap_put(a, &m, 7, 2);
	assert_true(idmap_find(&m, 7) == 2);
	assert_int_equal(m.count, 1);
	arena_free(a);
}

/* Half of the slots are free, and the ids are spread: a look-up meets few others. */
static void no_run_of_used_slots_is_long(void **state)
{
	struct arena *a = arena_new();
	size_t run = 0, longest = 0;
	struct idmap m = {0};

	(void)state;
	for (int64_t n = 0; n < 100000; n++)
		idmap_put(a, &m, n * 4096, (size_t)n);
	for (size_t n = 0; n < m.capacity; n++) {
		run = m.slots[n].at ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	assert_true(longest < 100);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_map_has_nothing),
		cmocka_unit_test(every_id_is_found_where_it_was_put),
		cmocka_unit_test(extreme_ids_are_ids),
		cmocka_unit_test(the_last_put_holds),
		cmocka_unit_test(no_run_of_used_slots_is_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

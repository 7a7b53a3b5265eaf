/* connectors: each has what its door calls a MUST, answers to its stored word, and refuses nonsense without harm */
#include <string.h>

#include "connectors/carrier.h"
#include "connectors/fulfiller.h"
#include "connectors/platform.h"
#include "tests/unit/unit.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void every_platform_has_each_must(void **state)
{
	struct err e = {0};

	(void)state;
	for (const struct platform *const *each = platforms; *each; each++) {
		const struct platform *p = *each;

		assert_ptr_equal(platform_by_name(p->name, &e), p);
		assert_non_null(p->default_api_base_format);
		assert_non_null(p->webhook_verify);
		assert_non_null(p->webhook_read);
		assert_non_null(p->order_fetch);
		assert_non_null(p->orders_changed);
		assert_non_null(p->may_ship);
		assert_non_null(p->fulfill);
		assert_non_null(p->check);
	}
}

static void no_platform_takes_a_webhook_that_is_none(void **state)
{
	const struct webhook hook = {.topic = "orders/create", .body = "[]", .body_len = 2};

	(void)state;
	for (const struct platform *const *each = platforms; *each; each++) {
		struct webhook_event event = {0};
		struct err e = {0};

		assert_int_equal((*each)->webhook_verify(&hook, NULL, 0), -1);
		assert_int_equal((*each)->webhook_read(arena, &hook, &event, &e), -1);
		assert_int_equal(e.kind, ERR_FINAL);
		assert_int_equal(e.code, ERR_CODE_DATA);
	}
}

static void every_carrier_has_each_must(void **state)
{
	struct err e = {0};

	(void)state;
	for (const struct carrier *const *each = carriers; *each; each++) {
		const struct carrier *c = *each;

		assert_ptr_equal(carrier_by_name(c->name, &e), c);
		assert_non_null(c->default_api_base);
		assert_true(c->rate_life_s > 0);
		assert_non_null(c->rate);
		assert_non_null(c->buy);
		assert_non_null(c->find);
		assert_non_null(c->label);
		assert_non_null(c->check);
	}
}

static void a_word_that_nobody_knows_is_named(void **state)
{
	struct err e = {0};

	(void)state;
	assert_null(platform_by_name("magento", &e));
	assert_int_equal(e.kind, ERR_FINAL);
	assert_string_equal(e.msg, "this version has no platform \"magento\"");
	assert_null(carrier_by_name("", &e));
	assert_string_equal(e.msg, "this version has no carrier \"\"");
	assert_null(fulfiller_by_name("shipbob", &e));
	assert_string_equal(e.msg, "this version has no fulfiller \"shipbob\"");
}

static void a_store_without_a_platform_is_asked_and_told_nothing(void **state)
{
	const struct account account = {.connector = "none", .name = "phone"};
	struct api api = {.arena = arena, .account = &account};
	struct err e = {0};
	const struct platform *none = platform_by_name("none", &e);
	struct order_doc order;
	struct changed_page changed;
	struct veto veto;
	struct fulfilled fulfilled;
	struct platform_check check;

	(void)state;
	assert_int_equal(none->order_fetch(&api, "P1", &order, &e), -1);
	assert_int_equal(e.code, ERR_CODE_NOT_FOUND);
	assert_int_equal(none->orders_changed(&api, 0, NULL, &changed, &e), 0);
	assert_int_equal(changed.count, 0);
	assert_null(changed.next);
	assert_int_equal(none->may_ship(&api, &(struct ship_question){0}, &veto, &e), 0);
	assert_int_equal(veto.kind, VETO_NONE);
	assert_int_equal(none->fulfill(&api, &(struct fulfillment){0}, &fulfilled, &e), 0);
	assert_null(fulfilled.source_id);
	assert_int_equal(none->check(&api, &check, &e), 0);
	assert_string_equal(check.store_name, "phone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_platform_has_each_must, setup, teardown),
		cmocka_unit_test_setup_teardown(no_platform_takes_a_webhook_that_is_none, setup,
						teardown),
		cmocka_unit_test_setup_teardown(every_carrier_has_each_must, setup, teardown),
		cmocka_unit_test_setup_teardown(a_word_that_nobody_knows_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_store_without_a_platform_is_asked_and_told_nothing, setup, teardown),
	};

	return cmocka_run_group_tests_name("connectors", tests, NULL, NULL);
}

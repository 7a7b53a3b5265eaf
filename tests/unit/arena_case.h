/* arena_case - cases that have an arena of their own */
#ifndef WAYBILL_TESTS_ARENA_CASE_H
#define WAYBILL_TESTS_ARENA_CASE_H

#include "core/runtime/arena.h"
#include "tests/unit/unit.h"

/* The case's; new for each. */
extern struct arena *arena;

int arena_set_up(void **state);
int arena_tear_down(void **state);

#define CASE(name) cmocka_unit_test_setup_teardown(name, arena_set_up, arena_tear_down)

#endif

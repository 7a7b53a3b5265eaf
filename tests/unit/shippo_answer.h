/* shippo_answer - for test_shippo*.c: answers of Shippo as documents, in an arena that each test has anew */
#ifndef WAYBILL_SHIPPO_ANSWER_H
#define WAYBILL_SHIPPO_ANSWER_H

#include <stdio.h>
#include <string.h>

#include "connectors/shippo/shippo_internal.h"
#include "tests/unit/contract.h"
#include "tests/unit/unit.h"

#define ATTEMPT "0190b5a2-0000-7000-8000-000000000017"
#define IS(status) "{\"object_id\":\"t\",\"status\":\"" status "\""
#define SAYS(source, text) "\"messages\":[{\"source\":\"" source "\",\"text\":\"" text "\"}]"
#define TIMED_OUT "\"messages\":[{\"source\":\"UPS\",\"code\":\"carrier_timeout\",\"text\":\"?\"}]"
#define FIXTURES "connectors/shippo/fixtures/"
#define RECORDINGS "shippo/recordings/"

static struct arena *arena;
static struct err err;

static json_t *parse(const char *text)
{
	json_t *json = NULL;

	assert_int_equal(jmap_parse(arena, text, strlen(text), HTTP_BODY_MAX, &json, &err), 0);
	return json;
}

static json_t *load(const char *path)
{
	const char *text = file_text(arena, path);

	assert_non_null(text);
	return parse(text);
}

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	err = (struct err){0};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif

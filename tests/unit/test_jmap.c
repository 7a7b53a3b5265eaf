/* jmap: what of JSON from outside becomes fields, and what is refused */
#include "core/runtime/jmap.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/runtime/sanitizer.h"
#include "tests/unit/arena_case.h"
#include "tests/unit/unit.h"

struct line {
	const char *id, *title;
	int64_t quantity, price;
	int has_price;
};

struct order {
	const char *id;
	int64_t updated_at_us;
	int is_test;
	struct line first;
	struct jmap_array lines;
	json_t *raw;
};

static const struct jmap_field line_fields[] = {
	JMAP(struct line, id, "id", JMAP_ID),
	JMAP(struct line, title, "title", JMAP_TEXT),
	JMAP_NEED(struct line, quantity, "quantity", JMAP_INT64),
	{.key = "price",
	 .type = JMAP_MONEY,
	 .offset = offsetof(struct line, price),
	 .present_offset = offsetof(struct line, has_price)},
	{0},
};

static const struct jmap_field order_fields[] = {
	JMAP_NEED(struct order, id, "id", JMAP_ID),
	JMAP(struct order, updated_at_us, "updated_at", JMAP_TIME),
	JMAP(struct order, is_test, "test", JMAP_BOOL),
	JMAP_SUB(struct order, first, "first", line_fields),
	JMAP_LIST(struct order, lines, "line_items", line_fields, struct line),
	JMAP(struct order, raw, "raw", JMAP_JSON),
	{0},
};

static int read_order(const char *text, struct order *out, struct err *e)
{
	json_t *json;

	*out = (struct order){0};
	return jmap_parse(arena, text, strlen(text), 1 << 20, &json, e) ||
			       jmap_read(arena, json, order_fields, out, e)
		       ? -1
		       : 0;
}

static void every_type_is_read(void **state)
{
	struct order o;
	struct err e = {0};

	(void)state;
	assert_int_equal(
		read_order(
			"\xEF\xBB\xBF{\"id\": 9007199254740993, \"unknown\": {\"x\": []},"
			"\"updated_at\": \"2026-11-23T05:30:00.25+01:00\", \"test\": true,"
			"\"first\": {\"id\": \"gid://x/1\", \"quantity\": \"12\", \"price\": null},"
			"\"line_items\": [{\"quantity\": 2, \"price\": \"89.99\"},"
			"{\"quantity\": 0, \"title\": \"K\\u00e4se\", \"price\": 89.99}],"
			"\"raw\": {\"b\": 89.99, \"a\": 1}}",
			&o, &e),
		0);
	assert_string_equal(o.id, "9007199254740993");
	assert_int_equal(o.updated_at_us, INT64_C(1795408200250000));
	assert_int_equal(o.is_test, 1);
	assert_string_equal(o.first.id, "gid://x/1");
	assert_int_equal(o.first.quantity, 12);
	assert_int_equal(o.first.has_price, 0);
	assert_int_equal(o.lines.count, 2);
	const struct line *lines = o.lines.items;

	assert_int_equal(lines[0].price, 899900);
	assert_int_equal(lines[1].price, 899900);
	assert_int_equal(lines[1].has_price, 1);
	assert_string_equal(lines[1].title, "K\xC3\xA4se");
	assert_string_equal(jmap_dump(arena, o.raw), "{\"b\":89.99,\"a\":1}");
	assert_non_null(jmap_at(o.raw, "a"));
	assert_null(jmap_at(o.raw, "a.b"));
	assert_null(jmap_at(o.raw, "c.b"));
}

static void a_wrong_field_is_named_by_its_path_and_never_by_its_value(void **state)
{
	static const struct {
		const char *what, *text, *want;
	} cases[] = {
		{"missing", "{}", "id: missing"},
		{"null counts as missing", "{\"id\": null}", "id: missing"},
		{"not an object", "[1]", "the document is not an object"},
		{"id of a wrong type", "{\"id\": 1.5}", "id: not an id"},
		{"quantity is a word",
		 "{\"id\":1,\"line_items\":[{\"quantity\":1},{\"quantity\":\"q7\"}]}",
		 "line_items[1].quantity: not an integer"},
		{"quantity is a real", "{\"id\":1,\"first\":{\"quantity\":7.0}}",
		 "first.quantity: not an integer"},
		{"price with five places",
		 "{\"id\":1,\"first\":{\"quantity\":1,\"price\":\"7.12345\"}}",
		 "first.price: not an amount"},
		{"price as a number with five places",
		 "{\"id\":1,\"first\":{\"quantity\":1,\"price\":7.12345}}",
		 "first.price: not an amount"},
		{"price beyond what a double holds",
		 "{\"id\":1,\"first\":{\"quantity\":1,\"price\":7e20}}",
		 "first.price: not an amount"},
		{"a list that is none", "{\"id\":1,\"line_items\":{}}", "line_items: not a list"},
		{"an element that is null", "{\"id\":1,\"line_items\":[null]}",
		 "line_items[0]: not an object"},
		{"a bool that is a number", "{\"id\":1,\"test\":7}", "test: not true or false"},
		{"a time without an offset", "{\"id\":1,\"updated_at\":\"2026-11-23T05:30:07\"}",
		 "updated_at: not a time"},
		{"a title that is a number", "{\"id\":1,\"first\":{\"quantity\":1,\"title\":7}}",
		 "first.title: not text"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct order o;
		struct err e = {0};

		if (read_order(cases[i].text, &o, &e) == 0)
			fail_msg("%s: was accepted", cases[i].what);
		assert_string_equal(e.msg, cases[i].want);
		assert_int_equal(e.kind, ERR_FINAL);
		assert_int_equal(e.code, ERR_CODE_DATA);
	}
}

static void characters_that_are_none_become_blanks_and_never_lose_a_document(void **state)
{
	static const struct {
		const char *written, *read;
	} cases[] = {
		{"a\\u0000b", "a b"},
		{"\\u0000", " "},
		{"a\\r\\n\\tb\\u007f\\u0085\\u001b", "a   b   "},
		{"cut \\ud83d", "cut \xEF\xBF\xBD"},
		{"\\uDE00\\ud83d\\uDE00\\uD83D", "\xEF\xBF\xBD\xF0\x9F\x98\x80\xEF\xBF\xBD"},
		{"\\\\ud83d \\ud83d", "\\ud83d \xEF\xBF\xBD"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct order o;
		struct err e = {0};

		if (read_order(
			    arena_printf(arena,
					 "{\"id\":1,\"first\":{\"quantity\":1,\"title\":\"%s\"}}",
					 cases[i].written),
			    &o, &e))
			fail_msg("%s: %s", cases[i].written, e.msg);
		assert_string_equal(o.first.title, cases[i].read);
	}
}

static void an_id_with_a_control_character_is_refused(void **state)
{
	struct order o;
	struct err e = {0};

	(void)state;
	assert_int_equal(read_order("{\"id\":\"a\\u0000b\"}", &o, &e), -1);
	assert_string_equal(e.msg, "id: a control character");
}

static void documents_that_are_refused(void **state)
{
	static const struct {
		const char *what, *text, *want;
	} cases[] = {
		{"empty", "", "an empty document"},
		{"html", "<html>", "not JSON"},
		{"cut off", "{\"id\": \"1", "cut off"},
		{"cut off between", "{\"id\": 1,", "cut off"},
		{"not utf-8", "{\"id\": \"\xC3\x28\"}", "not UTF-8"},
		{"overlong utf-8", "{\"id\": \"\xC0\x80\"}", "not UTF-8"},
		{"a NUL in a key", "{\"i\\u0000d\": 1}", "a NUL character in a key"},
		{"beyond int64", "{\"id\": 9223372036854775808}", "beyond 64 bits"},
		{"two documents", "{} {}", "not JSON"},
	};
	json_t *json;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err e = {0};

		if (jmap_parse(arena, cases[i].text, strlen(cases[i].text), 1024, &json, &e) == 0)
			fail_msg("%s: was accepted", cases[i].what);
		if (!strstr(e.msg, cases[i].want))
			fail_msg("%s: %s", cases[i].what, e.msg);
		assert_int_equal(e.code, ERR_CODE_DATA);
	}
	struct err e = {0};

	assert_int_equal(jmap_parse(arena, "{\"a\":123}", 9, 8, &json, &e), -1);
	assert_int_equal(jmap_parse(arena, "{\"a\":\0}", 7, 8, &json, &e), -1);
}

/* Empty lists: each is two bytes and a comma, but two values by the way they are counted. */
static void values_are_limited_before_any_is_built(void **state)
{
	enum { LISTS = JMAP_VALUES_MAX / 2 - 1 };
	static char text[3 * (LISTS + 1) + 4];
	struct err e = {0};
	json_t *json;

	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		size_t len = 0;

		text[len++] = '[';
		for (size_t i = 0; i < LISTS + (size_t)extra; i++, len += 3)
			memcpy(text + len, "[],", 3);
		text[len++] = '0';
		text[len++] = ']';
		assert_int_equal(jmap_parse(arena, text, len, sizeof text, &json, &e), -extra);
	}
	assert_int_equal(e.code, ERR_CODE_DATA);
	assert_non_null(strstr(e.msg, "values"));
	assert_int_equal(jmap_parse(arena, "[\",,,,[[{{\"]", 12, 12, &json, &e), 0);
}

static void nesting_is_limited_before_anything_recurses(void **state)
{
	static char deep[2 * 10000 + 1];
	static const char braces_in_text[] =
		"[\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]";
	json_t *json;
	struct err e = {0};

	(void)state;
	memset(deep, '[', 10000);
	memset(deep + 10000, ']', 10000);
	assert_int_equal(jmap_parse(arena, deep, 20000, 1 << 20, &json, &e), -1);
	assert_non_null(strstr(e.msg, "nested deeper"));
	assert_int_equal(jmap_parse(arena, deep + 10000 - JMAP_DEPTH_MAX, 2 * JMAP_DEPTH_MAX,
				    1 << 20, &json, &e),
			 0);
	assert_int_equal(jmap_parse(arena, deep + 10000 - JMAP_DEPTH_MAX - 1,
				    2 * JMAP_DEPTH_MAX + 2, 1 << 20, &json, &e),
			 -1);
	assert_int_equal(
		jmap_parse(arena, braces_in_text, strlen(braces_in_text), 1 << 20, &json, &e), 0);
}

static void text_and_lists_have_limits(void **state)
{
	size_t len = JMAP_TEXT_MAX + 64;
	char *text = arena_alloc(arena, len + 1);
	struct order o;
	struct err e = {0};

	(void)state;
	memset(text, 'x', len);
	memcpy(text, "{\"id\":\"", 7);
	memcpy(text + len - 2, "\"}", 2);
	assert_int_equal(read_order(text, &o, &e), -1);
	assert_string_equal(e.msg, "id: text too long");

	static const struct jmap_field two[] = {
		{.key = "l",
		 .type = JMAP_ARRAY,
		 .fields = line_fields,
		 .size = sizeof(struct line),
		 .max = 2},
		{0},
	};
	static const char three[] = "{\"l\":[{\"quantity\":1},{\"quantity\":1},{\"quantity\":1}]}";
	struct jmap_array list = {0};
	json_t *json;

	assert_int_equal(jmap_parse(arena, three, strlen(three), 1024, &json, &e), 0);
	assert_int_equal(jmap_read(arena, json, two, &list, &e), -1);
	assert_string_equal(e.msg, "l: too many elements");
}

static long pages_in_use(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long pages = 0;

	assert_int_equal(fscanf(f, "%ld", &pages), 1);
	fclose(f);
	return pages;
}

/* A good document, and no memory for it. */
static _Noreturn void parse_without_memory(struct arena *a, const char *text, size_t len)
{
	rlim_t most = (rlim_t)(pages_in_use() * sysconf(_SC_PAGESIZE)) + (1 << 20);
	json_t *json;

	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	setrlimit(RLIMIT_AS, &(struct rlimit){most, most});
	_exit(jmap_parse(a, text, len, len, &json, NULL) ? 1 : 0);
}

static void a_lack_of_memory_ends_the_process_and_is_no_bad_document(void **state)
{
	enum { LEN = 8 << 20 };
	int status;

	(void)state;
	if (WAYBILL_ASAN) {
		printf("# skipped: AddressSanitizer has its own idea of memory\n");
		skip();
	}
	struct arena *a = arena_new();
	char *text = arena_alloc(a, LEN);

	memset(text, 'x', LEN);
	text[0] = text[LEN - 1] = '"';
	pid_t pid = fork();

	if (pid == 0)
		parse_without_memory(a, text, LEN);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	arena_free(a);
}

struct page {
	struct jmap_array nodes;
};

static void a_list_that_is_not_whole_is_asked_for_again(void **state)
{
	static const struct jmap_field node_fields[] = {{0}};
	static const struct jmap_field fields[] = {
		JMAP_WHOLE_LIST(struct page, nodes, "nodes", node_fields, struct page),
		{0},
	};
	static const char *const none[] = {"{}", "{\"nodes\":null}", "{\"nodes\":{}}",
					   "{\"nodes\":\"\"}", "{\"nodes\":0}"};
	static const char empty[] = "{\"nodes\":[]}";
	struct arena *a = arena_new();
	struct page page = {0};
	struct err e = {0};
	json_t *json;

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		assert_int_equal(jmap_parse(a, none[i], strlen(none[i]), 100, &json, &e), 0);
		assert_int_equal(jmap_read(a, json, fields, &page, &e), -1);
		assert_int_equal(e.kind, ERR_RETRY);
		assert_string_equal(e.msg, "nodes: no list");
	}
	assert_int_equal(jmap_parse(a, empty, sizeof empty - 1, 100, &json, &e), 0);
	assert_int_equal(jmap_read(a, json, fields, &page, &e), 0);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lack_of_memory_ends_the_process_and_is_no_bad_document),
		cmocka_unit_test(a_list_that_is_not_whole_is_asked_for_again),
		CASE(every_type_is_read),
		CASE(a_wrong_field_is_named_by_its_path_and_never_by_its_value),
		CASE(characters_that_are_none_become_blanks_and_never_lose_a_document),
		CASE(an_id_with_a_control_character_is_refused),
		CASE(documents_that_are_refused),
		CASE(values_are_limited_before_any_is_built),
		CASE(nesting_is_limited_before_anything_recurses),
		CASE(text_and_lists_have_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

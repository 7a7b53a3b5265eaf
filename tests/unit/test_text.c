/* text: what enters errors and logs is whole characters, whatever the bytes were and wherever they are cut */
#include <string.h>

#include "core/runtime/err.h"
#include "core/runtime/log.h"
#include "core/runtime/text.h"
#include "core/runtime/utf8.h"
#include "tests/unit/unit.h"

#define THING "\xE7\x89\xA9"	  /* a character of three bytes */
#define PARCEL "\xF0\x9F\x93\xA6" /* and one of four */

static int is_utf8(const char *text)
{
	return utf8_bad_at(text, strlen(text)) == strlen(text);
}

static void text_fits_in_whole_characters(void **state)
{
	static const struct {
		const char *name, *text;
		size_t size;
		const char *want;
	} cases[] = {
		{"all of it", "a" THING, 5, "a" THING},
		{"not the half of it", "a" THING, 4, "a"},
		{"no room at all", "a", 1, ""},
		{"four bytes", PARCEL PARCEL, 8, PARCEL},
		{"cut by others", "a" THING "\xE7\x89", 99, "a" THING},
		{"cut by others in the middle", "\xE7\x89 b", 99, "? b"},
		{"Latin-1",
		 "Stra\xDF"
		 "e",
		 99, "Stra?e"},
		{"Latin-1 at the end is no beginning", "caf\xE9", 99, "caf"},
		{"stray continuations", "a\x80\x81z", 99, "a??z"},
		{"a surrogate", "\xED\xA0\x80z", 99, "?z"},
		{"lines", "one\ntwo\r\n", 99, "one two  "},
		{"what a terminal obeys", "a\x1B[2J\x7F\xC2\x9Bz", 99, "a [2J  z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[100];
		size_t len = utf8_fit(out, cases[i].size, cases[i].text, strlen(cases[i].text));

		if (strcmp(out, cases[i].want) || len != strlen(out))
			fail_msg("%s: \"%s\" of %zu", cases[i].name, out, len);
		memcpy(out, cases[i].text, strlen(cases[i].text) + 1);
		utf8_fit(out, cases[i].size, out, strlen(out));
		if (strcmp(out, cases[i].want))
			fail_msg("%s, in place: \"%s\"", cases[i].name, out);
	}
}

/* At every length, so that the end falls on every byte of a character. */
static void errors_and_logs_are_cut_between_characters(void **state)
{
	(void)state;
	for (size_t len = 0; len < 4; len++) {
		char text[1000];
		struct err e = {0};

		memset(text, 'x', len);
		text[len] = '\0';
		while (strlen(text) + 4 < sizeof text)
			memcpy(text + strlen(text), PARCEL, 5);
		err_final(&e, "%s", text);
		assert_true(strlen(e.msg) > sizeof e.msg - 5 && is_utf8(e.msg));
		err_prefix(&e, "%s", "order 71");
		assert_true(strlen(e.msg) > sizeof e.msg - 5 && is_utf8(e.msg));
		assert_true(strlen(text_cut(text, 100)) > 96 && is_utf8(text_cut(text, 100)));
		assert_true(strlen(log_quote(text)) > 396 && is_utf8(log_quote(text)));
	}
}

static void a_message_keeps_its_remedy_behind_what_was_cut(void **state)
{
	struct err e = {0};

	(void)state;
	err_final(&e, "no item has the SKU \"%s\"; add it", text_cut("a" THING THING, 5));
	assert_string_equal(e.msg, "no item has the SKU \"a" THING "\"; add it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_fits_in_whole_characters),
		cmocka_unit_test(errors_and_logs_are_cut_between_characters),
		cmocka_unit_test(a_message_keeps_its_remedy_behind_what_was_cut),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}

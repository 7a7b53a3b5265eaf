/* said: what a service says beside the facts is fit to be kept, or left out */
#include "connectors/said.h"

#include <string.h>

#include "tests/unit/unit.h"

struct row {
	const char *in, *out;
};

static char long_text[301];

static void check(const char *(*read)(struct arena *, const char *, size_t), size_t max,
		  const struct row *rows, size_t count)
{
	struct arena *a = arena_new();

	for (size_t i = 0; i < count; i++) {
		const char *out = read(a, rows[i].in, max);

		print_message("  \"%s\"\n", rows[i].in ? rows[i].in : "(null)");
		if (rows[i].out) {
			assert_non_null(out);
			assert_string_equal(out, rows[i].out);
		} else {
			assert_null(out);
		}
	}
	arena_free(a);
}

static void names_are_cleaned_and_cut_between_characters(void **state)
{
	static const struct row rows[] = {
		{"USPS", "USPS"},
		{"  DHL\tExpress\n", "DHL Express"},
		{"\x1b[31mred", "[31mred"},
		{"Caf\xC3\xA9s-Express", "Caf\xC3\xA9s"},
		{"12345\xC3\xA9", "12345"},
		{"12345 789", "12345"},
		{"", NULL},
		{" \n ", NULL},
		{NULL, NULL},
	};

	(void)state;
	check(said_name, 6, rows + 3, 3);
	check(said_name, 100, rows, 3);
	check(said_name, 100, rows + 6, 3);
}

static void numbers_are_whole_or_none(void **state)
{
	const struct row rows[] = {
		{"1Z 999", "1Z 999"}, {" 92-05_x ", "92-05_x"},
		{"1Z\n", NULL},	      {"\xC3\xBC", NULL},
		{"", NULL},	      {"   ", NULL},
		{long_text, NULL},    {NULL, NULL},
	};

	(void)state;
	memset(long_text, '9', sizeof long_text - 1);
	check(said_number, SAID_NUMBER_MAX, rows, sizeof rows / sizeof *rows);
}

static void urls_are_of_the_web_and_whole(void **state)
{
	static const struct row rows[] = {
		{"https://x.example/1?a=%2B", "https://x.example/1?a=%2B"},
		{"HTTP://x.example/", "HTTP://x.example/"},
		{"javascript:alert(1)", NULL},
		{"file:///etc/passwd", NULL},
		{"https://x.example/a b", NULL},
		{"https://x.example/\xC3\xBC", NULL},
		{"https://x.example/123456789012345678901234567890", NULL},
		{"", NULL},
		{NULL, NULL},
	};

	(void)state;
	check(said_url, 40, rows, sizeof rows / sizeof *rows);
}

static const char *type(struct arena *a, const char *text, size_t max)
{
	(void)max;
	return said_type(a, text);
}

static void media_types_lose_their_parameters(void **state)
{
	const struct row rows[] = {
		{"application/pdf", "application/pdf"},
		{"Application/PDF; name=\"\xFC.pdf\"", "application/pdf"},
		{"image/svg+xml;charset=utf-8", "image/svg+xml"},
		{"pdf", NULL},
		{"/pdf", NULL},
		{"application/", NULL},
		{"a/b/c", NULL},
		{"application/p\xFC", NULL},
		{"text/html\x01", NULL},
		{"; x=y", NULL},
		{long_text, NULL},
		{"", NULL},
		{NULL, NULL},
	};

	(void)state;
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[10] = '/';
	check(type, 0, rows, sizeof rows / sizeof *rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_cleaned_and_cut_between_characters),
		cmocka_unit_test(numbers_are_whole_or_none),
		cmocka_unit_test(urls_are_of_the_web_and_whole),
		cmocka_unit_test(media_types_lose_their_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

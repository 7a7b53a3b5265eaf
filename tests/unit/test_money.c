/* money, decimals and times: exact, and refused when they are not */
#include "core/domain/money.h"

#include <string.h>

#include "core/runtime/decimal.h"
#include "core/runtime/timestamp.h"
#include "tests/unit/unit.h"

static void amounts_are_read_exactly(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} good[] = {
		{"0", 0},
		{"12.50", 125000},
		{"-3", -30000},
		{"0.0001", 1},
		{"10.000000", 100000},
		{"007.1", 71000},
		{"-0.07", -700},
		{"0", 0},
		{"1234567890.1234", 12345678901234},
		{"90000000000000", DECIMAL_MAX},
	};
	static const char *const bad[] = {
		"",
		"-",
		".",
		".5",
		"5.",
		"+5",
		" 5",
		"5 ",
		"1,000",
		"1e3",
		"0x1",
		"1.2.3",
		"0.00001",
		"--1",
		"NaN",
		"12a",
		"90000000000000.0001",
		"99999999999999999999999",
	};
	int64_t amount;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(money_parse(good[i].text, strlen(good[i].text), &amount), 0);
		assert_int_equal(amount, good[i].want);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (money_parse(bad[i], strlen(bad[i]), &amount) == 0)
			fail_msg("accepted: %s", bad[i]);
}

static void integers_fill_64_bits_and_no_more(void **state)
{
	int64_t value;

	(void)state;
	assert_int_equal(text_to_int64("9223372036854775807", 19, &value), 0);
	assert_true(value == INT64_MAX);
	assert_int_equal(text_to_int64("-9223372036854775808", 20, &value), 0);
	assert_true(value == INT64_MIN);
	assert_int_equal(text_to_int64("9223372036854775808", 19, &value), -1);
	assert_int_equal(text_to_int64("", 0, &value), -1);
	assert_int_equal(text_to_int64("-", 1, &value), -1);
	assert_int_equal(text_to_int64("1 ", 2, &value), -1);
}

static void amounts_are_shown_with_the_decimals_of_their_currency(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(money_format(a, 125000, "USD"), "12.50");
	assert_string_equal(money_format(a, -700, "EUR"), "-0.07");
	assert_string_equal(money_format(a, 19800000, "JPY"), "1980");
	assert_string_equal(money_format(a, 19805000, "JPY"), "1980.5");
	assert_string_equal(money_format(a, 12345, "KWD"), "1.2345");
	assert_string_equal(money_format(a, 12340, "KWD"), "1.234");
	assert_string_equal(money_format(a, 1, "USD"), "0.0001");
	assert_string_equal(money_format(a, INT64_MIN, "USD"), "-922337203685477.5808");
	arena_free(a);
	assert_true(currency_is_valid("USD"));
	assert_false(currency_is_valid("usd"));
	assert_false(currency_is_valid("USDT"));
	assert_false(currency_is_valid(NULL));
}

static void times_are_read_with_any_offset(void **state)
{
	static const struct {
		const char *text;
		int64_t want_us;
	} good[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-11-23T04:30:00Z", INT64_C(1795408200000000)},
		{"2026-11-23T05:30:00+01:00", INT64_C(1795408200000000)},
		{"2026-11-22T23:30:00.000001-0500", INT64_C(1795408200000001)},
		{"2026-11-23 04:30:00.1234567Z", INT64_C(1795408200123456)},
		{"2024-02-29T00:00:00Z", INT64_C(1709164800000000)},
		{"2016-12-31T23:59:60Z", INT64_C(1483228800000000)},
	};
	static const char *const bad[] = {
		"",
		"2026-11-23",
		"2026-11-23T04:30:00",
		"2026-13-01T00:00:00Z",
		"2025-02-29T00:00:00Z",
		"2026-11-23T24:00:00Z",
		"2026-11-23T04:30:00Zx",
		"2026-11-23T04:30:00.Z",
		"2026-11-23T04:30:00+1",
		"1969-12-31T23:59:59Z",
	};
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(timestamp_parse(good[i].text, strlen(good[i].text), &us), 0);
		assert_int_equal(us, good[i].want_us);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (timestamp_parse(bad[i], strlen(bad[i]), &us) == 0)
			fail_msg("accepted: %s", bad[i]);
}

static void times_of_mail_and_http_are_read(void **state)
{
	static const char *const same[] = {
		"Mon, 23 Nov 2026 04:30:00 +0000",
		"Mon, 23 Nov 2026 04:30:00 GMT",
		"23 Nov 2026 05:30:00 +0100",
	};
	struct arena *a = arena_new();
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		assert_int_equal(timestamp_parse_mail(same[i], strlen(same[i]), &us), 0);
		assert_int_equal(us, INT64_C(1795408200000000));
	}
	assert_int_equal(timestamp_parse_mail("tomorrow", 8, &us), -1);
	assert_int_equal(timestamp_parse_mail("Mon, 23 Now 2026 04:30:00 GMT", 29, &us), -1);
	assert_string_equal(timestamp_format(a, INT64_C(1795408200250000)),
			    "2026-11-23T04:30:00.250000Z");
	assert_string_equal(timestamp_format(a, -1), "1969-12-31T23:59:59.999999Z");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_are_read_exactly),
		cmocka_unit_test(integers_fill_64_bits_and_no_more),
		cmocka_unit_test(amounts_are_shown_with_the_decimals_of_their_currency),
		cmocka_unit_test(times_are_read_with_any_offset),
		cmocka_unit_test(times_of_mail_and_http_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

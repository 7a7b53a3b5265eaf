/* decimal - numbers written as text, read exactly */
#include "core/runtime/decimal.h"

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int text_to_int64(const char *text, size_t len, int64_t *out)
{
	size_t i = 0;
	int is_negative = len > 0 && text[0] == '-';
	int64_t value = 0;

	i += (size_t)is_negative;
	if (i == len)
		return -1;
	for (; i < len; i++) {
		if (!is_digit(text[i]))
			return -1;
		/* Counted downwards, so that INT64_MIN fits. */
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, text[i] - '0', &value))
			return -1;
	}
	if (!is_negative && value == INT64_MIN)
		return -1;
	*out = is_negative ? value : -value;
	return 0;
}

int decimal_parse(const char *text, size_t len, int places, int64_t *out)
{
	size_t i = 0, digits = 0;
	int is_negative = len > 0 && text[0] == '-';
	int decimals = -1; /* seen so far; -1: no point yet */
	int64_t value = 0;

	for (i += (size_t)is_negative; i < len; i++) {
		if (text[i] == '.' && decimals < 0 && digits > 0 && i + 1 < len) {
			decimals = 0;
			continue;
		}
		if (!is_digit(text[i]))
			return -1;
		digits++;
		if (decimals == places) {
			if (text[i] != '0')
				return -1;
			continue;
		}
		if (decimals >= 0)
			decimals++;
		value = value * 10 + (text[i] - '0');
		if (value > DECIMAL_MAX)
			return -1;
	}
	if (digits == 0)
		return -1;
	for (int missing = places - (decimals > 0 ? decimals : 0); missing > 0; missing--) {
		value *= 10;
		if (value > DECIMAL_MAX)
			return -1;
	}
	*out = is_negative ? -value : value;
	return 0;
}

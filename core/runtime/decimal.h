/*
 * decimal - numbers written as text, read exactly
 *
 * Plain decimal notation only: digits, one point with digits on both sides, a minus in front. No
 * blanks, no plus, no exponent, no thousands separators. Nothing goes through a double.
 */
#ifndef WAYBILL_DECIMAL_H
#define WAYBILL_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

/* The largest magnitude decimal_parse() gives: with four places, 90 trillion. */
#define DECIMAL_MAX INT64_C(900000000000000000)

/* text_to_int64 - all of int64; 0 or -1 */
int text_to_int64(const char *text, size_t len, int64_t *out);

/*
 * decimal_parse - decimal text into an integer of 10^-places: "12.5" with four places is 125000
 *
 * 0, or -1 for anything else, beyond +-DECIMAL_MAX, or with more places than asked for, unless the
 * rest is zeros.
 */
int decimal_parse(const char *text, size_t len, int places, int64_t *out);

#endif

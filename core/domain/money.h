/*
 * money - an amount in ten-thousandths of the currency's unit, and an ISO 4217 code
 *
 * Four decimals hold what every shop sends (taxes with up to four). Never a double.
 */
#ifndef WAYBILL_MONEY_H
#define WAYBILL_MONEY_H

#include <stddef.h>
#include <stdint.h>

#include "core/runtime/arena.h"

enum { MONEY_SCALE = 10000 };

/*
 * money_parse - decimal text ("12.50", "-3", "0.0001") into ten-thousandths
 *
 * 0, or -1 when it is not a plain decimal number or beyond +-90 trillion. More than four decimals
 * are accepted only when the rest is zeros ("10.000000").
 */
int money_parse(const char *text, size_t len, int64_t *out);

/*
 * money_format - "12.50", without the code, with as many decimals as the currency has (JPY 0, USD
 * 2, KWD 3), more when the amount has them
 */
char *money_format(struct arena *a, int64_t amount, const char *currency);

/*
 * currency_unit - the smallest amount there is of a currency, in ten-thousandths: 100 for USD, 10000
 * for JPY, 10 for KWD
 */
int64_t currency_unit(const char *code);

/* currency_is_valid - three capital letters */
int currency_is_valid(const char *code);

#endif

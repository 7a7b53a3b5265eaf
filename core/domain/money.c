/* money - an amount in ten-thousandths of the currency's unit, and an ISO 4217 code */
#include "core/domain/money.h"

#include <inttypes.h>
#include <string.h>

#include "core/runtime/decimal.h"

enum { MONEY_PLACES = 4, DECIMALS_USUAL = 2 };

/* ISO 4217: currencies whose smallest unit is not a hundredth. */
static const struct {
	const char *codes;
	int decimals;
} unusual[] = {
	{"BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF", 0},
	{"BHD IQD JOD KWD LYD OMR TND", 3},
	{"CLF UYW", 4},
};

int money_parse(const char *text, size_t len, int64_t *out)
{
	return decimal_parse(text, len, MONEY_PLACES, out);
}

int currency_is_valid(const char *code)
{
	if (!code || strlen(code) != 3)
		return 0;
	for (int i = 0; i < 3; i++)
		if (code[i] < 'A' || code[i] > 'Z')
			return 0;
	return 1;
}

static int currency_decimals(const char *code)
{
	if (currency_is_valid(code))
		for (size_t i = 0; i < sizeof unusual / sizeof *unusual; i++)
			if (strstr(unusual[i].codes, code))
				return unusual[i].decimals;
	return DECIMALS_USUAL;
}

int64_t currency_unit(const char *code)
{
	int64_t unit = MONEY_SCALE;

	for (int i = currency_decimals(code); i > 0; i--)
		unit /= 10;
	return unit;
}

char *money_format(struct arena *a, int64_t amount, const char *currency)
{
	uint64_t magnitude = amount < 0 ? -(uint64_t)amount : (uint64_t)amount;
	const char *sign = amount < 0 ? "-" : "";
	uint64_t rest = magnitude % MONEY_SCALE;
	int places = MONEY_PLACES, least = currency_decimals(currency);

	while (places > least && rest % 10 == 0) {
		rest /= 10;
		places--;
	}
	if (places == 0)
		return arena_printf(a, "%s%" PRIu64, sign, magnitude / MONEY_SCALE);
	return arena_printf(a, "%s%" PRIu64 ".%0*" PRIu64, sign, magnitude / MONEY_SCALE, places,
			    rest);
}

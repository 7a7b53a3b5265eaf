/* What addresses need, and where customs stand. */
#include "core/domain/address.h"

#include "tests/unit/unit.h"

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void an_address_must_be_enough_for_a_carrier(void **state)
{
	const struct {
		struct address address;
		const char *lacks;
	} cases[] = {
		{{.name = "Mia",
		  .address1 = "Gade 5",
		  .city = "K",
		  .zip = "1202",
		  .country_code = "DK"},
		 NULL},
		{{.company = "Mia ApS",
		  .address1 = "Gade 5",
		  .city = "K",
		  .zip = "1",
		  .country_code = "DK"},
		 NULL},
		{{.address1 = " ", .city = "K", .zip = "1202", .country_code = "DK"},
		 "a name or company, a street"},
		{{.name = "Mia", .address1 = "Gade 5", .country_code = "DK"},
		 "a city, a postal code"},
		{{.name = "Mia", .address1 = "Gade 5", .city = "K", .country_code = ""},
		 "a country"},
		{{.name = "Ian", .address1 = "Quay 1", .city = "Cork", .country_code = "IE"}, NULL},
		{{.name = "Lim", .address1 = "1 Road", .zip = "546080", .country_code = "SG"},
		 NULL},
		{{.name = "Lim", .address1 = "1 Road", .country_code = "SG"}, "a postal code"},
		{{.name = "Ada", .address1 = "1 Road", .country_code = "HK"}, NULL},
		{{.name = "Zed", .address1 = "1 Road", .province = "Dubai", .country_code = "AE"},
		 NULL},
		{{.name = "Bo", .address1 = "1 Road", .country_code = "BO"}, "a city"},
		{{.name = "Joe",
		  .address1 = "1 St",
		  .city = "Reno",
		  .zip = "89501",
		  .country_code = "US"},
		 "a province"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *lacks = address_lacks(arena, &cases[i].address);

		if (cases[i].lacks)
			assert_string_equal(lacks, cases[i].lacks);
		else
			assert_null(lacks);
	}
}

static void where_there_are_no_cities_the_province_or_the_country_stands_for_one(void **state)
{
	struct address a = {.city = "Kyoto", .country_code = "JP"};

	(void)state;
	assert_string_equal(address_city(&a), "Kyoto");
	a = (struct address){.province = "Kowloon", .country_code = "HK"};
	assert_string_equal(address_city(&a), "Kowloon");
	a = (struct address){.city = " ", .country_code = "SG"};
	assert_string_equal(address_city(&a), "Singapore");
	a = (struct address){.country_code = "DK"};
	assert_null(address_city(&a));
}

static void customs_stand_between_territories_not_always_between_countries(void **state)
{
#define AT(country, state, code)                                                                   \
	{                                                                                          \
		.country_code = (country), .province_code = (state), .zip = (code)                 \
	}
	const struct {
		struct address from, to;
		int is_abroad;
	} cases[] = {
		{AT("US", "NY", "10001"), AT("US", "CA", "94103"), 0},
		{AT("US", "NY", "10001"), AT("CA", "QC", "G1R 3X3"), 1},
		{AT("US", "NY", "10001"), AT("US", "AE", "09012"), 1},
		{AT("US", "NY", "10001"), AT("US", "AP", "96350"), 1},
		{AT("US", "NY", "10001"), AT("US", NULL, "34002"), 1},
		{AT("US", "NY", "10001"), AT("US", "PR", "00901"), 1},
		{AT("US", "NY", "10001"), AT("PR", NULL, "00901"), 1},
		{AT("US", "PR", "00901"), AT("PR", NULL, "00926"), 0},
		{AT("US", "NY", "10001"), AT("US", "GU", "96910"), 1},
		{AT("US", "GU", "96910"), AT("US", "GU", "96913"), 0},
		{AT("US", "NY", "10001"), AT("US", "HI", "96701"), 0},
		{AT("US", "NY", "10001"), AT("US", "FL", "34101"), 0},
		{AT("DE", NULL, "50667"), AT("FR", NULL, "75001"), 0},
		{AT("DE", NULL, "50667"), AT("MC", NULL, "98000"), 0},
		{AT("DE", NULL, "50667"), AT("CH", NULL, "8001"), 1},
		{AT("CH", NULL, "8001"), AT("LI", NULL, "9490"), 0},
		{AT("DE", NULL, "50667"), AT("GB", NULL, "SW1A 1AA"), 1},
		{AT("GB", NULL, "SW1A 1AA"), AT("IM", NULL, "IM1 1AA"), 0},
		{AT("GB", NULL, "SW1A 1AA"), AT("JE", NULL, "JE2 3AB"), 1},
		{AT("ES", "M", "28039"), AT("ES", "GC", "35001"), 1},
		{AT("ES", "TF", "38001"), AT("ES", "GC", "35001"), 0},
		{AT("FR", NULL, "75001"), AT("FR", NULL, "97400"), 1},
		{AT("FR", NULL, "97400"), AT("RE", NULL, "97400"), 0},
		{AT("FI", NULL, "00550"), AT("AX", NULL, "22100"), 1},
		{AT("JP", NULL, "100-0005"), AT("JP", NULL, "150-0001"), 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (address_is_abroad(&cases[i].from, &cases[i].to) != cases[i].is_abroad ||
		    address_is_abroad(&cases[i].to, &cases[i].from) != cases[i].is_abroad)
			fail_msg("%s %s to %s %s", cases[i].from.country_code, cases[i].from.zip,
				 cases[i].to.country_code, cases[i].to.zip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_must_be_enough_for_a_carrier),
		cmocka_unit_test(
			where_there_are_no_cities_the_province_or_the_country_stands_for_one),
		cmocka_unit_test(customs_stand_between_territories_not_always_between_countries),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}

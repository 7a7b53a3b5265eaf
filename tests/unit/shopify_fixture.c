/* shopify_fixture - texts of the Shopify connector's fixtures, and ways to spoil them */
#include "tests/unit/shopify_fixture.h"

#include <string.h>

#include "tests/unit/contract.h"
#include "tests/unit/unit.h"

const char *fixture(struct arena *a, const char *name)
{
	const char *path = arena_printf(a, "connectors/shopify/fixtures/%s", name);
	const char *text = file_text(a, path);

	if (!text)
		fail_msg("cannot read %s (the tests run in the project's own folder)", path);
	return text;
}

const char *with(struct arena *a, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	if (!at)
		fail_msg("no %s in the fixture", from);
	return arena_printf(a, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void assert_same_text(const char *what, const char *one, const char *other)
{
	if (one == other || (one && other && strcmp(one, other) == 0))
		return;
	fail_msg("%s: \"%s\" and \"%s\"", what, one ? one : "(none)", other ? other : "(none)");
}

static void assert_same_number(const char *what, int64_t one, int64_t other)
{
	if (one != other)
		fail_msg("%s: %lld and %lld", what, (long long)one, (long long)other);
}

#define SAME_TEXT(field) assert_same_text(#field, one->field, other->field)
#define SAME_NUMBER(field) assert_same_number(#field, (int64_t)one->field, (int64_t)other->field)

static void assert_same_line(const struct order_doc_line *one, const struct order_doc_line *other)
{
	SAME_TEXT(source_id);
	SAME_TEXT(variant_id);
	SAME_TEXT(sku);
	SAME_TEXT(title);
	SAME_TEXT(variant_title);
	SAME_NUMBER(quantity);
	SAME_NUMBER(current_quantity);
	SAME_NUMBER(unit_price);
	SAME_NUMBER(unit_price_presentment);
	SAME_NUMBER(grams);
	SAME_NUMBER(needs_shipping);
	SAME_NUMBER(is_gift_card);
	SAME_NUMBER(group);
	SAME_NUMBER(discount);
	SAME_NUMBER(tax);
	SAME_NUMBER(properties.count);
	for (size_t i = 0; i < one->properties.count; i++) {
		SAME_TEXT(properties.items[i].name);
		SAME_TEXT(properties.items[i].value);
	}
}

static void assert_same_group(const struct order_doc_group *one,
			      const struct order_doc_group *other)
{
	SAME_NUMBER(kind);
	SAME_TEXT(address.name);
	SAME_TEXT(address.company);
	SAME_TEXT(address.address1);
	SAME_TEXT(address.address2);
	SAME_TEXT(address.city);
	SAME_TEXT(address.province);
	SAME_TEXT(address.province_code);
	SAME_TEXT(address.zip);
	SAME_TEXT(address.country_code);
	SAME_TEXT(address.phone);
	SAME_TEXT(address.email);
	SAME_TEXT(service_title);
	SAME_TEXT(service_code);
	SAME_NUMBER(ship_not_before_us);
}

void assert_same_order(const struct order_doc *one, const struct order_doc *other)
{
	unsigned char hash[32], other_hash[32];

	SAME_TEXT(source_id);
	SAME_TEXT(name);
	SAME_NUMBER(placed_at_us);
	SAME_NUMBER(updated_at_us);
	SAME_NUMBER(cancelled_at_us);
	SAME_TEXT(cancel_reason);
	SAME_NUMBER(is_test);
	SAME_NUMBER(payment);
	SAME_TEXT(currency);
	SAME_TEXT(presentment_currency);
	SAME_NUMBER(total);
	SAME_NUMBER(paid);
	SAME_NUMBER(refunded);
	SAME_NUMBER(outstanding);
	SAME_NUMBER(presentment_total);
	SAME_NUMBER(presentment_outstanding);
	SAME_TEXT(email);
	SAME_TEXT(phone);
	SAME_TEXT(locale);
	SAME_TEXT(customer_name);
	SAME_TEXT(note);
	SAME_NUMBER(shipping);
	SAME_NUMBER(tax);
	SAME_NUMBER(discount);
	SAME_NUMBER(duties);
	SAME_TEXT(gift_message);
	SAME_NUMBER(attributes.count);
	for (size_t i = 0; i < one->attributes.count; i++) {
		SAME_TEXT(attributes.items[i].name);
		SAME_TEXT(attributes.items[i].value);
	}
	SAME_NUMBER(tag_count);
	for (size_t i = 0; i < one->tag_count; i++)
		SAME_TEXT(tags[i]);
	SAME_NUMBER(group_count);
	SAME_NUMBER(line_count);
	for (size_t i = 0; i < one->group_count; i++)
		assert_same_group(&one->groups[i], &other->groups[i]);
	for (size_t i = 0; i < one->line_count; i++)
		assert_same_line(&one->lines[i], &other->lines[i]);
	order_doc_hash(one, hash);
	order_doc_hash(other, other_hash);
	assert_memory_equal(hash, other_hash, sizeof hash);
}
